//! All connections are lost at once, and all clients come back at once.

use std::{cell::RefCell, rc::Rc, time::Duration};

use futures::future::join_all;
use tokio::time::{Instant, timeout};

use super::LOG;
use crate::{
    BoxError, Result,
    load::{Client, Follower, Histogram, Oracle, scratch},
    pace::{Command, Order},
    process::{Content, Place, Server},
    server::Kind,
    table::{Table, figure},
};

const CLIENTS: usize = 2_000;
const FEW: u32 = 500;
/// How long everything may take together; nothing comes near it unless something is broken.
const PATIENCE: Duration = Duration::from_secs(120);
/// Lines are written before, during and after the storm.
const ORDER: Order = Order { lines: 200, every: Duration::from_millis(100), length: 100 };
/// How many lines each has seen when the storm breaks loose.
const CALM: u64 = 50;

pub(super) async fn run() -> Result<()> {
    let place = Place::sqlite()?;
    let mut server = Server::start(Kind::Ours, Content::Running(1), &place).await?;
    let build = server.ready.builds[0].clone();
    let address = server.ready.address;
    let mut followers: Vec<Follower<'_>> =
        (0..CLIENTS).map(|_| Follower { address, document: LOG, build: &build, lines: FEW, cursor: None }).collect();
    let oracle = RefCell::new(Oracle::new(ORDER.lines, CLIENTS));
    let scratch = scratch();

    let mut clients = Vec::with_capacity(CLIENTS);
    for follower in &followers {
        clients.push(follower.connect().await?);
    }
    server.tell(Command::Write(ORDER)).await?;
    let calm = followers.iter_mut().zip(&mut clients).enumerate().map(|(place, (follower, client))| {
        let (oracle, scratch) = (&oracle, &scratch);
        async move {
            let mut last = 0;
            while last < CALM {
                let seen = |stamp: crate::line::Stamp| {
                    last = stamp.number;
                    oracle.borrow_mut().told(place, stamp.number);
                };
                if !follower.read(client, scratch, seen).await? {
                    return Err(BoxError::from("a connection ended before the storm"));
                }
            }
            Ok::<(), BoxError>(())
        }
    });
    timeout(PATIENCE, futures::future::try_join_all(calm)).await??;

    let before = server.usage()?;
    drop(clients);
    let broken = Instant::now();
    let (back, first) = (Rc::new(RefCell::new(Histogram::default())), Rc::new(RefCell::new(Histogram::default())));
    let failed = RefCell::new(0_u64);
    let storm = followers.iter_mut().enumerate().map(|(place, follower)| {
        let (oracle, scratch, failed) = (&oracle, &scratch, &failed);
        let (back, first) = (Rc::clone(&back), Rc::clone(&first));
        async move {
            let mut client: Client = loop {
                match follower.connect().await {
                    Ok(client) => break client,
                    Err(_) => *failed.borrow_mut() += 1,
                }
            };
            back.borrow_mut().add(nanos(broken));
            let mut is_first = true;
            while !oracle.borrow().is_done(place) {
                let seen = |stamp: crate::line::Stamp| {
                    if std::mem::take(&mut is_first) {
                        first.borrow_mut().add(nanos(broken));
                    }
                    oracle.borrow_mut().told(place, stamp.number);
                };
                if !follower.read(&mut client, scratch, seen).await? {
                    return Err(BoxError::from("a connection ended after the storm"));
                }
            }
            Ok::<(), BoxError>(())
        }
    });
    for outcome in timeout(PATIENCE, join_all(storm)).await? {
        outcome?;
    }
    let used = server.usage()? - before;
    let verdict = oracle.borrow().verdict();
    let (back, first) = (back.take(), first.take());

    let title = format!("Storm: {CLIENTS} connections are cut at once and come back at once, each with its cursor");
    let mut table = Table::new(title, &["what", "p50 ms", "last, ms"]);
    let times = |histogram: &Histogram| [figure(histogram.percentile(50.0)), figure(histogram.percentile(100.0))];
    table.row(["connected and subscribed again".to_owned()].into_iter().chain(times(&back)));
    table.row(["first new line".to_owned()].into_iter().chain(times(&first)));
    println!("{table}");
    println!("{verdict}; {} connections were refused; {:.2} s of CPU.", failed.borrow(), used.cpu.as_secs_f64());
    server.kill().await?;
    if verdict.is_clean() { Ok(()) } else { Err(format!("the storm cost lines: {verdict}").into()) }
}

fn nanos(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
