//! Every trouble of the clusters and of Jenkins, beginning with every request of a story: a build is never taken for failed, no line is
//! lost or told twice, nothing is started or rolled out twice, and all is right again within half a minute.

use alm_build_spi::{NamedSecret, StartBuild};
use alm_cluster_sim::{
    GitServer,
    rig::{Act, Life, Trial, through_every_trouble},
};
use alm_domain::{ApprovalStatus, RunStatus};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    support::{PROJECT, Rig},
    target::{CONFIGS, DEPLOYMENTS, OLD, Place},
    triggers::annotated,
};

const BUILDS: &str = "builds.build.openshift.io";

fn assert_one_build_without_secrets(rig: &Rig) {
    assert_eq!(rig.cluster.objects(BUILDS, PROJECT).len(), 1, "one build was started");
    let is_ours = |secret: &Value| {
        secret["metadata"]["labels"]["alm.build/id"].is_string()
            || secret["metadata"]["labels"]["alm.build/shared"].is_string()
    };
    let mut left = rig.cluster.objects("secrets", PROJECT);
    left.retain(is_ours);
    assert!(left.is_empty(), "{left:?}");
}

async fn in_a_pod(trial: Trial) {
    let rig = Rig::patient().await;
    let service = rig.docker("[git-clone] echo cloning\nflood 30\nawait go\necho after").await;
    let acts = [Act::Line("line 30".to_owned()), Act::Gate("go".to_owned())];
    let told = trial.live(Life::of(&rig, service.request()).with(acts)).await.unwrap();
    let lines: Vec<String> = (1..=30).map(|n| format!("line {n}")).collect();
    assert_eq!(told.texts(), [vec!["cloning".to_owned()], lines, vec!["after".to_owned()]].concat());
    assert_one_build_without_secrets(&rig);
}

async fn at_jenkins(trial: Trial) {
    let rig = Rig::patient().await;
    let pipeline = "stage Build\nflood 30\nstage Ship\ninput Go Ship it?\ncredential usernamePassword $ALM_SECRET_GIT | $USER has \
                    $SECRET\necho after";
    let own = [("jenkinsfile", json!(pipeline)), ("secrets.kinds", json!(["GIT=basic-auth:bot"]))];
    let service = rig.service("shop/pipeline", &own).await;
    let mut request = service.request();
    request.secrets =
        vec![NamedSecret::new("NPM", "canary-41c7"), NamedSecret::new("GIT", "canary-of-a-password-77d0")];
    let told = trial.live(Life::of(&rig, request).with([Act::Approve("Go")])).await.unwrap();
    assert_eq!(told.approval("Go"), Some(ApprovalStatus::Approved), "{told:?}");
    assert_eq!(told.stage("Ship").map(|stage| stage.status), Some(RunStatus::Succeeded), "{told:?}");
    let is_own = |text: &&str| text.starts_with("line ") || text.contains(" has ") || *text == "after";
    let own: Vec<_> = told.texts().into_iter().filter(is_own).collect();
    let last = ["bot has ***", "after"].map(str::to_owned);
    let lines: Vec<String> = (1..=30).map(|n| format!("line {n}")).chain(last).collect();
    assert_eq!(own, lines, "{told:?}");
    assert!(told.warnings().is_empty(), "{told:?}");
    assert_one_build_without_secrets(&rig);
}

async fn with_files(trial: Trial) {
    let rig = Rig::patient().await;
    let script = "echo begun\nawait go\ncat $ALM_SECRET_NPM\ncat $ALM_TOKEN_PROD\necho after";
    let own = [("strategy", json!("Docker")), ("dockerfile", json!(script)), ("secrets.mount", json!("/run/alm"))];
    let service = rig.service("shop/docker", &own).await;
    let mut request = service.request();
    request.secrets =
        vec![NamedSecret::new("NPM", "canary-41c7"), NamedSecret::token("prod", "canary-of-a-token-19fe", None)];
    let acts = [Act::Line("begun".to_owned()), Act::Gate("go".to_owned())];
    let told = trial.live(Life::of(&rig, request).with(acts)).await.unwrap();
    assert_eq!(told.texts(), ["begun", "***", "***", "after"]);
    assert_one_build_without_secrets(&rig);
}

async fn of_a_branch(trial: Trial) {
    const COMMIT: &str = "2222222222222222222222222222222222222222";
    let (rig, git) = (Rig::patient().await, GitServer::start().await);
    git.set("refs/heads/feature/x", COMMIT);
    git.ask_for("deployer", "canary-of-a-repository-5c1e");
    let data =
        json!({ "username": STANDARD.encode("deployer"), "password": STANDARD.encode("canary-of-a-repository-5c1e") });
    rig.cluster.put("secrets", PROJECT, "of-git", json!({ "type": "kubernetes.io/basic-auth", "data": data }));
    let own = [("strategy", json!("Docker")), ("dockerfile", json!("echo built")), ("source.secret", json!("of-git"))];
    let service = rig.service_of(&git.url(), &own).await;
    let request = StartBuild { reference: "feature/x".to_owned(), ..service.request() };
    let told = trial.live(Life::of(&rig, request).from_git(&git)).await.unwrap();
    let commit = told.run_states().last().and_then(|run| run.commit.clone());
    assert_eq!((commit.map(|commit| commit.sha).as_deref(), told.texts()), (Some(COMMIT), vec!["built"]));
    assert_one_build_without_secrets(&rig);
}

async fn stopped(trial: Trial) {
    let rig = Rig::patient().await;
    let service = rig.docker("echo started\nhang").await;
    let acts = [Act::Line("started".to_owned()), Act::Cancel];
    let life = Life::of(&rig, service.request()).with(acts).ends(RunStatus::Cancelled);
    trial.live(life).await.unwrap();
    assert_one_build_without_secrets(&rig);
}

async fn stopped_at_jenkins(trial: Trial) {
    let rig = Rig::patient().await;
    let service = rig.pipeline("stage Build\necho started\nhang").await;
    let acts = [Act::Line("started".to_owned()), Act::Cancel];
    let life = Life::of(&rig, service.request()).with(acts).ends(RunStatus::Cancelled);
    trial.live(life).await.unwrap();
    assert_one_build_without_secrets(&rig);
}

/// What holds of a workload that was given a new image: nothing else of it is changed, and it was rolled out once.
fn assert_rolled_out_once(place: &Place<'_>, kind: &str, digest: &str) {
    assert_eq!(place.tagged("prod").as_deref(), Some(digest));
    assert!(place.image(kind).ends_with(digest));
    let object = place.cluster.object(kind, &place.project, "web").unwrap();
    let rollouts = match kind {
        CONFIGS => &object["status"]["latestVersion"],
        _ => &object["metadata"]["generation"],
    };
    // The first one is that of what ran before.
    assert_eq!(*rollouts, 2, "{object}");
}

async fn rolled_out(trial: Trial) {
    let rig = Rig::patient().await;
    let prod = rig.place("shop-prod");
    prod.workload(DEPLOYMENTS, &json!({}));
    prod.route("web.apps.example.test");
    let built = rig.built(&rig.image_service("deployment/web", &[]).await).await;
    rig.cluster.hold_image(&built.digest);
    let acts = [Act::Line("1 of 2 replicas are of the new version".to_owned()), Act::Gate(built.digest.clone())];
    let life = Life::of_deployment(&rig, built.to("prod", &prod), prod.cluster).with(acts);
    let Some(told) = trial.live(life).await else { return };
    assert_eq!(told.stage("rollout").unwrap().url.as_deref(), Some("https://web.apps.example.test/"));
    assert_rolled_out_once(&prod, DEPLOYMENTS, &built.digest);
}

async fn triggered(trial: Trial) {
    let rig = Rig::patient().await;
    let prod = rig.place("shop-prod");
    prod.workload(DEPLOYMENTS, &annotated(false));
    let built = rig.built(&rig.image_service("deployment/web", &[]).await).await;
    if trial.live(Life::of_deployment(&rig, built.to("prod", &prod), prod.cluster)).await.is_some() {
        assert_rolled_out_once(&prod, DEPLOYMENTS, &built.digest);
    }
}

async fn imported(trial: Trial) {
    let (rig, other) = (Rig::patient().await, Rig::patient().await);
    let host = rig.cluster.expose_registry();
    other.cluster.reaches(&rig.cluster);
    rig.pull_secret("for-others", &host);
    let prod = other.place("shop-prod");
    prod.workload(CONFIGS, &json!({ "spec": { "triggers": [{ "type": "ConfigChange" }] } }));
    let service = rig.image_service("dc/web", &[("deploy.pull_secret", json!("for-others"))]).await;
    let built = rig.built(&service).await;
    let life = Life::of_deployment(&rig, built.to("prod", &prod), prod.cluster);
    if trial.live(life).await.is_some() {
        assert_rolled_out_once(&prod, CONFIGS, &built.digest);
    }
}

async fn taken_back(trial: Trial) {
    let (rig, other) = (Rig::patient().await, Rig::patient().await);
    for cluster in [&rig.cluster, &other.cluster] {
        cluster.open_repository("registry.example.test/shop/web");
    }
    let prod = other.place("shop-prod");
    prod.workload(DEPLOYMENTS, &json!({}));
    let more = [("output.image", json!("docker://registry.example.test/shop/web:latest"))];
    let built = rig.built(&rig.image_service("deployment/web", &more).await).await;
    other.cluster.hold_image(&built.digest);
    let acts = [Act::Line("1 of 2 replicas are of the new version".to_owned()), Act::Cancel];
    let life = Life::of_deployment(&rig, built.to("prod", &prod), prod.cluster).with(acts);
    if trial.live(life.ends(RunStatus::Cancelled)).await.is_some() {
        assert_eq!((prod.image(DEPLOYMENTS).as_str(), prod.tagged("prod")), (OLD, None));
        let record = |secret: &Value| secret["type"] == "alm.build/deployment";
        let kept = rig.cluster.objects("secrets", PROJECT).into_iter().filter(record).collect::<Vec<_>>();
        assert!(kept.len() == 1 && kept[0]["data"].get("token").is_none(), "its token has left: {kept:?}");
    }
}

#[test]
fn no_trouble_fails_doubles_or_loses_a_build_in_a_pod() {
    through_every_trouble(|trial| Box::pin(in_a_pod(trial)));
}

#[test]
fn no_trouble_fails_doubles_or_loses_a_pipeline_its_secrets_or_its_decision() {
    through_every_trouble(|trial| Box::pin(at_jenkins(trial)));
}

#[test]
fn no_trouble_loses_the_shared_secret_or_leaves_anything_in_it() {
    through_every_trouble(|trial| Box::pin(with_files(trial)));
}

#[test]
fn no_trouble_of_the_cluster_or_the_git_server_builds_another_commit_or_none() {
    through_every_trouble(|trial| Box::pin(of_a_branch(trial)));
}

#[test]
fn no_trouble_keeps_a_build_from_being_stopped() {
    through_every_trouble(|trial| Box::pin(stopped(trial)));
}

#[test]
fn no_trouble_keeps_a_pipeline_from_being_stopped() {
    through_every_trouble(|trial| Box::pin(stopped_at_jenkins(trial)));
}

#[test]
fn no_trouble_fails_or_doubles_a_deployment() {
    through_every_trouble(|trial| Box::pin(rolled_out(trial)));
}

#[test]
fn no_trouble_fails_or_doubles_a_deployment_that_the_cluster_carries_out_by_a_trigger() {
    through_every_trouble(|trial| Box::pin(triggered(trial)));
}

#[test]
fn no_trouble_fails_or_doubles_a_deployment_to_another_cluster() {
    through_every_trouble(|trial| Box::pin(imported(trial)));
}

#[test]
fn no_trouble_keeps_a_deployment_from_being_taken_back() {
    through_every_trouble(|trial| Box::pin(taken_back(trial)));
}
