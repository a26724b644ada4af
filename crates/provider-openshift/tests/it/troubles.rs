//! Every trouble of the cluster and of its Jenkins, at every point of a build's life: the build is never taken for failed, no line is
//! lost or told twice, nothing is started twice, and all is right again within half a minute.

use alm_build_spi::{CancelReceipt, Decision, DecisionReceipt, LogPosition, NamedSecret};
use alm_cluster_sim::{
    Fault,
    rig::{Followed, Outage, Point, Service, through_every_trouble},
};
use alm_domain::{ApprovalStatus, RunStatus, Verdict};

use crate::support::{PROJECT, Rig};

const BUILDS: &str = "builds.build.openshift.io";

/// Starts a build in spite of the trouble, and follows it.
async fn started(rig: &Rig, outage: &Outage<'_>, service: &Service, secrets: &[(&str, &str)]) -> Followed {
    let mut request = service.request();
    request.secrets = secrets.iter().map(|(name, value)| NamedSecret::new(*name, *value)).collect();
    let provider = rig.provider();
    let run = outage.insist(async || provider.start(&rig.access(), request.clone()).await).await;
    rig.follow(&run)
}

/// What holds of every life.
async fn is_right(rig: &Rig, outage: &Outage<'_>, told: &mut Followed, end: RunStatus) {
    assert_eq!(told.status(), Some(end), "{told:?}");
    let ends: Vec<_> = told.run_states().iter().map(|run| run.status).filter(|status| status.is_terminal()).collect();
    assert!(ends.iter().all(|status| *status == end), "{told:?}");
    assert!(told.errors.iter().all(|error| outage.explains(error)), "{told:?}");
    let provider = rig.provider();
    let snapshot = outage.insist(async || provider.get(&rig.access(), &told.run).await).await;
    assert_eq!(snapshot.run.status, end);
    outage.insist(async || provider.release(&rig.access(), &told.run).await).await;
    assert_eq!(rig.cluster.objects(BUILDS, PROJECT).len(), 1, "one build was started");
    assert!(!rig.cluster.objects("secrets", PROJECT).iter().any(|secret| secret["data"]["secrettext"].is_string()));
}

async fn in_a_pod(point: Point, fault: Fault) {
    let rig = Rig::new().await;
    let service = rig.docker("[git-clone] echo cloning\nflood 30\nawait go\necho after").await;
    let outage = Outage::new(&rig, point, fault);
    let life = async {
        let mut told = started(&rig, &outage, &service, &[]).await;
        told.until("its lines", |told| told.has_line("line 30")).await;
        rig.cluster.open_gate("go");
        told.finish().await;
        let lines: Vec<String> = (1..=30).map(|n| format!("line {n}")).collect();
        let lines = [vec!["cloning".to_owned()], lines, vec!["after".to_owned()]].concat();
        assert_eq!(told.texts(), lines);
        let provider = rig.provider();
        let log = outage.read(|| provider.logs(&rig.access(), &told.run, LogPosition::default())).await;
        assert_eq!(log, lines);
        let page = outage.insist(async || provider.list(&rig.access(), &service.config, None).await).await;
        assert_eq!(page.runs.iter().map(|listed| &listed.run).collect::<Vec<_>>(), [&told.run]);
        is_right(&rig, &outage, &mut told, RunStatus::Succeeded).await;
    };
    outage.over(life).await;
}

async fn at_jenkins(point: Point, fault: Fault) {
    let rig = Rig::new().await;
    let service = rig.pipeline("stage Build\nflood 30\nstage Ship\ninput Go Ship it?\necho after").await;
    let outage = Outage::new(&rig, point, fault);
    let life = async {
        let mut told = started(&rig, &outage, &service, &[("npm", "canary-41c7")]).await;
        told.until("its question", |told| told.approval("Go") == Some(ApprovalStatus::Pending)).await;
        let provider = rig.provider();
        let yes = Decision {
            approval: "Go".into(),
            verdict: Verdict::Approve,
            parameters: Vec::new(),
            decided_by: "alice".to_owned(),
            comment: None,
        };
        let receipt = outage.insist(async || provider.decide(&rig.access(), &told.run, &yes).await).await;
        let is_of_a_lost_answer = matches!(fault, Fault::Lose | Fault::Reset | Fault::Refuse | Fault::Hang);
        assert!(receipt == DecisionReceipt::Accepted || is_of_a_lost_answer, "{receipt:?}");
        told.finish().await;
        assert_eq!(told.approval("Go"), Some(ApprovalStatus::Approved), "{told:?}");
        assert_eq!(told.stage("Ship").map(|stage| stage.status), Some(RunStatus::Succeeded), "{told:?}");
        let own: Vec<_> =
            told.texts().into_iter().filter(|text| text.starts_with("line ") || *text == "after").collect();
        let lines: Vec<String> = (1..=30).map(|n| format!("line {n}")).chain(["after".to_owned()]).collect();
        assert_eq!(own, lines, "{told:?}");
        assert!(told.warnings().is_empty(), "{told:?}");
        is_right(&rig, &outage, &mut told, RunStatus::Succeeded).await;
    };
    outage.over(life).await;
}

async fn stopped(point: Point, fault: Fault) {
    let rig = Rig::new().await;
    let service = rig.docker("echo started\nhang").await;
    let outage = Outage::new(&rig, point, fault);
    let life = async {
        let mut told = started(&rig, &outage, &service, &[]).await;
        told.until("its line", |told| told.has_line("started")).await;
        let provider = rig.provider();
        let receipt = outage.insist(async || provider.cancel(&rig.access(), &told.run).await).await;
        assert!(matches!(receipt, CancelReceipt::Accepted | CancelReceipt::AlreadyFinished));
        told.until("the end", |told| told.status().is_some_and(RunStatus::is_terminal)).await;
        told.finish().await;
        is_right(&rig, &outage, &mut told, RunStatus::Cancelled).await;
    };
    outage.over(life).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_trouble_fails_doubles_or_loses_a_build_in_a_pod() {
    let points = [
        Point::of("GET", "/buildconfigs/"),
        Point::of("GET", "/builds?&labelSelector"),
        Point::of("POST", "/instantiate"),
        Point::of("GET", "/builds/"),
        Point::of("GET", "fieldSelector"),
        Point::of("GET", "watch=true"),
        Point::of("GET", "/pods/"),
        Point::of("GET", "/log?"),
    ];
    through_every_trouble(&points, |point, fault| Box::pin(in_a_pod(point, fault))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_trouble_fails_doubles_or_loses_a_pipeline_its_secrets_or_its_decision() {
    let points = [
        Point::of("POST", "/secrets"),
        Point::of("POST", "/instantiate"),
        Point::of("GET", "/routes/"),
        Point::of("GET", "/secrets"),
        Point::of("PATCH", "/builds/"),
        Point::of("DELETE", "/secrets"),
        Point::at_jenkins("GET", "progressiveText"),
        Point::at_jenkins("POST", "/input/"),
    ];
    through_every_trouble(&points, |point, fault| Box::pin(at_jenkins(point, fault))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_trouble_keeps_a_build_from_being_stopped() {
    let points = [Point::of("PATCH", "/builds/"), Point::of("GET", "watch=true")];
    through_every_trouble(&points, |point, fault| Box::pin(stopped(point, fault))).await;
}
