//! Wrong parameters and wrong definitions.

use serde_json::json;

use crate::support::TestApp;

const PIPELINE: &str = "
parameters:
  - {name: VERSION, required: true}
  - {name: WORKERS, type: integer, default: 4}
  - {name: TARGET, type: choice, choices: [staging, production], default: staging}
run: echo $VERSION $WORKERS $TARGET
";

#[tokio::test]
async fn wrong_parameters_are_named_and_nothing_is_started() {
    let app = TestApp::local().await;
    let service = app.pipeline("inputs", PIPELINE).await;
    let given = json!([
        {"name": "VERSION", "value": {"string": "1.2"}},
        {"name": "WORKERS", "value": {"string": "many"}},
        {"name": "TARGET", "value": {"string": "moon"}},
        {"name": "COLOUR", "value": {"string": "red"}},
    ]);
    let input = json!({"serviceId": service, "parameters": given});
    let payload = app.mutate("startBuild", "build { id }", input).await;
    let errors = payload["userErrors"].as_array().unwrap();
    let paths: Vec<_> = errors.iter().map(|error| error["path"].clone()).collect();
    for index in ["1", "2", "3"] {
        assert!(paths.contains(&json!(["parameters", index])), "{errors:?}");
    }
    assert!(errors.iter().all(|error| error["__typename"] == "InputError" && error["code"] == "INVALID"), "{errors:?}");
    assert!(
        errors.iter().any(|error| error["message"].as_str().unwrap().contains("staging")),
        "the remedy: {errors:?}"
    );

    let nothing = app.mutate("startBuild", "build { id }", json!({"serviceId": service})).await;
    assert!(nothing["userErrors"][0]["message"].as_str().unwrap().contains("VERSION"), "{nothing}");
    let builds = "query($id: ID!) { node(id: $id) { ... on BuildService { builds { totalCount } } } }";
    let builds = app.graphql(builds, json!({"id": service})).await;
    assert_eq!(builds["node"]["builds"]["totalCount"], 0);

    let right = json!([{"name": "VERSION", "value": {"string": "1.2"}}]);
    let build = app.start_with(json!({"serviceId": service, "parameters": right})).await;
    let build = app.follow(&build).await;
    assert!(app.log(&build).await.contains("1.2 4 staging"));
}

#[tokio::test]
async fn a_wrong_definition_fails_the_build_at_its_line() {
    let app = TestApp::local().await;
    let service = app.pipeline("wrong", "stages:\n  test:\n    script: make test\n").await;
    let build = app.start_build(&service).await;
    let build = app.follow(&build).await;
    assert_eq!((build.status(), build.why()), ("FAILED", "DEFINITION_INVALID"));
    assert!(build.reason().contains("pipeline.yaml:3:5"), "{}", build.reason());
    assert!(build.reason().contains("`run`"), "the remedy: {}", build.reason());
    assert!(build.stages().is_empty());
}

#[tokio::test]
async fn a_branch_that_is_not_there_fails_the_build_and_names_it() {
    let app = TestApp::local().await;
    let service = app.pipeline("nowhere", "run: echo hello\n").await;
    let build = app.start_with(json!({"serviceId": service, "ref": "no-such-branch"})).await;
    let build = app.follow(&build).await;
    assert_eq!(build.why(), "SOURCE_UNAVAILABLE", "{}", build.reason());
    assert!(build.reason().contains("no-such-branch"), "{}", build.reason());
}
