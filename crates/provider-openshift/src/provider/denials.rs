//! What the cluster does not let an account do.

use alm_build_spi::{Access, ConfigRef, Denial, ProviderError, Verb};
use alm_kubernetes::Need;

use super::openshift::Inner;
use crate::kinds::BUILD_GROUP;

/// What is needed for each verb in the namespace of the builds.
const NEEDED: [Need; 4] = [
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
    session.denials(configs, &NEEDED).await
}
