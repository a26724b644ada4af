//! What the engine does not know.

use alm_domain::{ApprovalKey, Capability, Verdict as Answer};
use futures::StreamExt;

use crate::{
    CancellationToken, Chosen, ConfigRef, Decision, LogPosition, NamedSecret, ProviderError,
    conformance::{
        Scenario,
        stand::{Must, Stand, Verdict, fail},
    },
};

fn not_found<T>(what: &str, answer: Option<Result<T, ProviderError>>) -> Verdict {
    match answer {
        Some(Err(ProviderError::NotFound(_))) => Ok(()),
        Some(Err(ProviderError::Unsupported { .. })) => Ok(()), // another check's business
        Some(Err(error)) => fail(format!("{what} answers: {error}")),
        Some(Ok(_)) => fail(format!("{what} succeeds")),
        None => fail(format!("{what} gives nothing, and no error")),
    }
}

pub(super) async fn unknown_configs_are_not_found(stand: &Stand<'_>) -> Verdict {
    let (provider, access) = (&stand.provider, &stand.access);
    let config = ConfigRef("no-such-config".to_owned());
    let spec = stand.spec(Scenario::PlainSuccess).await?;
    not_found("read_config", Some(provider.read_config(access, &config).await))?;
    not_found("update_config", Some(provider.update_config(access, &config, &spec, &Chosen::default()).await))?;
    not_found("list", Some(provider.list(access, &config, None).await))
}

pub(super) async fn unknown_runs_are_not_found(stand: &Stand<'_>) -> Verdict {
    let (provider, access) = (&stand.provider, &stand.access);
    let run = stand.harness.unknown_run();
    not_found("get", Some(provider.get(access, &run).await))?;
    not_found("logs", provider.logs(access, &run, LogPosition(0)).next().await)?;
    not_found("follow", provider.follow(access, &run, None, CancellationToken::new()).next().await)?;
    if stand.needs(Capability::Cancel).is_ok() {
        not_found("cancel", Some(provider.cancel(access, &run).await))?;
    }
    if stand.needs(Capability::Approvals).is_ok() {
        let decision = Decision {
            approval: ApprovalKey::from("question"),
            verdict: Answer::Approve,
            parameters: Vec::new(),
            decided_by: "conformance".to_owned(),
            comment: None,
        };
        not_found("decide", Some(provider.decide(access, &run, &decision).await))?;
    }
    if stand.needs(Capability::LateSecrets).is_ok() {
        let token = NamedSecret::token("conformance", "conformance", None);
        not_found("supply", Some(provider.supply(access, &run, &token).await))?;
    }
    if stand.needs(Capability::Artifacts).is_ok() {
        not_found("artifact", provider.artifact(access, &run, "file", 0).next().await)?;
    }
    provider.release(access, &run).await.must("release of a run that is gone")?;
    provider.purge(access, &run).await.must("purge of a run that is gone")
}
