//! Bringing images to environments.

use alm_build_spi::{CancelReceipt, CancellationToken, DeployBuild, Observation, ProviderError};
use alm_cluster_sim::{Cluster, Role};
use alm_domain::{ReasonCode, RunStatus};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::{
    support::{Followed, PROJECT, Rig},
    target::{CONFIGS, DEPLOYMENTS, OLD, Place, says, states_of},
};

/// The Secrets that are records of deployments.
fn records(rig: &Rig) -> Vec<Value> {
    rig.cluster.objects("secrets", PROJECT).into_iter().filter(|one| one["type"] == "alm.build/deployment").collect()
}

fn end(told: &Followed) -> (RunStatus, Option<ReasonCode>, String) {
    let run = told.run_states().pop().unwrap();
    let reason = run.reason.clone();
    (run.status, reason.as_ref().map(|reason| reason.code), reason.map(|reason| reason.message).unwrap_or_default())
}

fn assert_no_token_is_left(rig: &Rig, place: &Place<'_>) {
    for record in records(rig) {
        assert!(record["data"]["record"].is_string() && record["data"].get("token").is_none(), "{record}");
        assert!(!record.to_string().contains(&STANDARD.encode(&place.token)));
    }
}

#[tokio::test]
async fn an_image_is_tagged_into_the_target_rolled_out_and_waited_for() {
    let rig = Rig::new().await;
    let prod = rig.place("shop-prod");
    prod.workload(DEPLOYMENTS, &json!({}));
    prod.route("web.apps.example.test");
    let built = rig.built(&rig.image_service("deployment/web", &[]).await).await;
    rig.cluster.hold_image(&built.digest);

    let mut told = rig.deploy(&built, "prod", &prod).await;
    told.until("its rollout", |told| says(told, "1 of 2 replicas are of the new version")).await;
    assert_eq!(told.status(), Some(RunStatus::Running), "it is not there before it is ready");
    assert!(records(&rig)[0]["data"]["token"].is_string(), "whoever follows needs it");
    rig.cluster.open_gate(&built.digest);
    told.finish().await;

    assert_eq!(end(&told), (RunStatus::Succeeded, None, String::new()));
    assert_eq!(prod.tagged("prod"), Some(built.digest.clone()));
    // By digest, and from the target's own stream: its pods need no rights in the namespace of the builds.
    let given = format!("image-registry.openshift-image-registry.svc:5000/shop-prod/web@{}", built.digest);
    assert_eq!(prod.image(DEPLOYMENTS), given);
    for name in ["tag", "rollout"] {
        let stage = told.stage(name).unwrap();
        assert_eq!((stage.status, stage.environment.as_deref()), (RunStatus::Succeeded, Some("prod")));
    }
    assert_eq!(told.stage("rollout").unwrap().url.as_deref(), Some("https://web.apps.example.test/"));
    assert!(says(&told, &format!("runs {OLD}")) && says(&told, "2 replicas are ready"), "{:?}", told.texts());
    assert_no_token_is_left(&rig, &prod);
    assert!(!format!("{:?}", told.told).contains(&prod.token));
}

#[tokio::test]
async fn the_image_of_a_build_is_told_with_its_digest() {
    let rig = Rig::new().await;
    let built = rig.built(&rig.image_service("deployment/web", &[]).await).await;
    let mut told = rig.follow(&built.run);
    told.finish().await;
    let outputs = |told: &Observation| match told {
        Observation::Outputs(outputs) => Some(outputs.clone()),
        _ => None,
    };
    let all: Vec<_> = told.told.iter().filter_map(outputs).collect();
    assert_eq!(all.len(), 1, "told once: {all:?}");
    assert_eq!((all[0][0].value.as_str(), all[0][0].digest.as_ref()), ("demo/web", Some(&built.digest)));
    let mut plain = rig.start(&rig.docker("echo x").await).await;
    plain.finish().await;
    assert!(plain.told.iter().all(|told| outputs(told).is_none()), "what made no image tells none");
}

#[tokio::test]
async fn cluster_two_pulls_the_promoted_image_by_digest() {
    let (rig, other) = (Rig::new().await, Rig::new().await);
    let host = rig.cluster.expose_registry();
    other.cluster.reaches(&rig.cluster);
    let prod = other.place("shop-prod");
    prod.workload(DEPLOYMENTS, &json!({}));
    rig.pull_secret("for-others", &host);

    let plain = rig.built(&rig.image_service("deployment/web", &[]).await).await;
    let mut told = rig.deploy(&plain, "prod", &prod).await;
    told.finish().await;
    let (status, _, why) = end(&told);
    assert_eq!(status, RunStatus::Failed);
    assert!(why.contains("Unauthorized you may not have access") && why.contains("deploy.pull_secret"), "{why}");
    assert_eq!((prod.image(DEPLOYMENTS).as_str(), prod.tagged("prod")), (OLD, None));

    let mut service = plain.service.clone();
    let setting = service.spec.settings.iter_mut().find(|entry| entry.key == "deploy.pull_secret");
    setting.unwrap().value = Some(json!("for-others"));
    let built = rig.built(&service).await;
    let mut told = rig.deploy(&built, "prod", &prod).await;
    told.finish().await;
    assert_eq!(end(&told).0, RunStatus::Succeeded, "{:?}", told.texts());
    assert_eq!(prod.tagged("prod"), Some(built.digest.clone()));
    assert!(prod.image(DEPLOYMENTS).ends_with(&format!("/shop-prod/web@{}", built.digest)));
    assert!(says(&told, "fetched from registry-"), "{:?}", told.texts());
    // No token of a person is left at the other cluster.
    for secret in other.cluster.objects("secrets", "shop-prod") {
        assert!(!secret.to_string().contains(&STANDARD.encode(&rig.token)), "{secret}");
    }
}

#[tokio::test]
async fn a_registry_that_nobody_reaches_from_outside_is_said_before_anything_is_begun() {
    let (rig, other) = (Rig::new().await, Rig::new().await);
    let prod = other.place("shop-prod");
    prod.workload(DEPLOYMENTS, &json!({}));
    let built = rig.built(&rig.image_service("deployment/web", &[]).await).await;
    let error = rig.provider().deploy(&rig.access(), built.to("prod", &prod)).await.unwrap_err();
    assert!(matches!(&error, ProviderError::Unsupported { reason, .. } if reason.contains("output.image: docker://")));
    assert!(records(&rig).is_empty());
}

#[tokio::test]
async fn an_image_of_a_shared_registry_is_fetched_from_there() {
    let (rig, other) = (Rig::new().await, Rig::new().await);
    let prod = other.place("shop-prod");
    prod.workload(DEPLOYMENTS, &json!({}));
    for cluster in [&rig.cluster, &other.cluster] {
        cluster.open_repository("registry.example.test:5000/shop/web");
    }
    let more = [("output.image", json!("docker://registry.example.test:5000/shop/web:latest"))];
    let built = rig.built(&rig.image_service("deployment/web", &more).await).await;
    let mut told = rig.deploy(&built, "prod", &prod).await;
    told.finish().await;
    assert_eq!(end(&told).0, RunStatus::Succeeded, "{:?}", told.texts());
    assert_eq!(prod.tagged("prod"), Some(built.digest));
}

#[tokio::test]
async fn a_rollout_that_fails_returns_to_what_ran_before_and_says_so() {
    let rig = Rig::new().await;
    let prod = rig.place("shop-prod");
    prod.workload(DEPLOYMENTS, &json!({}));
    let service = rig.image_service("deployment/web", &[]).await;
    let (good, bad) = (rig.built(&service).await, rig.built(&service).await);
    rig.cluster.break_image(&bad.digest);
    rig.deploy(&good, "prod", &prod).await.finish().await;
    let before = prod.image(DEPLOYMENTS);

    let mut told = rig.deploy(&bad, "prod", &prod).await;
    told.finish().await;
    let (status, _, why) = end(&told);
    assert_eq!(status, RunStatus::Failed);
    assert!(why.contains("ProgressDeadlineExceeded") && why.contains(&format!("given back {before}")), "{why}");
    assert_eq!(told.stage("tag").unwrap().status, RunStatus::Succeeded);
    assert_eq!(told.stage("rollout").unwrap().status, RunStatus::Failed);
    assert_eq!((prod.image(DEPLOYMENTS), prod.tagged("prod")), (before, Some(good.digest.clone())));
    assert_no_token_is_left(&rig, &prod);
    // Rolling back is a deployment of the older version.
    let mut told = rig.deploy(&good, "prod", &prod).await;
    told.finish().await;
    assert_eq!(end(&told).0, RunStatus::Succeeded);
}

#[tokio::test]
async fn a_deployment_that_is_cancelled_returns_to_what_ran_before() {
    let rig = Rig::new().await;
    let prod = rig.place("shop-prod");
    prod.workload(DEPLOYMENTS, &json!({}));
    let built = rig.built(&rig.image_service("deployment/web", &[]).await).await;
    rig.cluster.hold_image(&built.digest);
    let mut told = rig.deploy(&built, "prod", &prod).await;
    told.until("its rollout", |told| says(told, "1 of 2 replicas are of the new version")).await;
    for _ in 0..2 {
        let receipt = rig.provider().cancel(&rig.access(), &told.run).await.unwrap();
        assert_eq!(receipt, CancelReceipt::Accepted);
    }
    told.finish().await;
    assert_eq!(end(&told).1, Some(ReasonCode::CancelledByUser));
    assert_eq!(end(&told).0, RunStatus::Cancelled);
    assert_eq!((prod.image(DEPLOYMENTS).as_str(), prod.tagged("prod")), (OLD, None));
    assert!(told.told.contains(&Observation::CancelDelivered));
    let states = states_of(&told, "rollout");
    assert!(states.contains(&RunStatus::Cancelling) && states.last() == Some(&RunStatus::Cancelled), "{states:?}");
    let receipt = rig.provider().cancel(&rig.access(), &told.run).await.unwrap();
    assert_eq!(receipt, CancelReceipt::AlreadyFinished);
}

#[tokio::test]
async fn a_deployment_is_carried_out_once_however_often_its_followers_are_killed() {
    // The first rollout is that of the old image, where the cluster begins one by itself.
    killed_again_and_again(json!([{ "type": "ConfigChange" }]), 2).await;
    killed_again_and_again(json!([]), 1).await;
}

/// Carries a deployment to a DeploymentConfig with these triggers out, which has seen so many rollouts at the end.
async fn killed_again_and_again(triggers: serde_json::Value, rollouts: u64) {
    let rig = Rig::new().await;
    let prod = rig.place("shop-prod");
    prod.workload(CONFIGS, &json!({ "spec": { "triggers": triggers } }));
    let built = rig.built(&rig.image_service("dc/web", &[]).await).await;
    let request = built.to("prod", &prod);
    let run = rig.provider().deploy(&rig.access(), request.clone()).await.unwrap();
    // Each life of a follower ends after so many requests to the cluster, wherever that is.
    let mut tokens = Vec::new();
    for requests in 1..60 {
        let provider = rig.provider();
        let before = rig.cluster.requests().len();
        let mut stream = provider.follow(&rig.access(), &run, tokens.last().cloned(), CancellationToken::new());
        let mut done = false;
        loop {
            let spent = || rig.cluster.requests().len() >= before + requests;
            tokio::select! {
                biased;
                told = stream.next() => match told {
                    Some(Ok(told)) => {
                        done = told.observations.last() == Some(&Observation::Complete);
                        tokens.push(told.resume);
                        if done { break; }
                    }
                    Some(Err(error)) => panic!("{error}"),
                    None => break,
                },
                () = async { while !spent() { tokio::task::yield_now().await } } => break,
            }
        }
        if done {
            break;
        }
    }
    let mut told = rig.follow(&run);
    told.finish().await;
    assert_eq!(end(&told).0, RunStatus::Succeeded);
    assert!(prod.image(CONFIGS).ends_with(&built.digest));
    let config = prod.cluster.object(CONFIGS, &prod.project, "web").unwrap();
    assert_eq!(config["status"]["latestVersion"], rollouts, "it was rolled out once");
    let texts = told.texts();
    let mut once = texts.clone();
    once.dedup();
    assert_eq!(once, texts, "each line was said once");
    // Whoever asks again finds it, after its end too.
    assert_eq!(rig.provider().deploy(&rig.access(), request).await.unwrap(), run);
    assert_eq!(records(&rig).len(), 1);
}

#[tokio::test]
async fn two_followers_at_a_time_do_no_harm() {
    let rig = Rig::new().await;
    let prod = rig.place("shop-prod");
    prod.workload(DEPLOYMENTS, &json!({}));
    let built = rig.built(&rig.image_service("deployment/web", &[]).await).await;
    let mut one = rig.deploy(&built, "prod", &prod).await;
    let mut other = rig.follow(&one.run);
    tokio::join!(one.finish(), other.finish());
    assert_eq!(one.texts(), other.texts());
    assert_eq!((end(&one).0, end(&other).0), (RunStatus::Succeeded, RunStatus::Succeeded));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_followers_make_one_rollout_of_a_config_without_triggers() {
    let rig = Rig::new().await;
    let service = rig.image_service("dc/web", &[]).await;
    let (one, other) = (rig.built(&service).await, rig.built(&service).await);
    for round in 0..2 {
        let prod = rig.place(&format!("prod-{round}"));
        prod.workload(CONFIGS, &json!({ "spec": { "triggers": [] } }));
        for (built, rollouts) in [(&one, 1), (&other, 2)] {
            let mut first = rig.deploy(built, "prod", &prod).await;
            let mut more = [rig.follow(&first.run), rig.follow(&first.run), rig.follow(&first.run)];
            let [second, third, fourth] = &mut more;
            tokio::join!(first.finish(), second.finish(), third.finish(), fourth.finish());
            assert_eq!(end(&first).0, RunStatus::Succeeded, "{:?}", first.texts());
            let config = prod.cluster.object(CONFIGS, &prod.project, "web").unwrap();
            assert_eq!(config["status"]["latestVersion"], rollouts, "one rollout for each deployment");
            assert!(prod.image(CONFIGS).ends_with(&built.digest));
        }
    }
}

#[tokio::test]
async fn a_config_without_triggers_is_rolled_out_even_where_it_names_the_image_already() {
    let rig = Rig::new().await;
    let service = rig.image_service("dc/web", &[]).await;
    let (one, other) = (rig.built(&service).await, rig.built(&service).await);
    let prod = rig.place("shop-prod");
    prod.workload(CONFIGS, &json!({ "spec": { "triggers": [] } }));
    for built in [&one, &other] {
        rig.deploy(built, "prod", &prod).await.finish().await;
    }
    // Somebody writes the image of before into it, and begins no rollout.
    let mut image = prod.image(CONFIGS);
    image = image.replace(&other.digest, &one.digest);
    let containers = json!([{ "name": "web", "image": image, "env": [{ "name": "KEPT", "value": "yes" }] }]);
    let change = json!({ "spec": { "template": { "spec": { "containers": containers } } } });
    rig.cluster.patch(CONFIGS, &prod.project, "web", &change);
    let mut told = rig.deploy(&one, "prod", &prod).await;
    told.finish().await;
    assert_eq!(end(&told).0, RunStatus::Succeeded, "{:?}", told.texts());
    let config = prod.cluster.object(CONFIGS, &prod.project, "web").unwrap();
    assert_eq!(config["status"]["latestVersion"], 3);
}

#[tokio::test]
async fn a_deployment_config_is_rolled_out_whatever_its_triggers_are() {
    let rig = Rig::new().await;
    let change = |tag: &str| {
        json!({ "type": "ImageChange", "imageChangeParams": { "automatic": true, "containerNames": ["web"],
            "from": { "kind": "ImageStreamTag", "name": tag } } })
    };
    let service = rig.image_service("dc/web", &[]).await;
    for (name, triggers) in [
        ("none", json!([])),
        ("config", json!([{ "type": "ConfigChange" }])),
        ("image", json!([change("web:prod")])),
        ("both", json!([{ "type": "ConfigChange" }, change("web:prod")])),
    ] {
        let prod = rig.place(&format!("prod-{name}"));
        prod.workload(CONFIGS, &json!({ "spec": { "triggers": triggers } }));
        let (good, bad) = (rig.built(&service).await, rig.built(&service).await);
        rig.cluster.break_image(&bad.digest);
        let mut told = rig.deploy(&good, "prod", &prod).await;
        told.finish().await;
        assert_eq!(end(&told).0, RunStatus::Succeeded, "{name}: {:?}", told.texts());
        assert!(prod.image(CONFIGS).ends_with(&good.digest), "{name}");
        let mut told = rig.deploy(&bad, "prod", &prod).await;
        told.finish().await;
        assert_eq!(end(&told).0, RunStatus::Failed, "{name}: {:?}", told.texts());
        // Where a trigger gives it back, it does so in its own time.
        prod.until_image(CONFIGS, &good.digest).await;
    }
    // A trigger on another tag would undo it.
    let prod = rig.place("prod-other");
    prod.workload(CONFIGS, &json!({ "spec": { "triggers": [change("web:latest")] } }));
    let built = rig.built(&service).await;
    let error = rig.provider().deploy(&rig.access(), built.to("prod", &prod)).await.unwrap_err();
    assert!(error.to_string().contains("let its image trigger name web:prod"), "{error}");
}

#[tokio::test]
async fn what_cannot_be_brought_there_is_said_before_anything_is_begun() {
    let rig = Rig::new().await;
    let _ = rig.cluster.expose_registry();
    let prod = rig.place("shop-prod");
    let service = rig.image_service("deployment/web", &[]).await;
    let built = rig.built(&service).await;
    let refused = async |request: DeployBuild| {
        let error = rig.provider().deploy(&rig.access(), request).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unsupported { .. } | ProviderError::Invalid(_)), "{error:?}");
        error.to_string()
    };
    let why = refused(built.to("prod", &prod)).await;
    assert!(why.contains("shop-prod of prod has no deployment/web"), "{why}");
    prod.workload(DEPLOYMENTS, &json!({ "spec": { "paused": true } }));
    assert!(refused(built.to("prod", &prod)).await.contains("paused"));
    prod.workload(DEPLOYMENTS, &json!({}));
    let mut nowhere = built.to("prod", &prod);
    nowhere.target.namespace = None;
    assert!(refused(nowhere).await.contains("which namespace"));
    let mut unset = built.to("prod", &prod);
    unset.start.spec.settings.retain(|entry| entry.key != "deploy.workload");
    assert!(refused(unset).await.contains("give deploy.workload"));
    let mut outside = built.to("prod", &prod);
    outside.target.url = "https://elsewhere.example.test".to_owned();
    assert!(refused(outside).await.contains("only the loopback is reached from here"));
    // The target's refusals name the environment, and are none of the cluster of the builds.
    let bob = Place { token: rig.cluster.token("bob"), ..rig.place("shop-prod") };
    let why = refused(built.to("prod", &bob)).await;
    assert!(why.contains("environment prod") && why.contains("cannot get resource \"deployments\""), "{why}");
    let expired = rig.place("shop-prod");
    rig.cluster.expire(&expired.token);
    let why = refused(built.to("prod", &expired)).await;
    assert!(why.contains("environment prod does not accept the token"), "{why}");
    // A build that made no image has none.
    let plain = rig.built(&rig.docker("echo x").await).await;
    let mut request = plain.to("prod", &prod);
    request.start.spec = service.spec.clone();
    assert!(refused(request).await.contains("made no image"));
    assert!(records(&rig).is_empty(), "nothing was begun");
}

/// What was changed in a project, or tried to be.
fn changes(cluster: &Cluster, project: &str) -> Vec<String> {
    let within = format!("/namespaces/{project}/");
    let all = cluster.requests().into_iter();
    all.filter(|seen| seen.method != "GET" && seen.path.contains(&within)).map(|seen| seen.path).collect()
}

#[tokio::test]
async fn who_may_only_look_at_the_target_is_told_so_before_anything_is_begun() {
    let rig = Rig::new().await;
    let prod = rig.place("shop-prod");
    let service = rig.image_service("deployment/web", &[]).await;
    let built = rig.built(&service).await;
    let refused = async |request: DeployBuild| {
        let error = rig.provider().deploy(&rig.access(), request).await.unwrap_err();
        let ProviderError::Invalid(findings) = &error else { panic!("{error:?}") };
        assert_eq!((findings.len(), findings[0].path.join("/").as_str()), (1, "environment/prod"));
        findings[0].message.clone()
    };
    for kind in [DEPLOYMENTS, CONFIGS] {
        prod.workload(kind, &json!({}));
    }
    rig.cluster.grant("vera", "shop-prod", Role::View);
    let vera = Place { token: rig.cluster.token("vera"), ..rig.place("shop-prod") };
    let why = refused(built.to("prod", &vera)).await;
    assert!(why.contains("in the environment prod the account may not do this"), "{why}");
    for missing in [
        "may not patch deployments web in shop-prod",
        "may not update imagestreamtags web:prod",
        "may not create imagestreamtags in",
        // The way back, where there was no such tag.
        "may not delete imagestreamtags web:prod",
    ] {
        assert!(why.contains(missing), "{missing}: {why}");
    }
    // Her colleague may do all there, and see nothing where the image is.
    rig.cluster.grant("bob", "shop-prod", Role::Edit);
    let bob = Place { token: rig.cluster.token("bob"), ..rig.place("shop-prod") };
    let why = refused(built.to("prod", &bob)).await;
    assert!(why.contains("may not get imagestreams/layers web in demo") && !why.contains("shop-prod:"), "{why}");
    rig.cluster.grant("bob", PROJECT, Role::View);
    rig.cluster.hide("bob", "replicationcontrollers");
    let mut config = built.to("prod", &bob);
    let setting = config.start.spec.settings.iter_mut().find(|entry| entry.key == "deploy.workload");
    setting.unwrap().value = Some(json!("dc/web"));
    assert!(refused(config).await.contains("may not get replicationcontrollers in shop-prod"));
    assert!(records(&rig).is_empty(), "nothing was begun");
    assert_eq!(changes(&rig.cluster, "shop-prod"), [""; 0]);
    rig.deploy(&built, "prod", &bob).await.finish().await;
    assert_eq!(prod.tagged("prod"), Some(built.digest), "whoever may do all of it does it");
}

#[tokio::test]
async fn who_may_not_fetch_images_to_another_cluster_is_told_so_before_anything_is_begun() {
    let (rig, other) = (Rig::new().await, Rig::new().await);
    let host = rig.cluster.expose_registry();
    other.cluster.reaches(&rig.cluster);
    let prod = other.place("shop-prod");
    prod.workload(DEPLOYMENTS, &json!({}));
    rig.pull_secret("for-others", &host);
    let more = [("deploy.pull_secret", json!("for-others"))];
    let built = rig.built(&rig.image_service("deployment/web", &more).await).await;
    for kind in ["imagestreamimports", "secrets"] {
        other.cluster.deny(kind);
    }
    let error = rig.provider().deploy(&rig.access(), built.to("prod", &prod)).await.unwrap_err();
    assert!(matches!(error, ProviderError::Invalid(_)), "{error:?}");
    for missing in ["may not create imagestreamimports in shop-prod", "may not create secrets in shop-prod"] {
        assert!(error.to_string().contains(missing), "{error}");
    }
    assert!(records(&rig).is_empty() && changes(&other.cluster, "shop-prod").is_empty());
}

#[tokio::test]
async fn a_token_that_ends_on_the_way_names_its_environment_and_fails_no_build_cluster() {
    let rig = Rig::new().await;
    let prod = rig.place("shop-prod");
    prod.workload(DEPLOYMENTS, &json!({}));
    let built = rig.built(&rig.image_service("deployment/web", &[]).await).await;
    rig.cluster.hold_image(&built.digest);
    let mut told = rig.deploy(&built, "prod", &prod).await;
    told.until("its rollout", |told| says(told, "1 of 2 replicas are of the new version")).await;
    rig.cluster.expire(&prod.token);
    told.finish().await;
    let (status, code, why) = end(&told);
    assert_eq!((status, code), (RunStatus::Errored, Some(ReasonCode::Credential)));
    assert!(why.contains("environment prod does not accept the token") && why.contains("stays as it is"), "{why}");
    assert!(told.errors.is_empty(), "the account of the builds is fine: {:?}", told.errors);
}

#[tokio::test]
async fn an_outage_of_the_target_is_never_a_failed_deployment() {
    let (rig, other) = (Rig::new().await, Rig::new().await);
    let prod = other.place("shop-prod");
    prod.workload(DEPLOYMENTS, &json!({}));
    for cluster in [&rig.cluster, &other.cluster] {
        cluster.open_repository("registry.example.test/shop/web");
    }
    let more = [("output.image", json!("docker://registry.example.test/shop/web:latest"))];
    let built = rig.built(&rig.image_service("deployment/web", &more).await).await;
    other.cluster.hold_image(&built.digest);
    let mut told = rig.deploy(&built, "prod", &prod).await;
    told.until("its rollout", |told| says(told, "1 of 2 replicas are of the new version")).await;
    other.cluster.faults().refuse();
    told.until("its trouble", |told| !told.errors.is_empty()).await;
    assert!(told.errors[0].is_transient());
    other.cluster.open_gate(&built.digest);
    other.cluster.faults().heal();
    told.finish().await;
    assert_eq!((end(&told).0, told.errors.len()), (RunStatus::Succeeded, 1));
}

#[tokio::test]
async fn a_version_whose_build_the_cluster_removed_is_known_by_its_deployment() {
    let rig = Rig::new().await;
    let (test, prod) = (rig.place("shop-test"), rig.place("shop-prod"));
    for place in [&test, &prod] {
        place.workload(DEPLOYMENTS, &json!({}));
    }
    let service = rig.image_service("deployment/web", &[]).await;
    let (first, second) = (rig.built(&service).await, rig.built(&service).await);
    let told = {
        let mut told = rig.deploy(&first, "test", &test).await;
        told.finish().await;
        told
    };
    rig.provider().release(&rig.access(), &told.run).await.unwrap();
    for built in [&first, &second] {
        rig.cluster.remove("builds.build.openshift.io", PROJECT, &crate::support::name_of(&built.run));
    }
    let mut told = rig.deploy(&first, "prod", &prod).await;
    told.finish().await;
    assert_eq!(prod.tagged("prod"), Some(first.digest.clone()));
    let error = rig.provider().deploy(&rig.access(), second.to("prod", &prod)).await.unwrap_err();
    assert!(error.to_string().contains("successfulBuildsHistoryLimit"), "{error}");
    // What was purged leaves nothing.
    for _ in 0..2 {
        rig.provider().purge(&rig.access(), &told.run).await.unwrap();
    }
    assert_eq!(records(&rig).len(), 1);
    assert!(matches!(rig.provider().get(&rig.access(), &told.run).await, Err(ProviderError::NotFound(_))));
}

#[tokio::test]
async fn a_pipeline_tells_the_image_that_it_made() {
    let rig = Rig::new().await;
    let prod = rig.place("shop-prod");
    prod.workload(DEPLOYMENTS, &json!({}));
    let digest = format!("sha256:{:a<64}", "");
    rig.cluster.image(PROJECT, "web:latest", &digest);
    let own = [("jenkinsfile", json!("echo built")), ("deploy.workload", json!("deployment/web"))];
    let service = rig.service("shop/pipeline", &own).await;
    let built = rig.built(&service).await;
    let error = rig.provider().deploy(&rig.access(), built.to("prod", &prod)).await.unwrap_err();
    assert!(error.to_string().contains("annotate its Build with alm.build/image"), "{error}");
    let tell = |image: &str| {
        let patch = json!({ "metadata": { "annotations": { "alm.build/image": image } } });
        rig.cluster.patch("builds.build.openshift.io", PROJECT, &crate::support::name_of(&built.run), &patch);
    };
    tell("../../secrets@sha256:1");
    let error = rig.provider().deploy(&rig.access(), built.to("prod", &prod)).await.unwrap_err();
    assert!(error.to_string().contains("is no image"), "{error}");
    tell(&format!("{PROJECT}/web@{digest}"));
    let mut told = rig.deploy(&built, "prod", &prod).await;
    told.finish().await;
    assert_eq!((end(&told).0, prod.tagged("prod")), (RunStatus::Succeeded, Some(digest)));
}

#[tokio::test]
async fn a_record_that_somebody_forged_leads_nowhere() {
    let rig = Rig::new().await;
    let prod = rig.place("shop-prod");
    prod.workload(DEPLOYMENTS, &json!({}));
    let built = rig.built(&rig.image_service("deployment/web", &[]).await).await;
    let request = built.to("prod", &prod);
    let run = rig.provider().deploy(&rig.access(), request.clone()).await.unwrap();
    let record = records(&rig).pop().unwrap();
    let name = record["metadata"]["name"].as_str().unwrap().to_owned();
    let text = STANDARD.decode(record["data"]["record"].as_str().unwrap()).unwrap();
    let good: Value = serde_json::from_slice(&text).unwrap();
    for (path, value) in [
        ("/to/namespace", json!("../../kube-system")),
        ("/workload/name", json!("../x")),
        ("/image/digest", json!("latest")),
        ("/to/environment", json!("a b")),
        ("/v", json!(99)),
    ] {
        let mut forged = good.clone();
        *forged.pointer_mut(path).unwrap() = value;
        let data = json!({ "data": { "record": STANDARD.encode(forged.to_string()) } });
        rig.cluster.patch("secrets", PROJECT, &name, &data);
        assert!(matches!(rig.provider().get(&rig.access(), &run).await, Err(ProviderError::NotFound(_))), "{path}");
        let error = rig.provider().deploy(&rig.access(), request.clone()).await.unwrap_err();
        assert!(matches!(error, ProviderError::Conflict(_)), "{path}: {error}");
    }
}
