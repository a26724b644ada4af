//! What must be seen at the end: the reference clients of the protocols receive a build of a real repository.

mod repository;

use std::{collections::HashMap, path::Path, process::Stdio, time::Duration};

use serde_json::Value;
use tokio::time::timeout;

use crate::recovery::support::{LogOracle, StateOracle, World};
use repository::Files;

/// Fails a script that would hang; far above what any takes, those that wait for a token to end included.
const LONGEST: Duration = Duration::from_secs(300);

/// Runs a script of `tests/node`. `None`, with a word why, where Node.js or the packages are missing; with
/// `ALM_REQUIRE_NODE=1` that is a failure.
pub(crate) async fn node(script: &str, arguments: &[&str]) -> Option<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node");
    let missing = if ["graphql-ws", "graphql-sse"].iter().all(|name| folder.join("node_modules").join(name).is_dir()) {
        let mut node = tokio::process::Command::new("node");
        node.arg(script).args(arguments).current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
        match timeout(LONGEST, node.output()).await.expect("the script takes too long") {
            Ok(output) => {
                let complained = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{complained}");
                return Some(String::from_utf8_lossy(&output.stdout).into_owned());
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => "there is no `node` on the path",
            Err(error) => panic!("{error}"),
        }
    } else {
        "run `npm ci` in tests/node first"
    };
    is_missing(missing);
    None
}

/// Says why a story is not told; a failure where `ALM_REQUIRE_NODE=1`.
pub(crate) fn is_missing(what: &str) {
    assert!(!std::env::var("ALM_REQUIRE_NODE").is_ok_and(|value| value == "1"), "ALM_REQUIRE_NODE=1: {what}");
    println!("SKIPPED: {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reference_client_receives_a_build_of_a_real_repository_across_a_reconnect() {
    if let Some(connections) = receives_a_build("follow.mjs", 2).await {
        assert_eq!(connections, 2, "one connection was torn down");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reference_client_of_server_sent_events_receives_it_too() {
    if let Some(connections) = receives_a_build("follow-sse.mjs", 8).await {
        assert!(connections >= 5, "the connections were torn down again and again: {connections}");
    }
}

/// A script follows a build, has a connection torn down after a part of the lines, and must be told everything exactly once.
/// Gives how many connections that took; `None` where the script cannot run.
async fn receives_a_build(script: &str, part: usize) -> Option<u64> {
    let world = World::serving().await;
    let folder = world.folder().join("real");
    let files = Files::several_thousand();
    files.commit_to(&folder);
    let service = world.api().service("real", folder.to_str().unwrap()).await;
    let build = world.api().start(&service, "the one").await;
    let (address, token, cut) = (world.api().address, world.token(), (files.count() / part).to_string());
    let told = node(script, &[&address, &token, &build, &cut]).await?;

    let (mut log, mut state) = (LogOracle::default(), StateOracle::default());
    let mut keys: HashMap<String, String> = HashMap::new();
    let mut lines = Vec::new();
    let mut connections = 0;
    for line in told.lines() {
        let message: Value = serde_json::from_str(line).unwrap();
        let event = &message["event"];
        match message["stream"].as_str() {
            Some("log") => {
                log.event(event);
                lines.extend(event["lines"].as_array().into_iter().flatten().cloned());
            }
            Some(_) => {
                state.event(event);
                for stage in
                    [&event["stages"], &event["build"]["stages"]].into_iter().filter_map(Value::as_array).flatten()
                {
                    keys.insert(stage["id"].as_str().unwrap().to_owned(), stage["key"].as_str().unwrap().to_owned());
                }
            }
            None => connections = message["connections"].as_u64().unwrap(),
        }
    }
    assert_eq!(state.newest(), "SUCCEEDED", "{:?}", state.states);
    for stage in ["list", "count", "report"] {
        assert_eq!(state.stage(stage), "SUCCEEDED", "{stage}");
    }
    let said_by = |key: &str| -> Vec<&str> {
        let of_stage = |line: &&Value| line["stageId"].as_str().and_then(|id| keys.get(id)).is_some_and(|k| k == key);
        let written = lines.iter().filter(of_stage).filter(|line| line["stream"] == "STDOUT");
        written.map(|line| line["text"].as_str().unwrap()).collect()
    };
    assert_eq!(said_by("list"), files.listing(), "every file, in order");
    assert_eq!(said_by("count"), [files.count().to_string()]);
    assert_eq!(said_by("report"), ["whole"]);
    Some(connections)
}
