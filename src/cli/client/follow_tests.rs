use std::{fmt::Write, time::Duration};

use super::{Followed, Follower};
use crate::cli::client::{Client, ClientError, Endpoint, testing::*};

/// Everything that a follower tells until the end, or until an error.
async fn told(follower: &mut Follower) -> (String, Option<ClientError>) {
    let mut text = String::new();
    loop {
        let next = tokio::time::timeout(Duration::from_secs(60), follower.next()).await.expect("no event in a minute");
        let _ = match next {
            Ok(Followed::Build(build, stages)) => write!(text, "{:?}+{} ", build.status, stages.len()),
            Ok(Followed::Lines(lines)) => lines.iter().try_for_each(|line| write!(text, "{} ", line.text)),
            Ok(Followed::Gap(cause)) => write!(text, "gap({cause}) "),
            Ok(Followed::Lost(_)) => write!(text, "lost "),
            Ok(Followed::Back) => write!(text, "back "),
            Ok(Followed::End) => return (text, None),
            Err(error) => return (text, Some(error)),
        };
    }
}

async fn follow(scripts: Vec<Vec<Step>>) -> (FakeServer, String, Option<ClientError>) {
    let server = FakeServer::start(|_, _| serde_json::Value::Null, scripts).await;
    let mut follower = Follower::new(server.client(), "bld_1".into(), Duration::from_secs(30));
    let (text, error) = told(&mut follower).await;
    (server, text, error)
}

#[tokio::test]
async fn a_build_is_told_from_beginning_to_end() {
    let mut script = vec![
        snapshot("b1", "QUEUED", &[stage("test", 0, 1, "PLANNED")]),
        lines("l2", 1, Some("test"), &["one", "two"]),
        stages_are("b2", 2, &[stage("test", 0, 2, "RUNNING")]),
        build_is("b3", 3, "SUCCEEDED"),
    ];
    script.extend(ends("COMPLETE"));
    let (_server, text, error) = follow(vec![script]).await;
    assert_eq!(text, "Queued+1 one two Running+1 Succeeded+0 ");
    assert!(error.is_none());
}

#[tokio::test]
async fn lost_connections_are_resumed_behind_the_last_event_and_no_line_comes_twice() {
    let mut last = vec![
        build_is("b4", 4, "FAILED"),
        // A server that was too eager: the line that is known already is left out.
        lines("l4", 3, None, &["three", "four"]),
    ];
    last.extend(ends("COMPLETE"));
    let scripts = vec![
        vec![snapshot("b1", "RUNNING", &[]), lines("l2", 1, None, &["one", "two"]), Step::Drop],
        vec![build_is("b3", 3, "RUNNING"), lines("l3", 3, None, &["three"]), Step::Close(1001)],
        last,
    ];
    let (server, text, error) = follow(scripts).await;
    assert_eq!(text, "Running+0 one two lost back Running+0 three lost back Failed+0 four ");
    assert!(error.is_none());
    let after = |cursor: &str| Some(cursor.to_owned());
    assert_eq!(server.resumed_after("build"), [None, after("b1"), after("b3")]);
    assert_eq!(server.resumed_after("log"), [None, after("l2"), after("l3")]);
}

#[tokio::test]
async fn a_server_that_goes_down_is_waited_for() {
    let mut first = vec![snapshot("b1", "RUNNING", &[]), lines("l1", 1, None, &["one"])];
    first.extend(ends("SHUTDOWN"));
    let mut second = vec![build_is("b2", 2, "SUCCEEDED")];
    second.extend(ends("COMPLETE"));
    let (_server, text, error) = follow(vec![first, second]).await;
    assert_eq!(text, "Running+0 one lost back Succeeded+0 ");
    assert!(error.is_none());
}

#[tokio::test]
async fn an_ended_stream_is_not_asked_for_again() {
    let [log_end, build_end] = ends("COMPLETE");
    let first = vec![snapshot("b1", "SUCCEEDED", &[]), lines("l1", 1, None, &["one"]), build_end, Step::Drop];
    let (server, text, error) = follow(vec![first, vec![log_end]]).await;
    assert_eq!(text, "Succeeded+0 one lost back ");
    assert!(error.is_none());
    assert_eq!(server.resumed_after("build").len(), 1);
}

#[tokio::test]
async fn rubbish_and_refusals_end_it_with_a_clear_error() {
    let rubbish = |text: &str| vec![snapshot("b1", "RUNNING", &[]), Step::Raw(text.to_owned())];
    let denied =
        r#"{"type":"error","id":"build","payload":[{"message":"who?","extensions":{"code":"UNAUTHENTICATED"}}]}"#;
    for (script, expected) in [
        (rubbish("{"), "is not understood"),
        (rubbish(r#"{"type":"next","id":"build","payload":{"data":{"stream":5}}}"#), "is not understood"),
        (rubbish(denied), "does not accept the token (who?)"),
        (vec![snapshot("b1", "RUNNING", &[]), Step::Close(4403)], "does not accept the token (4403"),
        (vec![snapshot("b1", "RUNNING", &[]), Step::Close(4409)], "is not understood (closed with 4409"),
        (Vec::from(ends("REMOVED")), "it was removed"),
    ] {
        let (_server, _, error) = follow(vec![script]).await;
        let error = error.expect(expected).to_string();
        assert!(error.contains(expected), "{expected} in {error}");
    }
}

#[tokio::test]
async fn unknown_events_and_states_of_a_newer_server_do_no_harm() {
    let mut script = vec![
        snapshot("b1", "HIBERNATING", &[]),
        Step::Build(serde_json::json!({ "__typename": "Novelty", "cursor": "x" })),
        Step::Raw(r#"{"type":"ping"}"#.to_owned()),
    ];
    script.extend(ends("COMPLETE"));
    let (_server, text, error) = follow(vec![script]).await;
    assert_eq!(text, "Unknown+0 ");
    assert!(error.is_none(), "{error:?}");
}

#[tokio::test]
async fn patience_ends() {
    let gone = {
        let server = FakeServer::start(|_, _| serde_json::Value::Null, []).await;
        server.url.clone()
    };
    let client = Client::new(Endpoint::new(gone, TOKEN.into())).unwrap();
    let (text, error) = told(&mut Follower::new(client, "bld_1".into(), Duration::from_millis(1))).await;
    assert_eq!(text, "lost ");
    assert!(matches!(error, Some(ClientError::Unreachable { .. })), "{error:?}");
}
