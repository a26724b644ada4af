//! What the cluster does not let an account do.

use alm_build_spi::{Access, ConfigRef, Denial, ProviderError, Verb};
use alm_kubernetes::{Need, Place, Session};
use futures::future::{try_join, try_join_all};
use serde_json::Value;

use super::{configs::config_at, openshift::Inner};
use crate::{config::Strategy, kinds::BUILD_GROUP};

/// What is needed for each verb in the namespace of the builds.
const NEEDED: [Need; 4] = [
    (Verb::Start, "create", BUILD_GROUP, "buildconfigs/instantiate"),
    // A decision is noted on the Build first.
    (Verb::Decide, "patch", BUILD_GROUP, "builds"),
    // A deployment is a record beside the builds. What the account may do at the target is told there.
    (Verb::Deploy, "create", "", "secrets"),
    (Verb::Edit, "update", BUILD_GROUP, "buildconfigs"),
];

/// What is needed besides to make builds of a strategy, and configurations of it: clusters may take strategies away from everybody
/// ("Securing builds by strategy").
const BY_STRATEGY: [(Strategy, Need); 3] = [
    (Strategy::Pipeline, (Verb::Start, "create", BUILD_GROUP, "builds/jenkinspipeline")),
    (Strategy::Docker, (Verb::Start, "create", BUILD_GROUP, "builds/docker")),
    (Strategy::Source, (Verb::Start, "create", BUILD_GROUP, "builds/source")),
];

/// What the account may not do with these configurations. The cluster is asked about each namespace once, and about a configuration only
/// where a strategy was taken away.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn denials(
    inner: &Inner,
    access: &Access,
    configs: &[ConfigRef],
) -> Result<Vec<Vec<Denial>>, ProviderError> {
    let (_, session) = inner.session(access)?;
    let by_strategy = BY_STRATEGY.map(async |(strategy, need)| {
        let taken = session.denials(configs, &[need]).await?;
        Ok::<_, ProviderError>((strategy, taken))
    });
    let (mut told, by_strategy) = try_join(session.denials(configs, &NEEDED), try_join_all(by_strategy)).await?;
    for (strategy, taken) in by_strategy {
        for ((config, denials), taken) in configs.iter().zip(&mut told).zip(taken) {
            let is_new = |verb: &Verb| !denials.iter().any(|denial| denial.verb == *verb);
            let others: Vec<Verb> = [Verb::Start, Verb::Edit].into_iter().filter(is_new).collect();
            let Some(Denial { reason, .. }) = taken.into_iter().next().filter(|_| !others.is_empty()) else { continue };
            if strategy_of(&session, config).await? == Some(strategy) {
                denials.extend(others.into_iter().map(|verb| Denial { verb, reason: reason.clone() }));
            }
        }
    }
    Ok(told)
}

/// The strategy of a configuration, if it can be known.
async fn strategy_of(session: &Session, config: &ConfigRef) -> Result<Option<Strategy>, ProviderError> {
    match config_at(session, &Place::of_config(config)?).await {
        Ok(found) => Ok(Strategy::of_spec(found.data.get("spec").unwrap_or(&Value::Null))),
        Err(ProviderError::NotFound(_) | ProviderError::Forbidden(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
