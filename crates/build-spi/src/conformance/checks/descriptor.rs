//! What a provider says of itself.

use std::collections::BTreeSet;

use alm_domain::{
    ApprovalKey, Capability, HealthState, RerunFrom, SettingKind, SettingScope, Verdict as Answer, check_settings,
};
use futures::StreamExt;

use crate::{
    BuildProvider, Decision, NamedSecret, ProviderError, RerunBuild,
    conformance::{
        Power, Scenario,
        stand::{Must, Stand, Started, Verdict, ensure, fail, skip},
    },
};

pub(super) async fn descriptor_is_constant_and_sane(stand: &Stand<'_>) -> Verdict {
    let first = stand.provider.descriptor().clone();
    ensure(*stand.provider.descriptor() == first, || "it differs from one call to the next".to_owned())?;
    let other = stand.harness.another_instance().await;
    ensure(*other.descriptor() == first, || "it differs from one instance to the next".to_owned())?;
    ensure(!first.isolation.trim().is_empty(), || "it does not say how builds are isolated".to_owned())?;
    for (one, needs) in [
        (Capability::ParallelStages, Capability::Stages),
        (Capability::PlannedGraph, Capability::Stages),
        (Capability::NestedStages, Capability::Stages),
        (Capability::StageLog, Capability::Stages),
        (Capability::RerunFromStage, Capability::Stages),
        (Capability::RerunFromStage, Capability::Rerun),
        (Capability::LateSecrets, Capability::Secrets),
        (Capability::LateSecrets, Capability::Stages),
        (Capability::Deploy, Capability::Stages),
    ] {
        let fits = !first.capabilities.contains(&one) || first.capabilities.contains(&needs);
        ensure(fits, || format!("{one:?} is declared without {needs:?}"))?;
    }
    let keys: BTreeSet<_> = first.settings.iter().map(|setting| &setting.key).collect();
    ensure(keys.len() == first.settings.len(), || "a setting is defined twice".to_owned())?;
    for setting in &first.settings {
        let told = !setting.key.is_empty() && !setting.title.is_empty() && !setting.description.is_empty();
        ensure(told, || format!("setting {:?} lacks its title or description", setting.key))?;
        if let SettingKind::Choice(choices) = &setting.kind {
            ensure(!choices.is_empty(), || format!("setting {:?} is a choice of nothing", setting.key))?;
        }
        if let Some(default) = &setting.default {
            let alone = [(setting.key.clone(), default.clone())].into();
            let problems = check_settings(&first.settings, &alone, setting.scope == SettingScope::Service);
            ensure(problems.is_ok(), || format!("the default of setting {:?} does not fit it", setting.key))?;
        }
    }
    Ok(())
}

pub(super) async fn declared_capabilities_are_served(stand: &Stand<'_>) -> Verdict {
    let started = stand.start(Scenario::PlainSuccess).await?;
    let mut served = 0;
    for capability in &stand.provider.descriptor().capabilities {
        let Some(answer) = ask_for(stand, stand.provider.as_ref(), *capability, &started).await else { continue };
        served += 1;
        if let Err(ProviderError::Unsupported { what, .. }) = answer {
            return fail(format!("{capability:?} is declared, but the provider answers that it cannot do {what:?}"));
        }
    }
    if served == 0 { skip("the provider declares nothing that has an operation of its own") } else { Ok(()) }
}

pub(super) async fn undeclared_capabilities_are_unsupported(stand: &Stand<'_>) -> Verdict {
    let started = stand.start(Scenario::PlainSuccess).await?;
    let mut tried = 0;
    for capability in Capability::ALL {
        let declared = stand.provider.descriptor().capabilities.contains(&capability);
        let provider =
            if declared { stand.harness.provider_without(capability).await } else { Some(stand.harness.provider()) };
        let Some(provider) = provider else { continue };
        let Some(answer) = ask_for(stand, provider.as_ref(), capability, &started).await else { continue };
        tried += 1;
        match answer {
            Err(ProviderError::Unsupported { what, .. }) if what == capability => {}
            // Who cannot repeat at all may say that.
            Err(ProviderError::Unsupported { what: Capability::Rerun, .. })
                if capability == Capability::RerunFromStage
                    && !provider.descriptor().capabilities.contains(&Capability::Rerun) => {}
            Err(error) => return fail(format!("{capability:?} is not declared; it answers: {error}")),
            Ok(()) => return fail(format!("{capability:?} is not declared, but served")),
        }
    }
    if tried == 0 { skip("all is declared, and the harness has no provider that declares less") } else { Ok(()) }
}

/// Calls the operation of a capability, with whatever comes to hand; `None` where it has none of its own.
async fn ask_for(
    stand: &Stand<'_>,
    provider: &dyn BuildProvider,
    capability: Capability,
    started: &Started,
) -> Option<Result<(), ProviderError>> {
    let (access, run) = (&stand.access, &started.run);
    let rerun = |from| RerunBuild {
        start: started.service.request(stand.new_build()),
        of: run.clone(),
        of_build: started.build,
        commit: None,
        from,
        stages: Vec::new(),
        artifacts: Vec::new(),
    };
    Some(match capability {
        Capability::Describe => {
            let spec = &started.service.spec;
            provider.describe(access, spec, &spec.repository.reference).await.map(drop)
        }
        Capability::Cancel => provider.cancel(access, run).await.map(drop),
        Capability::Rerun => rerun_and_remember(stand, provider, rerun(RerunFrom::Beginning)).await,
        Capability::RerunFromStage => {
            rerun_and_remember(stand, provider, rerun(RerunFrom::Stage("no-such-stage".into()))).await
        }
        Capability::Approvals => {
            let decision = Decision {
                approval: ApprovalKey::from("no-such-question"),
                verdict: Answer::Approve,
                parameters: Vec::new(),
                decided_by: "conformance".to_owned(),
                comment: None,
            };
            provider.decide(access, run, &decision).await.map(drop)
        }
        Capability::LateSecrets => {
            let token = NamedSecret::token("no-such-environment", "conformance", None);
            provider.supply(access, run, &token).await
        }
        Capability::Artifacts => {
            let mut blocks = provider.artifact(access, run, "no/such/file", 0);
            blocks.next().await.unwrap_or(Ok(Vec::new())).map(drop)
        }
        Capability::Deploy => match super::deploy::request_of(stand, "prod").await {
            Ok(request) => provider.deploy(access, request).await.map(|run| stand.remember(&run)),
            Err(_) => return None,
        },
        _ => return None,
    })
}

async fn rerun_and_remember(
    stand: &Stand<'_>,
    provider: &dyn BuildProvider,
    request: RerunBuild,
) -> Result<(), ProviderError> {
    provider.rerun(&stand.access, request).await.map(|run| stand.remember(&run))
}

pub(super) async fn probe_gives_a_verdict(stand: &Stand<'_>) -> Verdict {
    let (health, _) = stand.provider.probe().await.must("probe")?;
    ensure(health.state != HealthState::Unknown, || "the verdict on an engine that answers is UNKNOWN".to_owned())?;
    let explained = health.state == HealthState::Healthy || health.message.is_some();
    ensure(explained, || format!("the verdict is {:?}, without a sentence that says why", health.state))?;
    if stand.harness.outage(true).await == Power::Done {
        let (health, _) = stand.provider.probe().await.must("probe of an engine that cannot be reached")?;
        let bad = matches!(health.state, HealthState::Failing | HealthState::Degraded);
        ensure(bad, || format!("an engine that cannot be reached is {:?}", health.state))?;
        ensure(health.message.is_some(), || {
            "an engine that cannot be reached has no sentence that says so".to_owned()
        })?;
    }
    Ok(())
}

pub(super) async fn own_settings_are_taken(stand: &Stand<'_>) -> Verdict {
    let Some(settings) = stand.harness.settings() else { return skip("the harness does not say its settings") };
    for _ in 0..2 {
        stand.provider.configure(&settings).must("configure")?;
    }
    stand.through(Scenario::PlainSuccess).await.map(drop)
}

pub(super) async fn who_am_i_names_the_account(stand: &Stand<'_>) -> Verdict {
    let identity = stand.provider.who_am_i(&stand.access).await.must("who_am_i")?;
    ensure(!identity.account.trim().is_empty(), || "the account has no name".to_owned())
}
