//! What pipelines deploy, and for how long they wait for people: by their own words, and by those of a real one.

use alm_build_spi::{Decision, LogPosition};
use alm_cluster_sim::rig::Followed;
use alm_domain::{ApprovalStatus, LogStream, Output, OutputKind, Paused, RunStatus, Verdict};
use futures::TryStreamExt;
use serde_json::{Value, json};

use crate::support::{PROJECT, Rig, name_of};

const BUILDS: &str = "builds.build.openshift.io";

/// A build of openshift.io in 2018, with what its Jenkins and its pipeline wrote on it.
fn recorded() -> Value {
    let all = include_str!("../../../cluster-sim/tests/recordings/fabric8.jsonl").lines();
    let mut all = all.map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.find(|recording| recording["name"] == "fabric8-builds").unwrap()["answer"]["items"][0].take()
}

/// Stage, name and value of all that was made.
fn outputs(told: &Followed) -> Vec<[String; 3]> {
    let stage = |output: &Output| output.stage.as_ref().unwrap().to_string();
    told.outputs().iter().map(|output| [stage(output), output.name.clone(), output.value.clone()]).collect()
}

#[tokio::test]
async fn a_real_pipeline_of_2018_is_told_with_its_pauses_and_what_it_deployed() {
    let rig = Rig::new().await;
    let service = rig.pipeline("forget\nawait never").await;
    let run = rig.provider().start(&rig.access(), service.request()).await.unwrap();
    let (name, real) = (name_of(&run), recorded());
    let patch = json!({ "metadata": { "annotations": real["metadata"]["annotations"] }, "status": real["status"] });
    rig.cluster.patch(BUILDS, PROJECT, &name, &patch);
    let mut told = rig.follow(&run);
    told.finish().await;
    assert_eq!(told.status(), Some(RunStatus::Succeeded));
    let names: Vec<_> = told.stages().iter().map(|stage| stage.name.as_str()).collect();
    assert_eq!(names, ["Build Release", "Rollout to Stage", "Approve", "Rollout to Run"]);
    let approve = told.stage("Approve").unwrap();
    assert_eq!(approve.paused, Some(Paused::Millis(38_033)));
    assert_eq!((approve.finished_at.unwrap() - approve.started_at.unwrap()).num_milliseconds(), 38_155);
    assert_eq!(told.stage("Build Release").unwrap().paused, Some(Paused::Millis(0)));
    assert!(told.questions().is_empty(), "what was asked once and is answered stays on the build: {told:?}");
    let deployed = |stage: &str| {
        let stage = told.stage(stage).unwrap();
        (stage.environment.as_deref(), stage.namespace.as_deref(), stage.url.as_deref())
    };
    let (stage, live) = ("http://myDeploy-my-stage.example.com", "http://myDeploy-my-run.example.com");
    assert_eq!(deployed("Rollout to Stage"), (Some("Stage"), Some("my-stage"), Some(stage)));
    assert_eq!(deployed("Rollout to Run"), (Some("Run"), Some("my-run"), Some(live)));
    assert_eq!(deployed("Approve"), (None, None, None));
    assert_eq!(
        outputs(&told),
        [
            ["Rollout to Run", "myDeploy", "1.0.3"],
            ["Rollout to Run", "myDeploy address", live],
            ["Rollout to Stage", "myDeploy", "1.0.3"],
            ["Rollout to Stage", "myDeploy address", stage],
        ]
    );
    assert_eq!(told.warnings(), ["JENKINS_NOT_ASKED"], "nobody is given a token by an address of 2018");
}

#[tokio::test]
async fn what_fits_no_stage_and_what_is_broken_is_a_warning() {
    let rig = Rig::new().await;
    let service = rig.pipeline("stage Ship it\nenvironment demo-run Run web 1.0 http://x.test\nawait go").await;
    let mut told = rig.start(&service).await;
    told.until("its stage", |told| told.stage("Ship it").is_some()).await;
    assert!(told.warnings().is_empty(), "a stage of that name may still come");
    let odd = json!({ "metadata": { "annotations": { "environment.services.fabric8.io/demo-odd": "- what?" } } });
    rig.cluster.patch(BUILDS, PROJECT, &told.name, &odd);
    told.until("a warning", |told| told.warnings() == ["BROKEN_ANNOTATION"]).await;
    rig.cluster.open_gate("go");
    told.finish().await;
    assert_eq!(told.warnings(), ["BROKEN_ANNOTATION", "DEPLOYMENT_NOT_PLACED"]);
    assert_eq!(told.stage("Ship it").unwrap().environment, None);
    assert!(told.outputs().is_empty());
}

#[tokio::test]
async fn a_stage_does_not_work_while_it_waits_for_people() {
    let rig = Rig::new().await;
    let service = rig.pipeline("stage Deploy\ninput Go Deploy it?\necho deployed\nawait go").await;
    let mut told = rig.start(&service).await;
    told.until("its question", |told| told.approval("Go") == Some(ApprovalStatus::Pending)).await;
    let waiting = told.stage("Deploy").unwrap().clone();
    let Some(Paused::Since(since)) = waiting.paused else { panic!("{waiting:?}") };
    assert!(since >= waiting.started_at.unwrap());
    let decision = Decision {
        approval: "Go".into(),
        verdict: Verdict::Approve,
        parameters: Vec::new(),
        decided_by: "alice".to_owned(),
        comment: None,
    };
    rig.provider().decide(&rig.access(), &told.run, &decision).await.unwrap();
    told.until("its work", |told| told.stage("Deploy").is_some_and(|s| s.status == RunStatus::Running)).await;
    assert!(matches!(told.stage("Deploy").unwrap().paused, Some(Paused::Millis(1..))), "{told:?}");
    rig.cluster.open_gate("go");
    told.finish().await;
    assert!(matches!(told.stage("Deploy").unwrap().paused, Some(Paused::Millis(1..))), "{told:?}");
}

#[tokio::test]
async fn what_the_cluster_has_kept_of_a_log_stands_in_for_its_pod() {
    let rig = Rig::new().await;
    let service = rig.docker("echo working\nexit 3").await;
    let run = rig.provider().start(&rig.access(), service.request()).await.unwrap();
    let name = name_of(&run);
    rig.build_until(&name, |build| build["status"]["phase"] == "Failed").await;
    rig.cluster.lose_pod(PROJECT, &format!("{name}-build"));
    let mut told = rig.follow(&run);
    told.finish().await;
    let kinds: Vec<_> = told.lines().iter().map(|line| line.stream).collect();
    assert_eq!(kinds, [LogStream::Gap, LogStream::System, LogStream::Stdout], "{:?}", told.texts());
    assert_eq!(told.texts()[2], "error: build error: exit status 3");
    let read: Vec<_> = rig
        .provider()
        .logs(&rig.access(), &run, LogPosition::default())
        .map_ok(|read| read.line.text)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(read, told.texts(), "whoever reads it is told the same");
}

#[tokio::test]
async fn secrets_are_taken_out_of_what_the_cluster_has_kept_and_no_part_of_one_is_told() {
    let rig = Rig::new().await;
    let own =
        [("strategy", json!("Docker")), ("dockerfile", json!("exit 3")), ("secrets.mount", json!("/run/secrets"))];
    let service = rig.service("shop/docker", &own).await;
    for (kept, shown) in [
        ("fetching\nlogin canary-77120 failed", &["fetching", "login *** failed"][..]),
        ("ry-77120\nlogin canar...20 failed\nno login", &["no login"]),
        ("login canar...20 failed", &[]),
    ] {
        let mut request = service.request();
        request.secrets = vec![alm_build_spi::NamedSecret::new("npm", "canary-77120")];
        let run = rig.provider().start(&rig.access(), request).await.unwrap();
        let name = name_of(&run);
        rig.build_until(&name, |build| build["status"]["phase"] == "Failed").await;
        rig.cluster.patch(BUILDS, PROJECT, &name, &json!({ "status": { "logSnippet": kept } }));
        rig.cluster.lose_pod(PROJECT, &format!("{name}-build"));
        let mut told = rig.follow(&run);
        told.finish().await;
        let lines = told.lines();
        let own: Vec<_> =
            lines.iter().filter(|line| line.stream == LogStream::Stdout).map(|line| line.text.as_str()).collect();
        assert_eq!(own, shown, "{:?}", told.texts());
        rig.provider().release(&rig.access(), &run).await.unwrap();
    }
}

#[tokio::test]
async fn the_image_that_a_tag_of_an_environment_stands_for_is_told() {
    let rig = Rig::new().await;
    let digest = format!("sha256:{:a<64}", "");
    let service = rig.pipeline("stage Deploy to prod\nawait tagged\nstage Check\necho ok").await;
    let mut told = rig.start(&service).await;
    told.until("its stage", |told| told.stage("Deploy to prod").is_some()).await;
    rig.cluster.image(PROJECT, "web:prod", &digest);
    rig.cluster.open_gate("tagged");
    told.finish().await;
    let [image] = told.outputs() else { panic!("{told:?}") };
    assert_eq!((image.kind, image.name.as_str(), image.value.as_str()), (OutputKind::Image, "web:prod", "demo/web"));
    assert_eq!((image.digest.as_deref(), image.stage.as_ref().unwrap().as_str()), (Some(&*digest), "Deploy to prod"));
}
