//! Pipelines that deploy.

use serde_json::json;

use super::shop::{Shop, script};
use crate::support::{Setup, TestApp, on_each_database, within};

#[tokio::test]
async fn a_pipeline_that_deploys_to_two_environments_leaves_a_deployment_in_each() {
    on_each_database(async |setup| {
        let shop = Shop::open(setup.scripted(script())).await;
        let build = shop.app.start_build(&shop.service).await;
        within(shop.app.engine.held(build.key())).await;
        let on_its_way = shop.app.follow_until(&build, |build| build["stages"][1]["status"] == "RUNNING").await;
        assert_eq!(on_its_way.status(), "RUNNING");
        assert_eq!(shop.history().await, ["test #1 RUNNING"], "what has not begun is no deployment");
        shop.app.engine.signal(build.key(), "to-test");
        shop.app.follow_until(&build, |build| build["stages"][2]["status"] == "RUNNING").await;
        let mut history = shop.history().await;
        history.sort();
        assert_eq!(history, ["prod #1 RUNNING", "test #1 ACTIVE"], "in the same commit as the stage");
        shop.app.engine.signal(build.key(), "to-prod");
        let build = shop.app.follow(&build).await;
        assert_eq!((build.status(), &build.0["warnings"]), ("SUCCEEDED", &json!([])));
        let mut history = shop.history().await;
        history.sort();
        assert_eq!(history, ["prod #1 ACTIVE", "test #1 ACTIVE"]);

        shop.built().await;
        let mut history = shop.history().await;
        history.sort();
        assert_eq!(history, ["prod #1 SUPERSEDED", "prod #2 ACTIVE", "test #1 SUPERSEDED", "test #2 ACTIVE"]);
        let query = "query($id: ID!) { node(id: $id) { ... on Environment {
            current { build { number } version url previous { build { number } } } deployments(first: 1) { nodes { status } } } } }";
        let prod = shop.app.graphql(query, json!({ "id": shop.prod })).await["node"].clone();
        assert_eq!(prod["current"][0]["build"]["number"], 2);
        assert_eq!(prod["current"][0]["version"], "main-2-5ca1ab1e");
        assert_eq!(prod["current"][0]["previous"]["build"]["number"], 1);
        let test = shop.app.graphql(query, json!({ "id": shop.test })).await["node"].clone();
        assert_eq!(test["current"][0]["url"], "https://test.shop.example/");
        assert!(prod["current"][0]["url"].is_null(), "what is no page's address is nobody's: {prod}");
    })
    .await;
}

#[tokio::test]
async fn a_build_that_ends_behind_a_newer_one_does_not_take_its_place() {
    on_each_database(async |setup| {
        let shop = Shop::open(setup.scripted(script())).await;
        let old = shop.app.start_build(&shop.service).await;
        within(shop.app.engine.held(old.key())).await;
        shop.built().await;
        for signal in ["to-test", "to-prod"] {
            shop.app.engine.signal(old.key(), signal);
        }
        shop.app.follow(&old).await;
        let mut history = shop.history().await;
        history.sort();
        assert_eq!(history, ["prod #1 SUPERSEDED", "prod #2 ACTIVE", "test #1 SUPERSEDED", "test #2 ACTIVE"]);
    })
    .await;
}

#[tokio::test]
async fn an_environment_that_there_is_not_is_a_warning_that_names_the_remedy() {
    let app = Setup::fake(script()).start().await;
    let project = app.project("shop").await;
    app.environment(&project, "test", "TARGET").await;
    app.environment(&project, "prod", "BUILD").await;
    let service = app.service_in(&project, "web", "https://git.example.org/web.git").await;
    let build = app.start_build(&service).await;
    app.engine.signal(build.key(), "to-test");
    app.engine.signal(build.key(), "to-prod");
    let build = app.follow(&build).await;
    assert_eq!(
        build.0["warnings"],
        json!([{
            "code": "NOT_AN_ENVIRONMENT",
            "message": "stage \"to-prod\" deploys to \"prod\", which is the build environment: name a target",
        }])
    );
}

const PIPELINE: &str = "
stages:
  build:
    run: echo built; echo $ALM_VERSION > version
    artifacts: version
  to-test: {needs: build, environment: test, run: echo in test with $(cat version)}
  to-prod: {needs: to-test, environment: prod, run: echo in prod with $(cat version)}
";

/// The real provider: what is promoted is what was built.
#[tokio::test]
async fn a_version_is_promoted_with_its_files_and_nothing_is_built_again() {
    let app = TestApp::local().await;
    let project = app.project("shop").await;
    app.environment(&project, "test", "TARGET").await;
    let prod = app.environment(&project, "prod", "TARGET").await;
    let repository = app.repository("shop", PIPELINE);
    let service = app.service_in(&project, "web", repository.url()).await;
    let first = app.start_build(&service).await;
    let first = app.follow(&first).await;
    assert_eq!(first.status(), "SUCCEEDED", "{:?}", first.0);
    repository.commit(&[(".alm/pipeline.yaml", "stages: {to-prod: {environment: prod, run: exit 1}}")]);
    let input = json!({"buildId": first.id(), "environmentId": prod});
    let selection = "deployment { id version carriedOutBy { id trigger { kind } } }";
    let deployment = app.done("promoteBuild", selection, input).await["deployment"].clone();
    assert_eq!(deployment["carriedOutBy"]["trigger"]["kind"], "PROMOTION");
    let build = app.build(deployment["carriedOutBy"]["id"].as_str().unwrap()).await;
    let build = app.follow(&build).await;
    assert_eq!((build.status(), build.stages()), ("SUCCEEDED", vec!["to-prod SUCCEEDED".to_owned()]));
    let version = deployment["version"].as_str().unwrap();
    let log = app.log(&build).await;
    assert!(log.contains(&format!("in prod with {version}")) && !log.contains("echo built"), "{log}");
    assert_eq!(build.0["commit"], first.0["commit"]);
}
