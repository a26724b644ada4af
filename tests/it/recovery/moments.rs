//! The server dies between two steps of a line's way: from the spool to the database to the client.

use std::time::Duration;

use rustix::process::Signal;
use tokio::sync::watch;

use super::support::{Watched, World, eventually};

const LINES: usize = 3_000;

/// Says one line, waits for a file, then says the rest, and tells when it has.
fn in_two_parts(world: &World) -> String {
    let (go, said) = (world.outside("go"), world.outside("said"));
    format!(
        "run: |\n  echo 'line 1'\n  until [ -e '{}' ]; do sleep 0.02; done\n  seq -f 'line %.0f' 2 {LINES}\n  sleep 0.5\n  echo said > \
         '{}'\n",
        go.display(),
        said.display()
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_the_spool_and_not_in_the_database_comes_after_the_restart() {
    let mut world = World::serving().await;
    let build = world.build(&in_two_parts(&world)).await;
    let watcher = world.follow(&build);
    let api = world.api();
    eventually("the first line", async || {
        (api.build(&build).await.unwrap()["log"]["lineCount"].as_u64() > Some(0)).then_some(())
    })
    .await;
    // A server that does not move takes nothing in; the build does not mind.
    world.server().signal(Signal::STOP);
    std::fs::write(world.outside("go"), "").unwrap();
    world.hears("said", "said").await;
    world.restart().await;
    let watched = watcher.complete().await;
    watched.log.assert_numbered(LINES);
    assert_eq!(watched.state.newest(), "SUCCEEDED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_the_database_and_was_not_sent_comes_after_the_restart() {
    let mut world = World::serving().await;
    let build = world.build(&in_two_parts(&world)).await;
    let (api, token) = (world.api(), world.token());
    // A client that is cut off after the first lines, whatever was on its way.
    let mut watched = Watched::default();
    let first = watched.one_connection(&api.address, &token, &build);
    assert!(tokio::time::timeout(Duration::from_secs(3), first).await.is_err(), "the build waits for the file");
    assert_eq!(watched.connections, 1);
    std::fs::write(world.outside("go"), "").unwrap();
    eventually("everything is committed", async || {
        (api.build(&build).await.unwrap()["log"]["isComplete"] == true).then_some(())
    })
    .await;
    world.restart().await;
    watched.one_connection(&world.api().address, &token, &build).await;
    watched.log.assert_numbered(LINES);
    assert_eq!(watched.state.newest(), "SUCCEEDED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_loses_nothing_to_a_kill() {
    let mut world = World::serving().await;
    let build = world.build(&in_two_parts(&world)).await;
    let api = world.api();
    let address = watch::Sender::new(Some(api.address.clone()));
    let watcher = super::support::Watcher::follow(address.subscribe(), world.token(), build.clone());
    std::fs::write(world.outside("go"), "").unwrap();
    // The kill comes at whatever point of the sending: the client then knows only its last cursor.
    eventually("most of it is committed", async || {
        (api.build(&build).await.unwrap()["log"]["lineCount"].as_u64() > Some(1_000)).then_some(())
    })
    .await;
    address.send_replace(None);
    world.restart().await;
    address.send_replace(Some(world.api().address.clone()));
    let watched = watcher.complete().await;
    watched.log.assert_numbered(LINES);
    assert_eq!(watched.state.newest(), "SUCCEEDED");
}
