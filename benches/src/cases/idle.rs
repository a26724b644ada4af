//! Subscriptions on which nothing happens: what they keep the server busy with, and how much memory.

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

const KINDS: [Kind; 5] = [Kind::Limit, Kind::Ours, Kind::BareSmall, Kind::Bare, Kind::Plain];
const READERS: usize = 5_000;
/// Longer than the pause between two pings.
const SILENCE: Duration = Duration::from_secs(20);

pub(super) async fn run() -> Result<()> {
    let title = format!("Idle: {READERS} subscriptions, each on a connection of its own, after one line");
    let mut table =
        Table::new(title, &["server", "KB a connection", "CPU ms a second", "CPU µs a second and connection"]);
    for kind in KINDS {
        let place = Place::sqlite()?;
        let mut server = Server::start(kind, Content::Running(1), &place).await?;
        let before = server.usage()?;
        let mut readers = Readers::new();
        for client in subscribers(&server, READERS, None).await? {
            readers.add(client, 0);
        }
        server.tell(Command::Write(Order { lines: 1, every: Duration::ZERO, length: 100 })).await?;
        readers.until(readers.len()).await;
        let settled = server.usage()?;
        tokio::time::sleep(SILENCE).await;
        let after = server.usage()?;
        let resident = (after - before).resident as f64 / 1024.0 / READERS as f64;
        let cpu = (after - settled).cpu.as_secs_f64() / SILENCE.as_secs_f64();
        table.row([called(kind).to_owned(), figure(resident), figure(cpu * 1e3), figure(cpu * 1e6 / READERS as f64)]);
        server.kill().await?;
    }
    println!("{table}");
    Ok(())
}
