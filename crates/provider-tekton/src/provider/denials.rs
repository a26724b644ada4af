//! What the cluster does not let an account do.

use alm_build_spi::{Access, ConfigRef, Denial, ProviderError, Verb};
use alm_kubernetes::Need;

use super::{objects::GROUP, tekton::Inner};
use crate::definition::GATE_GROUP;

/// What is needed for each verb in the namespace of the runs. A deployment is a run as well.
const NEEDED: [Need; 4] = [
    (Verb::Start, "create", GROUP, "pipelineruns"),
    (Verb::Decide, "update", GATE_GROUP, "approvaltasks"),
    (Verb::Deploy, "create", GROUP, "pipelineruns"),
    (Verb::Edit, "update", "", "configmaps"),
];

/// What the account may not do with these configurations.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn denials(
    inner: &Inner,
    access: &Access,
    configs: &[ConfigRef],
) -> Result<Vec<Vec<Denial>>, ProviderError> {
    inner.session(access)?.denials(configs, &NEEDED).await
}
