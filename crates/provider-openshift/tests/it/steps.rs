//! What Docker and Source builds are made of.

use alm_domain::{Observation, RunStatus, Step};
use serde_json::{Value, json};

use crate::support::{Followed, PROJECT, Rig};

const BUILDS: &str = "builds.build.openshift.io";

fn named(steps: &[Step]) -> Vec<(&str, &str)> {
    steps.iter().map(|step| (step.group.as_deref().unwrap_or_default(), step.name.as_str())).collect()
}

#[tokio::test]
async fn what_the_builder_has_done_is_told_while_it_works_and_in_full_before_the_end() {
    let rig = Rig::new().await;
    let service = rig.docker("echo one\nawait go\necho two").await;
    let mut told = rig.start(&service).await;
    told.until("its first step", |told| !told.steps().is_empty() && told.has_line("one")).await;
    assert_eq!(
        (told.status(), named(told.steps())),
        (Some(RunStatus::Running), vec![("FetchInputs", "FetchGitSource")])
    );
    // Another one goes on from here, and need not know what the first was told.
    told.hand_over(rig.provider(), rig.access());
    rig.cluster.open_gate("go");
    told.finish().await;
    let all = [("FetchInputs", "FetchGitSource"), ("Build", "DockerBuild"), ("PushImage", "PushDockerImage")];
    assert_eq!(named(told.steps()), all);
    for step in told.steps() {
        assert!(step.started_at.is_some() && step.finished_at >= step.started_at, "{step:?}");
        assert_eq!(step.exit_code, None, "the builder does not say");
    }
    let at = |is: &dyn Fn(&Observation) -> bool| told.told.iter().rposition(is).unwrap();
    let last = at(&|told| matches!(told, Observation::Steps(_)));
    assert!(last < at(&|told| matches!(told, Observation::Run(run) if run.status.is_terminal())), "{told:?}");
    assert!(!told.told.iter().any(|told| matches!(told, Observation::Stages(_))), "it is a pipeline of no stages");
    assert_eq!(told.texts(), ["one", "two"], "and its log is its own");
}

#[tokio::test]
async fn a_build_that_fails_tells_how_far_it_came_and_a_pipeline_tells_stages_alone() {
    let rig = Rig::new().await;
    let mut told = rig.start(&rig.docker("exit 1").await).await;
    told.finish().await;
    assert_eq!(told.status(), Some(RunStatus::Failed));
    assert_eq!(named(told.steps()), [("FetchInputs", "FetchGitSource"), ("Build", "DockerBuild")]);
    let mut pipeline = rig.start(&rig.pipeline("stage Build\necho x").await).await;
    pipeline.finish().await;
    assert!(pipeline.steps().is_empty() && pipeline.stage("Build").is_some(), "{pipeline:?}");
}

#[tokio::test]
async fn steps_that_somebody_forges_are_data() {
    let rig = Rig::new().await;
    let service = rig.docker("echo one\nawait go").await;
    let mut told = rig.start(&service).await;
    told.until("its first step", |told| !told.steps().is_empty()).await;
    let forge =
        |stages: Value| rig.cluster.patch(BUILDS, PROJECT, &told.name, &json!({ "status": { "stages": stages } }));
    forge(
        json!([{ "name": "\u{1b}[2JWhat\nnow", "startTime": "soon", "durationMilliseconds": -7 }, 5, { "steps": {} }]),
    );
    let odd = |told: &Followed| named(told.steps()) == [("", "What now")];
    told.until("what was forged", odd).await;
    assert_eq!((told.steps()[0].started_at, told.steps()[0].finished_at), (None, None));
    rig.cluster.open_gate("go");
    told.finish().await;
    assert_eq!((told.status(), told.errors.len()), (Some(RunStatus::Succeeded), 0), "{told:?}");
    assert_eq!(told.steps().len(), 3, "the builder has the last word");
}
