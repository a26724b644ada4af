//! Questions to people.

use serde_json::json;

use crate::support::TestApp;

const PIPELINE: &str = "
stages:
  build: {run: echo built}
  deploy:
    needs: build
    environment: production
    input:
      message: Deploy to production?
      proceed: Deploy
      parameters:
        NOTE: {type: string, required: true}
        WORKERS: {type: integer, default: 4}
    run: echo deployed $NOTE with $WORKERS
";

#[tokio::test]
async fn an_approved_stage_goes_on_with_the_answers() {
    let app = TestApp::local().await;
    let service = app.pipeline("approved", PIPELINE).await;
    let build = app.start_build(&service).await;
    let waiting = app.follow_until(&build, |build| build["status"] == "WAITING_FOR_APPROVAL").await;
    let approval = waiting.approval();
    assert_eq!((&approval["message"], &approval["proceedLabel"]), (&json!("Deploy to production?"), &json!("Deploy")));
    assert_eq!((&approval["status"], &approval["stage"]["key"]), (&json!("PENDING"), &json!("deploy")));
    assert_eq!(approval["parameters"][0]["name"], "NOTE");

    let wrong = json!({"approvalId": approval["id"], "verdict": "APPROVE", "parameters": [
        {"name": "WORKERS", "value": {"string": "many"}},
    ]});
    let refused = app.mutate("decideApproval", "approval { id }", wrong).await;
    let paths: Vec<_> = refused["userErrors"].as_array().unwrap().iter().map(|e| e["path"].clone()).collect();
    assert!(paths.contains(&json!(["parameters", "0"])), "{refused}");
    assert!(refused["userErrors"].to_string().contains("NOTE"), "what is missing is named: {refused}");
    assert_eq!(app.build(build.id()).await.approval()["status"], "PENDING", "a refused answer changes nothing");

    let answers = json!([{"name": "NOTE", "value": {"string": "v2"}}, {"name": "WORKERS", "value": {"integer": 7}}]);
    app.decide(&build, "APPROVE", answers).await;
    let build = app.follow(&build).await;
    assert_eq!((build.status(), &build.approval()["status"]), ("SUCCEEDED", &json!("APPROVED")));
    assert!(app.log(&build).await.contains("deployed v2 with 7"));
    assert_eq!(build.approval()["decisions"][0]["verdict"], "APPROVE");
    assert_eq!(build.approval()["decisions"][0]["actor"]["__typename"], "User");
    assert!(build.approval()["deliveredAt"].is_string(), "{}", build.approval());
    assert_eq!(build.stage("deploy")["environment"], "production");
}

#[tokio::test]
async fn a_rejected_stage_does_not_run_and_stops_the_build() {
    let app = TestApp::local().await;
    let service = app.pipeline("rejected", PIPELINE).await;
    let build = app.start_build(&service).await;
    app.follow_until(&build, |build| build["status"] == "WAITING_FOR_APPROVAL").await;
    app.decide(&build, "REJECT", json!([])).await;
    let build = app.follow(&build).await;
    assert_eq!((build.status(), build.why()), ("CANCELLED", "REJECTED"));
    assert_eq!(build.approval()["status"], "REJECTED");
    assert!(!app.log(&build).await.contains("deployed"));

    let late = json!({"approvalId": build.approval()["id"], "verdict": "APPROVE"});
    let late = app.mutate("decideApproval", "approval { id }", late).await;
    assert_eq!((&late["approval"], &late["userErrors"][0]["code"]), (&json!(null), &json!("WRONG_STATE")));
}
