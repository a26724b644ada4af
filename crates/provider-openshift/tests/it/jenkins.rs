//! Pipelines: what Jenkins writes, where it is, and what it asks.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use alm_build_spi::{CancelReceipt, Decision, DecisionReceipt, Observation, ProviderError};
use alm_domain::{ApprovalStatus, Capability, LogStream, ParameterValue, ReasonCode, RunStatus, Verdict};
use serde_json::json;

use crate::support::{PROJECT, Rig};

const BUILDS: &str = "builds.build.openshift.io";

fn decision(key: &str, verdict: Verdict) -> Decision {
    Decision { approval: key.into(), verdict, parameters: Vec::new(), decided_by: "alice".to_owned(), comment: None }
}

#[tokio::test]
async fn stages_times_and_the_page_of_the_run_are_told() {
    let rig = Rig::new().await;
    let service = rig
        .pipeline(
            "stage Build\necho a\nstage Rollout to Stage\nenvironment demo-stage Stage web 1.0 http://x.test\nexit 1",
        )
        .await;
    let mut told = rig.start(&service).await;
    told.finish().await;
    assert_eq!(told.status(), Some(RunStatus::Failed));
    let (build, rollout) = (told.stage("Build").unwrap(), told.stage("Rollout to Stage").unwrap());
    assert_eq!((build.status, rollout.status), (RunStatus::Succeeded, RunStatus::Failed));
    assert!(build.started_at.is_some() && build.finished_at >= build.started_at);
    assert_eq!(rollout.depends_on, std::slice::from_ref(&build.key));
    assert_eq!((build.environment.as_deref(), rollout.environment.as_deref()), (None, Some("Stage")));
    assert!(rollout.reason.as_ref().is_some_and(|reason| reason.message.contains("exit code 1")));
    let page = told.run_states().pop().unwrap().external_url.clone().unwrap();
    assert!(page.starts_with(rig.cluster.jenkins_url()), "{page}");
}

#[tokio::test]
async fn a_pipeline_that_jenkins_calls_unstable_is_unstable_although_the_cluster_says_failed() {
    let rig = Rig::new().await;
    let service = rig.pipeline("stage Build\necho a\nstage Test\nend UNSTABLE").await;
    let mut told = rig.start(&service).await;
    told.finish().await;
    assert_eq!(rig.build(&told.name)["status"]["phase"], "Failed");
    let end = told.run_states().pop().unwrap().clone();
    assert_eq!((end.status, end.reason), (RunStatus::Unstable, None));
    assert_eq!(told.stage("Test").unwrap().status, RunStatus::Unstable);
}

#[tokio::test]
async fn a_run_that_jenkins_ends_without_building_it_ends_here_too() {
    let rig = Rig::new().await;
    let service = rig.pipeline("stage Build\necho a\nend NOT_BUILT").await;
    let mut request = service.request();
    request.secrets = vec![alm_build_spi::NamedSecret::new("npm", "canary-8812")];
    let run = rig.provider().start(&rig.access(), request).await.unwrap();
    let mut told = rig.follow(&run);
    told.finish().await;
    assert_eq!(rig.build(&told.name)["status"]["phase"], "Pending", "the plugin has no word for it");
    let end = told.run_states().pop().unwrap().clone();
    let reason = end.reason.unwrap();
    assert_eq!((end.status, reason.code), (RunStatus::Cancelled, ReasonCode::Other));
    assert!(reason.message.contains("NOT_BUILT") && end.finished_at.is_some(), "{}", reason.message);
    assert!(told.has_line("a") && told.has_line("Finished: NOT_BUILT"), "{:?}", told.texts());
    let receipt = rig.provider().cancel(&rig.access(), &run).await.unwrap();
    assert_eq!(receipt, CancelReceipt::AlreadyFinished);
    rig.provider().release(&rig.access(), &run).await.unwrap();
    assert!(!rig.cluster.objects("secrets", PROJECT).iter().any(|s| s["data"]["secrettext"].is_string()));
}

#[tokio::test]
async fn a_broken_annotation_is_a_warning_and_the_last_good_picture_stays() {
    let rig = Rig::new().await;
    let service = rig.pipeline("stage Build\nawait go\nannotate {broken\nawait on\necho end").await;
    let mut told = rig.start(&service).await;
    told.until("its stage", |told| told.stage("Build").is_some_and(|s| s.status == RunStatus::Running)).await;
    rig.cluster.open_gate("go");
    told.until("a warning", |told| told.warnings().contains(&"BROKEN_ANNOTATION")).await;
    assert_eq!(told.stage("Build").unwrap().status, RunStatus::Running);
    assert_eq!(told.status(), Some(RunStatus::Running), "the build goes on");
    rig.cluster.open_gate("on");
    told.finish().await;
    assert_eq!(told.status(), Some(RunStatus::Succeeded));
    assert_eq!(told.stage("Build").unwrap().status, RunStatus::Succeeded);
    assert_eq!(told.warnings(), ["BROKEN_ANNOTATION"], "it is told once");
}

#[tokio::test]
async fn a_question_that_outlived_its_run_is_none() {
    let rig = Rig::new().await;
    let service = rig.pipeline("stage Build\nawait go").await;
    let mut told = rig.start(&service).await;
    told.until("its stage", |told| told.stage("Build").is_some()).await;
    let stale = json!([{ "id": "Proceed1", "message": "Promote?", "inputs": [] }]).to_string();
    let patch = json!({ "metadata": { "annotations": { "openshift.io/jenkins-pending-input-actions-json": stale } } });
    rig.cluster.patch(BUILDS, PROJECT, &told.name, &patch);
    rig.cluster.open_gate("go");
    told.finish().await;
    assert_eq!(told.approval("Proceed1"), None);
    let error =
        rig.provider().decide(&rig.access(), &told.run, &decision("Proceed1", Verdict::Approve)).await.unwrap_err();
    assert!(matches!(error, ProviderError::NotFound(_)), "{error}");
}

#[tokio::test]
async fn a_decision_is_kept_while_jenkins_sleeps_and_delivered_once_when_it_wakes() {
    let rig = Rig::new().await;
    let service = rig.pipeline("stage Deploy\ninput Go Deploy it? | where=stage\necho deployed").await;
    let mut told = rig.start(&service).await;
    told.until("its question", |told| told.approval("Go") == Some(ApprovalStatus::Pending)).await;
    assert_eq!(told.stage("Deploy").unwrap().status, RunStatus::WaitingForApproval);
    let mut yes = decision("Go", Verdict::Approve);
    yes.parameters = vec![ParameterValue { name: "where".to_owned(), value: "prod".into() }];
    rig.cluster.idle_jenkins(true);
    let error = rig.provider().decide(&rig.access(), &told.run, &yes).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    // Noted is noted: nobody else comes between, from another instance either.
    let no = decision("Go", Verdict::Reject);
    assert_eq!(rig.provider().decide(&rig.access(), &told.run, &no).await.unwrap(), DecisionReceipt::AlreadySettled);
    rig.cluster.idle_jenkins(false);
    assert_eq!(rig.provider().decide(&rig.access(), &told.run, &yes).await.unwrap(), DecisionReceipt::Accepted);
    told.finish().await;
    assert_eq!(told.approval("Go"), Some(ApprovalStatus::Approved));
    assert!(told.has_line("where=prod") && told.has_line("deployed"), "{:?}", told.texts());
    let submits = rig.cluster.requests().into_iter().filter(|seen| seen.path.contains("inputSubmit")).count();
    assert_eq!(submits, 2, "once in vain, and once");
    assert_eq!(rig.provider().decide(&rig.access(), &told.run, &yes).await.unwrap(), DecisionReceipt::AlreadySettled);
}

#[tokio::test]
async fn a_question_that_somebody_answers_at_jenkins_is_settled_for_us_too() {
    let rig = Rig::new().await;
    let service = rig.pipeline("stage Deploy\ninput Go Deploy it?\necho deployed").await;
    let mut told = rig.start(&service).await;
    told.until("its question", |told| told.approval("Go").is_some()).await;
    let page = told.run_states().last().unwrap().external_url.clone();
    let uri =
        rig.build(&told.name)["metadata"]["annotations"]["openshift.io/jenkins-build-uri"].as_str().unwrap().to_owned();
    assert!(page.is_none_or(|page| page == uri));
    let client = alm_kubernetes::Way::client(&crate::support::Loopback, None).unwrap();
    client.post(format!("{uri}input/Go/proceedEmpty")).bearer_auth(&rig.token).send().await.unwrap();
    told.finish().await;
    assert_eq!((told.approval("Go"), told.status()), (Some(ApprovalStatus::Approved), Some(RunStatus::Succeeded)));
}

#[tokio::test]
async fn a_question_that_somebody_refuses_at_jenkins_is_never_told_as_approved() {
    let rig = Rig::new().await;
    let service = rig.pipeline("stage Deploy\ninput Go Deploy it?\necho deployed").await;
    let mut told = rig.start(&service).await;
    told.until("its question", |told| told.approval("Go").is_some()).await;
    let uri = rig.build(&told.name)["metadata"]["annotations"]["openshift.io/jenkins-build-uri"].clone();
    let client = alm_kubernetes::Way::client(&crate::support::Loopback, None).unwrap();
    let abort = format!("{}input/Go/abort", uri.as_str().unwrap());
    client.post(abort).bearer_auth(&rig.token).send().await.unwrap();
    told.finish().await;
    let approved = |o: &Observation| matches!(o, Observation::Approval(a) if a.status == ApprovalStatus::Approved);
    assert!(!told.told.iter().any(approved));
    assert_eq!(told.approval("Go"), Some(ApprovalStatus::Rejected));
}

#[tokio::test]
async fn a_cancelled_pipeline_takes_its_question_back() {
    let rig = Rig::new().await;
    let service = rig.pipeline("stage Deploy\ninput Go Deploy it?").await;
    let mut told = rig.start(&service).await;
    told.until("its question", |told| told.approval("Go").is_some()).await;
    let receipt = rig.provider().cancel(&rig.access(), &told.run).await.unwrap();
    assert_eq!(receipt, CancelReceipt::Accepted);
    told.finish().await;
    assert_eq!((told.approval("Go"), told.status()), (Some(ApprovalStatus::Withdrawn), Some(RunStatus::Cancelled)));
    assert_eq!(told.stage("Deploy").unwrap().status, RunStatus::Cancelled);
}

#[tokio::test]
async fn no_token_goes_where_an_annotation_says_unless_the_route_agrees() {
    let rig = Rig::new().await;
    let trap = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = trap.local_addr().unwrap();
    let caught = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&caught);
    tokio::spawn(async move {
        while trap.accept().await.is_ok() {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    });
    // The host is below an allowed domain; the Route leads to another port.
    let service = rig.pipeline("forget\nawait go").await;
    let run = rig.provider().start(&rig.access(), service.request()).await.unwrap();
    let name = crate::support::name_of(&run);
    let uri = format!("http://{address}/job/x/1/");
    let patch = json!({ "metadata": { "annotations": { "openshift.io/jenkins-build-uri": uri } }, "status": { "phase": "Running" } });
    rig.cluster.patch(BUILDS, PROJECT, &name, &patch);
    rig.build_until(&name, |build| build["metadata"]["annotations"]["openshift.io/jenkins-build-uri"] == uri).await;
    let mut told = rig.follow(&run);
    told.until("a warning", |told| told.warnings().contains(&"JENKINS_NOT_ASKED")).await;
    let snapshot = rig.provider().get(&rig.access(), &run).await.unwrap();
    assert!(snapshot.without.iter().any(|note| note.capability == Capability::LogTimestamps));
    rig.provider().cancel(&rig.access(), &run).await.unwrap();
    assert_eq!(caught.load(Ordering::SeqCst), 0, "nobody was given a token");
}

#[tokio::test]
async fn without_domains_jenkins_is_never_asked() {
    let mut rig = Rig::new().await;
    rig.settings.clear();
    let service = rig.pipeline("stage Build\necho a").await;
    let mut told = rig.start(&service).await;
    told.finish().await;
    assert_eq!((told.status(), told.lines().len()), (Some(RunStatus::Succeeded), 0));
    assert_eq!(told.warnings(), ["JENKINS_NOT_ASKED"]);
    assert!(told.stage("Build").is_some(), "what the cluster says of it is told");
    assert!(!rig.cluster.requests().iter().any(|seen| seen.jenkins));
}

#[tokio::test]
async fn a_jenkins_that_is_away_is_not_a_failed_build() {
    let rig = Rig::new().await;
    let service = rig.pipeline("stage Build\necho one\nawait go\necho two").await;
    let mut told = rig.start(&service).await;
    told.until("its line", |told| told.has_line("one")).await;
    rig.cluster.jenkins_faults().server_error();
    rig.cluster.open_gate("go");
    told.until("the end", |told| told.status() == Some(RunStatus::Succeeded)).await;
    rig.cluster.jenkins_faults().heal();
    told.finish().await;
    let (one, two) =
        (told.texts().iter().filter(|t| **t == "one").count(), told.texts().iter().filter(|t| **t == "two").count());
    assert_eq!((one, two), (1, 1), "{:?}", told.texts());
    assert!(told.lines().iter().all(|line| line.stream != LogStream::Gap));
}

#[tokio::test]
async fn a_tag_that_a_stage_sets_tells_where_it_deployed() {
    let rig = Rig::new().await;
    let digest = format!("sha256:{:a<64}", "");
    rig.cluster.image(PROJECT, "web:old", &digest);
    let service =
        rig.pipeline("stage Build\necho a\nstage Deploy to prod\nawait tagged\nstage Check prod\nawait go").await;
    let mut told = rig.start(&service).await;
    told.until("its stage", |told| told.stage("Deploy to prod").is_some()).await;
    rig.cluster.image(PROJECT, "web:prod", &digest);
    rig.cluster.open_gate("tagged");
    told.until("the next", |told| told.stage("Check prod").is_some()).await;
    let of = |name: &str| told.stage(name).unwrap().environment.clone();
    assert_eq!((of("Build"), of("Deploy to prod")), (None, Some("prod".to_owned())));
    rig.cluster.open_gate("go");
    told.finish().await;
    let now = rig.provider().get(&rig.access(), &told.run).await.unwrap();
    assert_eq!(now.stages[1].environment.as_deref(), Some("prod"));
}

#[tokio::test]
async fn a_question_that_is_open_when_the_service_starts_again_is_answered_then() {
    let rig = Rig::new().await;
    let service = rig.pipeline("stage Deploy\ninput Go Deploy it?\necho deployed").await;
    let mut told = rig.start(&service).await;
    told.until("its question", |told| told.approval("Go") == Some(ApprovalStatus::Pending)).await;
    // Another life: what was told is known by the token alone, and somebody answers before anybody follows.
    told.hand_over(rig.provider(), rig.access());
    let receipt = rig.provider().decide(&rig.access(), &told.run, &decision("Go", Verdict::Approve)).await.unwrap();
    assert_eq!(receipt, DecisionReceipt::Accepted);
    rig.build_until(&told.name, |build| build["status"]["phase"] == "Complete").await;
    told.finish().await;
    assert_eq!((told.approval("Go"), told.status()), (Some(ApprovalStatus::Approved), Some(RunStatus::Succeeded)));
}

#[tokio::test]
async fn stages_that_ask_the_same_are_asked_and_answered_each() {
    let rig = Rig::new().await;
    let ask = "input Proceed Go on?";
    let service = rig.pipeline(&format!("stage Test\n{ask}\nstage Live\n{ask}\necho live")).await;
    let mut told = rig.start(&service).await;
    told.until("the first", |told| told.approval("Proceed") == Some(ApprovalStatus::Pending)).await;
    rig.provider().decide(&rig.access(), &told.run, &decision("Proceed", Verdict::Approve)).await.unwrap();
    let second = "Proceed (Live)";
    told.until("the second", |told| told.approval(second) == Some(ApprovalStatus::Pending)).await;
    assert_eq!(told.approval("Proceed"), Some(ApprovalStatus::Approved));
    let receipt = rig.provider().decide(&rig.access(), &told.run, &decision(second, Verdict::Reject)).await.unwrap();
    assert_eq!(receipt, DecisionReceipt::Accepted, "the first answer is none to the second question");
    told.finish().await;
    assert_eq!(told.approval(second), Some(ApprovalStatus::Rejected));
    assert!(!told.has_line("live"));
}

#[tokio::test]
async fn a_question_for_a_password_is_left_to_jenkins() {
    let rig = Rig::new().await;
    let service = rig.pipeline("stage Test\ninput Key Which key? | why=release | PASSWORD=\necho end").await;
    let mut told = rig.start(&service).await;
    told.until("a warning", |told| told.warnings().contains(&"ANSWER_AT_JENKINS")).await;
    assert_eq!(told.approval("Key"), None, "nobody is asked here");
    let approved = rig.provider().decide(&rig.access(), &told.run, &decision("Key", Verdict::Approve)).await;
    assert!(approved.is_err(), "{approved:?}");
    answered_at_jenkins(&rig, &told.name, "Key").await;
    told.finish().await;
    assert_eq!(told.status(), Some(RunStatus::Succeeded));
}

/// Somebody goes to Jenkins' own page and says yes there.
async fn answered_at_jenkins(rig: &Rig, build: &str, question: &str) {
    let uri = rig.build(build)["metadata"]["annotations"]["openshift.io/jenkins-build-uri"].clone();
    let client = alm_kubernetes::Way::client(&crate::support::Loopback, None).unwrap();
    let page = format!("{}input/{question}/proceedEmpty", uri.as_str().unwrap());
    client.post(page).bearer_auth(&rig.token).send().await.unwrap();
}

#[tokio::test]
async fn a_question_that_a_stage_repeats_is_a_warning_and_never_a_false_answer() {
    let rig = Rig::new().await;
    let service = rig.pipeline("stage Test\ninput Same Go on?\nawait again\ninput Same Go on?\necho end").await;
    let mut told = rig.start(&service).await;
    told.until("the first", |told| told.approval("Same") == Some(ApprovalStatus::Pending)).await;
    rig.provider().decide(&rig.access(), &told.run, &decision("Same", Verdict::Approve)).await.unwrap();
    told.until("its answer", |told| told.approval("Same") == Some(ApprovalStatus::Approved)).await;
    rig.cluster.open_gate("again");
    told.until("a warning", |told| told.warnings().contains(&"QUESTION_REPEATED")).await;
    answered_at_jenkins(&rig, &told.name, "Same").await;
    told.finish().await;
    assert_eq!(told.status(), Some(RunStatus::Succeeded));
}

#[tokio::test]
async fn a_jenkins_that_takes_no_tokens_of_the_cluster_costs_the_log_and_nobody_his_account() {
    let rig = Rig::new().await;
    let service = rig.pipeline("stage Build\necho one").await;
    rig.cluster.jenkins_faults().trap(alm_cluster_sim::Fault::Unauthorized, "GET", "progressiveText");
    let mut told = rig.start(&service).await;
    told.finish().await;
    assert_eq!((told.status(), told.warnings()), (Some(RunStatus::Succeeded), vec!["LOG_NOT_READABLE"]));
    assert!(told.errors.is_empty(), "{told:?}");
}

#[tokio::test]
async fn a_jenkins_that_does_not_know_a_token_for_a_while_costs_no_line() {
    let rig = Rig::new().await;
    let service = rig.pipeline("stage Build\necho one\nawait go\necho two").await;
    // The cluster takes the token: only Jenkins' login does not.
    rig.cluster.jenkins_faults().trap(alm_cluster_sim::Fault::Unauthorized, "GET", "progressiveText");
    let mut told = rig.start(&service).await;
    told.until("a warning", |told| told.warnings().contains(&"LOG_NOT_READABLE")).await;
    rig.cluster.jenkins_faults().heal();
    rig.cluster.open_gate("go");
    told.finish().await;
    let own: Vec<_> = told.texts().into_iter().filter(|text| ["one", "two"].contains(text)).collect();
    assert_eq!((own, told.status()), (vec!["one", "two"], Some(RunStatus::Succeeded)));
    assert_eq!(told.warnings(), ["LOG_NOT_READABLE"]);
}

#[tokio::test]
async fn a_token_that_ends_while_jenkins_is_asked_costs_no_line() {
    let rig = Rig::new().await;
    let service = rig.pipeline("stage Build\necho one\nawait go\necho two").await;
    let mut told = rig.start(&service).await;
    told.until("its line", |told| told.has_line("one")).await;
    // The watch holds: Jenkins is the first to be asked again.
    rig.cluster.expire(&rig.token);
    let is_told = |told: &alm_cluster_sim::rig::Followed| {
        told.errors.iter().any(|error| matches!(error, ProviderError::Unauthorized(_)))
    };
    told.until("the end of the token", is_told).await;
    rig.cluster.open_gate("go");
    rig.cluster.revive(&rig.token);
    told.finish().await;
    let own: Vec<_> = told.texts().into_iter().filter(|text| ["one", "two"].contains(text)).collect();
    assert_eq!((own, told.status()), (vec!["one", "two"], Some(RunStatus::Succeeded)));
    assert!(told.warnings().is_empty(), "{told:?}");
}
