//! Repeating builds.

use alm_domain::{Artifact, Capability, RerunFrom, RunStatus};

use crate::{
    Observation, RerunBuild,
    conformance::{
        Scenario,
        follower::Follower,
        stand::{Must, Stand, Started, Verdict, ensure},
    },
};

fn request(stand: &Stand<'_>, of: &Started, told: &Follower, from: RerunFrom) -> RerunBuild {
    let artifact = |o: &Observation| if let Observation::Artifact(a) = o { Some(a.clone()) } else { None };
    let artifacts: Vec<Artifact> = told.observations().filter_map(artifact).collect();
    RerunBuild {
        start: of.service.request(stand.new_build()),
        of: of.run.clone(),
        of_build: of.build,
        commit: told.runs().iter().rev().find_map(|run| run.commit.clone()),
        from,
        stages: told.stages(),
        artifacts,
    }
}

pub(super) async fn rerun_makes_one_new_run(stand: &Stand<'_>) -> Verdict {
    stand.needs(Capability::Rerun)?;
    let (of, before) = stand.through(Scenario::PlainSuccess).await?;
    let request = request(stand, &of, &before, RerunFrom::Beginning);
    let run = stand.provider.rerun(&stand.access, request.clone()).await.must("rerun")?;
    stand.remember(&run);
    ensure(run != of.run, || "the repetition is the run that it repeats".to_owned())?;
    let again = stand.provider.rerun(&stand.access, request).await.must("rerun again")?;
    ensure(again == run, || "asking for the same repetition again made another run".to_owned())?;
    let mut told = stand.follow(&run);
    told.finish().await?;
    ensure(told.texts() == before.texts(), || format!("the repetition wrote {:?}", told.texts()))
}

pub(super) async fn rerun_from_stage_reuses_what_came_before(stand: &Stand<'_>) -> Verdict {
    stand.needs(Capability::RerunFromStage)?;
    let (of, before) = stand.through(Scenario::Pipeline).await?;
    let request = request(stand, &of, &before, RerunFrom::Stage(before.key_of("last")?));
    let run = stand.provider.rerun(&stand.access, request).await.must("rerun from a stage")?;
    stand.remember(&run);
    let mut told = stand.follow(&run);
    told.finish().await?;
    for name in ["first", "left", "right"] {
        ensure(!told.has_line(&format!("hello from {name}")), || format!("`{name}` was run again"))?;
        let status = told.stage(name)?.status;
        ensure(status == RunStatus::Succeeded, || format!("`{name}`, which was taken over, is {status}"))?;
    }
    ensure(told.has_line("hello from last"), || "`last` was not run again".to_owned())
}
