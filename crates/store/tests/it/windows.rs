//! A window onto a log touches only the chunks that it shows, however long the log is.

use alm_domain::{BuildId, LineNo, LogLine, NumberedLine, StageKey};

use crate::support::{World, line};

stories! { a_window_reads_the_chunks_that_it_shows, a_window_onto_a_stage_reads_the_chunks_of_its_attempts }

const CHUNKS: u64 = 60;
const LINES: u64 = 700;

/// Sixty chunks of 700 lines. The stage `rare` has the first, the 31st and the last, an attempt each; `busy` the others.
async fn a_log(world: &World) -> BuildId {
    let build = world.build().await.id;
    for n in 0..CHUNKS {
        let (stage, attempt) = match n {
            0 => ("rare", 1),
            30 => ("rare", 2),
            59 => ("rare", 3),
            _ => ("busy", 1),
        };
        let line = |i: u64| LogLine { attempt, ..line(format!("{i} {n:0100}"), Some(stage)) };
        world.append(build, (0..LINES).map(line).collect()).await;
    }
    build
}

/// Reads a window, which must have these lines, read so many chunks, and take no more statements than this.
macro_rules! assert_window {
    ($world:expr, $read:expr, lines: $lines:expr, chunks: $chunks:expr, statements: $statements:expr) => {
        let (chunks, statements) = ($world.store.chunks_read(), $world.store.statements());
        let lines: Vec<NumberedLine> = $read.await.unwrap().into();
        assert_eq!(lines.iter().map(|line| line.no.0).collect::<Vec<_>>(), $lines.collect::<Vec<_>>());
        assert_eq!($world.store.chunks_read() - chunks, $chunks, "chunks of {}", stringify!($read));
        let took = $world.store.statements() - statements;
        assert!(took <= $statements, "{} takes {took} statements", stringify!($read));
    };
}

async fn a_window_reads_the_chunks_that_it_shows(world: &World) {
    let World { store, me, .. } = world;
    let build = a_log(world).await;
    let from =
        async |after: u64, limit| store.read_log(me, build, LineNo(after), limit, None).await.map(|page| page.lines);
    for chunk in [0, 29, CHUNKS - 1] {
        let first = chunk * LINES;
        assert_window!(world, from(first, 500), lines: first + 1..=first + 500, chunks: 1, statements: 1);
    }
    assert_window!(world, from(29 * LINES + 650, 100), lines: 29 * LINES + 651..=29 * LINES + 750, chunks: 2, statements: 1);
    assert_window!(world, from(10, 2_000), lines: 11..=2_010, chunks: 3, statements: 1);
    let all = CHUNKS * LINES;
    assert_window!(world, store.log_tail(me, build, 500, None), lines: all - 499..=all, chunks: 1, statements: 2);
    assert_window!(world, store.log_tail(me, build, 701, None), lines: all - 700..=all, chunks: 2, statements: 2);
    assert_window!(world, from(all, 500), lines: 0..0, chunks: 0, statements: 1);
}

async fn a_window_onto_a_stage_reads_the_chunks_of_its_attempts(world: &World) {
    let World { store, me, .. } = world;
    let build = a_log(world).await;
    let rare = StageKey::from("rare");
    let from = async |after: u64, limit| {
        store.read_log(me, build, LineNo(after), limit, Some(&rare)).await.map(|page| page.lines)
    };
    let second = 30 * LINES;
    assert_window!(world, from(0, 500), lines: 1..=500, chunks: 1, statements: 3);
    let both = (601..=LINES).chain(second + 1..=second + 400);
    assert_window!(world, from(600, 500), lines: both, chunks: 2, statements: 4);
    // From within what the others wrote.
    assert_window!(world, from(5 * LINES, 500), lines: second + 1..=second + 500, chunks: 1, statements: 3);
    let last = 59 * LINES;
    assert_window!(world, store.log_tail(me, build, 100, Some(&rare)), lines: last + 601..=last + LINES, chunks: 1, statements: 2);
    let two = (second + LINES..=second + LINES).chain(last + 1..=last + LINES);
    assert_window!(world, store.log_tail(me, build, 701, Some(&rare)), lines: two, chunks: 2, statements: 3);
    let busy = StageKey::from("busy");
    let tail = store.log_tail(me, build, 1_000, Some(&busy));
    assert_window!(world, tail, lines: last - 999..=last, chunks: 2, statements: 2);
}
