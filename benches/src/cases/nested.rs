//! A query over four levels: what a page costs.

use std::{fs, time::Duration};

use alm_testkit::Database;
use serde_json::{Value, json};

use super::{called, node::Node};
use crate::{
    Result,
    load::{Connection, ask},
    process::{Content, Place, Server},
    server::{Kind, static_bytes},
    table::{Table, figure},
    usage::Usage,
};

/// What is asked for: 10 build services with 10 builds of 5 stages each.
pub(crate) const PAGE: &str = "{
    projects(first: 1) { nodes { id slug displayName
        services { id slug displayName createdAt
            builds(first: 10) { nodes { id number status ref queuedAt startedAt finishedAt
                stages { id key name kind status position startedAt finishedAt } } } } } } }";

const CONNECTIONS: usize = 8;
const WARM_UP: Duration = Duration::from_secs(1);
const TIME: Duration = Duration::from_secs(5);

/// What was measured of a server.
struct Measured {
    requests: f64,
    cpu: f64,
    p50: f64,
    p99: f64,
}

pub(super) async fn run() -> Result<()> {
    let mut databases = vec![("SQLite", Database::sqlite())];
    // It is started on threads of its own, and must not be waited for by the runtime.
    let postgres = tokio::task::spawn_blocking(Database::postgres).await?;
    databases.extend(postgres.map(|database| ("PostgreSQL", database)));
    for (name, database) in databases {
        on(name, Place::on(database)?).await?;
    }
    Ok(())
}

async fn on(database: &str, place: Place) -> Result<()> {
    let body = json!({ "query": PAGE }).to_string();
    let server = Server::start(Kind::Ours, Content::Catalogue, &place).await?;
    let reply = reply(&server, &body).await?;
    let mut rows = vec![(called(Kind::Ours), measure(&server, &body).await?)];
    server.kill().await?;
    fs::write(place.file(static_bytes::FILE), &reply)?;

    let server = Server::start(Kind::Static, Content::AsItIs, &place).await?;
    rows.insert(0, (called(Kind::Static), measure(&server, &body).await?));
    server.kill().await?;

    match Node::start(&place).await? {
        Ok(node) => {
            let same = Connection::open(node.address, &body).await?.ask().await?.to_vec();
            let (ours, theirs): (Value, Value) = (serde_json::from_slice(&reply)?, serde_json::from_slice(&same)?);
            if ours["data"] != theirs["data"] {
                return Err("mercurius does not answer as we do".into());
            }
            rows.push(("mercurius with JIT", measure_at(node.address, &body, || node.usage()).await?));
        }
        Err(why) => println!("\nmercurius is left out: {why}"),
    }

    let bytes = reply.len();
    let title = format!(
        "Nested query on {database}: 10 build services × 10 builds × 5 stages, {bytes} bytes, {CONNECTIONS} connections"
    );
    let mut table = Table::new(title, &["server", "requests/s", "× static", "CPU ms", "× ours", "p50 ms", "p99 ms"]);
    let (fastest, ours) = (rows[0].1.requests, rows[1].1.requests);
    for (name, measured) in rows {
        let Measured { requests, cpu, p50, p99 } = measured;
        let figures = [requests, requests / fastest, cpu, requests / ours, p50, p99].map(figure);
        table.row([name.to_owned()].into_iter().chain(figures));
    }
    println!("{table}");
    Ok(())
}

async fn reply(server: &Server, body: &str) -> Result<Vec<u8>> {
    let reply = Connection::open(server.ready.address, body).await?.ask().await?.to_vec();
    let parsed: Value = serde_json::from_slice(&reply)?;
    let services = parsed["data"]["projects"]["nodes"][0]["services"].as_array().map_or(0, Vec::len);
    if services == 10 && parsed["errors"].is_null() {
        return Ok(reply);
    }
    Err(format!("the page is not what it should be: {}", String::from_utf8_lossy(&reply)).into())
}

async fn measure(server: &Server, body: &str) -> Result<Measured> {
    measure_at(server.ready.address, body, || server.usage()).await
}

async fn measure_at(address: std::net::SocketAddr, body: &str, usage: impl Fn() -> Result<Usage>) -> Result<Measured> {
    let opened = (0..CONNECTIONS).map(|_| Connection::open(address, body));
    let mut connections = futures::future::try_join_all(opened).await?;
    ask(&mut connections, WARM_UP).await?;
    let before = usage()?;
    let answered = ask(&mut connections, TIME).await?;
    let used = usage()? - before;
    Ok(Measured {
        requests: answered.requests as f64 / TIME.as_secs_f64(),
        cpu: used.cpu.as_secs_f64() * 1e3 / answered.requests as f64,
        p50: answered.latency.percentile(50.0),
        p99: answered.latency.percentile(99.0),
    })
}
