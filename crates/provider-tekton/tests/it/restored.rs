//! A cluster whose store was restored from a backup: the versions of its objects go back, and it is silent towards watches from before.

use std::time::Duration;

use alm_cluster_sim::{Options, rig::quickly};
use alm_domain::RunStatus;
use serde_json::json;
use tokio::time::Instant;

use crate::support::{Followed, Rig, task};

#[test]
fn a_run_is_followed_on_after_the_store_of_its_cluster_went_back() {
    quickly(async {
        let rig = Rig::with(Options { time_factor: 1.0, ..Options::default() }).await;
        let tasks = [task("a", "echo before\nawait go\necho between", &[]), task("b", "await end\necho after", &["a"])];
        let mut told = rig.start(&rig.service(&json!({ "tasks": tasks }), &[]).await).await;
        told.until("its line", |told| told.has_line("before")).await;
        rig.go_back(&mut told, &["pipelineruns.tekton.dev", "taskruns.tekton.dev"]).await;
        let restored = Instant::now();
        rig.cluster.open_gate("go");
        // What comes to be after that is seen while the run goes on.
        let has_begun = |told: &Followed| told.stage("b").is_some_and(|b| b.status == RunStatus::Running);
        told.until("the next task", |told| has_begun(told) && told.has_line("between")).await;
        assert!(restored.elapsed() < Duration::from_secs(90), "{:?}", restored.elapsed());
        rig.cluster.open_gate("end");
        told.finish().await;
        assert_eq!(told.status(), Some(RunStatus::Succeeded));
        assert!(told.run_states().iter().all(|run| run.status != RunStatus::Failed), "{told:?}");
        assert_eq!(told.texts(), ["before", "between", "after"]);
        assert!(told.errors.iter().all(|error| error.is_transient()), "{:?}", told.errors);
    });
}
