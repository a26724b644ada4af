//! Lines of builds to many readers: what a delivered line costs the server, and how late it is.

use std::time::Duration;

use super::{called, subscribers};
use crate::{
    Result,
    load::Readers,
    pace::{Command, Order},
    process::{Content, Place, Server},
    server::Kind,
    table::{Table, figure},
};

/// Whom we are compared with; the limit comes first.
const KINDS: [Kind; 4] = [Kind::Limit, Kind::Ours, Kind::Bare, Kind::Plain];
/// Bytes of a line.
const LENGTH: usize = 100;
/// Time between the engine's last write and the moment at which its lines are surely stored.
const SETTLED: Duration = Duration::from_millis(500);

/// Who reads how much.
#[derive(Debug, Clone, Copy)]
struct Load {
    builds: usize,
    /// Of all builds together.
    readers: usize,
    /// Of each build, a second.
    lines_a_second: u32,
    seconds: u32,
}

const LOADS: [Load; 7] = [
    Load { builds: 1, readers: 1, lines_a_second: 20, seconds: 10 },
    Load { builds: 1, readers: 100, lines_a_second: 20, seconds: 5 },
    Load { builds: 1, readers: 500, lines_a_second: 20, seconds: 5 },
    Load { builds: 1, readers: 5_000, lines_a_second: 2, seconds: 5 },
    Load { builds: 1_000, readers: 1_000, lines_a_second: 2, seconds: 5 },
    Load { builds: 1, readers: 100, lines_a_second: 500, seconds: 5 },
    Load { builds: 1, readers: 20, lines_a_second: 2_000, seconds: 5 },
];

impl Load {
    fn title(self) -> String {
        let Self { builds, readers, lines_a_second, .. } = self;
        match builds {
            1 => format!("Fan-out: {readers} readers of one build, {lines_a_second} lines/s"),
            _ => format!("Fan-out: {builds} builds, {readers} readers, {lines_a_second} lines/s of each build"),
        }
    }

    fn order(self) -> Order {
        let every = Duration::from_secs(1) / self.lines_a_second;
        Order { lines: u64::from(self.lines_a_second * self.seconds), every, length: LENGTH }
    }
}

/// What was measured of a server.
struct Measured {
    /// Microseconds a delivered line, all included.
    cpu: f64,
    /// Microseconds a delivered line that the engine's lines cost with no reader.
    unread: f64,
    row: Vec<String>,
}

pub(super) async fn run() -> Result<()> {
    for load in LOADS {
        let head = [
            "server",
            "CPU µs a line",
            "× limit",
            "of it unread",
            "delivery × limit",
            "p50 ms",
            "p99 ms",
            "lines a message",
            "bytes a line",
            "KB a connection",
            "lost",
        ];
        let mut table = Table::new(load.title(), &head);
        let mut limit = f64::NAN;
        for kind in KINDS {
            let measured = measure(kind, load).await?;
            if kind == Kind::Limit {
                limit = measured.cpu - measured.unread;
            }
            let delivery = measured.cpu - measured.unread;
            let costs = [measured.cpu, measured.cpu / limit, measured.unread, delivery / limit].map(figure);
            table.row([called(kind).to_owned()].into_iter().chain(costs).chain(measured.row));
        }
        println!("{table}");
    }
    Ok(())
}

async fn measure(kind: Kind, load: Load) -> Result<Measured> {
    let place = Place::sqlite()?;
    let mut server = Server::start(kind, Content::Running(load.builds), &place).await?;
    let order = load.order();
    let deliveries = order.lines * load.readers as u64;

    // The engine's lines cost something even if nobody reads them: a store and a journal have their price.
    let before = server.usage()?;
    server.tell(Command::Write(order)).await?;
    tokio::time::sleep(Duration::from_secs(u64::from(load.seconds)) + SETTLED).await;
    let unread = (server.usage()? - before).cpu;

    let before = server.usage()?;
    let mut readers = Readers::new();
    for client in subscribers(&server, load.readers, None).await? {
        readers.add(client, 0);
    }
    // Those who keep a log tell it from its beginning, the others what is new: each reader is where it should be after this.
    let warm = Order { lines: 10, every: Duration::from_millis(100), length: LENGTH };
    server.tell(Command::Write(warm)).await?;
    let told_before = order.lines + warm.lines;
    readers.until(told_before * load.readers as u64).await;
    let resident = (server.usage()? - before).resident;

    readers.reset();
    let before = server.usage()?;
    server.tell(Command::Write(order)).await?;
    readers.until(deliveries).await;
    let used = server.usage()? - before;
    let tally = readers.take();
    let micros = |cpu: Duration| cpu.as_secs_f64() * 1e6 / deliveries as f64;
    let row = [
        figure(tally.latency.percentile(50.0)),
        figure(tally.latency.percentile(99.0)),
        figure(tally.lines as f64 / tally.messages as f64),
        figure(tally.bytes as f64 / tally.lines as f64),
        figure(resident as f64 / 1024.0 / load.readers as f64),
        (deliveries - tally.lines).to_string(),
    ];
    let measured = Measured { cpu: micros(used.cpu), unread: micros(unread), row: row.into() };
    server.kill().await?;
    Ok(measured)
}
