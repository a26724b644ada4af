//! The reference implementations in JavaScript, against our server.

use std::{
    ffi::OsString,
    path::Path,
    process::{Output, Stdio},
};

use super::support::{Running, TOKEN, serve};

/// Runs a script of `tests/node` with the address and the token of a server.
async fn run(server: &Running, script: &str) -> Option<Output> {
    let address = format!("http://{}", server.address);
    let mut arguments = vec![OsString::from(address), OsString::from(TOKEN)];
    // Where a person who looks into a failure wants screenshots.
    arguments.extend(std::env::var_os("ALM_SCREENSHOTS"));
    node(script, &arguments).await
}

/// Runs a script of `tests/node`; none where Node.js or the packages are missing, which with `ALM_REQUIRE_NODE=1` is a failure.
pub(super) async fn node(script: &str, arguments: &[OsString]) -> Option<Output> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node");
    if !folder.join("node_modules").is_dir() {
        return missing("run `npm ci` in tests/node first");
    }
    let mut node = tokio::process::Command::new("node");
    node.arg(script).args(arguments).current_dir(folder).kill_on_drop(true);
    match node.stdin(Stdio::null()).output().await {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => missing("there is no `node` on the path"),
        Err(error) => panic!("{error}"),
    }
}

fn missing(what: &str) -> Option<Output> {
    assert!(!std::env::var("ALM_REQUIRE_NODE").is_ok_and(|value| value == "1"), "Node.js is required: {what}");
    println!("SKIPPED: {what}");
    None
}

fn succeeded(output: &Output) -> String {
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    said
}

#[tokio::test]
async fn all_audits_of_graphql_over_http_pass() {
    let server = serve().await;
    let Some(output) = run(&server, "audits.mjs").await else { return };
    assert!(succeeded(&output).contains("61 of 61"), "{output:?}");
}

#[tokio::test]
async fn the_reference_client_of_the_websocket_protocol_is_content() {
    let server = serve().await;
    let Some(output) = run(&server, "client.mjs").await else { return };
    assert!(succeeded(&output).contains("content"), "{output:?}");
}

#[tokio::test]
async fn the_reference_client_of_server_sent_events_is_content() {
    let server = serve().await;
    let Some(output) = run(&server, "sse.mjs").await else { return };
    assert!(succeeded(&output).contains("content"), "{output:?}");
}

#[tokio::test]
async fn graphiql_works_in_a_real_browser() {
    let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("graphiql/dist/index.html");
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    if !bundle.is_file() || !Path::new(&chromium).is_file() {
        println!("skipped: needs `make graphiql`, and Chromium at {chromium} (or at the path in CHROMIUM)");
        return;
    }
    let server = serve().await;
    let Some(output) = run(&server, "graphiql.mjs").await else { return };
    assert!(succeeded(&output).contains("content"), "{output:?}");
}

#[tokio::test]
async fn the_examples_of_graphiql_fit_the_schema() {
    let folder = tempfile::tempdir().unwrap();
    let schema = folder.path().join("schema.graphql");
    std::fs::write(&schema, alm::graphql::sdl()).unwrap();
    let Some(output) = node("examples.mjs", &[schema.into()]).await else { return };
    assert!(succeeded(&output).contains("all valid"), "{output:?}");
}
