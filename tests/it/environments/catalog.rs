//! Adding, changing, moving and removing environments.

use alm_build_spi::conformance::fake::Script;
use serde_json::{Value, json};

use crate::support::{Setup, TestApp, on_each_database};

const PROJECT: &str = "query($id: ID!) { node(id: $id) { ... on Project { revision
    environments { id name position role revision url } } } }";

async fn listed(app: &TestApp, project: &str) -> Vec<(String, i64)> {
    let reply = app.graphql(PROJECT, json!({ "id": project })).await;
    let entry = |e: &Value| (e["name"].as_str().unwrap().to_owned(), e["position"].as_i64().unwrap());
    reply["node"]["environments"].as_array().unwrap().iter().map(entry).collect()
}

fn names(listed: &[(String, i64)]) -> Vec<(&str, i64)> {
    listed.iter().map(|(name, position)| (name.as_str(), *position)).collect()
}

#[tokio::test]
async fn targets_keep_their_order_without_gaps_whatever_is_added_moved_and_removed() {
    on_each_database(|setup| async {
        let app = setup.start().await;
        let project = app.project("shop").await;
        for name in ["a", "b", "c"] {
            app.environment(&project, name, "TARGET").await;
        }
        let build = app.environment(&project, "build", "BUILD").await;
        let input = json!({
            "projectId": project, "displayName": "X", "role": "TARGET", "position": 2,
            "endpoint": {"url": "https://X.example.org:443/", "name": "x"},
            "protection": {"requiredApprovals": 2, "inOrder": true}, "namespace": "shop-x",
            "registryHost": "registry.example.org:5000",
        });
        let selection = "environment { id url namespace registryHost role project { slug }
            protection { requiredApprovals selfApproval inOrder } } project { environments { name } }";
        let added = app.done("addEnvironment", selection, input).await;
        let x = added["environment"]["id"].as_str().unwrap().to_owned();
        assert_eq!(
            added["environment"],
            json!({
                "id": x, "url": "https://x.example.org", "namespace": "shop-x", "role": "TARGET",
                "registryHost": "registry.example.org:5000", "project": {"slug": "shop"},
                "protection": {"requiredApprovals": 2, "selfApproval": false, "inOrder": true},
            })
        );
        let order = listed(&app, &project).await;
        assert_eq!(names(&order), [("build", 0), ("a", 1), ("x", 2), ("b", 3), ("c", 4)]);

        let input = json!({"environmentId": x, "position": 4, "protection": {"requiredApprovals": 0}, "namespace": ""});
        let selection = "environment { position namespace revision protection { requiredApprovals inOrder } }";
        let moved = app.done("updateEnvironment", selection, input).await["environment"].clone();
        assert_eq!(moved["protection"], json!({"requiredApprovals": 0, "inOrder": true}));
        assert!(moved["namespace"].is_null());
        let order = listed(&app, &project).await;
        assert_eq!(names(&order), [("build", 0), ("a", 1), ("b", 2), ("c", 3), ("x", 4)]);

        let stale =
            app.mutate("removeEnvironment", "removedEnvironmentId", json!({"environmentId": x, "expectedRevision": 1}));
        assert_eq!(stale.await["userErrors"][0]["code"], "CONFLICT");
        let a =
            app.graphql("{ environment(by: {address: {projectSlug: \"shop\", name: \"a\"}}) { id } }", json!({})).await;
        let a = a["environment"]["id"].as_str().unwrap().to_owned();
        let removed = app.done("removeEnvironment", "removedEnvironmentId", json!({"environmentId": a})).await;
        assert_eq!(removed["removedEnvironmentId"], json!(a));
        assert_eq!(names(&listed(&app, &project).await), [("build", 0), ("b", 1), ("c", 2), ("x", 3)]);
        let query = "query($id: ID!) { environment(by: {id: $id}) { name removedAt actions { action allowed } } }";
        let gone = app.graphql(query, json!({ "id": a })).await["environment"].clone();
        assert!(gone["removedAt"].is_string(), "it stays readable: {gone}");
        assert!(gone["actions"].as_array().unwrap().iter().all(|action| action["allowed"] == false), "{gone}");
        let again =
            app.mutate("updateEnvironment", "environment { id }", json!({"environmentId": a, "position": 1})).await;
        assert_eq!(again["userErrors"][0]["code"], "NOT_FOUND");
        // The name and the place of the build environment are free again.
        app.environment(&project, "a", "TARGET").await;
        app.done("removeEnvironment", "removedEnvironmentId", json!({"environmentId": build})).await;
        app.environment(&project, "build-2", "BUILD").await;
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_an_environment_is_refused_with_its_place_and_the_remedy() {
    let app = TestApp::fake(Script::new()).await;
    let project = app.project("shop").await;
    app.environment(&project, "build", "BUILD").await;
    let good = json!({
        "projectId": project, "displayName": "Staging", "role": "TARGET",
        "endpoint": {"url": "https://staging.example.org", "name": "staging"},
    });
    for (change, code, path) in [
        (
            json!({"endpoint": {"url": "http://staging.example.org", "name": "staging"}}),
            "INVALID",
            json!(["endpoint", "url"]),
        ),
        (
            json!({"endpoint": {"url": "https://u:p@staging.example.org", "name": "s"}}),
            "INVALID",
            json!(["endpoint", "url"]),
        ),
        (
            json!({"endpoint": {"url": "https://staging.example.org", "name": "../etc"}}),
            "INVALID",
            json!(["endpoint", "name"]),
        ),
        (
            json!({"endpoint": {"url": "https://staging.example.org", "name": "build"}}),
            "TAKEN",
            json!(["endpoint", "name"]),
        ),
        (json!({"displayName": ""}), "INVALID", json!(["displayName"])),
        (json!({"namespace": "A B"}), "INVALID", json!(["namespace"])),
        (json!({"role": "BUILD"}), "INVALID", json!(["role"])),
        (json!({"position": 2}), "INVALID", json!(["position"])),
        (json!({"position": 0}), "INVALID", json!(["position"])),
        (json!({"position": -1}), "INVALID", json!(["position"])),
        (json!({"protection": {"requiredApprovals": 11}}), "INVALID", json!(["protection", "requiredApprovals"])),
        (json!({"protection": {"requiredApprovals": -1}}), "INVALID", json!(["protection", "requiredApprovals"])),
        (
            json!({"caBundle": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"}),
            "INVALID",
            json!(["caBundle"]),
        ),
        (
            json!({"caBundle": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"}),
            "INVALID",
            json!(["caBundle"]),
        ),
        (json!({"registryHost": "https://registry.example.org"}), "INVALID", json!(["registryHost"])),
        (json!({"projectId": "prj_00000000000070008000000000000001"}), "NOT_FOUND", json!(["projectId"])),
        (json!({"projectId": "nonsense"}), "INVALID", json!(["projectId"])),
    ] {
        let mut input = good.clone();
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let payload = app.mutate("addEnvironment", "environment { id }", input).await;
        let error = &payload["userErrors"][0];
        assert_eq!((&error["code"], &error["path"]), (&json!(code), &path), "{change}: {payload}");
        assert!(!error["message"].as_str().unwrap().is_empty());
    }
    let two = json!({"displayName": "", "namespace": "A B"});
    let mut input = good.clone();
    input.as_object_mut().unwrap().extend(two.as_object().unwrap().clone());
    let payload = app.mutate("addEnvironment", "environment { id }", input).await;
    assert_eq!(payload["userErrors"].as_array().unwrap().len(), 2, "all at once: {payload}");
    for n in 1..50 {
        app.environment(&project, &format!("t{n}"), "TARGET").await;
    }
    let payload = app.mutate("addEnvironment", "environment { id }", good).await;
    assert_eq!(payload["userErrors"][0]["path"], json!(["projectId"]), "the 51st: {payload}");
}

#[tokio::test]
async fn a_build_service_uses_the_environments_that_it_names_or_all_of_its_project() {
    on_each_database(|setup| async {
        let app = setup.start().await;
        let project = app.project("shop").await;
        let service = app.service_in(&project, "web", "https://git.example.org/web.git").await;
        let (a, b) = (app.environment(&project, "a", "TARGET").await, app.environment(&project, "b", "TARGET").await);
        let other = app.project("other").await;
        let foreign = app.environment(&other, "c", "TARGET").await;
        let query = "query($id: ID!) { node(id: $id) { ... on BuildService { environments { name } } } }";
        let used = async || app.graphql(query, json!({ "id": service })).await["node"]["environments"].clone();
        let update = async |ids: Value| {
            let input = json!({"serviceId": service, "environmentIds": ids});
            app.mutate("updateBuildService", "service { id }", input).await["userErrors"].clone()
        };
        assert_eq!(used().await, json!([{"name": "a"}, {"name": "b"}]));
        assert_eq!(update(json!([b, b])).await, json!([]));
        assert_eq!(used().await, json!([{"name": "b"}]));
        assert_eq!(update(json!([])).await, json!([]));
        assert_eq!(used().await, json!([]));
        let refused = update(json!([a, foreign])).await;
        assert_eq!(refused[0]["path"], json!(["environmentIds", "1"]), "{refused}");
        app.done("updateBuildService", "service { id }", json!({"serviceId": service, "displayName": "W"})).await;
        assert_eq!(used().await, json!([]), "left alone where nothing is said of them");
        assert_eq!(update(Value::Null).await, json!([]));
        assert_eq!(used().await, json!([{"name": "a"}, {"name": "b"}]));
        assert_eq!(update(json!([a, b])).await, json!([]));
        app.done("removeEnvironment", "removedEnvironmentId", json!({"environmentId": a})).await;
        assert_eq!(used().await, json!([{"name": "b"}]), "what was removed is used no more");
    })
    .await;
}

#[tokio::test]
async fn whoever_watches_a_project_is_told_of_its_environments() {
    let app = Setup::fake(Script::new()).start().await;
    let project = app.project("shop").await;
    let query = "subscription($id: ID!, $after: String) { projectUpdates(projectId: $id, after: $after) { __typename
        ... on StreamEvent { cursor } ... on EnvironmentChanged { environment { id name position revision } }
        ... on EntityRemoved { removedId removedType } } }";
    let mut events = app.subscribe(query, json!({ "id": project })).await;
    assert_eq!(events.next().await.unwrap()["__typename"], "ProjectSnapshot");
    let id = app.environment(&project, "staging", "TARGET").await;
    let told = events.next().await.unwrap();
    let environment = json!({"id": id, "name": "staging", "position": 1, "revision": 1});
    assert_eq!(told["environment"], environment, "{told}");
    app.done("removeEnvironment", "removedEnvironmentId", json!({"environmentId": id})).await;
    let gone = events.next().await.unwrap();
    assert_eq!((&gone["removedId"], &gone["removedType"]), (&json!(id), &json!("Environment")), "{gone}");
    // Whoever was away is told of both ends at once.
    let mut again = app.subscribe(query, json!({"id": project, "after": told["cursor"]})).await;
    assert_eq!(again.next().await.unwrap()["removedId"], json!(id));
}
