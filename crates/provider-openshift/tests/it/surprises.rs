//! What was seen on real servers and surprised, by name. A surprise that a story elsewhere is about is named here with it:
//!
//! | surprise | story |
//! |---|---|
//! | cancelling answers with the old phase, and 200 for a build that is over | `builds::cancelling_answers_with_the_old_phase_and_the_controller_ends_it` |
//! | the controller leaves pipelines to Jenkins | [`only_jenkins_stops_a_pipeline`] |
//! | the name in the body of a start wins | [`the_name_in_the_body_of_a_start_is_the_one_in_its_path`] |
//! | an unknown configuration is 403 | `builds::a_configuration_that_is_gone_is_not_found_although_the_cluster_says_forbidden` |
//! | a new project without its service account is 500 | `builds::a_project_that_lacks_its_service_account_is_tried_again` |
//! | a missing source tag is 422 | `builds::a_missing_builder_image_refuses_the_start_with_its_field` |
//! | a missing output stream is 201, and then waits | `builds::a_missing_output_image_stream_lets_the_build_wait_and_says_so` |
//! | a paused configuration is 400 | `builds::a_paused_configuration_refuses_the_start` |
//! | a wrong `lastVersion` is 400 | [`builds_that_are_started_at_once_are_started_once_each`] |
//! | labels are cut | `builds::labels_are_cut_and_the_true_name_counts` |
//! | a duration is in nanoseconds | [`a_duration_in_nanoseconds_is_never_taken_for_a_time`] |
//! | start policies | `policies::a_serial_policy_says_why_a_build_waits`, `policies::parallel_builds_run_at_once_and_none_waits`, `policies::of_the_builds_that_wait_serial_latest_only_runs_the_newest_and_the_others_are_cancelled` |
//! | unknown fields are dropped in silence | `secrets::a_cluster_that_drops_what_it_does_not_know_is_noticed_before_anything_is_made` |
//! | a service account acts as an OAuth client, with scopes of its own | `service_account` of the server's stories |
//! | a clone copies stale annotations | [`a_repetition_is_no_clone_and_inherits_nothing_of_jenkins`], `builds::a_clone_that_somebody_makes_is_not_our_build` |
//! | anybody can write a phase, and an end cannot be left | `builds::a_phase_that_somebody_forges_is_data_and_an_end_is_never_left` |
//! | the log of a build without a pod ends after half a minute with 400 | [`a_build_without_a_pod_is_waited_for_and_told_from_its_first_line`] |
//! | the log of a build that was cancelled before it had a pod is 400 | `logs::a_build_that_never_had_a_pod_has_no_log_and_no_gap` |
//! | the log of a pruned pod is 400 | [`the_log_of_a_pruned_pod_is_a_gap`] |
//! | a stale version is 409, none is 422 | [`changes_at_the_same_time_are_all_made`] |
//! | a watch from an old version is 200 with an error in it | `faults::a_watch_from_a_version_that_is_forgotten_begins_again` |
//! | a selector on the phase tells its end as a deletion, and what is listed has no kind | [`nothing_is_watched_by_its_phase`] |
//! | deleting a configuration leaves or takes its builds | `configs::deleting_a_configuration_leaves_its_builds` |
//! | a webhook starts builds for everybody | [`a_build_that_a_webhook_starts_is_listed_and_is_nobodys`] |
//! | Jenkins' plugin replaces annotations | [`annotations_that_vanish_are_not_relied_on`] |
//! | an annotation is missing or broken | `jenkins::a_broken_annotation_is_a_warning_and_the_last_good_picture_stays` |
//! | a Jenkins that was idled answers late or never | `jenkins::a_decision_is_kept_while_jenkins_sleeps_and_delivered_once_when_it_wakes` |
//! | pods' logs cannot be asked from a line on | `logs::a_stream_that_is_cut_in_the_middle_of_a_line_doubles_and_loses_nothing` |

use alm_build_spi::{CancelReceipt, LogPosition, RerunBuild};
use alm_domain::{LogStream, RerunFrom, RunStatus};
use chrono::TimeDelta;
use futures::{StreamExt, future::join_all};
use serde_json::json;

use crate::configs::source;
use crate::support::{Loopback, PROJECT, Rig};

const BUILDS: &str = "builds.build.openshift.io";
const CONFIGS: &str = "buildconfigs.build.openshift.io";

#[tokio::test]
async fn only_jenkins_stops_a_pipeline() {
    let rig = Rig::new().await;
    let service = rig.pipeline("stage Build\ninput Go Go on?").await;
    let mut told = rig.start(&service).await;
    told.until("its question", |told| told.approval("Go").is_some()).await;
    rig.cluster.idle_jenkins(true);
    assert_eq!(rig.provider().cancel(&rig.access(), &told.run).await.unwrap(), CancelReceipt::Accepted);
    let now = rig.build(&told.name);
    assert_eq!((&now["status"]["cancelled"], &now["status"]["phase"]), (&json!(true), &json!("Running")), "it sleeps");
    rig.cluster.idle_jenkins(false);
    told.finish().await;
    assert_eq!(told.status(), Some(RunStatus::Cancelled));
}

#[tokio::test]
async fn the_name_in_the_body_of_a_start_is_the_one_in_its_path() {
    let rig = Rig::new().await;
    let own = [("strategy", json!("Docker")), ("dockerfile", json!("echo x"))];
    for name in ["shop/one", "shop/two"] {
        let service = rig.service(name, &own).await;
        let told = rig.start(&service).await;
        assert_eq!(rig.build(&told.name)["status"]["config"]["name"], service.name);
    }
}

#[tokio::test]
async fn builds_that_are_started_at_once_are_started_once_each() {
    let rig = Rig::new().await;
    let own = [("strategy", json!("Docker")), ("dockerfile", json!("echo x")), ("run.policy", json!("Parallel"))];
    let service = rig.service("shop/many", &own).await;
    // Each of them is asked for by two servers.
    let requests: Vec<_> = (0..4).map(|_| service.request()).flat_map(|request| [request.clone(), request]).collect();
    let starting = requests.into_iter().map(|request| {
        let (provider, access) = (rig.provider(), rig.access());
        async move { (request.build, provider.start(&access, request).await.unwrap()) }
    });
    let started = join_all(starting).await;
    assert_eq!(rig.cluster.objects(BUILDS, PROJECT).len(), 4);
    for pair in started.chunks(2) {
        assert_eq!(pair[0], pair[1], "one build for both");
    }
    let asked = rig.cluster.requests().iter().filter(|seen| seen.path.contains("/instantiate")).count();
    assert!(asked > 4, "whoever carried a number that was gone was refused: {asked}");
}

#[tokio::test]
async fn a_duration_in_nanoseconds_is_never_taken_for_a_time() {
    let rig = Rig::new().await;
    let service = rig.docker("echo x").await;
    let mut told = rig.start(&service).await;
    told.finish().await;
    rig.cluster.patch(BUILDS, PROJECT, &told.name, &json!({ "status": { "duration": 86_400_000_000_000_000u64 } }));
    let run = rig.provider().get(&rig.access(), &told.run).await.unwrap().run;
    let took = run.finished_at.unwrap() - run.started_at.unwrap();
    assert!(took >= TimeDelta::zero() && took < TimeDelta::hours(1), "{took}");
}

#[tokio::test]
async fn a_repetition_is_no_clone_and_inherits_nothing_of_jenkins() {
    let rig = Rig::new().await;
    let service = rig.pipeline("stage Build\nawait go\nenvironment demo-stage Stage web 1.0 http://x.test").await;
    rig.cluster.open_gate("go");
    let request = service.request();
    let run = rig.provider().start(&rig.access(), request.clone()).await.unwrap();
    let mut told = rig.follow(&run);
    told.finish().await;
    rig.cluster.script(PROJECT, &service.name, "stage Build\nawait never");
    let again = RerunBuild {
        start: service.request(),
        of: run.clone(),
        of_build: request.build,
        commit: None,
        from: RerunFrom::Beginning,
        stages: Vec::new(),
        artifacts: Vec::new(),
    };
    let again = rig.provider().rerun(&rig.access(), again).await.unwrap();
    let mut repeated = rig.follow(&again);
    repeated.until("its stage", |told| told.stage("Build").is_some()).await;
    assert_ne!(again, run);
    assert_eq!(repeated.stage("Build").unwrap().status, RunStatus::Running, "not as it ended the first time");
    let annotations = rig.build(&repeated.name)["metadata"]["annotations"].to_string();
    assert!(!annotations.contains("demo-stage"), "{annotations}");
    assert!(!rig.cluster.requests().iter().any(|seen| seen.path.contains("/clone")));
    rig.provider().cancel(&rig.access(), &again).await.unwrap();
    repeated.finish().await;
}

#[tokio::test]
async fn a_build_without_a_pod_is_waited_for_and_told_from_its_first_line() {
    let rig = Rig::new().await;
    let service = rig.docker("[git-clone] echo cloning\necho building\nawait first").await;
    let mut first = rig.start(&service).await;
    first.until("its line", |told| told.has_line("building")).await;
    let mut second = rig.start(&service).await;
    second.until("its state", |told| told.status() == Some(RunStatus::Queued)).await;
    assert!(second.lines().is_empty() && second.errors.is_empty());
    rig.cluster.open_gate("first");
    second.finish().await;
    assert_eq!((second.texts(), second.status()), (vec!["cloning", "building"], Some(RunStatus::Succeeded)));
    assert!(!rig.cluster.requests().iter().any(|seen| seen.path.contains("/builds/") && seen.path.contains("/log")));
}

#[tokio::test]
async fn the_log_of_a_pruned_pod_is_a_gap() {
    let rig = Rig::new().await;
    let service = rig.docker("echo x").await;
    let mut told = rig.start(&service).await;
    told.finish().await;
    rig.cluster.remove("pods", PROJECT, &format!("{}-build", told.name));
    let mut again = rig.follow(&told.run);
    again.finish().await;
    let lines: Vec<_> = again.lines().iter().map(|line| line.stream).collect();
    assert_eq!((lines, again.status()), (vec![LogStream::Gap], Some(RunStatus::Succeeded)));
    let mut read = rig.provider().logs(&rig.access(), &told.run, LogPosition::default());
    let only = read.next().await.unwrap().unwrap().line;
    assert_eq!((only.stream, read.next().await.is_none()), (LogStream::Gap, true), "{only:?}");
}

#[tokio::test]
async fn changes_at_the_same_time_are_all_made() {
    let rig = Rig::new().await;
    let service = rig.pipeline("echo x").await;
    let references = ["one", "two", "three"];
    let changes = references.map(|reference| {
        let (provider, access, config) = (rig.provider(), rig.access(), service.config.clone());
        let mut spec = service.spec.clone();
        spec.repository.reference = reference.to_owned();
        async move { provider.update_config(&access, &config, &spec, &source()).await }
    });
    for changed in join_all(changes).await {
        changed.unwrap();
    }
    let stored = rig.cluster.object(CONFIGS, PROJECT, &service.name).unwrap();
    assert!(references.contains(&stored["spec"]["source"]["git"]["ref"].as_str().unwrap()), "{stored}");
}

#[tokio::test]
async fn nothing_is_watched_by_its_phase() {
    let rig = Rig::new().await;
    let service = rig.docker("echo x").await;
    rig.start(&service).await.finish().await;
    let asked = rig.cluster.requests();
    let watches: Vec<_> = asked.iter().filter(|seen| seen.path.contains("watch=true")).collect();
    assert!(!watches.is_empty() && watches.iter().all(|seen| seen.path.contains("metadata.name")), "{watches:?}");
    // Items of a list say neither their kind nor its version, and are known all the same.
    let page = rig.provider().list(&rig.access(), &service.config, None).await.unwrap();
    assert_eq!(page.runs.len(), 1);
}

#[tokio::test]
async fn a_build_that_a_webhook_starts_is_listed_and_is_nobodys() {
    let rig = Rig::new().await;
    let service = rig.docker("echo x").await;
    let hook = json!({ "spec": { "triggers": [{ "type": "Generic", "generic": { "secret": "s3cret" } }] } });
    rig.cluster.patch(CONFIGS, PROJECT, &service.name, &hook);
    let home = format!("{}/apis/build.openshift.io/v1/namespaces/{PROJECT}", rig.cluster.url());
    let client = alm_kubernetes::Way::client(&Loopback, None).unwrap();
    for (secret, status) in [("wrong", 401), ("s3cret", 200)] {
        let url = format!("{home}/buildconfigs/{}/webhooks/{secret}/generic", service.name);
        // It is told in JSON, and called text.
        let told = client.post(url).send().await.unwrap();
        assert_eq!(told.status(), status);
    }
    let page = rig.provider().list(&rig.access(), &service.config, None).await.unwrap();
    assert_eq!(page.runs.iter().map(|listed| listed.build).collect::<Vec<_>>(), [None]);
    // The next number is the webhook's no more.
    let told = rig.start(&service).await;
    assert!(told.name.ends_with("-2"), "{}", told.name);
}

#[tokio::test]
async fn annotations_that_vanish_are_not_relied_on() {
    let rig = Rig::new().await;
    let service = rig.pipeline("stage Build\necho one\nawait go\nstage Test\necho two").await;
    let mut told = rig.start(&service).await;
    told.until("its line", |told| told.has_line("one")).await;
    let gone = ["openshift.io/build.number", "openshift.io/build-config.name", "openshift.io/jenkins-namespace"];
    for annotation in gone {
        rig.cluster.patch(BUILDS, PROJECT, &told.name, &json!({ "metadata": { "annotations": { annotation: null } } }));
    }
    rig.cluster.open_gate("go");
    told.finish().await;
    assert_eq!(told.status(), Some(RunStatus::Succeeded));
    assert!(told.has_line("two") && told.stage("Test").is_some() && told.warnings().is_empty(), "{told:?}");
    let second = rig.provider().start(&rig.access(), service.request()).await.unwrap();
    let page = rig.provider().list(&rig.access(), &service.config, None).await.unwrap();
    assert_eq!(page.runs.iter().map(|listed| &listed.run).collect::<Vec<_>>(), [&second, &told.run], "newest first");
}
