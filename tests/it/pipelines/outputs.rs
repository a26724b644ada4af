//! What builds say that they made.

use alm_build_spi::conformance::fake::Script;
use alm_domain::{Observation, Output, OutputKind, Provenance};
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn images_and_results_are_told_with_their_stage_and_whoever_has_signed_them() {
    let digest = "sha256:586789aa031fafc7d78a5393cdc772e0b55107ea54bb8bcf3f2cdac6c6da51ee";
    let image = Output {
        name: "IMAGE".to_owned(),
        kind: OutputKind::Image,
        stage: Some("package".into()),
        value: "registry.example.test/app".to_owned(),
        digest: Some(digest.to_owned()),
        provenance: None,
    };
    let provenance = Provenance { by: "an engine".to_owned(), log_url: Some("https://log.example.test/1".to_owned()) };
    let signed = Output { provenance: Some(provenance), ..image.clone() };
    let result = Output {
        name: "coverage".to_owned(),
        kind: OutputKind::Result,
        stage: None,
        value: "81".to_owned(),
        digest: None,
        provenance: None,
    };
    let script = Script::new()
        .stage("package")
        .observe(Observation::Outputs(vec![image]))
        .observe(Observation::Outputs(vec![signed, result]))
        .succeed();
    let app = TestApp::fake(script).await;
    let service = app.service("shop").await;
    let build = app.start_build(&service).await;
    let build = app.follow(&build).await;
    let outputs: Vec<_> = build.each("outputs").cloned().collect();
    assert_eq!(
        outputs,
        [
            json!({"name": "IMAGE", "kind": "IMAGE", "stageId": build.stage("package")["id"], "value": "registry.example.test/app",
                "digest": digest, "provenance": {"by": "an engine", "logUrl": "https://log.example.test/1"}}),
            json!({"name": "coverage", "kind": "RESULT", "stageId": null, "value": "81", "digest": null, "provenance": null}),
        ]
    );
}
