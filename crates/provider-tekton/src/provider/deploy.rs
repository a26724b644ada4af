//! Bringing what a run made to an environment: a run of those of its tasks that deploy there.

use alm_build_spi::{Access, DeployBuild, ProviderError, RunRef};
use alm_domain::Capability;
use alm_kubernetes::Place;

use super::{
    objects::{parts_of, run_at},
    start::{Deployment, Start},
    tekton::Inner,
};
use crate::{
    child::{Child, pipeline_of},
    deploying::{Deploying, Results},
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
    let place = Place::of_run(&request.of)?;
    let run = match run_at(&start.session, start.version, &place).await {
        Err(ProviderError::NotFound(_)) => {
            let reason = "the run that made this version is gone from the cluster, and with it what it told";
            return Err(unsupported(reason.to_owned()));
        }
        other => other?,
    };
    let parts = parts_of(&start.session, start.version, &place, &run).await?;
    let mut results = Results::new();
    for child in parts.iter().filter_map(|((family, _), object)| Child::of(*family, object, true)) {
        for result in child.results() {
            if let Some(name) = result["name"].as_str() {
                results.insert((child.task.to_owned(), name.to_owned()), result["value"].clone());
            }
        }
    }
    // What the build service holds itself is there as it was written, and is told the commit; what was named is there as it ran.
    let written = Some(&run.data["spec"]["pipelineSpec"]).filter(|spec| spec.is_object());
    let pipeline = written.or_else(|| pipeline_of(&run));
    let pipeline = pipeline.ok_or_else(|| unsupported("that run never had a pipeline".to_owned()))?;
    let tasks =
        Deploying::of(pipeline, &start.options.environments, &request.environment, &results).map_err(unsupported)?;
    start.make(Some(Deployment { tasks, commit: request.commit.clone() })).await
}
