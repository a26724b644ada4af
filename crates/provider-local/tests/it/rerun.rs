//! Running again.

use alm_build_spi::{Access, BuildProvider, ProviderError, RerunBuild, RunRef};
use alm_domain::{BuildId, ReasonCode, RerunFrom, RunStatus, StageKey};

use crate::support::{Rig, Told};

const PIPELINE: &str = "stages:
  make:
    run: echo made; echo 1 > out
    artifacts: [out]
  beside:
    run: echo beside
  test:
    needs: make
    run: cat out; [ -e $TMPDIR/../../../fixed ]
  ship:
    needs: test
    run: echo shipped
";

fn again(rig: &Rig, run: &RunRef, told: &Told, from: RerunFrom) -> RerunBuild {
    RerunBuild {
        start: rig.request(),
        of: run.clone(),
        of_build: run.0.parse::<BuildId>().unwrap(),
        commit: told.runs.last().and_then(|run| run.commit.clone()),
        from,
        stages: told.stages.values().cloned().collect(),
        artifacts: told.artifacts.clone(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn results_and_files_before_the_stage_are_reused_at_the_same_commit() {
    let rig = Rig::new(PIPELINE);
    let run = rig.start().await;
    let first = rig.told(&run).await;
    assert_eq!(first.status(), RunStatus::Failed, "{first:#?}");
    rig.commit(&[(".alm/pipeline.yaml", "run: exit 1\n")]);
    std::fs::write(rig.path("fixed"), "").unwrap();
    let access = Access::default();
    rig.provider().release(&access, &run).await.unwrap();

    for from in [RerunFrom::Stage(StageKey::from("test")), RerunFrom::Failed] {
        let second = rig.provider().rerun(&access, again(&rig, &run, &first, from)).await.unwrap();
        let told = rig.told(&second).await;
        assert_eq!(told.status(), RunStatus::Succeeded, "{told:#?}");
        assert_eq!(told.output(), ["1", "shipped"]);
        assert_eq!(told.code("make"), Some(ReasonCode::Reused));
        assert_eq!(
            (told.stage("beside").status, told.code("beside")),
            (RunStatus::Succeeded, Some(ReasonCode::Reused))
        );
        assert_eq!(told.artifacts, first.artifacts);
        let commit = |told: &Told| told.runs.last().unwrap().commit.clone();
        assert_eq!(commit(&told), commit(&first));
    }
    let all = rig.provider().rerun(&access, again(&rig, &run, &first, RerunFrom::Beginning)).await.unwrap();
    assert!(rig.told(&all).await.output().contains(&"made"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stage_whose_files_are_gone_runs_again() {
    let rig = Rig::new(PIPELINE);
    let run = rig.start().await;
    let first = rig.told(&run).await;
    let access = Access::default();
    rig.provider().purge(&access, &run).await.unwrap();
    std::fs::write(rig.path("fixed"), "").unwrap();
    let second = rig.provider().rerun(&access, again(&rig, &run, &first, RerunFrom::Failed)).await.unwrap();
    let told = rig.told(&second).await;
    assert_eq!(told.status(), RunStatus::Succeeded, "{told:#?}");
    assert_eq!(told.output(), ["made", "1", "shipped"]);

    let unknown = RerunFrom::Stage(StageKey::from("nowhere"));
    let refused = rig.provider().rerun(&access, again(&rig, &run, &first, unknown)).await.unwrap_err();
    assert!(matches!(&refused, ProviderError::Invalid(f) if f[0].path == ["from", "stage"]), "{refused:?}");
}
