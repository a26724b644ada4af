//! What plain builds are made of: the steps of their task.

use alm_domain::{Observation, RunStatus, Step};
use serde_json::{Value, json};

use crate::support::{Rig, task};

/// A pipeline of one task with these steps.
fn one_task(steps: &[(&str, &str)]) -> Value {
    let step = |(name, script): &(&str, &str)| json!({ "name": name, "image": "example.test/image", "script": script });
    let steps: Vec<Value> = steps.iter().map(step).collect();
    json!({ "tasks": [{ "name": "only", "taskSpec": { "steps": steps } }] })
}

fn told(steps: &[Step]) -> Vec<(&str, bool, Option<i32>)> {
    steps.iter().map(|step| (step.name.as_str(), step.finished_at.is_some(), step.exit_code)).collect()
}

#[tokio::test]
async fn the_steps_of_a_plain_build_are_told_one_by_one() {
    let rig = Rig::new().await;
    let service = rig.service(&one_task(&[("compile", "echo one\nawait go"), ("push", "await pushed")]), &[]).await;
    let run = rig.start(&service).await.run;
    let mut followed = rig.follow(&run);
    followed.until("its first step", |it| told(it.steps()) == [("compile", false, None)]).await;
    rig.cluster.open_gate("go");
    let second = [("compile", true, Some(0)), ("push", false, None)];
    followed.until("its second step", |it| told(it.steps()) == second).await;
    let [compile, push] = followed.steps() else { panic!("{followed:?}") };
    assert!(compile.started_at.is_some() && push.started_at >= compile.finished_at, "one after another");
    rig.cluster.open_gate("pushed");
    followed.finish().await;
    assert_eq!(told(followed.steps()), [("compile", true, Some(0)), ("push", true, Some(0))]);
    assert_eq!(followed.status(), Some(RunStatus::Succeeded));
    assert!(!followed.told.iter().any(|told| matches!(told, Observation::Stages(_))), "it is a pipeline of no stages");
}

#[tokio::test]
async fn what_comes_behind_a_step_that_failed_is_not_told() {
    let rig = Rig::new().await;
    let service = rig.service(&one_task(&[("compile", "echo x"), ("test", "exit 3"), ("push", "echo y")]), &[]).await;
    let followed = rig.run(&service).await;
    assert_eq!(followed.status(), Some(RunStatus::Failed));
    assert_eq!(told(followed.steps()), [("compile", true, Some(0)), ("test", true, Some(3))]);
}

#[tokio::test]
async fn a_pipeline_of_several_tasks_has_stages_and_no_steps() {
    let rig = Rig::new().await;
    let tasks = [task("build", "echo x", &[]), task("ship", "echo y", &["build"])];
    let service = rig.service(&json!({ "tasks": tasks }), &[]).await;
    let followed = rig.run(&service).await;
    assert!(followed.steps().is_empty() && followed.stage("ship").is_some(), "{followed:?}");
}
