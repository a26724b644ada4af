//! What plain builds are made of: the steps of their task.

use alm_build_spi::CancellationToken;
use alm_cluster_sim::{Options, rig::quickly};
use alm_domain::{LogStream, Observation, Observed, RunStatus, Step};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::support::{PROJECT, Rig, task};

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

#[tokio::test]
async fn a_proxy_beside_the_steps_keeps_no_line_back_and_is_told_last() {
    let rig = Rig::with(Options { proxies: true, ..Options::default() }).await;
    let service = rig.service(&json!({"tasks": [task("only", "echo one\nawait go\necho two", &[])]}), &[]).await;
    let mut told = rig.start(&service).await;
    told.until("its line while it works", |told| told.has_line("one")).await;
    rig.cluster.open_gate("go");
    told.finish().await;
    let wanted = [
        "one",
        "two",
        "container native-proxy",
        "native-proxy listens",
        "container istio-proxy",
        "istio-proxy listens",
    ];
    assert_eq!(told.texts(), wanted);
    let read: Vec<String> = rig.read(&told.run).await.into_iter().map(|line| line.text).collect();
    assert_eq!(read, wanted);
}

#[test]
fn a_node_that_is_gone_keeps_no_run_open_for_ever_and_what_is_lost_is_said() {
    quickly(async {
        let rig = Rig::new().await;
        let pipeline = json!({"tasks": [task("a", "echo one", &[]), task("b", "echo two\nawait go", &["a"])]});
        let service = rig.service(&pipeline, &[]).await;
        let mut told = rig.start(&service).await;
        told.until("its line", |told| told.has_line("two")).await;
        rig.cluster.cut_off(PROJECT, &format!("{}-b-pod", told.name));
        rig.cluster.open_gate("go");
        // Longer than anything else may take here.
        let stream = rig.provider().follow(&rig.access(), &told.run, None, CancellationToken::new());
        let observed: Vec<Observed> = stream.filter_map(async |observed| observed.ok()).collect().await;
        let observations: Vec<Observation> = observed.into_iter().flat_map(|observed| observed.observations).collect();
        assert_eq!(observations.last(), Some(&Observation::Complete));
        let lines =
            observations.iter().filter_map(|it| if let Observation::Lines(lines) = it { Some(lines) } else { None });
        let lines: Vec<_> = lines.flatten().collect();
        let [one, last] = lines[..] else { panic!("{lines:?}") };
        assert_eq!(one.text, "one");
        assert_eq!((last.stream, last.stage.clone()), (LogStream::Gap, Some("b".into())));
        assert!(last.text.contains("step-work cannot be had") && last.text.contains("i/o timeout"), "{}", last.text);
    });
}
