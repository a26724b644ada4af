//! Bringing what a run made to an environment: a run of those of its tasks that deploy there.

use std::collections::BTreeSet;

use alm_build_spi::{Access, DeployBuild, ProviderError, RunRef};
use alm_domain::{Capability, shorten};

use super::{
    earlier::Earlier,
    start::{Partial, Start},
    tekton::Inner,
};
use crate::{
    definition::tasks,
    part::{Choice, Part},
    sharing::shared,
};

/// Starts a deployment. One for each build, as for starting.
///
/// # Errors
/// [`ProviderError::Unsupported`] with the reason where that run cannot be brought there.
pub(super) async fn deploy(inner: &Inner, access: &Access, request: DeployBuild) -> Result<RunRef, ProviderError> {
    let start = Start::of(inner, access, &request.start).await?;
    if let Some(run) = start.existing().await? {
        return start.adopt(&run).await;
    }
    let unsupported = |reason: String| ProviderError::Unsupported { what: Capability::Deploy, reason };
    let earlier = match Earlier::of(&start.session, start.version, &request.of).await {
        Err(ProviderError::NotFound(_)) => {
            let reason = "the run that made this version is gone from the cluster, and with it what it told";
            return Err(unsupported(reason.to_owned()));
        }
        other => other?,
    };
    let pipeline = earlier.pipeline().ok_or_else(|| unsupported("that run never had a pipeline".to_owned()))?;
    let tasks = tasks(pipeline);
    let deploys = |name: &String| start.options.environments.get(name) == Some(&request.environment);
    let kept: BTreeSet<String> = tasks.iter().map(|task| task.name.clone()).filter(deploys).collect();
    if kept.is_empty() {
        return Err(unsupported(format!(
            "none of the tasks that its pipeline had deploys to {}: see the setting `environments`",
            shorten(&request.environment)
        )));
    }
    let mut volumes = shared(pipeline, &tasks, &kept, &earlier.claims).map_err(unsupported)?;
    let lost = earlier.lost(&start.session, start.version, &start.place.namespace, &volumes).await?;
    // A task that deploys may well do without: what it is given then is said.
    volumes.retain(|workspace, _| !lost.contains_key(workspace));
    let warnings = lost.iter().map(|(workspace, lost)| lost.why(workspace)).collect();
    let part = Part::of(pipeline, &Choice::Deploying(kept), &earlier.results).map_err(unsupported)?;
    let params = earlier.params;
    start.make(Some(Partial { part, commit: request.commit.clone(), volumes, params, repeats: None, warnings })).await
}
