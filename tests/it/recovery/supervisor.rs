//! What runs a build dies.

use std::time::Duration;

use rustix::process::{Signal, kill_process};

use super::support::{Seed, World, eventually, processes_of, processes_with};

/// A build with a mark in its environment by which its processes are found, that works for ever.
fn endless(mark: &str) -> String {
    format!(
        "env: {{MARK_OF_THE_TEST: {mark}}}\nstages:\n  first:\n    run: echo begun\n  endless:\n    needs: first\n    run: |\n      \
         (trap '' TERM INT HUP; setsid sleep 1000 & while true; do echo again; sleep 0.01; done)\n  never:\n    needs: endless\n    \
         run: echo no\n"
    )
}

async fn is_interrupted(world: &World, build: &str, mark: &str) {
    let watched = world.follow(build).complete().await;
    assert_eq!(watched.state.newest(), "ERRORED", "{:?}", watched.state.states);
    assert_eq!(watched.state.stage("first"), "SUCCEEDED");
    assert_eq!(watched.state.stage("endless"), "ERRORED");
    assert_eq!(watched.state.stage("never"), "SKIPPED");
    assert_eq!(world.api().build(build).await.unwrap()["statusReasonCode"], "INTERRUPTED");
    eventually("no process of the build is left", async || processes_with(mark).is_empty().then_some(())).await;
}

/// Kills every supervisor of this world.
async fn kill_supervisors(world: &World) {
    let supervisors = processes_of(world.data().to_str().unwrap());
    assert!(!supervisors.is_empty(), "no supervisor is there");
    for supervisor in supervisors {
        let _ = kill_process(supervisor, Signal::KILL);
    }
}

async fn works(world: &World, build: &str) {
    let api = world.api();
    eventually("the build works", async || {
        let build = api.build(build).await.unwrap();
        let at_work =
            build["stages"].as_array().unwrap().iter().any(|s| s["key"] == "endless" && s["status"] == "RUNNING");
        at_work.then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_whose_supervisor_is_killed_is_interrupted_and_nothing_of_it_is_left() {
    let world = World::serving().await;
    let mark = "mark-9d1c-supervisor";
    let build = world.build(&endless(mark)).await;
    works(&world, &build).await;
    eventually("processes of a build can be found", async || (!processes_with(mark).is_empty()).then_some(())).await;
    kill_supervisors(&world).await;
    is_interrupted(&world, &build, mark).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_and_supervisor_killed_at_once_leave_an_interrupted_build() {
    let mut seed = Seed::of_this_test("server_and_supervisor");
    for round in 0..5 {
        let mut world = World::serving().await;
        let mark = format!("mark-9d1c-both-{round}");
        let build = world.build(&endless(&mark)).await;
        works(&world, &build).await;
        tokio::time::sleep(seed.moment(Duration::from_millis(200))).await;
        if seed.below(2) == 0 {
            kill_supervisors(&world).await;
            world.kill().await;
        } else {
            world.kill().await;
            kill_supervisors(&world).await;
        }
        world.start().await;
        is_interrupted(&world, &build, &mark).await;
    }
}
