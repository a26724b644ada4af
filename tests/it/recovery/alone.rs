//! What a build does while there is no server.

use super::support::{World, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stages_that_come_due_without_a_server_are_run_rightly() {
    let mut world = World::serving().await;
    let (go, order) = (world.outside("go"), world.outside("order"));
    let pipeline = format!(
        "stages:\n  first:\n    run: |\n      until [ -e '{go}' ]; do sleep 0.02; done\n      echo first >> '{order}'\n  left:\n    needs: \
         first\n    run: echo left >> '{order}'\n  right:\n    needs: first\n    run: false\n    allow-failure: true\n  joined:\n    needs: \
         [left, right]\n    run: echo joined >> '{order}'\n  unwanted:\n    needs: first\n    when: {{branch: other}}\n    run: echo \
         unwanted >> '{order}'\n  final:\n    finally: true\n    run: echo final >> '{order}'\n",
        go = go.display(),
        order = order.display()
    );
    let build = world.build(&pipeline).await;
    let watcher = world.follow(&build);
    let api = world.api();
    eventually("the build works", async || {
        let build = api.build(&build).await.unwrap();
        build["stages"]
            .as_array()
            .unwrap()
            .iter()
            .any(|s| s["key"] == "first" && s["status"] == "RUNNING")
            .then_some(())
    })
    .await;
    world.kill().await;
    std::fs::write(go, "").unwrap();
    world.hears("order", "final").await;
    assert_eq!(world.told("order"), "first\nleft\njoined\nfinal\n");
    world.start().await;
    let watched = watcher.complete().await;
    assert_eq!(watched.state.newest(), "UNSTABLE", "{:?}", watched.state.states);
    for (stage, state) in [
        ("first", "SUCCEEDED"),
        ("left", "SUCCEEDED"),
        ("right", "UNSTABLE"),
        ("joined", "SUCCEEDED"),
        ("unwanted", "SKIPPED"),
        ("final", "SUCCEEDED"),
    ] {
        assert_eq!(watched.state.stage(stage), state, "{stage}");
    }
}
