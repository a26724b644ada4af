//! A cluster whose store was restored from a backup: the versions of its objects go back, and it is silent towards watches from before.

use std::time::Duration;

use alm_cluster_sim::rig::quickly;
use alm_domain::RunStatus;
use tokio::time::Instant;

use crate::support::Rig;

#[test]
fn a_build_is_followed_on_after_the_store_of_its_cluster_went_back() {
    quickly(async {
        let rig = Rig::patient().await;
        let service = rig.docker("echo before\nawait go\necho after").await;
        let mut told = rig.start(&service).await;
        told.until("its line", |told| told.has_line("before")).await;
        rig.go_back(&mut told, &["builds.build.openshift.io"]).await;
        let restored = Instant::now();
        rig.cluster.open_gate("go");
        told.finish().await;
        assert!(restored.elapsed() < Duration::from_secs(90), "{:?}", restored.elapsed());
        assert_eq!(told.status(), Some(RunStatus::Succeeded));
        assert!(told.run_states().iter().all(|run| run.status != RunStatus::Failed), "{told:?}");
        assert_eq!(told.texts(), ["before", "after"]);
        assert!(told.errors.iter().all(|error| error.is_transient()), "{:?}", told.errors);
    });
}
