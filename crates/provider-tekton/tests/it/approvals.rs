//! Stories of the manual approval gate.

use alm_build_spi::{Decision, DecisionReceipt, ProviderError};
use alm_cluster_sim::{Options, Role};
use alm_domain::{ApprovalStatus, Capability, Paused, ReasonCode, RunStatus, StageKind, Timestamp, Verdict};
use chrono::TimeDelta;
use serde_json::json;

use crate::support::{Followed, PATIENCE, PROJECT, Rig, Service, access_of, name_in, question, task};

const TASKS: &str = "approvaltasks.openshift-pipelines.org";

async fn gated() -> Rig {
    Rig::with(Options { approvals: true, ..Options::default() }).await
}

fn say(key: &str, verdict: Verdict) -> Decision {
    Decision {
        approval: key.into(),
        verdict,
        parameters: vec![],
        decided_by: "x".to_owned(),
        comment: Some("fine".to_owned()),
    }
}

async fn asked(rig: &Rig, service: &Service) -> Followed {
    let mut told = rig.start(service).await;
    told.until("its question", |told| !told.questions().is_empty()).await;
    told
}

#[tokio::test]
async fn a_pipeline_asks_and_goes_on_when_enough_have_said_yes() {
    let rig = gated().await;
    rig.cluster.grant("bob", PROJECT, Role::Edit);
    rig.cluster.grant("carol", PROJECT, Role::Edit);
    rig.cluster.join("carol", "release");
    let (bob, carol) = (rig.cluster.token("bob"), rig.cluster.token("carol"));
    let definition = json!({"tasks": [
        task("build", "echo built", &[]), question("ask", &["alice", "group:release"], 2), task("ship", "echo shipped", &["ask"]),
    ]});
    let service = rig.service(&definition, &[]).await;
    let mut told = asked(&rig, &service).await;
    let run = told.run.clone();
    told.until("its wait", |told| told.status() == Some(RunStatus::WaitingForApproval)).await;
    let stage = told.stage("ask").unwrap();
    assert_eq!((stage.kind, stage.status), (StageKind::Approval, RunStatus::WaitingForApproval));
    assert!(stage.reason.as_ref().unwrap().message.contains("alice, a member of release"), "{stage:?}");
    assert_eq!(stage.paused, stage.started_at.map(Paused::Since), "it does nothing but wait");
    assert_eq!(told.questions().len(), 1);
    assert_eq!(
        (told.questions()[0].key.as_str(), told.questions()[0].message.as_str()),
        ("ask/1", "May it go on? (1 of 2)")
    );

    let provider = rig.provider();
    let of = |token: &str| access_of(token);
    let stranger = provider.decide(&of(&bob), &run, &say("ask/1", Verdict::Approve)).await.unwrap_err();
    assert!(matches!(&stranger, ProviderError::Forbidden(why) if why.contains("not bob")), "{stranger}");
    let early = provider.decide(&rig.access(), &run, &say("ask/2", Verdict::Approve)).await.unwrap_err();
    assert!(matches!(early, ProviderError::NotFound(_)), "{early}");
    let yes = say("ask/1", Verdict::Approve);
    assert_eq!(provider.decide(&rig.access(), &run, &yes).await.unwrap(), DecisionReceipt::Accepted);
    assert_eq!(provider.decide(&rig.access(), &run, &yes).await.unwrap(), DecisionReceipt::AlreadySettled);
    told.until("what is waited for", |told| told.questions().len() == 2).await;
    assert_eq!(
        (told.questions()[0].status, told.questions()[1].status),
        (ApprovalStatus::Approved, ApprovalStatus::Pending)
    );
    let twice = provider.decide(&rig.access(), &run, &say("ask/2", Verdict::Approve)).await.unwrap_err();
    assert!(twice.to_string().contains("has said yes already"), "{twice}");
    assert_eq!(
        provider.decide(&of(&carol), &run, &say("ask/2", Verdict::Approve)).await.unwrap(),
        DecisionReceipt::Accepted
    );

    told.finish().await;
    assert_eq!(told.status().unwrap(), RunStatus::Succeeded);
    assert!(told.questions().iter().all(|approval| approval.status == ApprovalStatus::Approved));
    assert!(told.texts().contains(&"shipped") && told.stage("ask").unwrap().attempts.is_empty());
    let kept = rig.cluster.object(TASKS, PROJECT, &format!("{}-ask", name_in(&run.0))).unwrap();
    assert_eq!(kept["spec"]["approvers"][0]["message"], "fine");
    assert_eq!(kept["spec"]["approvers"][1]["users"][0]["name"], "carol");
}

#[tokio::test]
async fn a_no_ends_the_run_as_rejected_and_what_is_decided_on_the_cluster_counts() {
    let rig = gated().await;
    let definition = json!({"tasks": [question("ask", &["alice", "bob"], 1), task("ship", "echo shipped", &["ask"])]});
    let service = rig.service(&definition, &[]).await;
    for by_us in [true, false] {
        let mut told = asked(&rig, &service).await;
        let run = told.run.clone();
        assert_eq!(told.questions()[0].key.as_str(), "ask");
        if by_us {
            rig.provider().decide(&rig.access(), &run, &say("ask", Verdict::Reject)).await.unwrap();
        } else {
            let patch = json!({"spec": {"approvers": [{"name": "alice", "input": "pending"}, {"name": "bob", "input": "reject"}]}});
            rig.cluster.patch(TASKS, PROJECT, &format!("{}-ask", name_in(&run.0)), &patch);
        }
        told.finish().await;
        let end = told.run_states().pop().unwrap();
        assert_eq!((end.status, end.reason.as_ref().unwrap().code), (RunStatus::Failed, ReasonCode::Rejected));
        assert_eq!(told.questions()[0].status, ApprovalStatus::Rejected);
        assert_eq!(told.stage("ask").unwrap().reason.as_ref().unwrap().code, ReasonCode::Rejected);
        let late = rig.provider().decide(&rig.access(), &run, &say("ask", Verdict::Approve)).await.unwrap();
        assert_eq!(late, DecisionReceipt::AlreadySettled);
    }
}

#[tokio::test]
async fn a_question_that_nobody_answers_in_time_has_expired_and_nobody_has_said_no() {
    let rig = gated().await;
    let mut asking = question("ask", &["alice"], 1);
    asking["timeout"] = json!("40s");
    let service = rig.service(&json!({"tasks": [asking]}), &[]).await;
    let mut told = asked(&rig, &service).await;
    let open = told.questions()[0].clone();
    assert_eq!(open.expires_at, Some(open.requested_at + TimeDelta::seconds(40)));
    told.finish().await;
    let end = told.run_states().pop().unwrap();
    assert_eq!((end.status, end.reason.as_ref().unwrap().code), (RunStatus::Failed, ReasonCode::ApprovalExpired));
    assert_eq!(told.stage("ask").unwrap().reason.as_ref().unwrap().code, ReasonCode::ApprovalExpired);
    assert_eq!(told.questions()[0].status, ApprovalStatus::Expired);
    let late = rig.provider().decide(&rig.access(), &told.run, &say("ask", Verdict::Approve)).await.unwrap();
    assert_eq!(late, DecisionReceipt::AlreadySettled);
}

#[tokio::test]
async fn a_question_expires_with_the_time_of_its_run() {
    let rig = gated().await;
    let service = rig.service(&json!({"tasks": [question("ask", &["alice"], 1)]}), &[("timeout", json!("30s"))]).await;
    let mut told = asked(&rig, &service).await;
    let began =
        rig.cluster.object("pipelineruns.tekton.dev", PROJECT, &told.name).unwrap()["status"]["startTime"].clone();
    let began: Timestamp = began.as_str().unwrap().parse().unwrap();
    assert_eq!(told.questions()[0].expires_at, Some(began + TimeDelta::seconds(30)));
    told.finish().await;
    let end = told.run_states().pop().unwrap();
    assert_eq!((end.status, end.reason.as_ref().unwrap().code), (RunStatus::Failed, ReasonCode::TimedOut));
    assert_eq!(told.questions()[0].status, ApprovalStatus::Expired);
}

#[tokio::test]
async fn a_question_goes_away_with_its_run() {
    let rig = gated().await;
    let service = rig.service(&json!({"tasks": [question("ask", &["alice"], 1)]}), &[]).await;
    let mut told = asked(&rig, &service).await;
    let run = told.run.clone();
    rig.provider().cancel(&rig.access(), &run).await.unwrap();
    told.finish().await;
    assert_eq!(told.status().unwrap(), RunStatus::Cancelled);
    assert_eq!(
        (told.questions()[0].status, told.stage("ask").unwrap().status),
        (ApprovalStatus::Withdrawn, RunStatus::Cancelled)
    );
}

#[tokio::test]
async fn without_the_gate_builds_say_so_and_other_custom_tasks_are_followed_all_the_same() {
    let rig = Rig::new().await;
    let custom = json!({"name": "wait", "taskRef": {"apiVersion": "example.test/v1", "kind": "Wait"}});
    let service = rig.service(&json!({"tasks": [custom, task("after", "echo after", &["wait"])]}), &[]).await;
    let described = rig.provider().describe(&rig.access(), &service.spec, "main").await.unwrap();
    assert!(described.without.iter().any(|note| note.capability == Capability::Approvals));
    for (status, wanted) in [("True", RunStatus::Succeeded), ("False", RunStatus::Failed)] {
        let run = rig.start(&service).await.run;
        let name = format!("{}-wait", name_in(&run.0));
        let is_there = |_: &serde_json::Value| true;
        rig.cluster.until("customruns.tekton.dev", PROJECT, &name, PATIENCE, is_there).await.unwrap();
        let mut told = rig.follow(&run);
        told.until("what is waited for", |told| !told.stages().is_empty()).await;
        assert!(told.without().iter().any(|note| note.capability == Capability::Approvals), "{:?}", told.without());
        let refused = rig.provider().decide(&rig.access(), &run, &say("wait", Verdict::Approve)).await.unwrap_err();
        assert!(matches!(refused, ProviderError::Unsupported { what: Capability::Approvals, .. }), "{refused}");
        let ended = json!({"status": {"startTime": "2026-01-01T00:00:00Z", "completionTime": "2026-01-01T00:00:05Z",
            "conditions": [{"type": "Succeeded", "status": status, "reason": "Done", "message": "it is so"}]}});
        rig.cluster.patch("customruns.tekton.dev", PROJECT, &name, &ended);
        told.finish().await;
        let stage = told.stage("wait").unwrap();
        assert_eq!((stage.kind, stage.status, stage.finished_at.is_some()), (StageKind::Work, wanted, true));
        assert_eq!(told.status().unwrap(), wanted);
        assert_eq!(told.texts().contains(&"after"), status == "True");
    }
    // Nobody carries it out: when the run ends, it has not, and never will.
    let run = rig.start(&service).await.run;
    let name = format!("{}-wait", name_in(&run.0));
    rig.cluster.until("customruns.tekton.dev", PROJECT, &name, PATIENCE, |_| true).await.unwrap();
    rig.provider().cancel(&rig.access(), &run).await.unwrap();
    let told = rig.told(&run).await;
    assert_eq!(
        (told.status().unwrap(), told.stage("wait").unwrap().status),
        (RunStatus::Cancelled, RunStatus::Cancelled)
    );
}
