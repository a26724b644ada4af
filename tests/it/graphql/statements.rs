//! Fifty rows take as many statements as one.

use std::collections::BTreeMap;

use alm_build_spi::conformance::fake::{Script, StageSpec};
use alm_domain::{ReasonCode, RunStatus, StageKind, StatusReason};
use serde_json::{Value, json};

use super::introspection::Schema;
use crate::support::{Setup, TestApp, within};

const ROWS: usize = 50;

/// What is forgiven to a loader that woke early. An edge without a loader takes [`ROWS`] more.
const SPLIT: u64 = 15;

/// Edges that take a statement or more for each row, and why they may.
const EXCEPTED: [(&str, &str); 1] =
    [("BuildService.parameters", "reads the definition at the provider, not rows; its cost of 200 says so")];

/// Ids of fifty entities of each kind, each in a family of its own.
async fn populated(app: &TestApp) -> BTreeMap<&'static str, Vec<String>> {
    let mut ids: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    for n in 0..ROWS {
        let input = json!({"slug": format!("engine-{n}"), "displayName": "Another", "kind": "REMOTE"});
        let provider = app.done("registerProvider", "provider { id }", input).await["provider"].clone();
        let project = app.project(&format!("project-{n}")).await;
        let input = json!({
            "projectId": project, "providerId": provider["id"], "slug": "web", "displayName": "web",
            "repository": {"url": "https://git.example.org/web.git", "ref": "main"},
        });
        let service = app.done("createBuildService", "service { id }", input).await["service"].clone();
        ids.entry("Provider").or_default().push(id(&provider));
        let environment = app.environment(&project, "staging", "TARGET").await;
        ids.entry("OAuthGrant").or_default().push(app.grant(&environment).await);
        ids.entry("Environment").or_default().push(environment);
        let failed = app.start_build(&id(&service)).await;
        within(app.engine.held(failed.key())).await;
        app.engine.end(failed.key(), RunStatus::Failed, Some(StatusReason::new(ReasonCode::CommandFailed, "it broke")));
        let again = app.follow(&failed).await;
        let waiting = app.rerun(&again, json!({"beginning": true})).await;
        let waiting = app.follow_until(&waiting, |build| build["status"] == "WAITING_FOR_APPROVAL").await;
        let query = "query($id: ID!) { node(id: $id) { ... on Project { deployments(first: 1) { nodes { id } } } } }";
        let deployed = app.graphql(query, json!({ "id": project })).await["node"]["deployments"]["nodes"][0].clone();
        ids.entry("Deployment").or_default().push(id(&deployed));
        ids.entry("Project").or_default().push(project);
        ids.entry("BuildService").or_default().push(id(&service));
        // Now one that has failed, now one that waits: both have all that a build can have.
        ids.entry("Build").or_default().push(if n % 2 == 0 { again.id() } else { waiting.id() }.to_owned());
        ids.entry("Stage").or_default().push(id(waiting.stage("inner")));
        ids.entry("Approval").or_default().push(id(waiting.approval()));
    }
    ids
}

/// How many statements a query takes.
async fn statements(app: &TestApp, query: &str, ids: &[String]) -> u64 {
    let before = app.app().store().statements();
    let reply = app.reply(query, json!({ "ids": ids })).await;
    assert!(reply["errors"].is_null(), "{query}: {reply}");
    app.app().store().statements() - before
}

#[tokio::test]
async fn no_edge_takes_more_statements_for_fifty_rows_than_for_one() {
    let script = Script::new()
        .parameter(alm_domain::ParameterDefinition {
            name: "P".to_owned(),
            label: "P".to_owned(),
            help: None,
            kind: alm_domain::ParameterKind::String,
            required: false,
            default: Some("x".into()),
            choices: Vec::new(),
        })
        .open(StageSpec::new("frame").kind(StageKind::Sequence))
        .open(StageSpec::new("inner").inside("frame").after(["frame"]).environment("staging"))
        .line("a line")
        .ask("go", "Go on?");
    let app = Setup::fake(script).start().await;
    let ids = populated(&app).await;
    let schema = Schema::of(&app.graphql(Schema::query(), json!({})).await);
    let mut dear = Vec::new();
    let mut edges = 0;
    for (kind, ids) in &ids {
        for field in schema.fields(kind) {
            let name = format!("{kind}.{}", field["name"].as_str().unwrap());
            if EXCEPTED.iter().any(|(known, _)| *known == name) {
                continue;
            }
            let (target, _) = Schema::bare(&field["type"]);
            let call = schema.call(field);
            let selection =
                if schema.is_composite(&target) { format!("{call} {{ {} }}", rows_of(&schema, &target)) } else { call };
            edges += 1;
            let query = format!("query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {kind} {{ {selection} }} }} }}");
            let one = statements(&app, &query, &ids[..1]).await;
            // On a busy machine a loader may wake early and ask in a few goes: the fewest of several tries count.
            let mut many = u64::MAX;
            for tries in 1..=30 {
                many = many.min(statements(&app, &query, ids).await);
                if many <= one || tries >= 6 && many <= one + SPLIT {
                    break;
                }
            }
            if many > one + SPLIT {
                dear.push(format!("{name}: {one} for one row, {many} for {ROWS}"));
            }
        }
    }
    assert!(edges > 75, "found only {edges} edges");
    assert!(dear.is_empty(), "{dear:#?}");
}

/// What to ask of the far end of an edge: everything, but what stands among the exceptions.
fn rows_of(schema: &Schema, target: &str) -> String {
    match target.strip_suffix("Connection") {
        Some(row) => format!("nodes {{ {} }} totalCount pageInfo {{ hasNextPage }}", schema.selection(row, 0)),
        None if target == "BuildFailure" => "summary stage { id key }".to_owned(),
        None => schema.selection(target, 0),
    }
}
