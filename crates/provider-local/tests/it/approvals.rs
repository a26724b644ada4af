//! Questions and decisions.

use alm_build_spi::{Access, BuildProvider, Decision, DecisionReceipt, ProviderError, RunRef};
use alm_domain::{ApprovalKey, ApprovalStatus, ParameterValue, Paused, ReasonCode, RunStatus, Verdict};
use serde_json::json;

use crate::support::{Rig, Told, eventually, is_supervised};

const PIPELINE: &str = "stages:
  build:
    run: echo built
  ship:
    needs: build
    input:
      message: Ship it?
      ok: Ship
      parameters:
        - name: TARGET
          type: choice
          choices: [blue, green]
    run: echo shipped to $TARGET
";

fn decision(verdict: Verdict, target: Option<&str>) -> Decision {
    let value = |target: &str| ParameterValue { name: "TARGET".to_owned(), value: json!(target) };
    Decision {
        approval: ApprovalKey::from("ship"),
        verdict,
        parameters: target.map(value).into_iter().collect(),
        decided_by: "ada".to_owned(),
        comment: Some("as agreed".to_owned()),
    }
}

async fn waiting(rig: &Rig) -> (RunRef, Told) {
    let run = rig.start().await;
    let told = rig.follow(&run, None, |told| told.status() == RunStatus::WaitingForApproval).await;
    (run, told)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yes_lets_the_stage_run_with_the_inputs() {
    let rig = Rig::new(PIPELINE);
    let (run, told) = waiting(&rig).await;
    let asked = &told.approvals[&ApprovalKey::from("ship")];
    assert_eq!((asked.status, asked.message.as_str()), (ApprovalStatus::Pending, "Ship it?"));
    assert_eq!(told.stage("ship").status, RunStatus::WaitingForApproval);
    assert_eq!(told.stage("ship").paused, told.stage("ship").started_at.map(Paused::Since));
    let access = Access::default();
    let wrong = rig.provider().decide(&access, &run, &decision(Verdict::Approve, Some("red"))).await.unwrap_err();
    assert!(matches!(&wrong, ProviderError::Invalid(f) if f[0].path == ["parameters", "TARGET"]), "{wrong:?}");
    let mut unknown = decision(Verdict::Approve, None);
    unknown.approval = ApprovalKey::from("nobody-asked");
    assert!(matches!(rig.provider().decide(&access, &run, &unknown).await, Err(ProviderError::NotFound(_))));

    let yes = decision(Verdict::Approve, Some("green"));
    assert_eq!(rig.provider().decide(&access, &run, &yes).await.unwrap(), DecisionReceipt::Accepted);
    let no = rig.provider().decide(&access, &run, &decision(Verdict::Reject, None)).await.unwrap();
    assert_eq!(no, DecisionReceipt::AlreadySettled);
    let told = rig.told(&run).await;
    assert_eq!((told.status(), told.output()), (RunStatus::Succeeded, vec!["built", "shipped to green"]), "{told:#?}");
    assert_eq!(told.approvals[&ApprovalKey::from("ship")].status, ApprovalStatus::Approved);
    let ship = told.stage("ship");
    let lasted = ship.finished_at.unwrap() - ship.started_at.unwrap();
    let waited = match ship.paused {
        Some(Paused::Millis(waited)) => i64::try_from(waited).unwrap(),
        other => panic!("{other:?}"),
    };
    assert!(waited <= lasted.num_milliseconds(), "{waited} {lasted}");
    assert_eq!(told.stage("build").paused, None, "nobody was asked");
    assert_eq!(rig.provider().decide(&access, &run, &yes).await.unwrap(), DecisionReceipt::AlreadySettled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_no_stops_the_build_there() {
    let rig = Rig::new(PIPELINE);
    let (run, _) = waiting(&rig).await;
    rig.provider().decide(&Access::default(), &run, &decision(Verdict::Reject, None)).await.unwrap();
    let told = rig.told(&run).await;
    assert_eq!((told.status(), told.code("ship")), (RunStatus::Cancelled, Some(ReasonCode::Rejected)), "{told:#?}");
    assert_eq!(told.approvals[&ApprovalKey::from("ship")].status, ApprovalStatus::Rejected);
    assert!(told.why().1.contains("ada said no: as agreed"), "{}", told.why().1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_lapses_also_while_no_server_is_there() {
    let mut rig = Rig::new("stages:\n  ship:\n    input: {message: Ship?, timeout: 2s}\n    run: echo shipped\n");
    let (run, told) = waiting(&rig).await;
    assert!(told.approvals[&ApprovalKey::from("ship")].expires_at.is_some());
    rig.close();
    eventually("the supervisor ends alone", || !is_supervised(&rig.path("spool"), &run)).await;
    rig.open();
    let told = rig.told(&run).await;
    assert_eq!((told.status(), told.code("ship")), (RunStatus::Cancelled, Some(ReasonCode::ApprovalExpired)));
    assert_eq!(told.approvals[&ApprovalKey::from("ship")].status, ApprovalStatus::Expired);
    let late = rig.provider().decide(&Access::default(), &run, &decision(Verdict::Approve, None)).await.unwrap();
    assert_eq!(late, DecisionReceipt::AlreadySettled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiting_build_is_cancelled_and_its_question_withdrawn() {
    let rig = Rig::new(PIPELINE);
    let (run, _) = waiting(&rig).await;
    rig.provider().cancel(&Access::default(), &run).await.unwrap();
    let told = rig.told(&run).await;
    assert_eq!((told.status(), told.stage("ship").status), (RunStatus::Cancelled, RunStatus::Cancelled), "{told:#?}");
    assert_eq!(told.approvals[&ApprovalKey::from("ship")].status, ApprovalStatus::Withdrawn);
}
