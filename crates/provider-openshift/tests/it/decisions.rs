//! Decisions that Jenkins does not take, or not yet.

use alm_build_spi::{Access, Decision, DecisionReceipt, Observation, ProviderError};
use alm_cluster_sim::Role;
use alm_domain::{ApprovalStatus, Capability, ParameterValue, RunStatus, Verdict};

use crate::support::{Followed, PROJECT, Rig};

fn decision(verdict: Verdict, by: &str) -> Decision {
    Decision { approval: "Go".into(), verdict, parameters: Vec::new(), decided_by: by.to_owned(), comment: None }
}

/// Somebody else who may work in the project.
fn colleague(rig: &Rig, name: &str) -> Access {
    rig.cluster.grant(name, PROJECT, Role::Edit);
    Access { token: Some(rig.cluster.token(name).into()) }
}

/// A run that asks this.
async fn asking(rig: &Rig, question: &str) -> Followed {
    let service = rig.pipeline(&format!("stage Deploy\n{question}\necho deployed")).await;
    let mut told = rig.start(&service).await;
    told.until("its question", |told| told.approval("Go") == Some(ApprovalStatus::Pending)).await;
    told
}

/// What stands on the Build about decisions.
fn noted(rig: &Rig, told: &Followed) -> String {
    rig.build(&told.name)["metadata"]["annotations"]["alm.build/decisions"].as_str().unwrap_or_default().to_owned()
}

async fn abort_at_jenkins(rig: &Rig, told: &Followed) {
    let uri = rig.build(&told.name)["metadata"]["annotations"]["openshift.io/jenkins-build-uri"].clone();
    let client = alm_kubernetes::Way::client(&crate::support::Loopback, None).unwrap();
    let abort = format!("{}input/Go/abort", uri.as_str().unwrap());
    assert!(client.post(abort).bearer_auth(&rig.token).send().await.unwrap().status().is_success());
}

/// Somebody aborts the run at Jenkins, and nobody has ever approved it.
async fn is_settled_at_jenkins_alone(rig: &Rig, mut told: Followed) {
    abort_at_jenkins(rig, &told).await;
    told.finish().await;
    let approved = |o: &Observation| matches!(o, Observation::Approval(a) if a.status == ApprovalStatus::Approved);
    assert!(!told.told.iter().any(approved), "{told:?}");
    assert_eq!(told.approval("Go"), Some(ApprovalStatus::Rejected));
}

#[tokio::test]
async fn what_jenkins_refuses_is_said_in_its_words_and_the_question_stays_open_for_others() {
    for question in ["input Go Deploy it? | by rita", "input Go Deploy it? | where=stage | by rita"] {
        let rig = Rig::new().await;
        let rita = colleague(&rig, "rita");
        let mut told = asking(&rig, question).await;
        let yes = decision(Verdict::Approve, "alice");
        for _ in 0..2 {
            let error = rig.provider().decide(&rig.access(), &told.run, &yes).await.unwrap_err();
            let ProviderError::Forbidden(why) = &error else { panic!("{error:?}") };
            assert!(why.contains("You need to be rita to submit this"), "{why}");
            assert_eq!(noted(&rig, &told), "{}", "nothing was decided");
        }
        let receipt = rig.provider().decide(&rita, &told.run, &decision(Verdict::Reject, "rita")).await.unwrap();
        assert_eq!(receipt, DecisionReceipt::Accepted);
        told.finish().await;
        assert_eq!(told.approval("Go"), Some(ApprovalStatus::Rejected));
    }
}

#[tokio::test]
async fn a_decision_that_was_refused_is_never_told_as_what_came_of_the_question() {
    let rig = Rig::new().await;
    let told = asking(&rig, "input Go Deploy it? | by rita").await;
    rig.provider().decide(&rig.access(), &told.run, &decision(Verdict::Approve, "alice")).await.unwrap_err();
    is_settled_at_jenkins_alone(&rig, told).await;
}

#[tokio::test]
async fn a_decision_that_did_not_reach_jenkins_is_never_told_as_what_came_of_the_question() {
    let rig = Rig::new().await;
    let told = asking(&rig, "input Go Deploy it?").await;
    rig.cluster.idle_jenkins(true);
    let error =
        rig.provider().decide(&rig.access(), &told.run, &decision(Verdict::Approve, "alice")).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    rig.cluster.idle_jenkins(false);
    is_settled_at_jenkins_alone(&rig, told).await;
}

#[tokio::test]
async fn a_jenkins_that_has_woken_and_not_resumed_the_run_is_asked_again() {
    for question in ["input Go Deploy it?", "input Go Deploy it? | where=stage"] {
        let rig = Rig::new().await;
        let mut told = asking(&rig, question).await;
        let mut yes = decision(Verdict::Approve, "alice");
        if question.contains("where") {
            yes.parameters = vec![ParameterValue { name: "where".to_owned(), value: "prod".into() }];
        }
        rig.cluster.wake_jenkins(true);
        let error = rig.provider().decide(&rig.access(), &told.run, &yes).await.unwrap_err();
        assert!(error.is_transient(), "{error}");
        rig.cluster.wake_jenkins(false);
        let receipt = rig.provider().decide(&rig.access(), &told.run, &yes).await.unwrap();
        assert_eq!(receipt, DecisionReceipt::Accepted);
        told.finish().await;
        assert_eq!((told.approval("Go"), told.status()), (Some(ApprovalStatus::Approved), Some(RunStatus::Succeeded)));
    }
}

#[tokio::test]
async fn a_jenkins_that_wants_crumbs_is_given_them_and_still_refuses_what_it_refuses() {
    let rig = Rig::new().await;
    let rita = colleague(&rig, "rita");
    rig.cluster.protect_jenkins();
    let mut told = asking(&rig, "input Go Deploy it? | by rita").await;
    let error =
        rig.provider().decide(&rig.access(), &told.run, &decision(Verdict::Approve, "alice")).await.unwrap_err();
    assert!(matches!(&error, ProviderError::Forbidden(why) if why.contains("You need to be rita")), "{error}");
    let receipt = rig.provider().decide(&rita, &told.run, &decision(Verdict::Approve, "rita")).await.unwrap();
    assert_eq!(receipt, DecisionReceipt::Accepted);
    told.finish().await;
    assert_eq!((told.approval("Go"), told.status()), (Some(ApprovalStatus::Approved), Some(RunStatus::Succeeded)));
}

#[tokio::test]
async fn whoever_may_not_read_the_route_is_told_so_and_burns_no_question() {
    let rig = Rig::new().await;
    let rita = colleague(&rig, "rita");
    rig.cluster.hide("rita", "routes");
    let mut told = asking(&rig, "input Go Deploy it?").await;
    let error = rig.provider().decide(&rita, &told.run, &decision(Verdict::Approve, "rita")).await.unwrap_err();
    let ProviderError::Unsupported { what, reason } = &error else { panic!("{error:?}") };
    assert_eq!(*what, Capability::Approvals);
    assert!(reason.contains("no Route jenkins that the account may read"), "{reason}");
    assert_eq!(noted(&rig, &told), "");
    let no = decision(Verdict::Reject, "alice");
    assert_eq!(rig.provider().decide(&rig.access(), &told.run, &no).await.unwrap(), DecisionReceipt::Accepted);
    told.finish().await;
    assert_eq!(told.approval("Go"), Some(ApprovalStatus::Rejected));
}
