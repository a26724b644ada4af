//! Build configurations on a cluster.

use alm_build_spi::{Chosen, ProviderError};
use alm_domain::{HealthState, ServiceId, SystemIds};
use alm_provider_openshift::OpenShiftProvider;
use serde_json::json;

use crate::support::{Loopback, PROJECT, Rig, Service};

const CONFIGS: &str = "buildconfigs.build.openshift.io";

/// A change of where the source is.
pub(crate) fn source() -> Chosen {
    Chosen { repository: true, ..Chosen::default() }
}

/// A change of these settings.
pub(crate) fn settings<const N: usize>(keys: [&str; N]) -> Chosen {
    Chosen { settings: keys.map(str::to_owned).into(), ..Chosen::default() }
}

fn stored(rig: &Rig, service: &Service) -> serde_json::Value {
    rig.cluster.object(CONFIGS, PROJECT, &service.name).unwrap()
}

#[tokio::test]
async fn deleting_a_configuration_leaves_its_builds() {
    let rig = Rig::new().await;
    let service = rig.docker("echo x").await;
    let mut told = rig.start(&service).await;
    told.finish().await;
    rig.provider().delete_config(&rig.access(), &service.config).await.unwrap();
    assert!(rig.cluster.object(CONFIGS, PROJECT, &service.name).is_none());
    rig.provider().get(&rig.access(), &told.run).await.unwrap();
}

#[tokio::test]
async fn what_somebody_changes_on_the_cluster_is_read_and_kept_where_it_is_not_ours() {
    let rig = Rig::new().await;
    let mut service = rig.pipeline("echo x").await;
    let change = json!({ "spec": { "runPolicy": "Parallel", "nodeSelector": { "zone": "a" },
        "triggers": [{ "type": "Generic", "generic": { "secret": "hook" } }] } });
    rig.cluster.patch(CONFIGS, PROJECT, &service.name, &change);
    let read = rig.provider().read_config(&rig.access(), &service.config).await.unwrap();
    assert_eq!(read.setting("run.policy"), Some(&json!("Parallel")));
    service.spec.repository.reference = "release".to_owned();
    rig.provider().update_config(&rig.access(), &service.config, &service.spec, &source()).await.unwrap();
    let now = stored(&rig, &service);
    assert_eq!(now["spec"]["source"]["git"]["ref"], "release");
    assert_eq!(
        (&now["spec"]["nodeSelector"]["zone"], &now["spec"]["triggers"][0]["type"]),
        (&json!("a"), &json!("Generic"))
    );
    assert_eq!(now["spec"]["runPolicy"], "Parallel", "what the change is not about stays as it is there");
    let read = rig.provider().read_config(&rig.access(), &service.config).await.unwrap();
    assert_eq!(read.setting("run.policy"), Some(&json!("Parallel")), "it is told again the next time");
    // Whoever wants the service's own value back says so.
    let chosen = settings(["run.policy"]);
    rig.provider().update_config(&rig.access(), &service.config, &service.spec, &chosen).await.unwrap();
    assert_eq!(stored(&rig, &service)["spec"]["runPolicy"], "Serial");
}

#[tokio::test]
async fn another_repository_on_the_cluster_stays_until_the_source_is_chosen() {
    let rig = Rig::new().await;
    let mut service = rig.pipeline("echo x").await;
    let change = json!({ "spec": { "source": { "git": { "ref": "develop" }, "contextDir": "web" } } });
    rig.cluster.patch(CONFIGS, PROJECT, &service.name, &change);
    let read = rig.provider().read_config(&rig.access(), &service.config).await.unwrap();
    assert_eq!((read.repository.reference.as_str(), read.repository.directory.as_deref()), ("develop", Some("web")));
    service.spec = rig.spec(service.spec.service, "shop/pipeline", &[("run.policy", json!("Parallel"))]);
    let chosen = settings(["run.policy", "jenkinsfile"]);
    rig.provider().update_config(&rig.access(), &service.config, &service.spec, &chosen).await.unwrap();
    let now = stored(&rig, &service);
    assert_eq!(
        (&now["spec"]["runPolicy"], &now["spec"]["source"]["git"]["ref"], &now["spec"]["source"]["contextDir"]),
        (&json!("Parallel"), &json!("develop"), &json!("web"))
    );
    rig.provider().update_config(&rig.access(), &service.config, &service.spec, &source()).await.unwrap();
    let now = stored(&rig, &service);
    assert_eq!((&now["spec"]["source"]["git"]["ref"], now["spec"]["source"].get("contextDir")), (&json!("main"), None));
}

#[tokio::test]
async fn changes_at_the_same_time_are_made_one_on_top_of_the_other() {
    let rig = Rig::new().await;
    let service = rig.pipeline("echo x").await;
    let changed = |reference: &str| {
        let mut spec = service.spec.clone();
        spec.repository.reference = reference.to_owned();
        spec
    };
    let specs = ["one", "two", "three", "four"].map(changed);
    let (provider, access, chosen) = (rig.provider(), rig.access(), source());
    let updates = specs.iter().map(|spec| provider.update_config(&access, &service.config, spec, &chosen));
    let somebody = async {
        let change = json!({ "spec": { "nodeSelector": { "zone": "a" } } });
        rig.cluster.patch(CONFIGS, PROJECT, &service.name, &change);
    };
    let (all, ()) = tokio::join!(futures::future::join_all(updates), somebody);
    for updated in all {
        assert_eq!(updated.unwrap(), service.config);
    }
    let now = stored(&rig, &service);
    assert_eq!(now["spec"]["nodeSelector"]["zone"], "a", "what somebody changed meanwhile is not overwritten");
    let reference = now["spec"]["source"]["git"]["ref"].as_str().unwrap();
    assert!(["one", "two", "three", "four"].contains(&reference), "{reference}");
}

#[tokio::test]
async fn a_configuration_that_was_there_is_adopted_as_it_is() {
    let rig = Rig::new().await;
    let there = json!({ "metadata": { "name": "web" }, "spec": { "runPolicy": "Parallel",
        "source": { "type": "Git", "git": { "uri": "https://git.example.test/demo/app.git", "ref": "main" } },
        "strategy": { "type": "Docker", "dockerStrategy": {} } }, "status": { "lastVersion": 0 } });
    rig.cluster.put(CONFIGS, PROJECT, "web", there);
    let service = rig.service("shop/web", &[("build_config", json!("web"))]).await;
    assert_eq!(service.name, "web");
    let read = rig.provider().read_config(&rig.access(), &service.config).await.unwrap();
    assert_eq!(
        (read.setting("strategy"), read.setting("run.policy")),
        (Some(&json!("Docker")), Some(&json!("Parallel")))
    );
    rig.provider().update_config(&rig.access(), &service.config, &service.spec, &source()).await.unwrap();
    assert_eq!(stored(&rig, &service)["spec"]["runPolicy"], "Parallel");
    rig.start(&service).await.finish().await;
    // Another service cannot have it too, unless somebody takes it from the first one.
    let other = rig.spec(ServiceId::generate(&SystemIds), "shop/other", &[("build_config", json!("web"))]);
    let error = rig.provider().create_config(&rig.access(), &other).await.unwrap_err();
    let told = |finding: &alm_build_spi::Finding| {
        finding.path == ["settings", "build_config"]
            && finding.message.contains("oc label bc/web alm.build/service- -n demo")
    };
    assert!(matches!(&error, ProviderError::Invalid(findings) if told(&findings[0])), "{error}");
    rig.provider().delete_config(&rig.access(), &service.config).await.unwrap();
    let left = stored(&rig, &service);
    assert!(left["metadata"]["labels"].get("alm.build/service").is_none_or(serde_json::Value::is_null), "{left}");
}

#[tokio::test]
async fn a_name_that_somebody_else_has_is_a_conflict_with_its_remedy() {
    let rig = Rig::new().await;
    rig.cluster.put(CONFIGS, PROJECT, "shop-docker", json!({ "metadata": { "name": "shop-docker" }, "spec": {} }));
    let own = [("strategy", json!("Docker"))];
    let spec = rig.spec(ServiceId::generate(&SystemIds), "shop/docker", &own);
    let error = rig.provider().create_config(&rig.access(), &spec).await.unwrap_err();
    assert!(
        matches!(&error, ProviderError::Conflict(why) if why.contains("adopt it by the setting build_config")),
        "{error}"
    );
}

#[tokio::test]
async fn what_a_removed_build_service_left_behind_can_be_taken_over_and_is_not_removed_then() {
    let rig = Rig::new().await;
    let gone = rig.pipeline("echo x").await;
    let spec = rig.spec(ServiceId::generate(&SystemIds), "shop/pipeline", &[]);
    let error = rig.provider().create_config(&rig.access(), &spec).await.unwrap_err();
    let remedy = "oc label bc/shop-pipeline alm.build/service- -n demo";
    assert!(matches!(&error, ProviderError::Conflict(why) if why.contains(remedy)), "{error}");
    // What the remedy says.
    let unmarked = json!({ "metadata": { "labels": { "alm.build/service": null } } });
    rig.cluster.patch(CONFIGS, PROJECT, &gone.name, &unmarked);
    rig.provider().delete_config(&rig.access(), &gone.config).await.unwrap();
    let service = rig.service("shop/pipeline", &[("build_config", json!(gone.name))]).await;
    assert_eq!(service.config, gone.config);
    rig.start(&service).await.finish().await;
}

#[tokio::test]
async fn who_may_not_build_somewhere_is_told_at_the_namespace() {
    let mut rig = Rig::new().await;
    rig.cluster.project("other", "carol");
    let spec = rig.spec(ServiceId::generate(&SystemIds), "shop/web", &[("namespace", json!("other"))]);
    let error = rig.provider().validate(&rig.access(), &spec).await.unwrap_err();
    assert!(
        matches!(&error, ProviderError::Invalid(f) if f[0].path == ["settings", "namespace"] && f[0].message.contains("edit")),
        "{error}"
    );
    rig.settings.insert("namespaces".to_owned(), json!(["demo"]));
    let error = rig.provider().create_config(&rig.access(), &spec).await.unwrap_err();
    assert!(matches!(&error, ProviderError::Invalid(f) if f[0].message.contains("administrator")), "{error}");
}

#[tokio::test]
async fn what_the_cluster_refuses_is_told_at_the_setting_that_it_is_about() {
    let rig = Rig::new().await;
    let mut service = rig.pipeline("echo x").await;
    let before = stored(&rig, &service);
    let odd = [("run.policy", json!("Sometimes"))];
    let spec = rig.spec(ServiceId::generate(&SystemIds), "shop/odd", &odd);
    service.spec.settings.clone_from(&spec.settings);
    let (provider, access) = (rig.provider(), rig.access());
    for refused in [
        provider.validate(&access, &spec).await.unwrap_err(),
        provider.create_config(&access, &spec).await.unwrap_err(),
        provider.update_config(&access, &service.config, &service.spec, &settings(["run.policy"])).await.unwrap_err(),
    ] {
        let ProviderError::Invalid(findings) = &refused else { panic!("{refused}") };
        assert_eq!((findings.len(), findings[0].path.join("/").as_str()), (1, "settings/run.policy"));
        assert!(
            findings[0].message.contains("must Parallel, Serial") && findings[0].message.contains("(spec.runPolicy)")
        );
    }
    assert_eq!(stored(&rig, &service)["spec"], before["spec"]);
}

#[tokio::test]
async fn an_address_that_cannot_be_is_refused_and_settings_that_do_not_fit_are_told() {
    let rig = Rig::new().await;
    let clock = std::sync::Arc::new(alm_domain::SystemClock);
    for address in [None, Some(""), Some("cluster"), Some("https://10.0.0.1:6443")] {
        let way = std::sync::Arc::new(Loopback);
        let error = OpenShiftProvider::open(address, &rig.settings, way, clock.clone()).unwrap_err();
        assert!(matches!(&error, ProviderError::Invalid(f) if f[0].path == ["endpoint"]), "{error}");
    }
    let mut odd = Rig::new().await;
    odd.settings.insert("jenkins.domains".to_owned(), json!(["https://x/"]));
    let (health, _) = odd.provider().probe().await.unwrap();
    assert_eq!(health.state, HealthState::Failing);
    assert!(health.message.unwrap().contains("apps.example.com"));
    let (health, version) = rig.provider().probe().await.unwrap();
    assert_eq!(health.state, HealthState::Healthy);
    assert!(version.is_none_or(|version| version.starts_with("Kubernetes v")));
}
