//! The hostile corpus: every request that is known to have hurt a GraphQL server, against the real program with its real schema.
//!
//! Prints what each of them cost. On an ordinary build of the tests the bounds are wide; `make hostile` holds an optimised build
//! to those that are promised.

mod corpus;
mod meter;
mod slow;
mod sockets;
mod wire;

use serde_json::json;

use crate::recovery::support::World;
use corpus::{Hostile, corpus};
use meter::{Cost, Meter};
use wire::{Reply, send};

/// Each request is sent so often; the cheapest counts for processor time, the dearest for memory.
const TIMES: usize = 3;

/// What a refusal may cost, in milliseconds of processor time and MiB. An ordinary build takes many times as long.
fn bounds() -> Cost {
    let promised = std::env::var_os("ALM_TEST_PROGRAM").is_some();
    Cost { milliseconds: if promised { 50.0 } else { 500.0 }, mebibytes: if promised { 20.0 } else { 40.0 } }
}

/// Longest answer to a hostile request, in bytes.
const LONGEST: usize = 4_096;

/// What is wrong with the answer, if it is no refusal.
fn complaint(hostile: &Hostile, reply: &Reply) -> Option<String> {
    // What is executed is refused by a field, for its value.
    let refused = hostile.statuses.contains(&reply.status)
        && (reply.status != 200 || reply.body.contains("\"errors\":[{"))
        && reply.body.len() < LONGEST;
    let shown: String = reply.body.chars().take(300).collect();
    (!refused).then(|| format!("{}: {}, {} bytes: {shown}", hostile.name, reply.status, reply.body.len()))
}

/// A row of the table.
fn told(name: &'static str, bytes: usize, cost: Cost) -> (&'static str, Cost) {
    println!("| {name} | {} | {:.1} | {:.1} |", bytes.div_ceil(1024), cost.milliseconds, cost.mebibytes);
    (name, cost)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_hostile_request_is_refused_and_costs_little() {
    let world = World::serving().await;
    let api = world.api();
    let address = api.address.trim_start_matches("http://").to_owned();
    // What a first request sets up is not the hostile one's.
    for _ in 0..3 {
        api.ask("{ projects(first: 10) { nodes { id builds(first: 10) { nodes { id } } } } }", json!({})).await;
    }
    let meter = Meter::of(world.server().pid().expect("it runs"));
    println!("| request | KiB | CPU ms | MiB more resident |\n|---|---|---|---|");
    let (mut costs, mut complaints) = (Vec::new(), Vec::new());
    for hostile in corpus(&api.token) {
        let mut worst: Option<Cost> = None;
        for _ in 0..TIMES {
            let begun = meter.begin();
            let reply = send(&address, &hostile.bytes).await;
            let cost = meter.since(&begun).await;
            complaints.extend(complaint(&hostile, &reply));
            worst = Some(worst.map_or(cost, |worst| worst.or(cost)));
        }
        costs.push(told(hostile.name, hostile.bytes.len(), worst.unwrap_or_default()));
    }
    for (name, work) in sockets::attacks() {
        let begun = meter.begin();
        work(&world).await;
        costs.push(told(name, 0, meter.since(&begun).await));
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    let bounds = bounds();
    let over: Vec<_> = costs.iter().filter(|(_, cost)| !cost.is_within(bounds)).collect();
    assert!(over.is_empty(), "these cost more than {bounds:?}: {over:?}");
    assert!(!world.server_log().contains("panicked"), "{}", world.server_log());
    api.ask("{ viewer { __typename } }", json!({})).await;
}
