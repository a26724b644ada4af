//! The reference implementations in JavaScript, against our server.

use std::{path::Path, process::Stdio};

use super::support::{Running, TOKEN, serve};

/// Runs a script of `tests/node` with the address and the token; none where Node.js or the packages are missing.
async fn run(server: &Running, script: &str) -> Option<std::process::Output> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node");
    if !folder.join("node_modules").is_dir() {
        println!("skipped: run `npm ci` in tests/node first");
        return None;
    }
    let mut node = tokio::process::Command::new("node");
    node.arg(script).arg(format!("http://{}", server.address)).arg(TOKEN).current_dir(folder).kill_on_drop(true);
    // Where a person who looks into a failure wants screenshots.
    node.args(std::env::var_os("ALM_SCREENSHOTS"));
    match node.stdin(Stdio::null()).output().await {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("skipped: there is no `node` on the path");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn succeeded(output: &std::process::Output) -> String {
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
