//! Every list has a cost that grows with what is asked of its rows.

use alm::{
    app::Timing,
    graphql::{Api, Limits},
};
use alm_build_spi::conformance::fake::Script;
use alm_domain::Principal;
use async_graphql::{Executor, Request, extensions::Analyzer};
use futures::StreamExt;
use serde_json::json;

use super::introspection::{Place, Schema};
use crate::support::TestApp;

const NO_LIMITS: usize = 1_000_000_000;

struct Scales<'a> {
    app: &'a TestApp,
    analyzing: Api,
}

impl Scales<'_> {
    fn limited(&self, complexity: usize) -> Api {
        let limits = Limits { depth: 100, complexity };
        Api::extended(self.app.app().clone(), limits, Timing::default(), Analyzer)
    }

    async fn cost(&self, operation: &str, document: &str) -> usize {
        let request = || Request::new(document).data(Principal::single_user());
        if operation != "subscription" {
            let response = self.analyzing.execute(request()).await;
            let told = response.extensions.get("analyzer").cloned().unwrap_or_default().into_json().unwrap();
            return told["complexity"].as_u64().unwrap_or_else(|| panic!("{document}: {response:?}")) as usize;
        }
        // Of streams the analyzer says nothing: the cost is the least limit that lets the document through.
        let (mut below, mut enough) = (0, 1 << 20);
        while below + 1 < enough {
            let limit = usize::midpoint(below, enough);
            let first = self.limited(limit).execute_stream(request(), None).next().await;
            let refused = first.is_some_and(|reply| reply.errors.iter().any(|e| e.message.contains("too complex")));
            if refused { below = limit } else { enough = limit }
        }
        enough
    }

    /// How much dearer the list is with one field more for each of its rows.
    async fn of_one_more(&self, place: &Place, schema: &Schema, row: &str) -> usize {
        let (target, is_list) = Schema::bare(&place.field["type"]);
        let leaf = leaf(schema, row);
        let (one, two) = (format!("a: {leaf}"), format!("a: {leaf} b: {leaf}"));
        let select = |fields: String| if is_list && target == row { fields } else { format!("nodes {{ {fields} }}") };
        let one = self.cost(place.operation, &place.document(schema, &select(one))).await;
        let two = self.cost(place.operation, &place.document(schema, &select(two))).await;
        two - one
    }
}

/// A field without arguments and parts.
fn leaf(schema: &Schema, name: &str) -> String {
    let plain = |field: &&serde_json::Value| {
        let (target, _) = Schema::bare(&field["type"]);
        !schema.is_composite(&target) && field["args"].as_array().unwrap().is_empty()
    };
    let field = schema.fields(name).find(plain).unwrap_or_else(|| panic!("{name} has no leaf"));
    field["name"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_list_costs_more_for_each_field_of_its_rows() {
    let app = TestApp::fake(Script::new().succeed()).await;
    let schema = Schema::of(&app.graphql(Schema::query(), json!({})).await);
    let mut scales = Scales {
        analyzing: Api::extended(app.app().clone(), Limits::default(), Timing::default(), Analyzer),
        app: &app,
    };
    scales.analyzing = scales.limited(NO_LIMITS);
    let mut lists = 0;
    for place in schema.places() {
        let (target, is_list) = Schema::bare(&place.field["type"]);
        // The field that leads to a connection bears the cost of its rows.
        let within_connection = place.owner.ends_with("Connection");
        if place.owner.starts_with("__")
            || target.starts_with("__")
            || within_connection
            || !schema.is_composite(&target)
        {
            continue;
        }
        let row = match target.strip_suffix("Connection") {
            Some(row) => row.to_owned(),
            None if is_list => target,
            None => continue,
        };
        lists += 1;
        let dearer = scales.of_one_more(&place, &schema, &row).await;
        // `nodes(ids:)` costs as many rows as it has ids, which here is one.
        let least = if place.name() == "Query.nodes" { 1 } else { 2 };
        assert!(dearer >= least, "{} has no cost: one more field of its rows costs {dearer}", place.name());
    }
    assert!(lists > 30, "found only {lists} lists: the walk over the schema is broken");
}

#[tokio::test]
async fn a_page_costs_as_many_rows_as_it_has_and_too_much_is_refused() {
    let app = TestApp::fake(Script::new().succeed()).await;
    let analyzing = Api::extended(app.app().clone(), Limits::default(), Timing::default(), Analyzer);
    let scales = Scales { app: &app, analyzing };
    let small = scales.cost("query", "{ projects(first: 1) { nodes { id slug } } }").await;
    let large = scales.cost("query", "{ projects(last: 100) { nodes { id slug } } }").await;
    assert!(large >= small * 90, "{small} {large}");
    let nested =
        "{ projects(first: 100) { nodes { builds(first: 100) { nodes { stages { dependsOn { id name } } } } } } }";
    let reply = app.reply(nested, json!({})).await;
    assert_eq!(reply["errors"][0]["extensions"]["code"], "QUERY_TOO_COSTLY", "{reply}");
    let one = scales.cost("query", "{ nodes(ids: [\"x\"]) { id } }").await;
    let three = scales.cost("query", "{ nodes(ids: [\"x\", \"y\", \"z\"]) { id } }").await;
    assert!(three > one);
}
