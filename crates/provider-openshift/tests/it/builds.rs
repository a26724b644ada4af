//! What surprises about builds on a cluster.

use alm_build_spi::{Access, CancelReceipt, ConfigRef, ProviderError, Verb};
use alm_cluster_sim::Role;
use alm_domain::{ReasonCode, RunStatus};
use serde_json::json;

use crate::support::{PROJECT, Rig, name_of};

#[tokio::test]
async fn cancelling_answers_with_the_old_phase_and_the_controller_ends_it() {
    let rig = Rig::new().await;
    let service = rig.docker("echo started\nhang").await;
    let mut told = rig.start(&service).await;
    told.until("its line", |told| told.has_line("started")).await;
    let receipt = rig.provider().cancel(&rig.access(), &told.run).await.unwrap();
    assert_eq!(receipt, CancelReceipt::Accepted);
    told.finish().await;
    let end = told.run_states().pop().unwrap();
    assert_eq!(end.status, RunStatus::Cancelled);
    let reason = end.reason.as_ref().unwrap();
    assert_eq!((reason.code, reason.message.contains("CancelledBuild")), (ReasonCode::CancelledByUser, true));
    // The cluster would answer 200 to this as well.
    let again = rig.provider().cancel(&rig.access(), &told.run).await.unwrap();
    assert_eq!(again, CancelReceipt::AlreadyFinished);
}

#[tokio::test]
async fn a_configuration_that_is_gone_is_not_found_although_the_cluster_says_forbidden() {
    let rig = Rig::new().await;
    let service = rig.docker("echo x").await;
    rig.provider().delete_config(&rig.access(), &service.config).await.unwrap();
    let error = rig.provider().start(&rig.access(), service.request()).await.unwrap_err();
    assert!(matches!(error, ProviderError::NotFound(_)), "{error}");
    // One that was made again under the same name is another one.
    let again = rig.docker("echo y").await;
    assert_ne!(again.config, service.config);
    let error = rig.provider().start(&rig.access(), service.request()).await.unwrap_err();
    assert!(matches!(error, ProviderError::NotFound(_)), "{error}");
}

#[tokio::test]
async fn a_project_that_lacks_its_service_account_is_tried_again() {
    let rig = Rig::new().await;
    let service = rig.docker("echo x").await;
    let account = rig.cluster.object("serviceaccounts", PROJECT, "builder").unwrap();
    rig.cluster.remove("serviceaccounts", PROJECT, "builder");
    let provider = rig.provider();
    let (access, request) = (rig.access(), service.request());
    let starting = tokio::spawn(async move { provider.start(&access, request).await });
    let refused = |rig: &Rig| rig.cluster.requests().iter().any(|seen| seen.path.contains("/instantiate"));
    while !refused(&rig) {
        tokio::task::yield_now().await;
    }
    rig.cluster.put("serviceaccounts", PROJECT, "builder", account);
    starting.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_missing_output_image_stream_lets_the_build_wait_and_says_so() {
    let rig = Rig::new().await;
    let own =
        [("strategy", json!("Docker")), ("dockerfile", json!("echo x")), ("output.image", json!("nosuch:latest"))];
    let service = rig.service("shop/waits", &own).await;
    let mut told = rig.start(&service).await;
    let reason = |told: &crate::support::Followed| told.run_states().last().and_then(|run| run.reason.clone());
    told.until("the reason", |told| reason(told).is_some()).await;
    let why = reason(&told).unwrap();
    assert_eq!((told.status(), why.code), (Some(RunStatus::Queued), ReasonCode::DefinitionInvalid));
    assert!(why.message.contains("InvalidOutputReference: Output image could not be resolved."), "{}", why.message);
}

#[tokio::test]
async fn a_missing_builder_image_refuses_the_start_with_its_field() {
    let rig = Rig::new().await;
    let own = [
        ("strategy", json!("Source")),
        ("builder.image", json!("openshift/nosuch:1")),
        ("output.image", json!("docker://r.test/x:1")),
    ];
    let service = rig.service("shop/source", &own).await;
    let error = rig.provider().start(&rig.access(), service.request()).await.unwrap_err();
    assert!(matches!(&error, ProviderError::Invalid(f) if f[0].message.contains("nosuch:1")), "{error}");
}

#[tokio::test]
async fn a_paused_configuration_refuses_the_start() {
    let rig = Rig::new().await;
    let service = rig.docker("echo x").await;
    let paused = json!({ "metadata": { "annotations": { "openshift.io/build-config.paused": "true" } } });
    rig.cluster.patch("buildconfigs.build.openshift.io", PROJECT, &service.name, &paused);
    let error = rig.provider().start(&rig.access(), service.request()).await.unwrap_err();
    assert!(matches!(&error, ProviderError::Invalid(f) if f[0].message.contains("paused")), "{error}");
}

#[tokio::test]
async fn labels_are_cut_and_the_true_name_counts() {
    let rig = Rig::new().await;
    let long = "x".repeat(70);
    let own = [("strategy", json!("Docker")), ("dockerfile", json!("echo x"))];
    let (one, other) = (rig.service(&format!("{long}/a"), &own).await, rig.service(&format!("{long}/b"), &own).await);
    let (of_one, of_other) = (rig.start(&one).await.run, rig.start(&other).await.run);
    for (service, run) in [(&one, of_one), (&other, of_other)] {
        let page = rig.provider().list(&rig.access(), &service.config, None).await.unwrap();
        assert_eq!(page.runs.iter().map(|listed| &listed.run).collect::<Vec<_>>(), [&run]);
    }
}

#[tokio::test]
async fn a_clone_that_somebody_makes_is_not_our_build() {
    let rig = Rig::new().await;
    let service = rig.docker("echo x").await;
    let request = service.request();
    let run = rig.provider().start(&rig.access(), request.clone()).await.unwrap();
    rig.follow(&run).finish().await;
    let name = name_of(&run);
    let url = format!("{}/apis/build.openshift.io/v1/namespaces/{PROJECT}/builds/{name}/clone", rig.cluster.url());
    let body = json!({ "kind": "BuildRequest", "apiVersion": "build.openshift.io/v1", "metadata": { "name": name } });
    let client = alm_kubernetes::Way::client(&crate::support::Loopback, None).unwrap();
    let made = client.post(url).bearer_auth(&rig.token).json(&body).send().await.unwrap();
    assert_eq!(made.status(), 201);
    // It has inherited the label and the variable by which ours is found.
    assert_eq!(rig.provider().start(&rig.access(), request.clone()).await.unwrap(), run);
    let page = rig.provider().list(&rig.access(), &service.config, None).await.unwrap();
    let ours: Vec<_> = page.runs.iter().map(|listed| (listed.run == run, listed.build)).collect();
    assert_eq!(ours, [(false, None), (true, Some(request.build))]);
}

#[tokio::test]
async fn a_phase_that_somebody_forges_is_data_and_an_end_is_never_left() {
    let rig = Rig::new().await;
    let service = rig.docker("echo x\nawait never").await;
    let mut told = rig.start(&service).await;
    told.until("its line", |told| told.has_line("x")).await;
    let forge = |phase: &str| {
        rig.cluster.patch("builds.build.openshift.io", PROJECT, &told.name, &json!({ "status": { "phase": phase } }));
    };
    forge("Imagined");
    let name = told.name.clone();
    told.until("a warning", |told| told.warnings().contains(&"UNKNOWN_PHASE")).await;
    assert_eq!(told.status(), Some(RunStatus::Running), "a word that is not known is no end");
    rig.cluster.patch("builds.build.openshift.io", PROJECT, &name, &json!({ "status": { "phase": "Complete" } }));
    told.until("the end", |told| told.status().is_some_and(RunStatus::is_terminal)).await;
    assert_eq!(told.status(), Some(RunStatus::Succeeded));
}

#[tokio::test]
async fn one_token_is_never_used_for_another() {
    let rig = Rig::new().await;
    let service = rig.docker("echo x").await;
    let provider = rig.provider();
    let run = provider.start(&rig.access(), service.request()).await.unwrap();
    let bob = alm_build_spi::Access { token: Some(rig.cluster.token("bob").into()) };
    assert!(matches!(provider.get(&bob, &run).await, Err(ProviderError::Forbidden(_))));
    assert!(matches!(provider.start(&bob, service.request()).await, Err(ProviderError::Forbidden(_))));
    let nobody = alm_build_spi::Access::default();
    assert!(matches!(provider.get(&nobody, &run).await, Err(ProviderError::Unauthorized(_))));
    provider.get(&rig.access(), &run).await.unwrap();
    assert_eq!(provider.who_am_i(&bob).await.unwrap().account, "bob");
}

#[tokio::test]
async fn what_an_account_may_not_do_is_known_before_it_is_tried() {
    let rig = Rig::new().await;
    let one = rig.docker("echo x").await;
    let other = rig.service("shop/other", &[("jenkinsfile", json!("echo x"))]).await;
    let configs = [one.config.clone(), ConfigRef("no such configuration".to_owned()), other.config];
    let of = |user: &str| Access { token: Some(rig.cluster.token(user).into()) };
    let provider = rig.provider();
    assert!(provider.denials(&rig.access(), &configs).await.unwrap().iter().all(Vec::is_empty));

    rig.cluster.grant("vera", PROJECT, Role::View);
    let before = rig.cluster.requests().len();
    let denied = provider.denials(&of("vera"), &configs).await.unwrap();
    assert_eq!(rig.cluster.requests().len() - before, 7, "a namespace is asked about once");
    let verbs: Vec<_> = denied[0].iter().map(|denial| denial.verb).collect();
    assert_eq!(verbs, [Verb::Start, Verb::Decide, Verb::Deploy, Verb::Edit]);
    let why = &denied[0][0].reason;
    assert!(why.contains("127.0.0.1") && why.contains("may not create buildconfigs/instantiate in demo"), "{why}");
    assert!(denied[1].is_empty() && denied[2] == denied[0]);
    let error = provider.start(&of("vera"), one.request()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Forbidden(_)), "{error}");
}

#[tokio::test]
async fn a_strategy_that_was_taken_from_everybody_is_known_before_a_build_of_it_is_tried() {
    let rig = Rig::new().await;
    let docker = rig.docker("echo x").await;
    let pipeline = rig.service("shop/other", &[("jenkinsfile", json!("echo x"))]).await;
    rig.cluster.deny("builds/docker");
    let provider = rig.provider();
    let denied = provider.denials(&rig.access(), &[docker.config.clone(), pipeline.config.clone()]).await.unwrap();
    let verbs: Vec<_> = denied[0].iter().map(|denial| denial.verb).collect();
    assert_eq!(verbs, [Verb::Start, Verb::Edit]);
    assert!(denied[0][0].reason.contains("may not create builds/docker in demo"), "{}", denied[0][0].reason);
    assert!(denied[1].is_empty(), "{denied:?}");
    let error = provider.start(&rig.access(), docker.request()).await.unwrap_err();
    assert!(
        matches!(&error, ProviderError::Forbidden(why) if why.contains("build strategy Docker is not allowed")),
        "{error}"
    );
    provider.start(&rig.access(), pipeline.request()).await.unwrap();
}

#[tokio::test]
async fn a_commit_is_built_by_its_full_hash() {
    let rig = Rig::new().await;
    let service = rig.docker("echo x").await;
    let mut request = service.request();
    request.reference = "0123456789ABCDEF0123456789abcdef01234567".to_owned();
    let run = rig.provider().start(&rig.access(), request).await.unwrap();
    let mut told = rig.follow(&run);
    told.finish().await;
    let commit = told.run_states().pop().unwrap().commit.clone().unwrap();
    assert_eq!(commit.sha, "0123456789abcdef0123456789abcdef01234567");
}
