//! Pipelines of every shape.

use alm_domain::{BuildShape, LogStream, ReasonCode, RunStatus, StageKind};
use serde_json::json;

use crate::support::Rig;

#[tokio::test]
async fn a_plain_build_has_no_stages_and_tells_its_commit() {
    let rig = Rig::new("run:\n  - echo hello\n  - echo oops >&2\n");
    let sha = rig.git(&["rev-parse", "HEAD"]);
    let told = rig.build().await;
    assert_eq!(told.status(), RunStatus::Succeeded, "{told:#?}");
    let run = told.runs.last().unwrap();
    assert_eq!(run.shape, Some(BuildShape::Plain));
    let commit = run.commit.clone().unwrap();
    assert_eq!((commit.sha, commit.title.as_deref()), (sha, Some("A change")));
    assert_eq!(commit.author.as_deref(), Some("Ada <ada@example.org>"));
    assert!(run.started_at.is_some() && run.finished_at.is_some());
    assert_eq!(told.stages.len(), 0);
    assert_eq!(told.output(), ["hello", "oops"]);
    let streams: Vec<_> =
        told.lines.iter().filter(|l| l.stream != LogStream::System).map(|l| (l.stream, l.attempt)).collect();
    assert_eq!(streams, [(LogStream::Stdout, 0), (LogStream::Stderr, 0)]);
    assert!(told.lines.iter().all(|line| line.at.is_some() && line.stage.is_none()));
}

#[tokio::test]
async fn a_stage_is_planned_before_it_runs() {
    let rig = Rig::new("stages:\n  one:\n    run: echo 1; pwd\n");
    let told = rig.build().await;
    assert_eq!(told.status(), RunStatus::Succeeded, "{told:#?}");
    let history: Vec<_> = told.history.iter().map(|(_, status)| *status).collect();
    assert_eq!(history, [RunStatus::Planned, RunStatus::Running, RunStatus::Succeeded]);
    let stage = told.stage("one");
    assert_eq!(stage.attempts.len(), 1);
    assert!(stage.started_at.is_some() && stage.finished_at.is_some());
    assert!(!rig.path("work").read_dir().unwrap().any(|_| true), "work trees are left");
}

#[tokio::test]
async fn stages_side_by_side_meet_in_the_middle() {
    // Each waits for the other: they would never end one after the other.
    let meet = |me: &str, other: &str| {
        format!(
            "touch $TMPDIR/{me}; n=0; until [ -e $TMPDIR/{other} ]; do sleep 0.05; n=$((n+1)); [ $n -lt 1200 ]; done"
        )
    };
    let rig = Rig::new(&format!(
        "stages:\n  a:\n    run: '{}'\n  b:\n    run: '{}'\n  c:\n    needs: [a, b]\n    run: echo met\n",
        meet("a", "b"),
        meet("b", "a")
    ));
    let told = rig.build().await;
    assert_eq!(told.status(), RunStatus::Succeeded, "{told:#?}");
    assert_eq!(told.output(), ["met"]);
}

#[tokio::test]
async fn frames_are_what_is_inside_them() {
    let rig = Rig::new(
        "stages:
  prepare:
    run: echo prepare
  checks:
    needs: prepare
    parallel:
      unit:
        run: echo unit
      lint:
        run: exit 3
  ship:
    needs: checks
    stages:
      pack:
        run: echo pack
      send:
        run: echo send
",
    );
    let told = rig.build().await;
    assert_eq!(told.status(), RunStatus::Failed, "{told:#?}");
    use RunStatus::{Failed, Skipped, Succeeded};
    assert_eq!(
        told.statuses(),
        [
            ("prepare", Succeeded),
            ("checks", Failed),
            ("checks/unit", Succeeded),
            ("checks/lint", Failed),
            ("ship", Skipped),
            ("ship/pack", Skipped),
            ("ship/send", Skipped),
        ]
    );
    assert_eq!(told.stage("checks").kind, StageKind::Parallel);
    assert_eq!(told.code("ship/pack"), Some(ReasonCode::DependencyFailed));
    let (code, message) = told.why();
    assert_eq!(code, Some(ReasonCode::CommandFailed));
    assert!(message.contains("lint") && message.contains("ended with status 3"), "{message}");
}

#[tokio::test]
async fn a_failed_step_ends_the_stage_and_a_signal_is_named() {
    let rig = Rig::new("stages:\n  a:\n    run: [ 'true', 'kill -SEGV $$', 'echo never' ]\n");
    let told = rig.build().await;
    assert_eq!(told.output(), Vec::<&str>::new());
    let reason = told.stage("a").reason.clone().unwrap();
    assert!(reason.message.contains("step 2 `kill -SEGV $$` was killed by signal 11"), "{reason:?}");
}

#[tokio::test]
async fn a_stage_that_takes_too_long_fails_and_so_does_a_build() {
    let rig = Rig::new("stages:\n  slow:\n    timeout: 1s\n    run: sleep 600\n");
    let told = rig.build().await;
    assert_eq!((told.status(), told.code("slow")), (RunStatus::Failed, Some(ReasonCode::TimedOut)), "{told:#?}");

    let rig = Rig::with(
        "stages:\n  slow:\n    run: sleep 600\n  next:\n    needs: slow\n    run: echo x\n",
        &[("build.timeout", json!("2s"))],
    );
    let told = rig.build().await;
    assert_eq!((told.status(), told.why().0), (RunStatus::Failed, Some(ReasonCode::TimedOut)), "{told:#?}");
    assert_eq!(told.stage("next").status, RunStatus::Skipped);
}

#[tokio::test]
async fn a_stage_is_tried_again_in_a_fresh_tree() {
    let rig = Rig::new(
        "stages:
  flaky:
    retry: 2
    run: |
      [ ! -e mark ] || exit 9
      touch mark
      echo try $ALM_ATTEMPT
      [ \"$ALM_ATTEMPT\" = 3 ]
",
    );
    let told = rig.build().await;
    assert_eq!(told.status(), RunStatus::Succeeded, "{told:#?}");
    let attempts: Vec<_> = told.stage("flaky").attempts.iter().map(|a| (a.number, a.status)).collect();
    assert_eq!(attempts, [(1, RunStatus::Failed), (2, RunStatus::Failed), (3, RunStatus::Succeeded)]);
    let lines: Vec<_> =
        told.lines.iter().filter(|l| l.stream == LogStream::Stdout).map(|l| (l.attempt, l.text.as_str())).collect();
    assert_eq!(lines, [(1, "try 1"), (2, "try 2"), (3, "try 3")]);
}

#[tokio::test]
async fn a_stage_that_may_fail_makes_the_build_unstable() {
    let rig = Rig::new(
        "stages:\n  lint:\n    allow-failure: true\n    run: exit 1\n  ship:\n    needs: lint\n    run: echo ship\n",
    );
    let told = rig.build().await;
    assert_eq!(told.status(), RunStatus::Unstable, "{told:#?}");
    assert_eq!(told.statuses(), [("lint", RunStatus::Unstable), ("ship", RunStatus::Succeeded)]);
}

#[tokio::test]
async fn conditions_decide_what_runs() {
    let rig = Rig::new(
        "parameters:
  - name: mode
    type: choice
    choices: [fast, full]
    default: fast
stages:
  test:
    run: exit 1
  full:
    when: {parameters: {mode: full}}
    run: echo full
  release:
    when: {branch: 'release/*'}
    run: echo release
  after-full:
    needs: full
    run: echo after
  rescue:
    needs: test
    when: failure
    run: echo rescue
  report:
    finally: true
    run: echo report
",
    );
    let told = rig.build().await;
    use RunStatus::{Failed, Skipped, Succeeded};
    assert_eq!(
        told.statuses(),
        [
            ("test", Failed),
            ("full", Skipped),
            ("release", Skipped),
            ("after-full", Succeeded),
            ("rescue", Succeeded),
            ("report", Succeeded),
        ],
        "{told:#?}"
    );
    assert_eq!(told.code("release"), Some(ReasonCode::ConditionNotMet));
    let run = rig.start_with(&[("mode", json!("full"))]).await;
    assert_eq!(rig.told(&run).await.stage("full").status, Succeeded);
}

#[tokio::test]
async fn wrong_definitions_sources_and_parameters_are_told_apart() {
    let rig = Rig::new("stages:\n  a:\n    runn: echo\n    needs: nobody\n");
    let told = rig.build().await;
    assert_eq!((told.status(), told.why().0), (RunStatus::Failed, Some(ReasonCode::DefinitionInvalid)), "{told:#?}");
    assert!(told.why().1.contains(".alm/pipeline.yaml:"), "{}", told.why().1);
    assert!(told.system().contains("runn") && told.system().contains("nobody"), "{}", told.system());

    rig.commit(&[(".alm/pipeline.yaml", "parameters:\n  - name: n\n    type: integer\nrun: echo $n\n")]);
    let run = rig.start_with(&[("n", json!("x"))]).await;
    let told = rig.told(&run).await;
    assert_eq!((told.status(), told.why().0), (RunStatus::Failed, Some(ReasonCode::ParameterInvalid)), "{told:#?}");

    let mut request = rig.request();
    request.reference = "nowhere".to_owned();
    let run = rig.start_request(request).await;
    let told = rig.told(&run).await;
    assert_eq!((told.status(), told.why().0), (RunStatus::Errored, Some(ReasonCode::SourceUnavailable)), "{told:#?}");

    rig.git(&["rm", "--quiet", "-r", ".alm"]);
    rig.commit(&[("README", "x")]);
    let told = rig.build().await;
    assert_eq!((told.status(), told.why().0), (RunStatus::Failed, Some(ReasonCode::DefinitionInvalid)), "{told:#?}");
}
