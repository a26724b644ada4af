//! Stories of tasks that deploy, and of promotions.

use alm_build_spi::{DeployBuild, DeployTarget, NamedSecret, ProviderError, RunRef};
use alm_domain::{BuildShape, Capability, RunStatus};
use serde_json::json;

use crate::support::{Followed, PROJECT, Rig, Service, name_in, task};

/// A pipeline that builds an image and brings it to `test`, and to `prod` too.
async fn service(rig: &Rig) -> Service {
    let mut build = task("build", "echo built\nresult image registry.example.test/app@sha256:1 $(params.oops)", &[]);
    build["taskSpec"]["results"] = json!([{"name": "image"}]);
    let deploying = |name: &str, environment: &str, after: &str| {
        let script = format!("echo {environment} runs $IMAGE\nshow with | /workspace/token/token");
        let mut task = task(name, &script, &[after]);
        task["params"] = json!([{"name": "image", "value": "$(tasks.build.results.image)"}]);
        task["taskSpec"]["params"] = json!([{"name": "image"}]);
        task["taskSpec"]["steps"][0]["env"] = json!([{"name": "IMAGE", "value": "$(params.image)"}]);
        task["workspaces"] = json!([{"name": "token", "workspace": environment}]);
        task
    };
    let definition = json!({
        "workspaces": [{"name": "test"}, {"name": "prod"}],
        "tasks": [build, deploying("to-test", "test", "build"), deploying("to-prod", "prod", "to-test")],
        "finally": [task("tell", "echo told", &[])],
    });
    let own = [
        ("environments", json!(["to-test=test", "to-prod=prod"])),
        ("tokens.workspaces", json!(["test=test", "prod=prod"])),
    ];
    rig.service(&definition, &own).await
}

fn deployment(service: &Service, of: &RunRef, told: &Followed, environment: &str) -> DeployBuild {
    let mut start = service.request();
    start.secrets = vec![NamedSecret::token(environment, "canary-of-a-token-19fe", None)];
    let build = start.build;
    DeployBuild {
        start,
        of: of.clone(),
        of_build: build,
        commit: None,
        stages: told.stages().into_iter().cloned().collect(),
        artifacts: Vec::new(),
        environment: environment.to_owned(),
        target: DeployTarget {
            url: "https://prod.example.test".to_owned(),
            namespace: None,
            ca_bundle: None,
            registry_host: None,
            access: alm_build_spi::Access::default(),
        },
        version: "main-1".to_owned(),
    }
}

#[tokio::test]
async fn a_promotion_runs_what_deploys_there_with_what_was_built_and_the_token_of_there() {
    let rig = Rig::new().await;
    let service = service(&rig).await;
    let told = rig.run(&service).await;
    let of = told.run.clone();
    assert_eq!(told.stage("to-test").unwrap().environment.as_deref(), Some("test"));
    assert!(told.stage("to-test").unwrap().queued_at.is_some() && told.stage("build").unwrap().environment.is_none());
    let request = deployment(&service, &of, &told, "prod");
    let run = rig.provider().deploy(&rig.access(), request.clone()).await.unwrap();
    assert_eq!(rig.provider().deploy(&rig.access(), request).await.unwrap(), run);
    let told = rig.told(&run).await;
    let end = told.run_states().pop().unwrap();
    assert_eq!((end.status, end.shape), (RunStatus::Succeeded, Some(BuildShape::Pipeline)), "{end:?}");
    let stages: Vec<_> =
        told.stages().into_iter().map(|stage| (stage.key.as_str(), stage.environment.as_deref())).collect();
    assert_eq!(stages, [("to-prod", Some("prod"))]);
    // What a build has told is a value, whatever it looks like.
    assert_eq!(told.texts(), ["prod runs registry.example.test/app@sha256:1 $(params.oops)", "with ***"]);
}

#[tokio::test]
async fn a_promotion_finds_the_files_of_the_build_or_says_that_they_are_gone() {
    let rig = Rig::new().await;
    let shared = |mut task: serde_json::Value| {
        task["workspaces"] = json!([{"name": "source"}]);
        task
    };
    let build = shared(task("build", "write /workspace/source/app the manifest", &[]));
    let ship = shared(task("ship", "echo shipping\nshow with | /workspace/source/app", &["build"]));
    let definition = json!({"workspaces": [{"name": "source"}], "tasks": [build, ship]});
    let own = [("environments", json!(["ship=prod"])), ("workspaces", json!(["source=volume:1Gi"]))];
    let service = rig.service(&definition, &own).await;
    let first = rig.run(&service).await;
    let promoted = async || {
        let request = deployment(&service, &first.run, &first, "prod");
        let run = rig.provider().deploy(&rig.access(), request).await.unwrap();
        rig.told(&run).await
    };
    let good = promoted().await;
    assert_eq!((good.texts(), good.warnings()), (vec!["shipping", "with the manifest"], vec![]));
    let bound =
        rig.cluster.object("pipelineruns.tekton.dev", PROJECT, &good.name).unwrap()["spec"]["workspaces"].clone();
    assert!(bound[0]["persistentVolumeClaim"]["claimName"].as_str().unwrap().starts_with("pvc-"), "{bound}");
    let second = promoted().await;
    assert_eq!(
        (second.texts(), second.warnings()),
        (vec!["shipping"], vec!["WORKSPACE_NOT_AS_LEFT"]),
        "somebody has used it since"
    );
}

#[tokio::test]
async fn what_cannot_be_promoted_is_said_and_leaves_no_run() {
    let rig = Rig::new().await;
    let service = service(&rig).await;
    let told = rig.run(&service).await;
    let of = told.run.clone();
    let before = rig.cluster.objects("pipelineruns.tekton.dev", PROJECT).len();
    let nowhere = rig.provider().deploy(&rig.access(), deployment(&service, &of, &told, "moon")).await.unwrap_err();
    assert!(
        matches!(&nowhere, ProviderError::Unsupported { what: Capability::Deploy, reason } if reason.contains("moon")),
        "{nowhere}"
    );
    assert_eq!(rig.cluster.objects("pipelineruns.tekton.dev", PROJECT).len(), before);
    rig.cluster.remove("pipelineruns.tekton.dev", PROJECT, &name_in(&of.0));
    let gone = rig.provider().deploy(&rig.access(), deployment(&service, &of, &told, "prod")).await.unwrap_err();
    assert!(
        matches!(&gone, ProviderError::Unsupported { reason, .. } if reason.contains("gone from the cluster")),
        "{gone}"
    );
}

#[tokio::test]
async fn builds_whose_settings_name_no_task_that_deploys_say_that_they_cannot_be_promoted() {
    let rig = Rig::new().await;
    let service = rig.service(&json!({"tasks": [task("a", "echo one", &[])]}), &[]).await;
    let told = rig.run(&service).await;
    let run = told.run.clone();
    assert!(told.without().iter().any(|note| note.capability == Capability::Deploy), "{:?}", told.without());
    let snapshot = rig.provider().get(&rig.access(), &run).await.unwrap();
    assert_eq!(snapshot.without, told.without());
}
