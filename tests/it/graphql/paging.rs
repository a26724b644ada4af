//! Connections, forwards and backwards.

use alm_build_spi::conformance::fake::Script;
use serde_json::{Value, json};

use crate::support::{Setup, TestApp, on_each_database};

const BUILDS: usize = 7;
const QUERY: &str = "query($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
    node(id: $id) { ... on BuildService { builds(first: $first, after: $after, last: $last, before: $before) {
        totalCount nodes { id } edges { cursor node { id } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    } } } }";

async fn page(app: &TestApp, service: &str, mut arguments: Value) -> Value {
    arguments["id"] = service.into();
    app.graphql(QUERY, arguments).await["node"]["builds"].clone()
}

fn ids(page: &Value) -> Vec<String> {
    page["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn pages_forwards_and_backwards_hold_every_row_once_in_one_order() {
    on_each_database(|setup: Setup| async move {
        let app = setup.scripted(Script::new().succeed()).start().await;
        let service = app.service("web").await;
        let mut newest_first = Vec::new();
        for _ in 0..BUILDS {
            newest_first.insert(0, app.start_build(&service).await.id().to_owned());
        }
        for size in 1..=BUILDS + 1 {
            let (mut seen, mut after) = (Vec::new(), Value::Null);
            loop {
                let page = page(&app, &service, json!({"first": size, "after": after})).await;
                assert_eq!(page["totalCount"], BUILDS);
                assert_eq!(page["pageInfo"]["hasPreviousPage"], !seen.is_empty());
                seen.extend(ids(&page));
                after = page["pageInfo"]["endCursor"].clone();
                if page["pageInfo"]["hasNextPage"] == false {
                    break;
                }
            }
            assert_eq!(seen, newest_first, "forwards by {size}");

            let (mut seen, mut before) = (Vec::new(), Value::Null);
            loop {
                let page = page(&app, &service, json!({"last": size, "before": before})).await;
                assert_eq!(page["pageInfo"]["hasNextPage"], !seen.is_empty());
                seen.splice(0..0, ids(&page));
                before = page["pageInfo"]["startCursor"].clone();
                if page["pageInfo"]["hasPreviousPage"] == false {
                    break;
                }
            }
            assert_eq!(seen, newest_first, "backwards by {size}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_holds_although_rows_are_added_meanwhile() {
    let app = TestApp::fake(Script::new().succeed()).await;
    let service = app.service("web").await;
    let mut known = Vec::new();
    for _ in 0..4 {
        known.insert(0, app.start_build(&service).await.id().to_owned());
    }
    let first = page(&app, &service, json!({"first": 2})).await;
    app.start_build(&service).await;
    let second = page(&app, &service, json!({"first": 2, "after": first["pageInfo"]["endCursor"]})).await;
    assert_eq!([ids(&first), ids(&second)].concat(), known);
}

#[tokio::test]
async fn page_arguments_that_do_not_fit_are_named() {
    let app = TestApp::fake(Script::new().succeed()).await;
    let (one, two) = (app.service("one").await, app.service("two").await);
    app.start_build(&one).await;
    app.start_build(&two).await;
    let foreign = page(&app, &two, json!({"first": 1})).await["pageInfo"]["endCursor"].clone();
    let cursor = page(&app, &one, json!({"first": 1})).await["pageInfo"]["endCursor"].clone();
    for (mut arguments, argument) in [
        (json!({"first": 0}), "first"),
        (json!({"first": -5}), "first"),
        (json!({"first": 101}), "first"),
        (json!({"last": 0}), "last"),
        (json!({"last": 2_000_000_000}), "last"),
        (json!({"first": 1, "last": 1}), "last"),
        (json!({"first": 1, "before": cursor}), "before"),
        (json!({"last": 1, "after": cursor}), "after"),
        (json!({"first": 1, "after": "rubbish"}), "after"),
        (json!({"first": 1, "after": foreign}), "after"),
        (json!({"last": 1, "before": ""}), "before"),
    ] {
        arguments["id"] = one.clone().into();
        let reply = app.reply(QUERY, arguments.clone()).await;
        let error = &reply["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_PAGE_ARGUMENT", "{arguments}: {reply}");
        assert_eq!(error["extensions"]["argument"], argument, "{arguments}: {reply}");
        assert_eq!(error["path"], json!(["node", "builds"]));
    }
}
