//! Many sockets that subscribe to a busy build and read nothing.

use std::{fs, net::SocketAddr};

use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::json;
use tokio::net::{TcpSocket, TcpStream};

use super::{meter::Meter, sockets::Socket};
use crate::recovery::support::{LogOracle, World};

/// Sockets, and lines of the build. `ALM_SOAK=1` takes as many as are promised.
fn size() -> (usize, usize) {
    if std::env::var("ALM_SOAK").is_ok_and(|value| value == "1") { (1_000, 500_000) } else { (200, 50_000) }
}

/// What all of them together may cost the server.
const MOST_MEBIBYTES: f64 = 100.0;

/// A connection whose kernel takes little that nobody reads.
async fn narrow(address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 << 10).unwrap();
    socket.connect(address).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_that_do_not_read_cost_little_and_take_nothing_from_the_others() {
    let (sockets, lines) = size();
    let mut files = getrlimit(Resource::Nofile);
    files.current = files.maximum;
    setrlimit(Resource::Nofile, files).unwrap();
    let world = World::serving().await;
    let gate = world.outside("gate");
    let script =
        format!("run: |\n  until [ -e '{}' ]; do sleep 0.02; done\n  seq -f 'line %.0f' {lines}\n", gate.display());
    let build = world.build(&script).await;
    let address = world.api().address.trim_start_matches("http://").parse().unwrap();
    let meter = Meter::of(world.server().pid().expect("it runs"));
    let begun = meter.begin();

    let subscribe = format!(
        "subscription {{ buildLog(buildId: \"{build}\") {{ __typename ... on LogBatch {{ lines {{ seq stream text }} }} }} }}"
    );
    let mut deaf = Vec::new();
    for _ in 0..sockets {
        let mut socket = Socket::over(narrow(address).await, &world).await;
        socket.say(&json!({"type": "subscribe", "id": "1", "payload": {"query": subscribe}}).to_string()).await;
        deaf.push(socket);
    }
    let watcher = world.follow(&build);
    fs::write(gate, "").unwrap();
    let watched = watcher.complete().await;
    watched.log.assert_numbered(lines);
    assert_eq!(watched.connections, 1, "it was never cut off");
    world.api().ask("{ viewer { __typename } }", json!({})).await;

    let cost = meter.since(&begun).await;
    println!("{sockets} sockets that do not read, {lines} lines: {:.1} MiB more resident", cost.mebibytes);
    assert!(cost.mebibytes < MOST_MEBIBYTES, "{cost:?}");
    // They were there all the time: whoever reads late, and was not given up, finds every line.
    let mut log = LogOracle::default();
    let mut late = deaf.pop().unwrap();
    while let Ok(told) = late.hear().await {
        if told["type"] == "complete" {
            log.assert_numbered(lines);
            break;
        }
        if told["type"] == "next" {
            log.event(&told["payload"]["data"]["buildLog"]);
        }
    }
    assert!(!log.said.is_empty(), "the socket was not subscribed");
}
