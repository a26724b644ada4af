//! Build configurations.

use alm_domain::shorten;

use crate::{
    BuildConfigSpec, Chosen, ProviderError,
    conformance::{
        Scenario,
        stand::{Must, Stand, Verdict, ensure, fail},
    },
};

pub(super) async fn validate_finds_what_is_wrong(stand: &Stand<'_>) -> Verdict {
    let good = stand.spec(Scenario::PlainSuccess).await?;
    stand.provider.validate(&stand.access, &good).await.must("validate of a good configuration")?;
    let bad = stand.spec(Scenario::InvalidConfig).await?;
    match stand.provider.validate(&stand.access, &bad).await {
        Ok(()) => fail("a wrong configuration was found good"),
        Err(ProviderError::Invalid(findings)) => {
            ensure(!findings.is_empty(), || "a wrong configuration is invalid, with no finding".to_owned())?;
            for finding in findings {
                let told = !finding.path.is_empty() && !finding.message.trim().is_empty();
                ensure(told, || format!("a finding lacks its path or sentence: {finding:?}"))?;
            }
            Ok(())
        }
        Err(error) => fail(format!("a wrong configuration answers: {error}")),
    }
}

pub(super) async fn create_config_is_idempotent(stand: &Stand<'_>) -> Verdict {
    let service = stand.service(Scenario::PlainSuccess).await?;
    let again = stand.provider.create_config(&stand.access, &service.spec).await.must("create_config again")?;
    ensure(again == service.config, || "creating it again made another one".to_owned())?;
    let other = stand.harness.another_instance().await;
    let again = other.create_config(&stand.access, &service.spec).await.must("create_config by another instance")?;
    ensure(again == service.config, || "another instance made another one".to_owned())?;
    let length = service.config.0.len();
    ensure((1..=1024).contains(&length), || format!("its name has {length} bytes, not 1 to 1024"))
}

/// An engine need not keep the name, nor which layer a setting came from.
fn is_same(one: &BuildConfigSpec, other: &BuildConfigSpec) -> bool {
    one.service == other.service && one.repository == other.repository && one.values() == other.values()
}

pub(super) async fn config_reads_back_as_written(stand: &Stand<'_>) -> Verdict {
    let mut service = stand.service(Scenario::PlainSuccess).await?;
    let read = stand.provider.read_config(&stand.access, &service.config).await.must("read_config")?;
    ensure(is_same(&read, &service.spec), || format!("it reads back as {}", shorten(&format!("{read:?}"))))?;
    service.spec.repository.directory = Some("moved/here".to_owned());
    for _ in 0..2 {
        let chosen = Chosen { repository: true, ..Chosen::default() };
        let config = stand.provider.update_config(&stand.access, &service.config, &service.spec, &chosen).await;
        service.config = config.must("update_config")?;
        let read = stand.provider.read_config(&stand.access, &service.config).await.must("read_config")?;
        ensure(is_same(&read, &service.spec), || "after an update it does not read back as it was updated".to_owned())?;
    }
    Ok(())
}

pub(super) async fn delete_config_is_idempotent(stand: &Stand<'_>) -> Verdict {
    let service = stand.service(Scenario::PlainSuccess).await?;
    stand.provider.delete_config(&stand.access, &service.config).await.must("delete_config")?;
    stand.provider.delete_config(&stand.access, &service.config).await.must("delete_config again")
}

pub(super) async fn deleted_config_is_gone(stand: &Stand<'_>) -> Verdict {
    let service = stand.service(Scenario::PlainSuccess).await?;
    stand.provider.delete_config(&stand.access, &service.config).await.must("delete_config")?;
    match stand.provider.read_config(&stand.access, &service.config).await {
        Err(ProviderError::NotFound(_)) => Ok(()),
        Err(error) => fail(format!("reading it answers: {error}")),
        Ok(_) => fail("it can still be read"),
    }
}
