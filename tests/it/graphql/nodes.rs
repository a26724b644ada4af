//! Every kind of entity by its id.

use alm_build_spi::conformance::fake::{Script, StageSpec};
use serde_json::{Value, json};

use crate::support::TestApp;

#[tokio::test]
async fn each_kind_is_found_by_its_id_alone_and_among_others() {
    let script = Script::new().open(StageSpec::new("a").environment("staging")).ask("go", "Go on?");
    let app = TestApp::fake(script).await;
    let project = app.project("shop").await;
    let environment = app.environment(&project, "staging", "TARGET").await;
    let service = app.service_in(&project, "web", "https://git.example.org/web.git").await;
    let build = app.start_build(&service).await;
    let build = app.follow_until(&build, |build| build["status"] == "WAITING_FOR_APPROVAL").await;
    let grant = app.grant(&environment).await;
    let query = "query($id: ID!) { node(id: $id) { ... on Project { deployments { nodes { id } } } } }";
    let deployed = app.graphql(query, json!({ "id": project })).await;
    let viewer = app.graphql("{ viewer { user { id } } }", json!({})).await;
    let trail = app.graphql("{ auditEvents(first: 1) { nodes { id } } }", json!({})).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let known = [
        ("Project", project),
        ("Provider", app.provider.clone()),
        ("BuildService", service),
        ("Build", build.id().to_owned()),
        ("Stage", text(&build.stage("a")["id"])),
        ("Approval", text(&build.approval()["id"])),
        ("Environment", environment),
        ("OAuthGrant", grant),
        ("AuditEvent", text(&trail["auditEvents"]["nodes"][0]["id"])),
        ("Deployment", text(&deployed["node"]["deployments"]["nodes"][0]["id"])),
        ("User", text(&viewer["viewer"]["user"]["id"])),
    ];
    let types = app.graphql("{ __type(name: \"Node\") { possibleTypes { name } } }", json!({})).await;
    let mut possible: Vec<_> =
        types["__type"]["possibleTypes"].as_array().unwrap().iter().map(|t| text(&t["name"])).collect();
    let mut tried: Vec<_> = known.iter().map(|(name, _)| (*name).to_owned()).collect();
    possible.sort();
    tried.sort();
    assert_eq!(tried, possible, "every kind is tried here");

    for (name, id) in &known {
        let node = app.graphql("query($id: ID!) { node(id: $id) { __typename id } }", json!({ "id": id })).await;
        assert_eq!(node["node"], json!({"__typename": name, "id": id}));
        // The same number under the prefix of another kind is nobody.
        let foreign = id.replacen(id.split('_').next().unwrap(), "prv", 1);
        let nobody = app.graphql("query($id: ID!) { node(id: $id) { id } }", json!({ "id": foreign })).await;
        assert_eq!(nobody["node"].is_null(), *name != "Provider", "{nobody}");
    }
    let missing = alm_domain::BuildId::from_uuid(uuid::Uuid::from_u128(7)).to_string();
    let mut ids: Vec<_> = known.iter().map(|(_, id)| id.clone()).collect();
    ids.insert(3, missing);
    ids.push(ids[0].clone());
    let nodes = app.graphql("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", json!({ "ids": ids })).await;
    let nodes = nodes["nodes"].as_array().unwrap();
    assert!(nodes[3].is_null());
    for (node, id) in nodes.iter().zip(&ids).filter(|(node, _)| !node.is_null()) {
        assert_eq!(node["id"], *id, "in the order of the question");
    }
    let many = vec![ids[0].clone(); 101];
    let reply = app.reply("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": many })).await;
    assert_eq!(reply["errors"][0]["extensions"]["code"], "BAD_ARGUMENT");
}
