//! Every trouble of the cluster, at every point of a run's life: the run is never taken for failed, no line is lost or told twice,
//! nothing is started twice, and all is right again within half a minute.

use alm_build_spi::{CancelReceipt, LogPosition};
use alm_cluster_sim::{
    Fault,
    rig::{Followed, Outage, Point, Service, through_every_trouble},
};
use alm_domain::RunStatus;
use serde_json::json;

use crate::support::{PROJECT, Rig, task};

/// Starts a run in spite of the trouble, and follows it.
async fn started(rig: &Rig, outage: &Outage<'_>, service: &Service) -> Followed {
    let (request, provider) = (service.request(), rig.provider());
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
    assert_eq!(rig.cluster.objects("pipelineruns.tekton.dev", PROJECT).len(), 1, "one run was started");
}

async fn to_its_end(point: Point, fault: Fault) {
    let rig = Rig::new().await;
    let tasks = [task("a", "flood 30\nawait go\necho between", &[]), task("b", "echo after", &["a"])];
    let service = rig.service(&json!({ "tasks": tasks }), &[]).await;
    let outage = Outage::new(&rig, point, fault);
    let life = async {
        let mut told = started(&rig, &outage, &service).await;
        told.until("its lines", |told| told.has_line("line 30")).await;
        rig.cluster.open_gate("go");
        told.finish().await;
        let first: Vec<String> = (1..=30).map(|n| format!("line {n}")).chain(["between".to_owned()]).collect();
        for (key, lines) in [("a", first.as_slice()), ("b", &["after".to_owned()])] {
            // Pods whose logs are read after an outage are read side by side.
            let told_of: Vec<_> = told.lines().into_iter().filter(|line| line.stage == Some(key.into())).collect();
            assert_eq!(told_of.iter().map(|line| &line.text).collect::<Vec<_>>(), lines.iter().collect::<Vec<_>>());
            assert_eq!(told.stage(key).map(|stage| stage.status), Some(RunStatus::Succeeded), "{told:?}");
        }
        assert_eq!(told.lines().len(), first.len() + 1);
        let provider = rig.provider();
        let log = outage.read(|| provider.logs(&rig.access(), &told.run, LogPosition::default())).await;
        assert_eq!(log, [first, vec!["after".to_owned()]].concat());
        let page = outage.insist(async || provider.list(&rig.access(), &service.config, None).await).await;
        assert_eq!(page.runs.iter().map(|listed| &listed.run).collect::<Vec<_>>(), [&told.run]);
        is_right(&rig, &outage, &mut told, RunStatus::Succeeded).await;
    };
    outage.over(life).await;
}

async fn stopped(point: Point, fault: Fault) {
    let rig = Rig::new().await;
    let service = rig.service(&json!({ "tasks": [task("a", "echo started\nhang", &[])] }), &[]).await;
    let outage = Outage::new(&rig, point, fault);
    let life = async {
        let mut told = started(&rig, &outage, &service).await;
        told.until("its line", |told| told.has_line("started")).await;
        let provider = rig.provider();
        let receipt = outage.insist(async || provider.cancel(&rig.access(), &told.run).await).await;
        assert!(matches!(receipt, CancelReceipt::Accepted | CancelReceipt::AlreadyFinished));
        told.finish().await;
        is_right(&rig, &outage, &mut told, RunStatus::Cancelled).await;
    };
    outage.over(life).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_trouble_fails_doubles_or_loses_a_run() {
    let points = [
        Point::of("GET", "/apis/tekton.dev/v1"),
        Point::of("GET", "/configmaps/"),
        Point::of("GET", "/pipelineruns/"),
        Point::of("POST", "/pipelineruns"),
        Point::of("GET", "/pipelineruns?"),
        Point::of("GET", "watch=true"),
        Point::of("GET", "/taskruns?"),
        Point::of("GET", "/pods/"),
        Point::of("GET", "/log?"),
    ];
    through_every_trouble(&points, |point, fault| Box::pin(to_its_end(point, fault))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_trouble_keeps_a_run_from_being_stopped() {
    let points = [Point::of("PATCH", "/pipelineruns/"), Point::of("GET", "watch=true")];
    through_every_trouble(&points, |point, fault| Box::pin(stopped(point, fault))).await;
}
