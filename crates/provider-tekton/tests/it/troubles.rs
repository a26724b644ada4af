//! Every trouble of the cluster, beginning with every request of a story: a run is never taken for failed, no line is lost or told
//! twice, nothing is started twice, and all is right again within half a minute.

use alm_build_spi::NamedSecret;
use alm_cluster_sim::{
    Options,
    rig::{Act, Life, Trial, through_every_trouble},
};
use alm_domain::{ApprovalStatus, ReasonCode, RunStatus};
use serde_json::json;

use crate::{
    reruns::{COMMIT, RUNS, again, from, run, settings, working},
    support::{PROJECT, Rig, question, task},
};

/// A cluster on which everything takes as long as on a real one.
async fn patient() -> Rig {
    Rig::with(Options { time_factor: 1.0, approvals: true, ..Options::default() }).await
}

fn assert_one_run(rig: &Rig) {
    assert_eq!(rig.cluster.objects(RUNS, PROJECT).len(), 1, "one run was started");
}

async fn to_its_end(trial: Trial) {
    let rig = patient().await;
    let tasks = [task("a", "flood 30\nawait go\necho between", &[]), task("b", "echo after", &["a"])];
    let service = rig.service(&json!({ "tasks": tasks }), &[]).await;
    let acts = [Act::Line("line 30".to_owned()), Act::Gate("go".to_owned())];
    let told = trial.live(Life::of(&rig, service.request()).with(acts)).await.unwrap();
    let first: Vec<String> = (1..=30).map(|n| format!("line {n}")).chain(["between".to_owned()]).collect();
    for (key, lines) in [("a", first.as_slice()), ("b", &["after".to_owned()])] {
        let told_of: Vec<_> = told.lines().into_iter().filter(|line| line.stage == Some(key.into())).collect();
        assert_eq!(told_of.iter().map(|line| &line.text).collect::<Vec<_>>(), lines.iter().collect::<Vec<_>>());
        assert_eq!(told.stage(key).map(|stage| stage.status), Some(RunStatus::Succeeded), "{told:?}");
    }
    assert_eq!(told.lines().len(), first.len() + 1);
    assert_one_run(&rig);
}

async fn stopped(trial: Trial) {
    let rig = patient().await;
    let service = rig.service(&json!({ "tasks": [task("a", "echo started\nhang", &[])] }), &[]).await;
    let acts = [Act::Line("started".to_owned()), Act::Cancel];
    let life = Life::of(&rig, service.request()).with(acts).ends(RunStatus::Cancelled);
    trial.live(life).await.unwrap();
    assert_one_run(&rig);
}

async fn asked(trial: Trial) {
    let rig = patient().await;
    let tasks = [question("ask", &["alice"], 1), task("ship", "echo shipped", &["ask"])];
    let service = rig.service(&json!({ "tasks": tasks }), &[]).await;
    let told = trial.live(Life::of(&rig, service.request()).with([Act::Approve("ask")])).await.unwrap();
    assert_eq!(told.approval("ask"), Some(ApprovalStatus::Approved), "{told:?}");
    assert_eq!(told.texts(), ["shipped"]);
    assert_one_run(&rig);
}

async fn with_secrets(trial: Trial) {
    let rig = patient().await;
    let mut build = task("build", "show it is | /workspace/in/NPM", &[]);
    build["workspaces"] = json!([{ "name": "in", "workspace": "secrets" }]);
    let mut ship = task("ship", "show with | /workspace/prod/token", &["build"]);
    ship["workspaces"] = json!([{ "name": "prod" }]);
    let definition = json!({ "workspaces": [{ "name": "secrets" }, { "name": "prod" }], "tasks": [build, ship] });
    let own = [
        ("secrets.workspace", json!("secrets")),
        ("tokens.workspaces", json!(["prod=prod"])),
        ("environments", json!(["ship=prod"])),
    ];
    let service = rig.service(&definition, &own).await;
    let mut request = service.request();
    request.secrets = vec![NamedSecret::new("NPM", "canary-of-a-build-77d0")];
    request.withheld = vec!["prod".to_owned()];
    let token = NamedSecret::token("prod", "canary-of-a-token-19fe", None);
    let told = trial.live(Life::of(&rig, request).with([Act::Supply(token)])).await.unwrap();
    let mut texts = told.texts();
    // The pods are read side by side.
    texts.sort_unstable();
    assert_eq!(texts, ["it is ***", "with ***"]);
    assert_one_run(&rig);
    let mut left = rig.cluster.objects("secrets", PROJECT);
    left.retain(|secret| secret["metadata"]["labels"]["alm.build/id"].is_string());
    assert!(left.is_empty(), "{left:?}");
}

async fn repeated(trial: Trial) {
    let rig = patient().await;
    // Of three tasks, since each trouble needs a run before the one that it comes to.
    let make = format!(
        "write /workspace/in/app what was made\nresult image r/app@sha256:1\nresult CHAINS-GIT_COMMIT {COMMIT}"
    );
    let mut build = working("build", &make, &[], &[]);
    build["taskSpec"]["results"] = json!([{ "name": "image" }, { "name": "CHAINS-GIT_COMMIT" }]);
    let check = "echo testing $(params.image)\nshow on | /workspace/in/app";
    let test = working("test", check, &[], &[("image", "$(tasks.build.results.image)")]);
    let tasks = [build, test, task("ship", "echo shipped", &["test"])];
    let definition = json!({ "params": [{ "name": "rev" }], "workspaces": [{ "name": "source" }], "tasks": tasks });
    let service = rig.service(&definition, &settings()).await;
    let first = run(&rig, &service, Vec::new()).await;
    let told = trial.live(Life::of_rerun(&rig, again(&rig, &service, &first, from("test")))).await.unwrap();
    let mut texts = told.texts();
    // The pods are read side by side.
    texts.sort_unstable();
    assert_eq!(texts, ["on what was made", "shipped", "testing r/app@sha256:1"]);
    let reused = told
        .stages()
        .into_iter()
        .filter(|stage| stage.reason.as_ref().is_some_and(|reason| reason.code == ReasonCode::Reused));
    assert_eq!(reused.map(|stage| stage.key.as_str()).collect::<Vec<_>>(), ["build"]);
    assert_eq!(rig.cluster.objects(RUNS, PROJECT).len(), 2, "one run was started");
}

#[test]
fn no_trouble_repeats_more_than_was_asked_for_or_elsewhere_than_in_its_volume() {
    through_every_trouble(|trial| Box::pin(repeated(trial)));
}

#[test]
fn no_trouble_fails_doubles_or_loses_a_run() {
    through_every_trouble(|trial| Box::pin(to_its_end(trial)));
}

#[test]
fn no_trouble_keeps_a_run_from_being_stopped() {
    through_every_trouble(|trial| Box::pin(stopped(trial)));
}

#[test]
fn no_trouble_loses_a_decision_or_delivers_it_twice() {
    through_every_trouble(|trial| Box::pin(asked(trial)));
}

#[test]
fn no_trouble_loses_or_leaves_the_secrets_of_a_run() {
    through_every_trouble(|trial| Box::pin(with_secrets(trial)));
}
