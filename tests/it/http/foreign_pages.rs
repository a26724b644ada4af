//! Pages in a real browser, against a server that lets everybody in: what keeps a page out are its origin and its host.

use std::{path::Path, sync::atomic::Ordering};

use serde_json::Value;

use super::{
    node::node,
    support::{Running, serve_everybody},
};

const FRIEND: &str = "http://friend.example";

/// What a page at this address achieved; none where the browser is missing.
async fn visit(server: &Running, address: &str, page: &str) -> Option<Value> {
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    if !Path::new(&chromium).is_file() {
        let missing = format!("needs Chromium at {chromium}, or at the path in CHROMIUM");
        assert!(!std::env::var("ALM_REQUIRE_NODE").is_ok_and(|value| value == "1"), "{missing}");
        println!("SKIPPED: {missing}");
        return None;
    }
    let output = node("foreign.mjs", &[address.into(), page.into()]).await?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    // Everything was tried, wherever the page is.
    assert_eq!(told["attempts"], 105, "{told}");
    println!("{page}: {} mutations, told {told}", server.traces.mutations.load(Ordering::SeqCst));
    Some(told)
}

fn read(told: &Value) -> &Vec<Value> {
    told["read"].as_array().unwrap()
}

/// Reading by a GET without an origin, as of an image, does run where everybody is let in; its reply is read by nobody.
fn no_mutation_ran(server: &Running) {
    assert_eq!(server.traces.mutations.load(Ordering::SeqCst), 0, "a mutation ran");
}

#[tokio::test]
async fn a_page_of_a_foreign_origin_changes_nothing_and_reads_nothing() {
    let server = serve_everybody(&[FRIEND]).await;
    let address = format!("http://{}", server.address);
    let Some(told) = visit(&server, &address, "http://evil.example/").await else { return };
    no_mutation_ran(&server);
    assert_eq!(read(&told), &[] as &[Value]);
    assert_eq!(told["events"], 0);
}

#[tokio::test]
async fn a_page_whose_name_was_led_to_this_machine_changes_nothing_and_reads_no_data() {
    let server = serve_everybody(&[FRIEND]).await;
    let rebound = format!("http://rebound.example:{}", server.address.port());
    let Some(told) = visit(&server, &rebound, &format!("{rebound}/")).await else { return };
    no_mutation_ran(&server);
    // For the browser these are the page's own addresses: it may read the refusals.
    assert!(read(&told).iter().any(|reply| reply["status"] == 421), "{told}");
    assert!(read(&told).iter().all(|reply| reply["data"] == false), "{told}");
    assert_eq!(told["events"], 0);
}

#[tokio::test]
async fn the_same_page_of_an_allowed_origin_does_and_reads_all_of_it() {
    let server = serve_everybody(&[FRIEND]).await;
    let address = format!("http://{}", server.address);
    let Some(told) = visit(&server, &address, &format!("{FRIEND}/")).await else { return };
    let data: Vec<&str> =
        read(&told).iter().filter(|reply| reply["data"] == true).filter_map(|reply| reply["name"].as_str()).collect();
    for name in ["POST json cors mutation */*", "POST json cors query */*", "GET none cors query */*"] {
        assert!(data.contains(&name), "{name}: {told}");
    }
    // Five by the websocket, and one by the event stream.
    assert!(told["events"].as_i64().unwrap() >= 6, "{told}");
    // By POST of JSON, and by the websocket; all else is refused for its content type or its method.
    assert_eq!(server.traces.mutations.load(Ordering::SeqCst), 2, "{told}");
    assert!(server.traces.pulled.load(Ordering::SeqCst) >= 4);
}
