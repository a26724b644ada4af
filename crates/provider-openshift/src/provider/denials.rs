//! What the cluster does not let an account do.

use std::collections::BTreeMap;

use alm_build_spi::{Access, ConfigRef, Denial, ProviderError, Verb};
use alm_kubernetes::{Place, Session};
use futures::future::try_join_all;

use super::openshift::Inner;
use crate::kinds::BUILD_GROUP;

/// What is needed for each verb in the namespace of the builds: the verb, group and resource of the cluster.
const NEEDED: [(Verb, &str, &str, &str); 4] = [
    (Verb::Start, "create", BUILD_GROUP, "buildconfigs/instantiate"),
    // A decision is noted on the Build first.
    (Verb::Decide, "patch", BUILD_GROUP, "builds"),
    // A deployment is a record beside the builds. What the account may do at the target is told there.
    (Verb::Deploy, "create", "", "secrets"),
    (Verb::Edit, "update", BUILD_GROUP, "buildconfigs"),
];

/// What the account may not do with these configurations. The cluster is asked about each namespace once.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn denials(
    inner: &Inner,
    access: &Access,
    configs: &[ConfigRef],
) -> Result<Vec<Vec<Denial>>, ProviderError> {
    let (_, session) = inner.session(access)?;
    let namespace = |config: &ConfigRef| Place::of_config(config).ok().map(|place| place.namespace);
    let mut known: BTreeMap<String, Vec<Denial>> =
        configs.iter().filter_map(namespace).map(|name| (name, Vec::new())).collect();
    for (name, denied) in &mut known {
        *denied = in_namespace(&session, name).await?;
    }
    let of = |config| namespace(config).and_then(|name| known.get(&name).cloned()).unwrap_or_default();
    Ok(configs.iter().map(of).collect())
}

async fn in_namespace(session: &Session, namespace: &str) -> Result<Vec<Denial>, ProviderError> {
    let asked = NEEDED.map(async |(verb, word, group, resource)| {
        let denial = session.denial(word, group, resource, namespace).await?;
        Ok::<_, ProviderError>(denial.map(|reason| Denial { verb, reason }))
    });
    Ok(try_join_all(asked).await?.into_iter().flatten().collect())
}
