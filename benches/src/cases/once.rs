//! Exactly once: many clients whose connections break at random while the log is written, judged by the oracle.

use std::{cell::RefCell, time::Duration};

use futures::future::try_join_all;
use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::time::timeout;

use super::LOG;
use crate::{
    BoxError, Result,
    load::{Follower, Oracle, scratch},
    pace::{Command, Order},
    process::{Content, Place, Server},
    server::Kind,
};

const CLIENTS: usize = 1_000;
/// A million lines are told, and half as many again.
const ORDER: Order = Order { lines: 1_500, every: Duration::from_millis(10), length: 60 };
const PATIENCE: Duration = Duration::from_secs(900);
const SEED: u64 = 20_261_122;

pub(super) async fn run() -> Result<()> {
    let place = Place::sqlite()?;
    let mut server = Server::start(Kind::Ours, Content::Running(1), &place).await?;
    let (address, build) = (server.ready.address, server.ready.builds[0].clone());
    let (oracle, cuts, scratch) = (RefCell::new(Oracle::new(ORDER.lines, CLIENTS)), RefCell::new(0_u64), scratch());
    server.tell(Command::Write(ORDER)).await?;
    let read = |place: usize| {
        let (oracle, cuts, scratch, build) = (&oracle, &cuts, &scratch, &build);
        async move {
            let mut random = StdRng::seed_from_u64(SEED + place as u64);
            let mut follower = Follower { address, document: LOG, build, lines: 100, cursor: None };
            while !oracle.borrow().is_done(place) {
                follower.lines = random.random_range(1..=200);
                let mut client = follower.connect().await?;
                // Some connections break before the first message, some in the midst of a burst, some after a while.
                for _ in 0..random.random_range(0..60) {
                    let told = |stamp: crate::line::Stamp| oracle.borrow_mut().told(place, stamp.number);
                    if !follower.read(&mut client, scratch, told).await? {
                        return Err(BoxError::from("the server ended a connection"));
                    }
                    if oracle.borrow().is_done(place) {
                        break;
                    }
                }
                *cuts.borrow_mut() += 1;
            }
            Ok::<(), BoxError>(())
        }
    };
    timeout(PATIENCE, try_join_all((0..CLIENTS).map(read))).await??;
    let verdict = oracle.borrow().verdict();
    server.kill().await?;
    println!(
        "\nExactly once: {CLIENTS} clients, {} connections cut at random (seed {SEED}), {} lines written",
        cuts.borrow(),
        ORDER.lines
    );
    println!("{verdict}");
    if verdict.is_clean() { Ok(()) } else { Err(format!("not exactly once: {verdict}").into()) }
}
