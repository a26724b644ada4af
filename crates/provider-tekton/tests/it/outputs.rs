//! Stories of what runs say that they made.

use alm_cluster_sim::Options;
use alm_domain::{OutputKind, Provenance, RunStatus};
use serde_json::{Value, json};

use crate::support::{Followed, PROJECT, Rig, name_in, task};

const DIGEST: &str = "sha256:586789aa031fafc7d78a5393cdc772e0b55107ea54bb8bcf3f2cdac6c6da51ee";
const COMMIT: &str = "7f2f46e1b97df36b2b82d1b1d87c81b8b3d21601";

fn definition() -> Value {
    let mut fetch = task("fetch", &format!("result url https://git.example.test/app.git\nresult commit {COMMIT}"), &[]);
    fetch["taskSpec"]["results"] = json!([{"name": "url"}, {"name": "commit"}]);
    let mut build = task(
        "build",
        &format!("result IMAGE_URL registry.example.test/app\nresult IMAGE_DIGEST {DIGEST}\nresult covered 81"),
        &["fetch"],
    );
    build["taskSpec"]["results"] = json!([{"name": "IMAGE_URL"}, {"name": "IMAGE_DIGEST"}, {"name": "covered"}]);
    json!({"tasks": [fetch, build], "results": [
        {"name": "IMAGE_URL", "value": "$(tasks.build.results.IMAGE_URL)"}, {"name": "IMAGE_DIGEST", "value": "$(tasks.build.results.IMAGE_DIGEST)"},
        {"name": "coverage", "value": "$(tasks.build.results.covered)"},
    ]})
}

#[tokio::test]
async fn images_by_digest_results_and_the_commit_are_told() {
    for tekton_v1 in [true, false] {
        let rig = Rig::with(Options { tekton_v1, ..Options::default() }).await;
        let service = rig.service(&definition(), &[]).await;
        let told = rig.run(&service).await;
        let run = told.run_states().pop().unwrap();
        assert_eq!((run.status, run.commit.as_ref().unwrap().sha.as_str()), (RunStatus::Succeeded, COMMIT));
        let outputs: Vec<_> = told
            .outputs()
            .iter()
            .map(|it| (it.name.as_str(), it.kind, it.stage.clone(), it.value.as_str(), it.digest.as_deref()))
            .collect();
        assert_eq!(
            outputs,
            [
                ("IMAGE", OutputKind::Image, Some("build".into()), "registry.example.test/app", Some(DIGEST)),
                ("coverage", OutputKind::Result, None, "81", None),
            ]
        );
        assert!(told.outputs().iter().all(|it| it.provenance.is_none()));
    }
}

#[tokio::test]
async fn what_chains_is_going_to_sign_is_waited_for() {
    let rig = Rig::new().await;
    let mut definition = definition();
    definition["finally"] = json!([task("tidy", "await tidied", &[])]);
    let service = rig.service(&definition, &[]).await;
    let run = rig.start(&service).await.run;
    let name = name_in(&run.0);
    let seen = |told: &Followed| told.stage("tidy").is_some_and(|stage| stage.status == RunStatus::Running);
    let mut told = rig.follow(&run);
    told.until("what is waited for", seen).await;
    let runs = "pipelineruns.tekton.dev";
    rig.cluster.patch(runs, PROJECT, &name, &json!({"metadata": {"finalizers": ["chains.tekton.dev/pipelinerun"]}}));
    rig.cluster.open_gate("tidied");
    told.until("what is waited for", |told| !told.outputs().is_empty()).await;
    told.until("its end", |told| told.status() == Some(RunStatus::Succeeded)).await;
    let signed =
        json!({"chains.tekton.dev/signed": "true", "chains.tekton.dev/transparency": "https://rekor.example.test/1"});
    rig.cluster.patch(runs, PROJECT, &name, &json!({"metadata": {"annotations": signed}}));
    told.finish().await;
    let vouched =
        Provenance { by: "Tekton Chains".to_owned(), log_url: Some("https://rekor.example.test/1".to_owned()) };
    assert_eq!((told.outputs()[0].kind, told.outputs()[0].provenance.as_ref()), (OutputKind::Image, Some(&vouched)));
}
