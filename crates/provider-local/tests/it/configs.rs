//! Configurations, descriptions, health.

use alm_build_spi::{Access, BuildProvider, Chosen, ConfigRef, ProviderError};
use alm_domain::{BuildShape, HealthState, RunStatus, Settings, check_settings, settings_schema};
use alm_provider_local::descriptor;
use serde_json::json;

use crate::support::Rig;

fn paths(error: &ProviderError) -> Vec<String> {
    match error {
        ProviderError::Invalid(findings) => findings.iter().map(|f| f.path.join(".")).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_configuration_is_created_once_read_changed_and_deleted() {
    let rig = Rig::new("run: echo\n");
    let (access, mut spec) = (Access::default(), rig.spec(&[]));
    let config = rig.provider().create_config(&access, &spec).await.unwrap();
    assert_eq!(rig.provider().create_config(&access, &spec).await.unwrap(), config);
    assert_eq!(rig.provider().read_config(&access, &config).await.unwrap(), spec);
    let other = alm_build_spi::BuildConfigSpec {
        service: alm_domain::ServiceId::generate(&alm_domain::SystemIds),
        ..spec.clone()
    };
    assert!(matches!(rig.provider().create_config(&access, &other).await, Err(ProviderError::Conflict(_))));
    spec.repository.reference = "release".to_owned();
    rig.provider().update_config(&access, &config, &spec, &Chosen::default()).await.unwrap();
    assert_eq!(rig.provider().read_config(&access, &config).await.unwrap().repository.reference, "release");
    rig.provider().delete_config(&access, &config).await.unwrap();
    rig.provider().delete_config(&access, &config).await.unwrap();
    assert!(matches!(rig.provider().read_config(&access, &config).await, Err(ProviderError::NotFound(_))));
    assert!(matches!(
        rig.provider().update_config(&access, &config, &spec, &Chosen::default()).await,
        Err(ProviderError::NotFound(_))
    ));
    let rubbish = ConfigRef("../../etc/passwd".to_owned());
    assert!(matches!(rig.provider().read_config(&access, &rubbish).await, Err(ProviderError::NotFound(_))));
}

#[tokio::test]
async fn every_fault_of_a_configuration_is_told_at_its_place() {
    let rig = Rig::new("run: echo\n");
    let mut spec = rig.spec(&[("pipeline.path", json!("../x")), ("build.timeout", json!("ages"))]);
    spec.repository.url = "ext::sh -c touch".to_owned();
    spec.repository.reference = "--upload-pack=x".to_owned();
    spec.repository.directory = Some("/etc".to_owned());
    let refused = rig.provider().validate(&Access::default(), &spec).await.unwrap_err();
    assert_eq!(
        paths(&refused),
        [
            "repository.url",
            "repository.reference",
            "repository.directory",
            "settings.pipeline.path",
            "settings.build.timeout"
        ]
    );
    let mut request = rig.request();
    request.reference = "-x".to_owned();
    request.secrets = vec![crate::support::secret("../x", "value")];
    let refused = rig.provider().start(&Access::default(), request).await.unwrap_err();
    assert_eq!(paths(&refused), ["reference", "secrets.../x"]);
}

#[tokio::test]
async fn a_definition_is_described_before_it_is_built() {
    let rig = Rig::new("parameters:\n  - {name: n, type: integer, default: 1}\nstages:\n  a:\n    run: echo\n");
    let (access, spec) = (Access::default(), rig.spec(&[]));
    let described = rig.provider().describe(&access, &spec, "main").await.unwrap();
    assert_eq!(described.shape, BuildShape::Pipeline);
    assert_eq!(described.parameters[0].name, "n");
    assert!(described.stages.iter().all(|stage| stage.status == RunStatus::Planned));
    assert_eq!(described.commit, Some(rig.git(&["rev-parse", "HEAD"])));
    let refused = rig.provider().describe(&access, &spec, "nowhere").await.unwrap_err();
    assert_eq!(paths(&refused), ["reference"]);
    rig.commit(&[(".alm/pipeline.yaml", "stages: {}\n")]);
    let refused = rig.provider().describe(&access, &spec, "main").await.unwrap_err();
    assert!(paths(&refused)[0].starts_with("definition"), "{refused:?}");
}

#[tokio::test]
async fn the_machine_is_well_and_says_who_it_is() {
    let rig = Rig::new("run: echo\n");
    let (health, version) = rig.provider().probe().await.unwrap();
    assert_ne!(health.state, HealthState::Failing, "{health:?}");
    assert!(version.unwrap().starts_with("git "));
    assert!(!rig.provider().who_am_i(&Access::default()).await.unwrap().account.is_empty());
    let wrong = Settings::from([("build.timeout".to_owned(), json!("x"))]);
    assert_eq!(paths(&rig.provider().configure(&wrong).unwrap_err()), ["settings.build.timeout"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_are_listed_newest_first_page_by_page() {
    let rig = Rig::with("run: echo\n", &[("concurrency", json!(1))]);
    let access = Access::default();
    let config = rig.provider().create_config(&access, &rig.spec(&[])).await.unwrap();
    let mut started = Vec::new();
    for _ in 0..53 {
        let run = rig.start().await;
        rig.provider().cancel(&access, &run).await.unwrap();
        started.push(run);
    }
    let first = rig.provider().list(&access, &config, None).await.unwrap();
    let second = rig.provider().list(&access, &config, first.next.as_deref()).await.unwrap();
    assert_eq!((first.runs.len(), second.runs.len(), second.next), (50, 3, None));
    let mut seen: Vec<_> = first.runs.iter().chain(&second.runs).map(|run| run.run.clone()).collect();
    assert!(first.runs.windows(2).all(|pair| pair[0].created_at >= pair[1].created_at));
    seen.sort_by(|a, b| a.0.cmp(&b.0));
    started.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(seen, started);
    assert!(matches!(rig.provider().list(&access, &config, Some("x")).await, Err(ProviderError::Invalid(_))));
    let unknown = ConfigRef("svc_00000000000000000000000000000000".to_owned());
    assert!(matches!(rig.provider().list(&access, &unknown, None).await, Err(ProviderError::NotFound(_))));
    for run in &started {
        rig.told(run).await;
    }
}

#[test]
fn the_defaults_fit_their_own_definitions() {
    let definitions = descriptor().settings;
    for definition in &definitions {
        if let Some(default) = &definition.default {
            let one = Settings::from([(definition.key.clone(), default.clone())]);
            let service = definition.scope == alm_domain::SettingScope::Service;
            assert_eq!(check_settings(&definitions, &one, service), Ok(()), "{}", definition.key);
        }
        assert!(definition.description.ends_with('.'), "{}", definition.key);
    }
    assert!(settings_schema(&definitions, true)["properties"]["pipeline.path"].is_object());
}
