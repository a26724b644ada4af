use serde_json::{Value, json};

use super::*;
use crate::cli::client::testing::stage;

fn render(colour: bool, tell: impl FnOnce(&mut Renderer<&mut Vec<u8>>) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    tell(&mut Renderer::new(&mut out, colour)).unwrap();
    String::from_utf8(out).unwrap()
}

fn build(revision: i64, status: &str, reason: Option<&str>) -> BuildView {
    let json = json!({ "revision": revision, "status": status, "statusReason": reason, "duration": 83_400 });
    serde_json::from_value(json).unwrap()
}

fn stages(stages: &[Value]) -> Vec<StageView> {
    stages.iter().map(|stage| serde_json::from_value(stage.clone()).unwrap()).collect()
}

fn line(seq: u64, stage: Option<&str>, stream: &str, text: &str, continued: bool) -> LineView {
    LineView { seq, stage_id: stage.map(|s| format!("stg_{s}")), stream: stream.into(), text: text.into(), continued }
}

#[test]
fn a_build_reads_as_a_story() {
    let told = render(false, |out| {
        out.began("cli/web", &Started { id: "bld_1".into(), number: 7, waits_for: Vec::new() })?;
        out.changed(&build(1, "QUEUED", Some("2 of 2 slots are taken")), &[])?;
        let planned = [stage("unit", 0, 1, "PLANNED"), stage("deploy", 1, 1, "PLANNED")];
        out.changed(&build(2, "RUNNING", None), &stages(&planned))?;
        out.changed(&build(3, "RUNNING", None), &stages(&[stage("unit", 0, 3, "RUNNING")]))?;
        out.lines(&[
            line(1, Some("unit"), "STDOUT", "ok\tfine", false),
            line(2, Some("unit"), "STDERR", "more", true),
        ])?;
        out.changed(&build(4, "RUNNING", None), &stages(&[stage("unit", 0, 4, "SUCCEEDED")]))?;
        // Told again, and something older: neither is news.
        out.changed(&build(4, "RUNNING", None), &stages(&[stage("unit", 0, 4, "SUCCEEDED")]))?;
        out.changed(&build(2, "QUEUED", None), &stages(&[stage("unit", 0, 2, "PLANNED")]))?;
        let mut deploy = stage("deploy", 1, 5, "WAITING_FOR_APPROVAL");
        deploy["approval"] = json!({ "id": "apr_1", "status": "PENDING", "message": "Really?",
            "parameters": [{ "name": "target", "kind": "STRING", "required": true }] });
        out.changed(&build(5, "WAITING_FOR_APPROVAL", None), &stages(&[deploy.clone()]))?;
        deploy["revision"] = json!(6);
        out.changed(&build(6, "WAITING_FOR_APPROVAL", None), &stages(&[deploy]))?;
        out.lines(&[line(3, None, "SYSTEM", "Nobody is there", false)])?;
        let failed = build(7, "FAILED", Some("the approval was rejected"));
        out.changed(&failed, &[])?;
        out.ended(&failed)
    });
    let expected = "\
Build cli/web #7 (bld_1)
▸ build queued: 2 of 2 slots are taken
▸ build running
▸ unit running
unit   │ ok\tfine
unit   ┆ more
✓ unit succeeded in 3.2 s
? deploy waiting for approval
? deploy asks: Really?
    yes: alm decide apr_1 approve --param target=…
    no:  alm decide apr_1 reject
? build waiting for approval
       │ Nobody is there
✗ cli/web #7 failed in 1 min 23 s: the approval was rejected
";
    assert_eq!(told, expected);
}

#[test]
fn a_build_that_is_held_says_what_for_and_where_to_go() {
    let started = json!({ "id": "bld_1", "number": 7, "waitsFor": [{ "message": "no account at Staging is connected",
        "environment": { "displayName": "Staging", "url": "https://staging.example.org:6443" } }] });
    let started: Started = serde_json::from_value(started).unwrap();
    let told = render(false, |out| {
        out.began("cli/web", &started)?;
        out.changed(&build(1, "WAITING_FOR_CREDENTIAL", Some("no account at Staging is connected")), &[])
    });
    let expected = "\
Build cli/web #7 (bld_1)
? waits for an account at Staging: no account at Staging is connected
    connect yours to https://staging.example.org:6443 in the project's environments; the build goes on by itself
? build waiting for an account to be connected: no account at Staging is connected
";
    assert_eq!(told, expected);
}

#[test]
fn nothing_that_a_server_says_drives_the_terminal() {
    let hostile = "\x1b]0;title\x07\x1b[2J\x1b[31mred\x1b[0m\r\u{9b}H\x1b[999\x1b[m";
    for colour in [true, false] {
        let told = render(colour, |out| {
            let mut named = stage("x", 0, 1, "RUNNING");
            named["name"] = json!(hostile);
            named["statusReason"] = json!(hostile);
            out.changed(&build(1, "RUNNING", Some(hostile)), &stages(&[named]))?;
            out.lines(&[line(1, Some("x"), "STDOUT", hostile, false)])?;
            out.note(hostile)
        });
        let mut rest = strip_sgr(&told).into_owned();
        rest.retain(|c| c.is_control() && c != '\n');
        assert_eq!(rest, "", "{told:?}");
        assert_eq!(told.contains('\x1b'), colour);
    }
}

#[test]
fn colours_of_a_log_end_with_their_line() {
    let told = render(true, |out| out.lines(&[line(1, None, "STDOUT", "\x1b[31mred", false)]));
    assert!(told.contains("\x1b[31mred\x1b[0m\n"), "{told:?}");
}

#[test]
fn long_names_are_cut_and_times_are_told_for_people() {
    assert_eq!(cut(&"x".repeat(100)).chars().count(), WIDEST_NAME);
    for (ms, words) in [(0.0, "0.0 s"), (83_400.0, "1 min 23 s"), (7_500_000.0, "2 h 5 min"), (f64::NAN, "0.0 s")] {
        assert_eq!(took(ms), words);
    }
}
