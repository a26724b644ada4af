//! A million lines: in, out, and past the store.

use std::{path::PathBuf, time::Duration};

use alm_domain::{BuildId, LineNo, LogLine, LogStream, Principal, ResumeToken, SystemClock, SystemIds};
use alm_store::{Append, Fence, Store};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::LOG;
use crate::{
    Result,
    line::Stamp,
    load::{Connection, Follower, scratch},
    pace::{Command, Order},
    process::{Content, Place, Server},
    server::Kind,
    table::{Table, figure},
    usage::Usage,
};

const LINES: u64 = 1_000_000;
const LENGTH: usize = 99;
/// Lines of a commit: a chunk of 64 KiB, and a megabyte.
const COMMITS: [usize; 2] = [660, 10_000];
/// Lines that are read at once.
const PAGE: usize = 100_000;
const POLL: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(300);

pub(super) async fn run() -> Result<()> {
    let title = format!("A million lines of {LENGTH} bytes, SQLite with synchronous=FULL");
    let mut table = Table::new(title, &["what", "s", "lines/s", "CPU s"]);
    for lines in COMMITS {
        // Two threads of its own: the store works while the caller waits.
        let measured = tokio::task::spawn_blocking(move || {
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(store(lines))
        });
        let (written, read) = measured.await??;
        row(&mut table, format!("through the store, {lines} lines a commit"), written);
        row(&mut table, "read in the store".to_owned(), read);
    }

    let place = Place::sqlite()?;
    let mut server = Server::start(Kind::Ours, Content::Running(1), &place).await?;
    let build = server.ready.builds[0].clone();
    let (begun, before) = (Instant::now(), server.usage()?);
    server.tell(Command::Write(Order { lines: LINES, every: Duration::ZERO, length: LENGTH })).await?;
    readable(&server, &build).await?;
    row(&mut table, "from an engine in memory to readable".to_owned(), since(begun, server.usage()? - before));

    let (begun, before) = (Instant::now(), server.usage()?);
    replay(&server, &build).await?;
    row(
        &mut table,
        "to one websocket client, 2,000 lines a message".to_owned(),
        since(begun, server.usage()? - before),
    );

    let last = format!("~T[0-9a-f]{{16}}{LINES:010x}");
    for (what, pattern, is_expression, expected) in [
        ("search for words that are nowhere", "no such words", false, 0),
        ("search for the last line by an expression", last.as_str(), true, 1),
    ] {
        let (begun, before) = (Instant::now(), server.usage()?);
        let found = search(&server, &build, pattern, is_expression).await?;
        if found != expected {
            return Err(format!("{what}: {found} lines found instead of {expected}").into());
        }
        row(&mut table, what.to_owned(), since(begun, server.usage()? - before));
    }
    server.kill().await?;

    spool(&mut table).await?;
    println!("{table}");
    Ok(())
}

type Measured = (Duration, Duration);

fn since(begun: Instant, used: Usage) -> Measured {
    (begun.elapsed(), used.cpu)
}

fn row(table: &mut Table, what: String, (time, cpu): Measured) {
    let seconds = time.as_secs_f64();
    table.row([what, figure(seconds), figure(LINES as f64 / seconds), figure(cpu.as_secs_f64())]);
}

/// The store alone: what it takes to write, and to read again.
async fn store(lines: usize) -> Result<(Measured, Measured)> {
    let place = Place::sqlite()?;
    let server = Server::start(Kind::Ours, Content::Running(1), &place).await?;
    let build: BuildId = server.ready.builds[0].parse()?;
    server.kill().await?;

    let (system, own) = (Principal::system("bench"), std::process::id());
    let store =
        Store::connect(place.database.url(), std::sync::Arc::new(SystemClock), std::sync::Arc::new(SystemIds)).await?;
    let epoch = store.claim(&system, build).await?;
    let batches: Vec<Append> = (0..LINES)
        .step_by(lines)
        .map(|first| {
            let numbers = first + 1..=(first + lines as u64).min(LINES);
            let resume = Some(ResumeToken(numbers.end().to_string()));
            Append { lines: numbers.map(line).collect(), resume, ..Append::default() }
        })
        .collect();
    let (begun, before) = (Instant::now(), Usage::of(own)?);
    for append in batches {
        store.append_lines(&system, build, Fence::Follower(epoch), append).await?;
    }
    let written = since(begun, Usage::of(own)? - before);

    let (begun, before) = (Instant::now(), Usage::of(own)?);
    let mut at = LineNo::ZERO;
    while at.0 < LINES {
        let page = store.read_log(&system, build, at, PAGE, None).await?;
        if page.lines.is_empty() {
            return Err(format!("the log ends at line {at}").into());
        }
        at = page.scanned_to;
    }
    let read = since(begun, Usage::of(own)? - before);
    store.close().await?;
    Ok((written, read))
}

fn line(number: u64) -> LogLine {
    let text = Stamp::now(number).text(LENGTH);
    LogLine { stage: None, attempt: 0, stream: LogStream::Stdout, at: None, text, continued: false }
}

/// Waits until the whole log can be read.
async fn readable(server: &Server, build: &str) -> Result<()> {
    let document = "query($id: ID!) { build(by: {id: $id}) { log { lineCount } } }";
    let body = json!({"query": document, "variables": {"id": build}}).to_string();
    let mut connection = Connection::open(server.ready.address, &body).await?;
    let begun = Instant::now();
    loop {
        let reply: Value = serde_json::from_slice(connection.ask().await?)?;
        if reply["data"]["build"]["log"]["lineCount"].as_u64() >= Some(LINES) {
            return Ok(());
        }
        if begun.elapsed() > PATIENCE {
            return Err(format!("the log does not become readable: {reply}").into());
        }
        sleep(POLL).await;
    }
}

/// How many lines of the whole log match, however many requests that takes.
async fn search(server: &Server, build: &str, pattern: &str, is_expression: bool) -> Result<u64> {
    let document = "query($id: ID!, $search: LogSearchInput!) {
        logSearch(buildId: $id, search: $search) { total truncated searchedTo } }";
    let (mut found, mut from) = (0, 0);
    loop {
        let search = json!({"pattern": pattern, "regex": is_expression, "caseSensitive": true, "fromSeq": from});
        let body = json!({"query": document, "variables": {"id": build, "search": search}}).to_string();
        let mut connection = Connection::open(server.ready.address, &body).await?;
        let reply: Value = serde_json::from_slice(connection.ask().await?)?;
        let result = &reply["data"]["logSearch"];
        let (Some(total), Some(to)) = (result["total"].as_u64(), result["searchedTo"].as_u64()) else {
            return Err(format!("the search failed: {reply}").into());
        };
        (found, from) = (found + total, to);
        if result["truncated"] == false {
            return Ok(found);
        }
    }
}

/// Reads the whole log over a websocket.
async fn replay(server: &Server, build: &str) -> Result<()> {
    let address = server.ready.address;
    let mut follower = Follower { address, document: LOG, build, lines: 2_000, cursor: None };
    let (mut client, scratch, mut last) = (follower.connect().await?, scratch(), 0);
    while last < LINES {
        let mut is_next = true;
        let is_open = follower.read(&mut client, &scratch, |stamp| {
            is_next &= stamp.number == last + 1;
            last = stamp.number;
        });
        if !is_open.await? || !is_next {
            return Err(format!("the replay broke at line {last}").into());
        }
    }
    Ok(())
}

/// The local provider: a build that wrote its spool while there was no server.
async fn spool(table: &mut Table) -> Result<()> {
    let place = Place::sqlite()?;
    let server = Server::start(Kind::Ours, Content::Spooling(LINES), &place).await?;
    let build = server.ready.builds[0].clone();
    server.kill().await?;
    let spool = find(place.file("spool"), &build)?;
    let begun = Instant::now();
    while is_held(&spool)? {
        if begun.elapsed() > PATIENCE {
            return Err("the build does not end".into());
        }
        sleep(POLL).await;
    }
    let begun = Instant::now();
    let server = Server::start(Kind::Ours, Content::Spooled, &place).await?;
    readable(&server, &build).await?;
    row(
        table,
        "from the spool of a build to readable, the server's start included".to_owned(),
        since(begun, server.usage()?),
    );
    server.kill().await
}

/// The folder of a build's run, which lies in that of its provider.
fn find(spool: PathBuf, build: &str) -> Result<PathBuf> {
    for provider in std::fs::read_dir(spool)? {
        let own = provider?.path().join(build);
        if own.exists() {
            return Ok(own);
        }
    }
    Err("the build has no spool".into())
}

/// Whether there is a supervisor.
fn is_held(run: &std::path::Path) -> Result<bool> {
    Ok(std::fs::File::open(run.join("lock"))?.try_lock().is_err())
}
