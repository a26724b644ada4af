//! Bringing a version to an environment.

use alm_build_spi::{Access, BuildProvider, DeployBuild, DeployTarget, ProviderError, RunRef};
use alm_domain::{BuildId, Capability, ReasonCode, RunStatus};

use crate::support::{Rig, Told};

const PIPELINE: &str = "stages:
  make:
    run: echo made; echo 1 > out
    artifacts: [out]
  to-test:
    needs: make
    environment: test
    run: echo tested
  rollout:
    needs: to-test
    stages:
      database:
        environment: prod
        run: echo database of $ALM_VERSION; cat out
      look:
        run: echo looked
      services:
        parallel:
          shop:
            environment: prod
            run: echo shop in $ALM_ENVIRONMENT
          mail:
            environment: prod
            when: {branch: release/*}
            run: echo mail
";

fn deployment(rig: &Rig, run: &RunRef, told: &Told, environment: &str) -> DeployBuild {
    DeployBuild {
        start: rig.request(),
        of: run.clone(),
        of_build: run.0.parse::<BuildId>().unwrap(),
        commit: told.runs.last().and_then(|run| run.commit.clone()),
        stages: told.stages.values().cloned().collect(),
        artifacts: told.artifacts.clone(),
        environment: environment.to_owned(),
        target: DeployTarget {
            url: "https://prod.example.org".to_owned(),
            namespace: None,
            ca_bundle: None,
            registry_host: None,
            access: Access::default(),
        },
        version: "main-3-5ca1ab1e".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_deploys_there_is_run_at_the_same_commit_with_the_files_and_in_order() {
    let rig = Rig::new(PIPELINE);
    let run = rig.start().await;
    let first = rig.told(&run).await;
    assert_eq!(first.status(), RunStatus::Succeeded, "{first:#?}");
    rig.commit(&[(".alm/pipeline.yaml", "run: exit 1\n")]);
    let access = Access::default();
    rig.provider().release(&access, &run).await.unwrap();

    let second = rig.provider().deploy(&access, deployment(&rig, &run, &first, "prod")).await.unwrap();
    let told = rig.told(&second).await;
    assert_eq!(told.status(), RunStatus::Succeeded, "{told:#?}");
    assert_eq!(told.output(), ["database of main-3-5ca1ab1e", "1", "shop in prod"]);
    let mut stages: Vec<_> = told.stages.values().map(|stage| (stage.position, stage.key.as_str())).collect();
    stages.sort_unstable();
    let keys: Vec<_> = stages.into_iter().map(|(_, key)| key).collect();
    assert_eq!(
        keys,
        ["rollout", "rollout/database", "rollout/services", "rollout/services/shop", "rollout/services/mail"]
    );
    let after = |key: &str| told.stage(key).depends_on.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(after("rollout/services/shop"), ["rollout/database"], "by way of `look`, which is left out");
    assert_eq!(after("rollout/database"), Vec::<String>::new());
    assert!(
        told.stage("rollout/services/shop").started_at >= told.stage("rollout/database").finished_at,
        "{:#?}",
        told.stages
    );
    assert_eq!(told.code("rollout/services/mail"), Some(ReasonCode::ConditionNotMet));
    assert_eq!(told.artifacts, first.artifacts);
    let commit = |told: &Told| told.runs.last().unwrap().commit.clone();
    assert_eq!(commit(&told), commit(&first));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_brought_there_is_refused_with_the_reason() {
    let rig = Rig::new(PIPELINE);
    let run = rig.start().await;
    let told = rig.told(&run).await;
    let access = Access::default();
    let refused = |error: ProviderError| match error {
        ProviderError::Unsupported { what: Capability::Deploy, reason } => reason,
        other => panic!("{other:?}"),
    };
    let nowhere = rig.provider().deploy(&access, deployment(&rig, &run, &told, "mars")).await.unwrap_err();
    assert_eq!(refused(nowhere), "the build has no stage that deploys to \"mars\": its stages deploy to prod, test");
    let mut plain = deployment(&rig, &run, &told, "mars");
    plain.stages.clear();
    let why = refused(rig.provider().deploy(&access, plain).await.unwrap_err());
    assert!(why.ends_with("none of its stages deploys: give one `environment: mars`, and build again"), "{why}");

    rig.provider().purge(&access, &run).await.unwrap();
    let gone = rig.provider().deploy(&access, deployment(&rig, &run, &told, "prod")).await.unwrap_err();
    assert_eq!(refused(gone), "the file out of the build is no longer kept: build the commit again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_that_fails_fails_as_a_build_does() {
    let rig = Rig::new("stages:\n  ship: {environment: prod, run: '[ \"$ALM_VERSION\" != broken ]'}\n");
    let run = rig.start().await;
    let first = rig.told(&run).await;
    let broken = DeployBuild { version: "broken".to_owned(), ..deployment(&rig, &run, &first, "prod") };
    let second = rig.provider().deploy(&Access::default(), broken).await.unwrap();
    let told = rig.told(&second).await;
    assert_eq!((told.status(), told.code("ship")), (RunStatus::Failed, Some(ReasonCode::CommandFailed)));
}
