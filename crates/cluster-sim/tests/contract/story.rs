//! In which order what was recorded is sent again, and what happens between.

use std::time::Duration;

use alm_cluster_sim::{OauthClient, Options, Role};
use serde_json::json;

use crate::{
    player::Player,
    rig::{CLIENT_SECRET, Rig, basic},
};

const BUILDS: &str = "builds.build.openshift.io";
const CONFIGS: &str = "buildconfigs.build.openshift.io";
const RUNS: &str = "pipelineruns.tekton.dev";
const TASK_RUNS: &str = "taskruns.tekton.dev";
const PATIENCE: Duration = Duration::from_secs(20);

/// What does not change anything, or fails to.
const FIRST: &[&str] = &[
    "discovery-healthz",
    "discovery-apis",
    "discovery-api-v1",
    "discovery-apis-build",
    "discovery-apis-build-v1",
    "discovery-apis-image-v1",
    "discovery-apis-oauth-v1",
    "discovery-apis-project-v1",
    "discovery-apis-route-v1",
    "discovery-apis-user-v1",
    "discovery-anonymous-apis",
    "discovery-anonymous-version",
    "discovery-version-openshift",
    "discovery-well-known-oauth-front",
    "whoami-alice",
    "whoami-bad-token",
    "whoami-anonymous",
    "error-401-builds-bad-token",
    "error-403-anonymous-builds",
    "project-request-can-i",
    "project-create",
    "project-create-409",
    "project-create-422",
    "project-create-403-reserved",
    "namespace-create-403-plain-user",
    "namespace-get-alice",
    "namespace-get-403-bob",
    "rolebindings-of-new-project",
    "ssar-allowed",
    "ssar-denied-bob",
    "project-list-alice",
    "project-list-bob",
    "project-get-403-bob",
    "project-get-403-nonexistent",
    "bc-create-403-bob",
    "bc-create-jenkinspipeline",
    "bc-create-409",
    "bc-create-docker",
    "bc-create-source",
    "bc-create-unknown-field-dropped",
    "bc-create-dryrun",
    "bc-create-422-name",
    "bc-create-422-no-strategy",
    "bc-create-422-two-jenkinsfiles",
    "bc-create-422-path-no-git",
    "bc-create-400-bad-json",
    "bc-create-400-wrong-kind",
    "bc-create-400-ns-mismatch",
    "bc-create-400-type-mismatch",
    "bc-create-415",
    "bc-get",
    "bc-get-404",
    "bc-get-406",
    "bc-list",
    "bc-list-paged-1",
];
const CHANGES: &[&str] = &["bc-list-continue-bad", "bc-list-bad-selector-400", "bc-list-all-namespaces-403"];
const UPDATES: &[&str] = &[
    "bc-update-409-conflict",
    "bc-update-422-no-resourceversion",
    "bc-update-409-uid",
    "bc-update-400-name-mismatch",
    "bc-patch-merge",
    "bc-patch-strategic",
    "bc-patch-json",
    "bc-patch-apply",
    "bc-patch-415",
    "bc-patch-404",
    "build-instantiate-500-no-builder-sa",
];
const INSTANCES: &[&str] = &[
    "build-instantiate-pipeline",
    "build-get",
    "build-instantiate-no-trigger",
    "bc-get-after-instantiate",
    "build-instantiate-name-mismatch",
    "build-instantiate-no-name",
    "build-instantiate-empty-body",
    "build-instantiate-404",
    "build-instantiate-403-bob",
    "build-instantiate-bad-lastversion",
    "build-instantiate-docker-missing-output-is",
    "imagestream-create",
    "build-instantiate-docker",
    "build-instantiate-s2i-missing-istag",
];
const BUILT: &[&str] = &[
    "build-instantiate-source",
    "build-instantiate-paused-400",
    "build-list-too-large-rv",
    "build-get-404",
    "build-get-403-bob",
    "build-list-by-buildconfig",
    "build-list-by-phase",
    "build-list-bad-fieldselector",
    "build-log-404",
    "build-log-403-bob",
    "build-log-422-bad-options",
    "build-log-new-nowait",
    "build-log-new-waits",
    "build-log-new-follow",
    "jenkins-patch-running",
    "jenkins-patch-pending-input",
    "build-get-pipeline-running",
    "build-log-pipeline-running",
    "jenkins-patch-complete",
    "build-get-pipeline-complete",
    "build-phase-back-422",
    "build-details-get",
];
const CANCELLED: &[&str] = &[
    "build-get-after-cancel",
    "build-cancel-403-bob",
    "build-cancel-patch",
    "build-user-forges-phase",
    "build-cancel-completed",
    "build-status-subresource-404",
    "build-spec-change-422",
    "build-clone",
    "build-clone-404",
    "build-create-403-or-201-direct",
    "webhook-generic",
    "webhook-generic-bad-secret",
];
const WATCHED: &[&str] = &[
    "build-delete",
    "build-delete-404",
    "watch-builds-no-rv",
    "watch-builds-rv-0",
    "watch-builds-rv-1",
    "watch-builds-rv-future",
    "watch-builds-rv-garbage",
    "watch-secrets-rv-1",
    "watch-single-build",
    "watch-builds-401",
    "watch-builds-403-bob",
];
const SECRETS: &[&str] = &[
    "secret-create",
    "secret-create-409",
    "secret-create-403-bob",
    "secret-create-422-key",
    "secret-create-422-dockercfg",
    "secret-create-400-base64",
    "secret-get",
    "secret-get-404",
    "secret-patch",
    "secret-list",
    "secret-type-immutable-422",
    "secret-delete",
    "events-list",
    "quota-list",
    "routes-list",
    "bc-delete",
    "bc-delete-404",
    "oauthaccesstokens-403",
];
const LOGS: &[&str] = &["build-log-running", "build-log-json-accept", "build-log-follow-through", "pod-log-direct"];

/// What people and programs did in a project, without controllers.
pub(crate) async fn demo(player: &mut Player) {
    let options = Options { controllers: false, tekton: false, time_factor: 0.002, ..Options::default() };
    player.rig = Rig::new(options).await;
    let of_user = |name: &str| {
        json!({"metadata": {"annotations": {"openshift.io/description": "made by the build service",
        "openshift.io/display-name": "Demo project", "openshift.io/requester": "alice"}, "name": name}, "status": {"phase": "Active"}})
    };
    for name in ["smoke", "smoke2"] {
        player.rig.cluster.project(name, "alice");
        player.rig.cluster.put("namespaces", "", name, of_user(name));
    }
    player.rig.cluster.image("openshift", "nodejs:12", "sha256:00");
    player.play(FIRST).await;
    player.rig.cluster.grant("admin", "demo", Role::Admin);
    // The place where the first page ended is an opaque text: it is taken from the answer.
    let page = player.last.body["continue"].clone();
    assert!(page.is_null());
    let next = player.last.body["metadata"]["continue"].as_str().unwrap_or_default().to_owned();
    player.rig.set("<JWT>", next);
    player.play(&["bc-list-paged-2"]).await;
    player.play(CHANGES).await;
    let fresh = player.rig.cluster.object(CONFIGS, "demo", "pipe").unwrap();
    let uid = fresh["metadata"]["uid"].as_str().unwrap().to_owned();
    player.rig.set("5c8b9d2d-7a2d-490c-b6d8-24d7f56e0d32", uid);
    let alice = player.rig.values["<ALICE_TOKEN>"].clone();
    player.rig.set("sha256~<TOKEN_CODE_OR_HASH>", alice);
    player.with_version_of(&fresh, "bc-update").await;
    player.play(UPDATES).await;
    let cluster = &player.rig.cluster;
    cluster.service_accounts("demo");
    let start = cluster.objects(CONFIGS, "demo").len();
    assert!(start > 3);
    let before = version(&cluster.object(CONFIGS, "demo", "pipe2").unwrap());
    player.play(INSTANCES).await;
    let cluster = &player.rig.cluster;
    cluster.image("openshift", "nodejs:14", "sha256:00");
    let tag = json!({"status": {"tags": [{"tag": "14", "items": [{"image": "sha256:00", "generation": 1,
        "dockerImageReference": "registry.example.test/ubi8/nodejs-14:latest"}]}]}});
    cluster.patch("imagestreams.image.openshift.io", "openshift", "nodejs", &tag);
    cluster.patch(
        CONFIGS,
        "demo",
        "unk",
        &json!({"metadata": {"annotations": {"openshift.io/build-config.paused": "true"}}}),
    );
    player.play(BUILT).await;
    let fresh = player.rig.cluster.object(BUILDS, "demo", "pipe-2").unwrap();
    player.with_version_of(&fresh, "build-cancel-put").await;
    let uid = fresh["metadata"]["uid"].as_str().unwrap().to_owned();
    player.rig.set("c83d34c3-9e8a-481b-bf45-b0d837caf833", uid);
    player.play(&["build-cancel-put-409"]).await;
    player.play(CANCELLED).await;
    player.play(WATCHED).await;
    player.play_from(before, "watch-builds-events").await;
    player.play_from(before, "watch-builds-jenkins-only-running").await;
    player.play(SECRETS).await;
    player.play(&["bc-delete-background"]).await;
    player.rig.cluster.until(BUILDS, "demo", "pipe-1", Duration::from_millis(1), |_| false).await;
    player.play(&["build-list-after-bc-delete"]).await;
    logs(player).await;
}

fn version(object: &serde_json::Value) -> u64 {
    object["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
}

/// The log of a build that has a pod, and has it no more.
async fn logs(player: &mut Player) {
    let body = json!({"kind": "BuildRequest", "apiVersion": "build.openshift.io/v1", "metadata": {"name": "docker"}});
    let token = player.rig.values["<ALICE_TOKEN>"].clone();
    let address = format!(
        "{}/apis/build.openshift.io/v1/namespaces/demo/buildconfigs/docker/instantiate",
        player.rig.cluster.url()
    );
    let made =
        reqwest::Client::builder().build().unwrap().post(address).bearer_auth(token).json(&body).send().await.unwrap();
    assert_eq!(made.status(), 201);
    player.play(&["build-log-running-no-pod"]).await;
    let lines = |container: &str| -> Vec<String> {
        (1..=6).map(|n| format!("{container} line {n} of demo/docker-5-build")).collect()
    };
    let all: Vec<(&str, Vec<String>)> =
        ["git-clone", "manage-dockerfile", "docker-build"].into_iter().map(|name| (name, lines(name))).collect();
    let borrowed: Vec<(&str, Vec<&str>)> =
        all.iter().map(|(name, lines)| (*name, lines.iter().map(String::as_str).collect())).collect();
    let listed: Vec<(&str, &[&str])> = borrowed.iter().map(|(name, lines)| (*name, lines.as_slice())).collect();
    player.rig.cluster.pod("demo", "docker-5-build", &listed);
    player.rig.cluster.end_pod("demo", "docker-5-build");
    let running = json!({"metadata": {"annotations": {"openshift.io/build.pod-name": "docker-5-build"}}});
    player.rig.cluster.patch(BUILDS, "demo", "docker-5", &running);
    player.rig.cluster.set_phase("demo", "docker-5", "Pending", &json!({}));
    player.rig.cluster.set_phase("demo", "docker-5", "Running", &json!({}));
    player.play(LOGS).await;
    player.rig.cluster.remove("pods", "demo", "docker-5-build");
    let why = json!({"reason": "DockerBuildFailed", "message": "Dockerfile build strategy has failed.",
        "logSnippet": "error: build error: exit status 1"});
    player.rig.cluster.set_phase("demo", "docker-5", "Failed", &why);
    player.play(&["build-get-failed", "build-log-failed-pod-gone"]).await;
    player.rig.cluster.set_phase("demo", "direct", "Cancelled", &json!({}));
    player.play(&["build-log-cancelled"]).await;
}

/// The OAuth server.
pub(crate) async fn oauth(player: &mut Player) {
    player.rig = Rig::new(Options { controllers: false, ..Options::default() }).await;
    let client = |id: &str, prompt: bool, life: u64| OauthClient {
        id: id.to_owned(),
        secret: CLIENT_SECRET.to_owned(),
        redirect: "http://127.0.0.1:18080/callback".to_owned(),
        life: Duration::from_secs(life),
        prompt,
    };
    player.rig.cluster.oauth_client(client("build-service", false, 86_400));
    player.rig.cluster.oauth_client(client("build-service-prompt", true, 86_400));
    for (user, password) in [("alice", "alicepw"), ("bob", "bobpw")] {
        player.rig.cluster.password(user, password);
    }
    player
        .play(&[
            "oauth-authorize-error-bad-challenge-method",
            "oauth-authorize-error-short-challenge",
            "oauth-authorize-error-bad-redirect",
            "oauth-authorize-error-redirect-subpath",
            "oauth-authorize-error-response-type",
            "oauth-authorize-error-unknown-client",
            "oauth-authorize-no-redirect-no-state",
            "oauth-authorize-bad-scope-unauthenticated",
            "oauth-challenge-1-no-csrf-header",
            "oauth-challenge-2-401",
            "oauth-challenge-3-implicit-token",
            "oauth-challenge-4-bad-password",
            "oauth-bad-scope-1-authorize-unauthenticated",
            "oauth-flow-1-authorize-unauthenticated",
            "oauth-prompt-1-authorize-unauthenticated",
            "oauth-prompt-denied-1-authorize-unauthenticated",
        ])
        .await;
    player.rig.sign_in("bob", "bobpw").await;
    player.play(&["oauth-prompt-denied-4-authorize-with-session", "oauth-prompt-denied-7-after-approve"]).await;
    player.rig.sign_in("alice", "alicepw").await;
    player.play(&["oauth-bad-scope-4-authorize-with-session", "oauth-prompt-4-authorize-with-session"]).await;
    let approved = [("client_id", "build-service-prompt"), ("then", "../authorize?x=1"), ("approve", "yes")];
    player.rig.form("/oauth/authorize/approve", &approved).await;
    player.play(&["oauth-prompt-7-after-approve"]).await;
    player.rig.code("build-service-prompt", "user%3Afull", true).await;
    player.rig.set("<BASIC>", basic("build-service-prompt", CLIENT_SECRET));
    player.play(&["oauth-prompt-8-token"]).await;
    player.rig.set("<BASIC>", basic("build-service", CLIENT_SECRET));
    player.play(&["oauth-flow-4-authorize-with-session"]).await;
    player.rig.code("build-service", "user%3Afull", true).await;
    player.play(&["oauth-flow-5-token", "oauth-token-error-code-reused"]).await;
    player.rig.code("build-service", "user%3Afull", true).await;
    player.play(&["oauth-token-secret-in-body"]).await;
    player.rig.code("build-service", "user%3Afull", true).await;
    player.rig.set("<BASIC>", basic("build-service", "wrong"));
    player.play(&["oauth-token-error-wrong-secret"]).await;
    player.rig.set("<BASIC>", basic("build-service", CLIENT_SECRET));
    player.play(&["oauth-token-after-wrong-secret"]).await;
    for error in
        ["oauth-token-error-bad-verifier", "oauth-token-error-no-verifier", "oauth-token-error-redirect-mismatch"]
    {
        player.rig.code("build-service", "user%3Afull", true).await;
        player.play(&[error]).await;
    }
    player
        .play(&[
            "oauth-token-error-client-credentials",
            "oauth-token-error-no-code",
            "oauth-token-error-password-grant",
            "oauth-token-error-refresh",
            "oauth-token-error-unknown-code",
            "oauth-token-error-unsupported-grant",
        ])
        .await;
    player.rig.set("<BASIC>", basic("nosuch", CLIENT_SECRET));
    player.play(&["oauth-token-error-unknown-client"]).await;
    player.rig.code("build-service", "user%3Afull", true).await;
    player.rig.set("<BASIC>", basic("build-service-prompt", CLIENT_SECRET));
    player.play(&["oauth-token-error-other-clients-code"]).await;
    player.rig.set("<BASIC>", basic("build-service", CLIENT_SECRET));
    player.rig.code("build-service", "user%3Ainfo+user%3Acheck-access", true).await;
    player.play(&["oauth-token-narrow-scope"]).await;
    let narrow = player.last.body["access_token"].as_str().unwrap_or_default().to_owned();
    player.rig.set("<ACCESS_TOKEN>", narrow);
    player.play(&["whoami-narrow-scope"]).await;
    player.rig.code("build-service", "user%3Afull", true).await;
    player.play(&["oauth-token-short-lived"]).await;
    let token = player.last.body["access_token"].as_str().unwrap_or_default().to_owned();
    player.rig.set("<ACCESS_TOKEN>", token.clone());
    player.play(&["whoami-short-token-before"]).await;
    player.rig.cluster.expire(&token);
    player.play(&["whoami-short-token-expired"]).await;
    player.rig.code("build-service", "user%3Afull", true).await;
    player.play(&["oauth-token-secret-in-body"]).await;
    let token = player.last.body["access_token"].as_str().unwrap_or_default().to_owned();
    player.rig.set("<SHA256_NAME_OF_TOKEN>", object_name(&token));
    player.rig.set("<ACCESS_TOKEN>", token);
    player
        .play(&[
            "whoami-before-logout",
            "useroauthaccesstokens-get",
            "useroauthaccesstokens-delete",
            "whoami-after-logout",
        ])
        .await;
}

fn object_name(token: &str) -> String {
    use base64::Engine;
    use sha2::Digest;
    let digest = sha2::Sha256::digest(token.trim_start_matches("sha256~"));
    format!("sha256~{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest))
}

/// The build controller at work.
pub(crate) async fn controller(player: &mut Player) {
    player.rig = Rig::new(Options::default()).await;
    player.rig.cluster.project("demo-ctl3", "alice");
    let config = |strategy: serde_json::Value, to: serde_json::Value| {
        json!({"spec": {"runPolicy": "Serial", "strategy": strategy, "source": {"type": "Git", "git": {"uri": "https://git.example.test/demo/app.git"}},
            "output": {"to": to}, "resources": {}, "postCommit": {}, "nodeSelector": null, "successfulBuildsHistoryLimit": 5,
            "failedBuildsHistoryLimit": 5}, "status": {"lastVersion": 0}, "metadata": {"generation": 1}})
    };
    let docker = json!({"type": "Docker", "dockerStrategy": {}});
    let image = json!({"kind": "DockerImage", "name": "registry.example.test/x:latest"});
    let cluster = &player.rig.cluster;
    cluster.put(CONFIGS, "demo-ctl3", "d", config(docker.clone(), image));
    cluster.put(
        CONFIGS,
        "demo-ctl3",
        "tois",
        config(docker, json!({"kind": "ImageStreamTag", "name": "nosuch:latest"})),
    );
    let script = "[git-clone] await $BUILD_NAME-clone\nawait $BUILD_NAME\nexit 1".replace("exit 1", "");
    cluster.script("demo-ctl3", "d", &script);
    player.instantiate("demo-ctl3", "d").await;
    player.instantiate("demo-ctl3", "d").await;
    player.instantiate("demo-ctl3", "tois").await;
    let cluster = &player.rig.cluster;
    let running = |build: &serde_json::Value| build["status"]["phase"] == "Running";
    cluster.until(BUILDS, "demo-ctl3", "d-1", PATIENCE, running).await.unwrap();
    let told = |build: &serde_json::Value| build["status"]["reason"] == "InvalidOutputReference";
    cluster.until(BUILDS, "demo-ctl3", "tois-1", PATIENCE, told).await.unwrap();
    player.play(&["ctl-build-running", "ctl-build-queued", "ctl-build-output-imagestream-missing"]).await;
    player.rig.cluster.open_gate("d-1-clone");
    player.rig.cluster.open_gate("d-1");
    let complete = |build: &serde_json::Value| build["status"]["phase"] == "Complete";
    player.rig.cluster.until(BUILDS, "demo-ctl3", "d-1", PATIENCE, complete).await.unwrap();
    player.play(&["ctl-build-complete"]).await;
    player.rig.cluster.until(BUILDS, "demo-ctl3", "d-2", PATIENCE, running).await.unwrap();
    let cancel = json!({"status": {"cancelled": true}});
    player.rig.cluster.patch(BUILDS, "demo-ctl3", "d-2", &cancel);
    let cancelled = |build: &serde_json::Value| build["status"]["phase"] == "Cancelled";
    player.rig.cluster.until(BUILDS, "demo-ctl3", "d-2", PATIENCE, cancelled).await.unwrap();
    player.play(&["ctl-build-log-cancelled", "ctl-build-cancelled"]).await;
    player.rig.cluster.script("demo-ctl3", "d", "exit 1");
    player.instantiate("demo-ctl3", "d").await;
    let failed = |build: &serde_json::Value| build["status"]["phase"] == "Failed";
    player.rig.cluster.until(BUILDS, "demo-ctl3", "d-3", PATIENCE, failed).await.unwrap();
    player.play(&["ctl-build-failed"]).await;
}

/// Tekton and its controller.
pub(crate) async fn tekton(player: &mut Player) {
    player.rig = Rig::new(Options::default()).await;
    player.rig.cluster.project("demo", "alice");
    let cluster = &player.rig.cluster;
    cluster.put(
        "tasks.tekton.dev",
        "demo",
        "test",
        json!({"metadata": {"generation": 1}, "spec": {"steps": [{"name": "unit", "image": "registry.example.test/maven", "script": "make test", "computeResources": {}}]}}),
    );
    cluster.step_script("demo", "compile", "await compiled");
    cluster.step_script("demo", "push", &format!("await pushed\nresult digest sha256:{}", "b".repeat(64)));
    cluster.step_script("demo", "unit", "await tested\nexit 1");
    player
        .play(&[
            "discovery-apis-tekton-absent",
            "tekton-discovery-apis-v1",
            "tekton-discovery-apis-v1beta1",
            "tekton-discovery-apis",
            "tekton-task-create",
            "tekton-task-create-409",
            "tekton-pipeline-create",
            "tekton-pipeline-get",
            "tekton-pipeline-get-404",
            "tekton-pipeline-create-403-bob",
            "tekton-pipeline-create-unknown-field",
            "tekton-pipeline-create-webhook-denied",
            "tekton-pipeline-patch-strategic-415",
        ])
        .await;
    let fresh = player.rig.cluster.object("pipelines.tekton.dev", "demo", "ci").unwrap();
    player.with_version_of(&fresh, "tekton-pipeline-update").await;
    let uid = fresh["metadata"]["uid"].as_str().unwrap().to_owned();
    player.rig.set("03a02d41-45dd-43cb-bf0c-76c03d9f7e26", uid);
    player.play(&["tekton-pipeline-update-409"]).await;
    player
        .play(&[
            "tekton-pipelinerun-create-invalid",
            "tekton-pipelinerun-create",
            "tekton-pipelinerun-create-missing-pipeline",
        ])
        .await;
    let ended = |run: &serde_json::Value| run["status"]["completionTime"].is_string();
    let has_steps = |run: &serde_json::Value| run["status"]["steps"].is_array();
    player.rig.cluster.until(RUNS, "demo", "nopipe", PATIENCE, ended).await.unwrap();
    player.rig.cluster.until(TASK_RUNS, "demo", "ci-1-build", PATIENCE, has_steps).await.unwrap();
    player
        .play(&[
            "tekton-pipelinerun-status-missing-pipeline",
            "tekton-pipelinerun-cancel-bad-value",
            "tekton-pipelinerun-status-started",
            "tekton-pipelinerun-status-running",
            "tekton-taskrun-status-running",
        ])
        .await;
    player.rig.cluster.open_gate("compiled");
    let step_done = |run: &serde_json::Value| run["status"]["steps"][0]["terminated"].is_object();
    player.rig.cluster.until(TASK_RUNS, "demo", "ci-1-build", PATIENCE, step_done).await.unwrap();
    player.play(&["tekton-taskrun-status-step1-done", "tekton-pipelinerun-status-step1-done"]).await;
    player.rig.cluster.open_gate("pushed");
    let two = |run: &serde_json::Value| run["status"]["childReferences"].as_array().is_some_and(|all| all.len() == 2);
    player.rig.cluster.until(RUNS, "demo", "ci-1", PATIENCE, two).await.unwrap();
    player.play(&["tekton-taskrun-status-task1-succeeded", "tekton-pipelinerun-status-task1-succeeded"]).await;
    player.rig.cluster.open_gate("tested");
    player.rig.cluster.until(RUNS, "demo", "ci-1", PATIENCE, ended).await.unwrap();
    player.play(&["tekton-taskrun-status-failed", "tekton-pipelinerun-status-failed"]).await;
    player.rig.cluster.step_script("demo", "compile", "hang");
    player.play(&["tekton-pipelinerun-create-generatename"]).await;
    let name = player.last.body["metadata"]["name"].as_str().unwrap().to_owned();
    player.rig.set("ci-gen-p8vsn", name.clone());
    let child = format!("{name}-build");
    player.rig.cluster.until(TASK_RUNS, "demo", &child, PATIENCE, has_steps).await.unwrap();
    player.play(&["tekton-pipelinerun-cancel-403-bob", "tekton-pipelinerun-cancel-patch"]).await;
    player.rig.cluster.until(RUNS, "demo", &name, PATIENCE, ended).await.unwrap();
    player.play(&["tekton-pipelinerun-status-cancelled", "tekton-taskruns-of-cancelled"]).await;
    player.rig.cluster.step_script("demo", "compile", "");
    player.rig.cluster.step_script("demo", "unit", "");
    let run = json!({"metadata": {"labels": {"build-service/run": "ci-ok"}, "generation": 1}, "spec": {
        "params": [{"name": "target", "value": "release"}], "pipelineRef": {"name": "ci"},
        "taskRunTemplate": {"serviceAccountName": "default"}, "timeouts": {"pipeline": "1h0m0s"}}, "status": {}});
    player.rig.cluster.put(RUNS, "demo", "ci-ok", run);
    player.rig.cluster.until(RUNS, "demo", "ci-ok", PATIENCE, ended).await.unwrap();
    player
        .play(&[
            "tekton-pipelinerun-status-succeeded",
            "tekton-pipelinerun-list",
            "tekton-pipelinerun-spec-change-after-start",
            "tekton-pipelinerun-get-v1beta1",
            "tekton-watch-pipelineruns-rv-1",
            "tekton-pipelinerun-delete",
        ])
        .await;
}
