//! Files that are kept and passed on.

use alm_build_spi::{Access, BuildProvider, ProviderError};
use alm_domain::{ReasonCode, RunStatus};
use futures::StreamExt;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::Rig;

async fn read(rig: &Rig, run: &alm_build_spi::RunRef, path: &str, offset: u64) -> Result<Vec<u8>, ProviderError> {
    let mut content = Vec::new();
    let mut stream = rig.provider().artifact(&Access::default(), run, path, offset);
    while let Some(block) = stream.next().await {
        content.extend(block?);
    }
    Ok(content)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_kept_passed_on_and_can_be_downloaded() {
    let rig = Rig::new(
        "stages:
  make:
    run: |
      mkdir -p dist/deep; echo app > dist/app; chmod +x dist/app; echo deep > dist/deep/file; echo no > other
      ln -s /etc/passwd dist/link; ln -s /etc dist/etc
    artifacts: ['dist/**']
  middle:
    needs: make
    run: cat dist/app
  use:
    needs: middle
    run: |
      cat dist/deep/file; [ -x dist/app ] && echo runs; [ ! -e other ] && [ ! -L dist/link ] && echo clean
  beside:
    run: '[ ! -e dist ] && echo empty'
",
    );
    let run = rig.start().await;
    let told = rig.told(&run).await;
    assert_eq!(told.status(), RunStatus::Succeeded, "{told:#?}");
    for line in ["app", "deep", "runs", "clean", "empty"] {
        assert!(told.output().contains(&line), "{line}: {:?}", told.output());
    }
    let kept: Vec<_> = told.artifacts.iter().map(|a| (a.path.as_str(), a.size)).collect();
    assert_eq!(kept, [("dist/app", 4), ("dist/deep/file", 5)]);
    let sha: String = Sha256::digest("app\n").iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(told.artifacts[0].sha256, sha);
    assert!(told.system().contains("dist/link is a symbolic link"), "{}", told.system());

    rig.provider().release(&Access::default(), &run).await.unwrap();
    assert_eq!(read(&rig, &run, "dist/app", 0).await.unwrap(), b"app\n");
    assert_eq!(read(&rig, &run, "dist/app", 2).await.unwrap(), b"p\n");
    assert_eq!(read(&rig, &run, "dist/app", 4).await.unwrap(), b"");
    assert!(matches!(read(&rig, &run, "dist/app", 5).await, Err(ProviderError::Invalid(_))));
    for wrong in ["../x", "/etc/passwd", "dist/../../x", "", "dist", "nothing", "dist//app", "./dist/app"] {
        assert!(read(&rig, &run, wrong, 0).await.is_err(), "{wrong}");
    }
    rig.provider().purge(&Access::default(), &run).await.unwrap();
    rig.provider().purge(&Access::default(), &run).await.unwrap();
    assert!(matches!(read(&rig, &run, "dist/app", 0).await, Err(ProviderError::NotFound(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_much_fails_the_stage_and_a_doubled_name_is_told() {
    let rig = Rig::with(
        "stages:\n  a:\n    run: head -c 20000 /dev/zero > big\n    artifacts: [big]\n",
        &[("artifacts.max_bytes", json!(10_000))],
    );
    let told = rig.build().await;
    assert_eq!((told.status(), told.code("a")), (RunStatus::Failed, Some(ReasonCode::LimitExceeded)), "{told:#?}");

    let rig = Rig::new(
        "stages:
  a:
    run: echo a > out
    artifacts: [out]
  b:
    needs: a
    run: echo b > out
    artifacts: [out]
",
    );
    let told = rig.build().await;
    assert_eq!(told.status(), RunStatus::Succeeded);
    assert_eq!(told.artifacts.len(), 1);
    assert!(told.warnings.iter().any(|w| w.code == "ARTIFACT_NOT_KEPT"), "{:?}", told.warnings);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_in_the_source_does_not_lead_an_artifact_out() {
    let rig = Rig::new(
        "stages:
  a:
    run: mkdir real; echo x > real/file; rm -f dist; mv real dist
    artifacts: ['dist/file']
  b:
    needs: a
    run: echo never
",
    );
    let outside = rig.path("outside");
    std::fs::create_dir(&outside).unwrap();
    std::os::unix::fs::symlink(&outside, rig.repository().join("dist")).unwrap();
    rig.commit(&[]);
    let told = rig.build().await;
    assert_eq!(told.stage("b").status, RunStatus::Errored, "{told:#?}");
    assert_eq!(outside.read_dir().unwrap().count(), 0);
}
