//! Readers that do not read, among others that do: what the others notice, and whether the slow ones get everything in the end.

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

const KINDS: [Kind; 2] = [Kind::Ours, Kind::Bare];
const READERS: usize = 100;
const SLOW: usize = 100;
/// Bytes that the kernel may keep for a slow reader: far fewer than are written meanwhile.
const RECEIVE: u32 = 4 << 10;
/// Six megabytes for each reader.
const ORDER: Order = Order { lines: 3_000, every: Duration::from_millis(2), length: 2_000 };

pub(super) async fn run() -> Result<()> {
    let title = format!(
        "Slow readers: {READERS} readers of one build, 500 lines/s of 2,000 bytes, and {SLOW} more who stop reading"
    );
    let head = [
        "server",
        "p99 ms with the slow ones",
        "p99 ms without them",
        "ratio",
        "lines that the slow ones missed",
        "doubled",
        "MB more meanwhile",
    ];
    let mut table = Table::new(title, &head);
    for kind in KINDS {
        let place = Place::sqlite()?;
        let mut server = Server::start(kind, Content::Running(1), &place).await?;
        let (mut readers, mut slow) = (Readers::new(), Readers::new());
        for client in subscribers(&server, READERS, None).await? {
            readers.add(client, 0);
        }
        for client in subscribers(&server, SLOW, Some(RECEIVE)).await? {
            slow.add(client, 0);
        }
        // To warm up; the slow ones are not slow yet.
        write(&mut server, &readers).await?;
        slow.until(ORDER.lines * slow.len()).await;

        slow.reset();
        slow.pause(true);
        let before = server.usage()?;
        write(&mut server, &readers).await?;
        let with = readers.take().latency.percentile(99.0);
        let more = (server.usage()? - before).resident as f64 / f64::from(1 << 20);

        slow.pause(false);
        let expected = ORDER.lines * SLOW as u64;
        slow.until(expected).await;
        let tally = slow.take();
        drop(slow);
        write(&mut server, &readers).await?;
        let without = readers.take().latency.percentile(99.0);
        let figures = [figure(with), figure(without), figure(with / without)];
        let counts = [(expected - tally.lines).to_string(), tally.doubled.to_string(), figure(more)];
        table.row([called(kind).to_owned()].into_iter().chain(figures).chain(counts));
        server.kill().await?;
    }
    println!("{table}");
    Ok(())
}

async fn write(server: &mut Server, readers: &Readers) -> Result<()> {
    readers.reset();
    server.tell(Command::Write(ORDER)).await?;
    readers.until(ORDER.lines * readers.len()).await;
    Ok(())
}
