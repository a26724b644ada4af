//! A search finds exactly the lines that match, however it is cut into parts.

use std::time::Duration;

use alm_domain::{BuildId, LineNo, LogLevel, LogLine, StageKey, SystemIds};
use alm_store::{LogMatches, LogPattern, LogSearch};
use proptest::prelude::*;
use tokio::runtime::Runtime;

use crate::support::{World, check, line};

properties! { a_search_finds_what_a_reader_would_find }
stories! {
    matches_are_named_until_there_is_no_room_and_then_counted,
    a_search_without_time_gets_on_a_part_at_a_time,
    a_search_of_a_stage_reads_its_chunks_alone,
    a_search_whose_caller_goes_away_reads_no_more,
    many_searches_at_once_all_come_to_their_end,
    an_unknown_build_is_not_searched,
}

const LONG: Duration = Duration::from_secs(600);

fn text(pattern: &str) -> LogSearch {
    search(LogPattern::text(pattern, true).unwrap())
}

fn search(pattern: LogPattern) -> LogSearch {
    LogSearch { pattern, stage: None, level: None, after: LineNo::ZERO, limit: 10_000, budget: LONG }
}

async fn found(world: &World, build: BuildId, search: &LogSearch) -> LogMatches {
    world.store.search_log(&world.me, build, search).await.unwrap().unwrap()
}

/// A pattern, and a way of its own to tell whether a text without colours matches.
type Sought = (&'static str, bool, bool, fn(&str) -> bool);

const SOUGHT: [Sought; 9] = [
    ("", false, true, |_| true),
    ("ab", false, true, |text| text.contains("ab")),
    ("AB", false, false, |text| text.to_lowercase().contains("ab")),
    ("a.c", false, true, |text| text.contains("a.c")),
    ("^a", true, true, |text| text.starts_with('a')),
    ("(?s)^.*c$", true, true, |text| text.ends_with('c')),
    ("^[^b]*$", true, false, |text| !text.to_lowercase().contains('b')),
    ("a+b?c", true, true, |text| text.contains("ac") || text.contains("abc")),
    ("Ä", true, false, |text| text.to_lowercase().contains('ä')),
];

/// Pieces of a line as they are shown, each with its bare text and the level that it states where it stands first.
const PIECES: [(&str, &str); 10] = [
    ("a", "a"),
    ("b", "b"),
    ("c", "c"),
    (".", "."),
    ("A", "A"),
    ("ä", "ä"),
    ("\u{1b}[31m", ""),
    ("\u{1b}[1;4m", ""),
    ("\u{1b}[m", ""),
    (" ", " "),
];
const LEVELS: [(&str, Option<LogLevel>); 4] = [
    ("", None),
    ("[ERROR] ", Some(LogLevel::Error)),
    ("WARN: ", Some(LogLevel::Warning)),
    ("INFO ", Some(LogLevel::Info)),
];

#[derive(Debug, Clone)]
struct Said {
    shown: String,
    bare: String,
    level: Option<LogLevel>,
    stage: Option<&'static str>,
    padding: usize,
}

fn said() -> impl Strategy<Value = Said> {
    let pieces = proptest::collection::vec(0..PIECES.len(), 0..6);
    // Sometimes long, so that a few fill a chunk.
    let padding = prop_oneof![9 => Just(0usize), 1 => 10_000usize..40_000];
    (pieces, 0..LEVELS.len(), 0..3usize, padding).prop_map(|(pieces, level, stage, padding)| {
        let (word, level) = LEVELS[level];
        Said {
            shown: pieces.iter().fold(word.to_owned(), |text, piece| text + PIECES[*piece].0),
            bare: pieces.iter().fold(word.to_owned(), |text, piece| text + PIECES[*piece].1),
            level,
            stage: [None, Some("one"), Some("two")][stage],
            padding,
        }
    })
}

impl Said {
    fn line(&self) -> LogLine {
        line(format!("{}{}", self.shown, "-".repeat(self.padding)), self.stage)
    }

    fn matches(&self, sought: &Sought, stage: Option<&str>, level: Option<LogLevel>) -> bool {
        sought.3(&format!("{}{}", self.bare, "-".repeat(self.padding)))
            && (stage.is_none() || self.stage == stage)
            && (level.is_none() || self.level >= level)
    }
}

fn a_search_finds_what_a_reader_would_find(runtime: &Runtime, world: &World) {
    let batches = proptest::collection::vec(proptest::collection::vec(said(), 0..12), 0..12);
    let wanted = (0..SOUGHT.len(), 0..4usize, 0..LEVELS.len());
    let cut = (1usize..8, any::<bool>(), 0u64..60);
    check(24, (batches, wanted, cut), |(batches, (sought, stage, level), (limit, no_time, after))| {
        runtime.block_on(async {
            let build = world.build().await.id;
            for batch in &batches {
                world.append(build, batch.iter().map(Said::line).collect()).await;
            }
            let sought = &SOUGHT[sought];
            let stage = [None, Some("one"), Some("two"), Some("none")][stage];
            let level = LEVELS[level].1;
            let (pattern, is_expression, case_sensitive, _) = *sought;
            let compile = if is_expression { LogPattern::expression } else { LogPattern::text };
            let mut asked = LogSearch {
                stage: stage.map(StageKey::from),
                level,
                after: LineNo(after),
                ..search(compile(pattern, case_sensitive).unwrap())
            };
            let head = batches.iter().map(Vec::len).sum::<usize>() as u64;
            let expected: Vec<LineNo> = (1..)
                .zip(batches.iter().flatten())
                .filter(|(no, said)| *no > after && said.matches(sought, stage, level))
                .map(|(no, _)| LineNo(no))
                .collect();
            let whole = found(world, build, &asked).await;
            prop_assert_eq!(&whole.lines, &expected);
            prop_assert_eq!((whole.total, whole.is_whole), (expected.len() as u64, true));
            prop_assert_eq!(whole.searched_to, LineNo(head.max(after)));

            asked.limit = limit;
            asked.budget = if no_time { Duration::ZERO } else { LONG };
            let mut parts = Vec::new();
            loop {
                let part = found(world, build, &asked).await;
                prop_assert!(part.lines.len() <= limit && part.total >= part.lines.len() as u64);
                parts.extend(part.lines);
                if part.is_whole {
                    break;
                }
                prop_assert!(part.searched_to > asked.after, "it does not get on");
                asked.after = part.searched_to;
            }
            prop_assert_eq!(parts, expected);
            Ok(())
        })
    });
}

async fn matches_are_named_until_there_is_no_room_and_then_counted(world: &World) {
    let build = world.build().await.id;
    for _ in 0..13 {
        world
            .append(build, (0..1_000).map(|n| line(if n % 10 == 0 { "other" } else { "match" }, None)).collect())
            .await;
    }
    // No search names more, whatever it asks for.
    let first = found(world, build, &LogSearch { limit: usize::MAX, ..text("match") }).await;
    assert_eq!((first.lines.len(), first.total, first.is_whole), (10_000, 11_700, false));
    assert_eq!(first.searched_to, first.lines[9_999]);
    let rest = found(world, build, &LogSearch { after: first.searched_to, ..text("match") }).await;
    assert_eq!((rest.lines.len(), rest.total, rest.is_whole, rest.searched_to), (1_700, 1_700, true, LineNo(13_000)));
    // A log may grow: the end of one search is the beginning of the next.
    world.append(build, vec![line("match", None)]).await;
    let new = found(world, build, &LogSearch { after: rest.searched_to, ..text("match") }).await;
    assert_eq!(new.lines, [LineNo(13_001)]);
}

/// So many chunks of 700 lines; those of every tenth are of the stage `rare`, one attempt each, the others of `busy`.
async fn a_log(world: &World, chunks: u64) -> BuildId {
    let build = world.build().await.id;
    for n in 0..chunks {
        let (stage, attempt) = if n % 10 == 0 { ("rare", n as u32 / 10 + 1) } else { ("busy", 1) };
        let line = |i: u64| LogLine { attempt, ..line(format!("{i} {n:0100}"), Some(stage)) };
        world.append(build, (0..700).map(line).collect()).await;
    }
    build
}

async fn a_search_without_time_gets_on_a_part_at_a_time(world: &World) {
    let build = a_log(world, 12).await;
    let mut asked = LogSearch { budget: Duration::ZERO, ..text("699 0") };
    let (mut lines, mut parts) = (Vec::new(), 0);
    loop {
        let part = found(world, build, &asked).await;
        lines.extend(part.lines);
        parts += 1;
        if part.is_whole {
            break;
        }
        asked.after = part.searched_to;
    }
    assert_eq!(lines, (1..=12).map(|n| LineNo(n * 700)).collect::<Vec<_>>());
    assert!(parts > 12, "{parts}");
}

async fn a_search_of_a_stage_reads_its_chunks_alone(world: &World) {
    let build = a_log(world, 41).await;
    let before = world.store.chunks_read();
    let asked = LogSearch { stage: Some(StageKey::from("rare")), ..text("5 0") };
    let matches = found(world, build, &asked).await;
    assert_eq!((matches.total, matches.is_whole), (5 * 70, true));
    assert_eq!(world.store.chunks_read() - before, 5);
    let late = LogSearch { after: LineNo(35 * 700), ..asked };
    assert_eq!(found(world, build, &late).await.total, 70);
    assert_eq!(world.store.chunks_read() - before, 6);
}

async fn a_search_whose_caller_goes_away_reads_no_more(world: &World) {
    let World { store, me, .. } = world;
    let build = a_log(world, 40).await;
    let before = store.chunks_read();
    let asked = text("never");
    tokio::select! {
        ended = store.search_log(me, build, &asked) => panic!("it has ended: {ended:?}"),
        () = async { while store.chunks_read() == before { tokio::task::yield_now().await } } => {}
    }
    assert_eq!(store.chunks_read() - before, 32);
    // Whoever comes after has its turn, and is the only one that reads.
    assert!(found(world, build, &asked).await.is_whole);
    assert_eq!(store.chunks_read() - before, 32 + 40);
}

async fn many_searches_at_once_all_come_to_their_end(world: &World) {
    let build = a_log(world, 8).await;
    // Dear: it goes over each line in many states at once.
    let asked = search(LogPattern::expression(r"(0|00|000){3,40}[^0]{2}x", true).unwrap());
    let searches = (0..40).map(|_| found(world, build, &asked));
    let others = async {
        for n in 1..=20 {
            world.append(build, vec![line(n.to_string(), None)]).await;
            assert_eq!(world.store.log_tail(&world.me, build, 1, None).await.unwrap()[0].line.text, n.to_string());
        }
    };
    let (matches, ()) = tokio::join!(futures::future::join_all(searches), others);
    assert!(matches.iter().all(|matches| matches.is_whole && matches.total == 0));
}

async fn an_unknown_build_is_not_searched(world: &World) {
    let unknown = BuildId::generate(&SystemIds);
    assert_eq!(world.store.search_log(&world.me, unknown, &text("x")).await.unwrap(), None);
}
