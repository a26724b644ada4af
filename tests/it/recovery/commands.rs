//! The server dies while a command is on its way to a build.

use std::time::Duration;

use super::support::{Api, Seed, World, eventually, processes_with};

async fn works(api: &Api, build: &str) {
    eventually("the build works", async || (api.build(build).await.unwrap()["status"] == "RUNNING").then_some(()))
        .await;
}

async fn question(api: &Api, build: &str) -> String {
    eventually("the question", async || {
        let build = api.build(build).await.unwrap();
        let approval = &build["approvals"][0];
        (approval["status"] == "PENDING").then(|| approval["id"].as_str().unwrap().to_owned())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_that_was_acknowledged_is_delivered_after_the_kill() {
    let mut seed = Seed::of_this_test("kill_during_cancel");
    for round in 0..4 {
        let mut world = World::serving().await;
        let mark = format!("mark-9d1c-cancel-{round}");
        let build = world.build(&format!("env: {{MARK_OF_THE_TEST: {mark}}}\nrun: sleep 1000\n")).await;
        let watcher = world.follow(&build);
        works(&world.api(), &build).await;
        let answer = world.api().cancel(&build).await.unwrap();
        assert_eq!(answer["cancelBuild"]["userErrors"], serde_json::json!([]), "{answer}");
        tokio::time::sleep(seed.moment(Duration::from_millis(30))).await;
        world.restart().await;
        let watched = watcher.complete().await;
        assert_eq!(watched.state.newest(), "CANCELLED", "{:?}", watched.state.states);
        eventually("no process of the build is left", async || processes_with(&mark).is_empty().then_some(())).await;
    }
}

/// A build with one question; the answer is counted outside.
fn asking(world: &World) -> String {
    let answered = world.outside("answered");
    format!(
        "stages:\n  ask:\n    input: Go on?\n    run: echo yes >> '{}'\n  last:\n    needs: ask\n    run: echo done\n",
        answered.display()
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approval_that_was_acknowledged_runs_its_stage_once_after_the_kill() {
    let mut seed = Seed::of_this_test("kill_during_decide");
    for _ in 0..4 {
        let mut world = World::serving().await;
        let build = world.build(&asking(&world)).await;
        let watcher = world.follow(&build);
        let approval = question(&world.api(), &build).await;
        let answer = world.api().approve(&approval).await.unwrap();
        assert_eq!(answer["decideApproval"]["userErrors"], serde_json::json!([]), "{answer}");
        tokio::time::sleep(seed.moment(Duration::from_millis(30))).await;
        world.restart().await;
        let watched = watcher.complete().await;
        assert_eq!(watched.state.newest(), "SUCCEEDED", "{:?}", watched.state.states);
        assert_eq!(world.told("answered"), "yes\n", "the stage ran once");
        let build = world.api().build(&build).await.unwrap();
        assert_eq!(build["approvals"][0]["status"], "APPROVED");
        assert_eq!(build["approvals"][0]["decisions"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approval_whose_answer_was_lost_can_be_given_again() {
    let mut seed = Seed::of_this_test("lost_answer_of_decide");
    let mut world = World::serving().await;
    let build = world.build(&asking(&world)).await;
    let watcher = world.follow(&build);
    let approval = question(&world.api(), &build).await;
    let (api, asked) = (world.api(), approval.clone());
    let asking = tokio::spawn(async move { api.approve(&asked).await });
    tokio::time::sleep(seed.moment(Duration::from_millis(15))).await;
    world.restart().await;
    let _ = asking.await.unwrap();
    // Either it was stored, and the second is told so, or it was not, and the second counts.
    let again = world.api().approve(&approval).await.unwrap();
    let code = &again["decideApproval"]["userErrors"][0]["code"];
    assert!(code.is_null() || code == "WRONG_STATE", "{again}");
    let watched = watcher.complete().await;
    assert_eq!(watched.state.newest(), "SUCCEEDED");
    assert_eq!(world.told("answered"), "yes\n", "the stage ran once");
}
