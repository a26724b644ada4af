use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use serde_json::{Value, json};

use super::*;
use crate::cli::client::testing::*;

/// A writer that tells the test what was written.
struct Told(futures::channel::mpsc::UnboundedSender<String>);

impl Write for Told {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _ = self.0.unbounded_send(String::from_utf8_lossy(bytes).into_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn until(told: &mut UnboundedReceiver<String>, wanted: &str) -> String {
    let mut seen = String::new();
    let search = async {
        while !seen.contains(wanted) {
            seen.push_str(&told.next().await.expect(wanted));
        }
    };
    tokio::time::timeout(Duration::from_secs(60), search).await.expect(wanted);
    seen
}

fn replies(operation: &str, _: &Value) -> Value {
    match operation {
        "CliStart" => json!({ "data": { "done": { "thing": { "id": "bld_1", "number": 3 }, "userErrors": [] } } }),
        "CliCancel" => json!({ "data": { "done": { "thing": { "id": "bld_1" }, "userErrors": [] } } }),
        other => panic!("unexpected {other}"),
    }
}

fn request() -> StartRequest {
    StartRequest { service_id: "svc_1".into(), reference: None, parameters: vec![], idempotency_key: "key".into() }
}

async fn result_of(script: Vec<Step>) -> Result<Exit, CliError> {
    let server = FakeServer::start(replies, [script]).await;
    let started = start(&server.client(), &request()).await.unwrap();
    let mut renderer = Renderer::new(std::io::sink(), false);
    let patience = Duration::from_secs(30);
    follow(server.client(), &started, &mut renderer, futures::stream::pending().boxed(), patience).await
}

fn ending(status: &str) -> Vec<Step> {
    let mut script = vec![snapshot("b1", "RUNNING", &[]), lines("l1", 1, None, &["one"]), build_is("b2", 2, status)];
    script.extend(ends("COMPLETE"));
    script
}

#[tokio::test]
async fn a_build_that_is_held_was_started_and_one_that_is_not_there_was_not() {
    let needed = json!([{ "message": "connect it", "code": "CREDENTIAL_NEEDED", "path": null }]);
    let answer = move |thing: Value| json!({ "data": { "done": { "thing": thing, "userErrors": needed } } });
    let held = answer.clone();
    let held = FakeServer::start(move |_, _: &Value| held(json!({ "id": "bld_1", "number": 3 })), [vec![]]).await;
    assert_eq!(start(&held.client(), &request()).await.unwrap().number, 3);
    let refused = FakeServer::start(move |_, _: &Value| answer(Value::Null), [vec![]]).await;
    assert!(start(&refused.client(), &request()).await.unwrap_err().to_string().contains("connect it"));
}

#[tokio::test]
async fn the_result_of_the_build_is_the_exit_code() {
    for (status, exit) in [
        ("SUCCEEDED", Exit::Success),
        ("UNSTABLE", Exit::Success),
        ("FAILED", Exit::BuildFailed),
        ("ERRORED", Exit::BuildErrored),
        ("CANCELLED", Exit::BuildCancelled),
    ] {
        assert_eq!(result_of(ending(status)).await.unwrap(), exit, "{status}");
    }
    let error = result_of(ending("RUNNING")).await.unwrap_err();
    assert_eq!(error.exit(), Exit::Protocol, "{error}");
}

#[tokio::test]
async fn the_first_ctrl_c_cancels_and_the_second_leaves() {
    let mut script = vec![snapshot("b1", "RUNNING", &[]), lines("l1", 1, None, &["one"]), Step::Wait];
    script.extend(ends("COMPLETE"));
    let server = FakeServer::start(replies, [script]).await;
    let started = start(&server.client(), &request()).await.unwrap();
    let (press, interrupts) = unbounded();
    let (out, mut told) = unbounded();
    let mut renderer = Renderer::new(Told(out), false);
    let session = follow(server.client(), &started, &mut renderer, interrupts.boxed(), Duration::from_secs(30));
    let user = async {
        until(&mut told, "one").await;
        press.unbounded_send(()).unwrap();
        until(&mut told, "Cancelling the build.").await;
        press.unbounded_send(()).unwrap();
        until(&mut told, "Left;").await;
    };
    let (exit, ()) = tokio::join!(session, user);
    assert_eq!(exit.unwrap(), Exit::Interrupted);
}

#[tokio::test]
async fn a_cancelled_build_is_watched_to_its_end() {
    let mut script = vec![snapshot("b1", "RUNNING", &[]), lines("l1", 1, None, &["one"]), Step::Wait];
    script.push(build_is("b2", 2, "CANCELLED"));
    script.extend(ends("COMPLETE"));
    let server = FakeServer::start(replies, [script]).await;
    let started = start(&server.client(), &request()).await.unwrap();
    let (press, interrupts) = unbounded();
    let (out, mut told) = unbounded();
    let mut renderer = Renderer::new(Told(out), false);
    let session = follow(server.client(), &started, &mut renderer, interrupts.boxed(), Duration::from_secs(30));
    let user = async {
        until(&mut told, "one").await;
        press.unbounded_send(()).unwrap();
        until(&mut told, "Cancelling the build.").await;
        while !server.seen().iter().any(|(operation, _)| operation == "CliCancel") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server.proceed();
        until(&mut told, "cancelled").await;
    };
    let (exit, ()) = tokio::join!(session, user);
    assert_eq!(exit.unwrap(), Exit::BuildCancelled);
    let seen = server.seen();
    let (_, variables) = seen.iter().find(|(operation, _)| operation == "CliCancel").unwrap();
    assert_eq!(variables["input"]["buildId"], "bld_1");
}

#[tokio::test]
async fn what_the_server_refuses_is_told_with_its_place() {
    let server = FakeServer::start(
        |_, _| {
            json!({ "data": { "done": { "thing": null, "userErrors":
                [{ "message": "is required", "code": "INVALID", "path": ["parameters", "0"] }] } } })
        },
        [],
    )
    .await;
    let error = start(&server.client(), &request()).await.unwrap_err();
    assert_eq!(error.to_string(), "parameters.0: is required");
}
