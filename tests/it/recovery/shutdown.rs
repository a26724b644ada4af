//! The server is asked to go, or not let in.

use std::{process::Stdio, time::Duration};

use rustix::process::Signal;
use tokio::process::Command;

use super::support::{Watched, World, eventually, within, without_settings};

async fn leaves_on(signal: Signal) {
    let mut world = World::serving().await;
    let gate = world.outside("gate");
    let pipeline = format!(
        "run: |\n  i=0\n  while [ $i -lt 20000 ] && ! [ -e '{gate}' ]; do i=$((i + 1)); echo \"line $i\"; done\n  until [ -e '{gate}' ]; do \
         sleep 0.02; done\n  echo $i > '{count}'\n",
        gate = gate.display(),
        count = world.outside("count").display()
    );
    let build = world.build(&pipeline).await;
    let (api, token) = (world.api(), world.token());
    eventually("the build is busy", async || {
        (api.build(&build).await.unwrap()["log"]["lineCount"].as_u64() > Some(100)).then_some(())
    })
    .await;
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let mut watched = Watched::default();
        let mut socket = within(watched.connect(&api.address, &token, &build)).await.expect("a server is there");
        while !watched.has_begun() {
            assert!(within(watched.hear(&mut socket)).await, "the streams begin");
        }
        clients.spawn(async move {
            while watched.hear(&mut socket).await {}
            watched
        });
    }
    world.server().signal(signal);
    let ended = tokio::time::timeout(Duration::from_secs(30), world.let_go().ended()).await;
    assert!(ended.expect("the server takes longer than 30 s").success());
    let mut goes_on = None;
    while let Some(watched) = within(clients.join_next()).await {
        let watched = watched.unwrap();
        assert_eq!(watched.reasons, ["SHUTDOWN", "SHUTDOWN"], "both streams said why");
        assert_eq!(watched.closed, Some(1001));
        goes_on = Some(watched);
    }
    // The build went on, and is found again; every client goes on from its cursors.
    world.start().await;
    assert_eq!(world.api().build(&build).await.unwrap()["status"], "RUNNING");
    std::fs::write(gate, "").unwrap();
    let mut watched = goes_on.unwrap();
    watched.one_connection(&world.api().address, &token, &build).await;
    watched.log.assert_numbered(world.told("count").trim().parse().unwrap());
    assert_eq!(watched.state.newest(), "SUCCEEDED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_under_load_ends_streams_and_leaves_builds_running() {
    leaves_on(Signal::INT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_under_load_ends_streams_and_leaves_builds_running() {
    leaves_on(Signal::TERM).await;
}

async fn refused(data: &std::path::Path, bind: &str) -> (Option<i32>, String) {
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_alm"));
    without_settings(&mut program);
    let output = Command::from(program)
        .env("ALM_DATA_DIR", data)
        .env("ALM_SERVER_BIND", bind)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = within(output).await.unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_server_on_the_same_data_is_refused() {
    let world = World::serving().await;
    let (code, said) = refused(&world.data(), "127.0.0.1:0").await;
    assert_eq!(code, Some(75), "{said}");
    assert!(said.contains(world.data().to_str().unwrap()), "{said}");
    world.api().ask("{ serverInfo { version } }", serde_json::json!({})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_in_use_is_told_with_the_key_to_change() {
    let world = World::serving().await;
    let address = world.api().address.replace("http://", "");
    let (code, said) = refused(&world.outside("other"), &address).await;
    assert_eq!(code, Some(69), "{said}");
    assert!(said.contains(&address) && said.contains("server.bind") && said.contains("ALM_SERVER_BIND"), "{said}");
}
