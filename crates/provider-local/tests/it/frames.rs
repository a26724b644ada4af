//! Frames that have a condition.

use alm_domain::{ReasonCode, RunStatus};
use serde_json::json;

use crate::support::Rig;

use RunStatus::{Failed, Skipped, Succeeded};

const PIPELINE: &str = "parameters:
  MODE: {choices: [quick, full], default: quick}
stages:
  build:
    run: exit $(cat code)
  rescue:
    needs: build
    when: failure
    stages:
      collect: {run: echo collected}
      inner:
        when: always
        parallel:
          mail: {run: echo mailed}
          page: {run: echo paged, when: failure}
  tidy:
    needs: build
    when: always
    stages:
      sweep: {run: echo swept}
  release:
    needs: build
    when: {branch: release/*}
    stages:
      pack: {run: echo packed}
  soak:
    when: {parameters: {MODE: full}}
    parallel:
      long: {run: echo soaked}
  after:
    needs: [rescue, release]
    run: echo after
";

fn rig(code: &str) -> Rig {
    let rig = Rig::new(PIPELINE);
    rig.commit(&[("code", code)]);
    rig
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_whose_condition_does_not_hold_are_left_out_whole() {
    let told = rig("0").build().await;
    assert_eq!(told.status(), Succeeded, "{told:#?}");
    assert_eq!(
        told.statuses(),
        [
            ("build", Succeeded),
            ("rescue", Skipped),
            ("rescue/collect", Skipped),
            ("rescue/inner", Skipped),
            ("rescue/inner/mail", Skipped),
            ("rescue/inner/page", Skipped),
            ("tidy", Succeeded),
            ("tidy/sweep", Succeeded),
            ("release", Skipped),
            ("release/pack", Skipped),
            ("soak", Skipped),
            ("soak/long", Skipped),
            ("after", Succeeded),
        ]
    );
    for key in ["rescue", "rescue/collect", "rescue/inner/mail", "release/pack", "soak", "soak/long"] {
        assert_eq!(told.code(key), Some(ReasonCode::ConditionNotMet), "{key}");
    }
    let why = &told.stage("release").reason.as_ref().unwrap().message;
    assert_eq!(why, "the frame \"release\" is left out: it runs for release/*, and this is main");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_for_failures_runs_after_a_failure_with_all_that_is_inside() {
    let told = rig("3").build().await;
    assert_eq!(told.status(), Failed, "{told:#?}");
    let seen = told.statuses();
    for ran in ["rescue", "rescue/collect", "rescue/inner", "rescue/inner/mail", "tidy/sweep"] {
        assert!(seen.contains(&(ran, Succeeded)), "{ran}: {seen:?}");
    }
    assert_eq!(
        (told.stage("rescue/inner/page").status, told.code("rescue/inner/page")),
        (Skipped, Some(ReasonCode::ConditionNotMet))
    );
    assert_eq!((told.stage("release").status, told.code("release")), (Skipped, Some(ReasonCode::DependencyFailed)));
    assert_eq!((told.stage("after").status, told.code("after")), (Skipped, Some(ReasonCode::DependencyFailed)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_run_for_their_branch_and_their_parameters() {
    let rig = rig("0");
    rig.git(&["branch", "release/1"]);
    let mut request = rig.request();
    request.reference = "release/1".to_owned();
    request.parameters = vec![alm_domain::ParameterValue { name: "MODE".to_owned(), value: json!("full") }];
    let told = rig.told(&rig.start_request(request).await).await;
    assert_eq!(told.status(), Succeeded, "{told:#?}");
    let output = told.output();
    assert!(output.contains(&"packed") && output.contains(&"soaked"), "{output:?}");
}
