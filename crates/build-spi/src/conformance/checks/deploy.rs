//! Bringing a version to an environment.

use alm_domain::{Artifact, Capability, Commit, RunStatus, StageObservation};

use crate::{
    DeployBuild, Observation, ProviderError,
    conformance::{
        Scenario,
        follower::Follower,
        stand::{Must, Stand, Started, Stop, Verdict, ensure, fail},
    },
};

/// A build of [`Scenario::Deploys`] that has ended, and the request to bring its version to this environment.
pub(super) async fn request_of(stand: &Stand<'_>, environment: &str) -> Result<DeployBuild, Stop> {
    let (of, told) = stand.through(Scenario::Deploys).await?;
    Ok(request(stand, &of, &told, environment))
}

fn request(stand: &Stand<'_>, of: &Started, told: &Follower, environment: &str) -> DeployBuild {
    let artifact = |o: &Observation| if let Observation::Artifact(a) = o { Some(a.clone()) } else { None };
    let artifacts: Vec<Artifact> = told.observations().filter_map(artifact).collect();
    DeployBuild {
        start: of.service.request(stand.new_build()),
        of: of.run.clone(),
        of_build: of.build,
        commit: commit(told),
        stages: told.stages(),
        artifacts,
        environment: environment.to_owned(),
        target: stand.harness.target(environment),
        version: "main-1-5ca1ab1e".to_owned(),
    }
}

fn commit(told: &Follower) -> Option<Commit> {
    told.runs().iter().rev().find_map(|run| run.commit.clone())
}

async fn through(stand: &Stand<'_>, request: DeployBuild) -> Result<Follower, Stop> {
    let run = stand.provider.deploy(&stand.access, request).await.must("deploy")?;
    stand.remember(&run);
    let mut told = stand.follow(&run);
    told.finish().await?;
    Ok(told)
}

pub(super) async fn deploy_makes_one_new_run(stand: &Stand<'_>) -> Verdict {
    stand.needs(Capability::Deploy)?;
    let request = request_of(stand, "prod").await?;
    let run = stand.provider.deploy(&stand.access, request.clone()).await.must("deploy")?;
    stand.remember(&run);
    ensure(run != request.of, || "the deployment is the run whose version it brings".to_owned())?;
    let again = stand.provider.deploy(&stand.access, request.clone()).await.must("deploy again")?;
    ensure(again == run, || "asking for the same deployment again made another run".to_owned())?;
    stand.follow(&run).finish().await?;
    let other = stand.harness.another_instance().await;
    let late = other.deploy(&stand.access, request).await.must("deploy once more, after its end")?;
    ensure(late == run, || "asking another instance, after its end, made another run".to_owned())
}

pub(super) async fn deploy_runs_what_deploys_there(stand: &Stand<'_>) -> Verdict {
    stand.needs(Capability::Deploy)?;
    let request = request_of(stand, "prod").await?;
    let of = request.of.clone();
    let run = stand.provider.deploy(&stand.access, request).await.must("deploy")?;
    if run == of {
        return Ok(()); // see deploy_makes_one_new_run
    }
    stand.remember(&run);
    let mut told = stand.follow(&run);
    told.finish().await?;
    for name in ["build", "to-test"] {
        ensure(!told.has_line(&format!("hello from {name}")), || format!("`{name}` was run again"))?;
        let is_told = told.stages().iter().any(|stage| stage.name == name);
        ensure(!is_told, || {
            format!("`{name}`, which does not deploy to `prod`, is told as a stage of the deployment")
        })?;
    }
    let stages = told.stages();
    if stages.iter().any(|stage| stage.name == "to-prod") {
        ensure(told.has_line("hello from to-prod"), || "the stage that deploys to `prod` was not run".to_owned())?;
    }
    // An engine that brings what was built there by itself has stages of its own for that.
    let place = |stage: &StageObservation| stage.environment.clone().unwrap_or_default();
    if let Some(stage) = stages.iter().find(|stage| !["", "prod"].contains(&place(stage).as_str())) {
        return fail(format!("`{}` is told to deploy to {}", stage.name, place(stage)));
    }
    let arrives = |stage: &StageObservation| place(stage) == "prod" && stage.status == RunStatus::Succeeded;
    ensure(stages.iter().any(arrives), || "no stage that succeeded is told to deploy to `prod`".to_owned())
}

pub(super) async fn deploy_brings_what_was_built(stand: &Stand<'_>) -> Verdict {
    stand.needs(Capability::Deploy)?;
    let request = request_of(stand, "test").await?;
    let (wanted, has_files) = (request.commit.clone(), !request.artifacts.is_empty());
    let told = through(stand, request).await?;
    if let Some(wanted) = wanted {
        let sha = commit(&told).map(|commit| commit.sha);
        ensure(sha.as_ref() == Some(&wanted.sha), || format!("it told the commit {sha:?}, not {}", wanted.sha))?;
    }
    if stand.needs(Capability::Artifacts).is_ok() {
        ensure(has_files, || "the build told of no file that it keeps".to_owned())?;
        ensure(told.has_line("version one"), || format!("the file was not there: it wrote {:?}", told.texts()))?;
    }
    Ok(())
}

pub(super) async fn deploy_to_nowhere_is_unsupported(stand: &Stand<'_>) -> Verdict {
    stand.needs(Capability::Deploy)?;
    let request = request_of(stand, "nowhere").await?;
    let config = request.start.config.clone();
    let build = request.start.build;
    match stand.provider.deploy(&stand.access, request).await {
        Err(ProviderError::Unsupported { what: Capability::Deploy, reason }) => {
            ensure(!reason.trim().is_empty(), || "it does not say why".to_owned())?;
        }
        Err(error) => return fail(format!("it answers: {error}")),
        Ok(run) => {
            stand.remember(&run);
            return fail("it is accepted");
        }
    }
    let page = stand.provider.list(&stand.access, &config, None).await.must("list")?;
    ensure(page.runs.iter().all(|run| run.build != Some(build)), || "there is a run of what was refused".to_owned())
}
