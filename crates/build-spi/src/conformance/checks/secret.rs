//! Secrets: who is given them, and where they must not be seen.

use alm_domain::{Capability, ReasonCode, RunStatus};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    Access, NamedSecret, RunRef, StartBuild,
    conformance::{
        Scenario,
        follower::Follower,
        stand::{Must, Stand, Stop, Verdict, ensure},
    },
};

const SECRET: &str = "c0nf0rmance-canary-7f3a91";
const TOKEN: &str = "t0ken-canary-5be2c4";
/// The environment that the stage `ship` deploys to, and its token.
const ENVIRONMENT: &str = "conformance";
const LATE: &str = "l4te-canary-9d03e7";

/// Starts a build that shows its secrets, with one for all stages and the token of the environment, or with that one withheld.
async fn showing(stand: &Stand<'_>, is_withheld: bool) -> Result<(RunRef, Follower), Stop> {
    stand.needs(Capability::Secrets)?;
    stand.needs(Capability::Stages)?;
    let service = stand.service(Scenario::Secrets).await?;
    let mut request = service.request(stand.new_build());
    request.secrets.push(NamedSecret::new("CANARY", SECRET));
    if is_withheld {
        request.withheld.push(ENVIRONMENT.to_owned());
    } else {
        request.secrets.push(NamedSecret::token(ENVIRONMENT, LATE, None));
    }
    let run = stand.provider.start(&stand.access, request).await.must("start with secrets")?;
    stand.remember(&run);
    let told = stand.follow(&run);
    Ok((run, told))
}

fn reads(told: &Follower, stage: &str, secret: &str) -> bool {
    let begins = format!("{stage} reads {secret} is ");
    told.texts().iter().any(|text| text.starts_with(&begins))
}

fn waits(told: &Follower) -> bool {
    told.stage("ship").is_ok_and(|stage| stage.status == RunStatus::WaitingForCredential)
}

pub(super) async fn secrets_reach_their_stages(stand: &Stand<'_>) -> Verdict {
    let (_, mut told) = showing(stand, false).await?;
    told.finish().await?;
    for (stage, secret) in [("plain", "CANARY"), ("ship", "CANARY"), ("ship", ENVIRONMENT)] {
        ensure(reads(&told, stage, secret), || format!("`{stage}` was not given {secret}: {:?}", told.texts()))?;
    }
    ensure(!reads(&told, "plain", ENVIRONMENT), || {
        format!("`plain`, which names no environment, was given the token of {ENVIRONMENT}")
    })
}

pub(super) async fn secrets_are_taken_out_of_the_log(stand: &Stand<'_>) -> Verdict {
    let mut logs = Vec::new();
    let (_, mut told) = showing(stand, false).await?;
    told.finish().await?;
    logs.extend(told.lines());
    if stand.needs(Capability::LateSecrets).is_ok() {
        let (run, mut told) = showing(stand, true).await?;
        while !waits(&told) && told.next().await?.is_some() {}
        let token = NamedSecret::token(ENVIRONMENT, LATE, None);
        stand.provider.supply(&stand.access, &run, &token).await.must("supply")?;
        told.finish().await?;
        logs.extend(told.lines());
    }
    for line in logs {
        let shown = [SECRET, LATE].into_iter().find(|secret| line.text.contains(secret));
        ensure(shown.is_none(), || format!("a line of the log holds a secret: {:?}", line.stage))?;
    }
    Ok(())
}

pub(super) async fn withheld_tokens_hold_their_stage(stand: &Stand<'_>) -> Verdict {
    stand.needs(Capability::LateSecrets)?;
    let (run, mut told) = showing(stand, true).await?;
    told.until("`ship` waited for its token", waits).await?;
    let (plain, ship) = (told.stage("plain")?, told.stage("ship")?);
    ensure(plain.status == RunStatus::Succeeded, || format!("`plain`, which needs no token, is {}", plain.status))?;
    let code = ship.reason.map(|reason| reason.code);
    ensure(code == Some(ReasonCode::Credential), || format!("`ship` waits for the reason {code:?}"))?;
    told.until("the run waited with its stage", |told| told.status() == Some(RunStatus::WaitingForCredential)).await?;
    let token = NamedSecret::token(ENVIRONMENT, LATE, None);
    for when in ["supply", "supply again"] {
        stand.provider.supply(&stand.access, &run, &token).await.must(when)?;
    }
    told.finish().await?;
    ensure(reads(&told, "ship", ENVIRONMENT), || format!("`ship` went on without its token: {:?}", told.texts()))?;
    ensure(told.status() == Some(RunStatus::Succeeded), || format!("with its token it ended as {:?}", told.status()))?;
    stand.provider.supply(&stand.access, &run, &token).await.must("supply after the end")
}

pub(super) async fn secrets_do_not_print(stand: &Stand<'_>) -> Verdict {
    let service = stand.service(Scenario::PlainSuccess).await?;
    let build = stand.new_build();
    let with_secrets = stand.needs(Capability::Secrets).is_ok();
    let secrets = with_secrets.then(|| NamedSecret::new("CANARY", SECRET)).into_iter().collect();
    let request = StartBuild { secrets, ..service.request(build) };
    let run = stand.provider.start(&stand.access, request).await.must("start with a secret")?;
    stand.remember(&run);
    let mut told = stand.follow(&run);
    told.finish().await?;
    let now = stand.provider.get(&stand.access, &run).await.must("get")?;

    let wrong = Access { token: Some(SecretString::from(TOKEN)) };
    let mut printed = vec![
        ("the provider", format!("{:?}", stand.provider)),
        ("the descriptor", format!("{:?}", stand.provider.descriptor())),
        ("a snapshot", format!("{now:?}")),
        ("the observations", format!("{:?}", told.batches)),
        ("the run's name", run.0.clone()),
    ];
    if let Err(error) = stand.provider.get(&wrong, &run).await {
        printed.push(("an error's sentence", error.to_string()));
        printed.push(("an error", format!("{error:?}")));
    }
    let token = stand.access.token.as_ref().map(|token| token.expose_secret().to_owned()).filter(|t| t.len() >= 8);
    for (what, text) in printed {
        for canary in [Some(SECRET), Some(TOKEN), token.as_deref()].into_iter().flatten() {
            ensure(!text.contains(canary), || format!("{what} holds a secret"))?;
        }
    }
    Ok(())
}
