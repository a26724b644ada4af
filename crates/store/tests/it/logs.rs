//! Lines read back exactly as they were written.

use alm_domain::{LineNo, LogLine, LogStream, NumberedLine, RunStatus, StageKey};
use alm_store::StoreError;
use chrono::TimeDelta;
use proptest::prelude::*;
use sqlx::Connection;
use tokio::runtime::Runtime;

use crate::support::{World, check, line, noon};

properties! { lines_read_back_exactly_from_every_position }
stories! {
    a_stage_is_read_without_touching_other_chunks,
    ranges_and_sizes_are_told,
    the_tail_is_the_end,
    a_damaged_chunk_is_an_error_and_does_not_stop_the_build,
    a_line_that_is_too_long_is_split_and_never_cut,
    an_unknown_build_has_no_lines,
}

fn log_line() -> impl Strategy<Value = LogLine> {
    let stage = prop_oneof![Just(None), Just(Some("build")), Just(Some("test")), Just(Some("a\0b"))];
    // Mostly short, sometimes long enough that a few fill a chunk.
    let text = prop_oneof![
        8 => ".{0,20}",
        2 => (1usize..30_000, "[a-zé]").prop_map(|(count, letter)| letter.repeat(count)),
    ];
    (stage, text, 0i64..10_000, any::<bool>()).prop_map(|(stage, text, millis, error)| LogLine {
        stream: if error { LogStream::Stderr } else { LogStream::Stdout },
        at: (!error).then(|| noon() + TimeDelta::milliseconds(millis)),
        ..line(text, stage)
    })
}

fn lines_read_back_exactly_from_every_position(runtime: &Runtime, world: &World) {
    let batches = proptest::collection::vec(proptest::collection::vec(log_line(), 0..12), 0..16);
    check(16, (batches, any::<bool>(), 1usize..40), |(batches, complete, limit)| {
        runtime.block_on(async {
            let World { store, me, .. } = world;
            let build = world.build().await.id;
            let mut written: Vec<NumberedLine> = Vec::new();
            for batch in &batches {
                let expected: Vec<_> = (written.len() as u64 + 1..)
                    .zip(batch.clone())
                    .map(|(no, line)| NumberedLine { no: LineNo(no), line })
                    .collect();
                let committed = world.append(build, batch.clone()).await;
                prop_assert_eq!(&committed.lines, &expected);
                written.extend(expected);
                prop_assert_eq!(committed.heads.line, LineNo(written.len() as u64));
            }
            if complete {
                world.end(build, RunStatus::Succeeded, 1).await;
            }
            let stages = [None, Some("build"), Some("test"), Some("a\0b"), Some("none")];
            for stage in stages.map(|stage| stage.map(StageKey::from)) {
                let wanted: Vec<_> =
                    written.iter().filter(|l| stage.is_none() || l.line.stage == stage).cloned().collect();
                for after in 0..=written.len() as u64 {
                    let page = store.read_log(me, build, LineNo(after), limit, stage.as_ref()).await.unwrap();
                    let expected: Vec<_> = wanted.iter().filter(|l| l.no.0 > after).take(limit).cloned().collect();
                    prop_assert_eq!(&page.lines, &expected);
                    let last = expected.last().map_or(after, |l| l.no.0);
                    prop_assert!(page.scanned_to.0 >= last);
                    let skipped = wanted.iter().filter(|l| l.no.0 > last && l.no <= page.scanned_to).count();
                    prop_assert_eq!(skipped, 0, "lines were passed over");
                    if expected.len() < limit {
                        prop_assert_eq!(page.scanned_to.0, written.len() as u64);
                    }
                }
                let tail = store.log_tail(me, build, limit, stage.as_ref()).await.unwrap();
                prop_assert_eq!(tail.as_slice(), &wanted[wanted.len().saturating_sub(limit)..]);
            }
            Ok(())
        })
    });
}

/// 20 chunks: the first and the last are of the stage `rare`, all others of `busy`.
async fn a_log_of_two_stages(world: &World) -> alm_domain::BuildId {
    let build = world.build().await.id;
    for n in 0..20 {
        let stage = if n == 0 || n == 19 { "rare" } else { "busy" };
        world.append(build, (0..700).map(|i| line(format!("{n} {i:0100}"), Some(stage))).collect()).await;
    }
    build
}

async fn a_stage_is_read_without_touching_other_chunks(world: &World) {
    let World { store, me, .. } = world;
    let build = a_log_of_two_stages(world).await;
    damage(world, "stages LIKE '%busy%'").await;
    let rare = StageKey::from("rare");
    let page = store.read_log(me, build, LineNo(650), 100, Some(&rare)).await.unwrap();
    assert_eq!(page.lines.len(), 100);
    assert_eq!((page.lines[49].no, page.lines[50].no), (LineNo(700), LineNo(19 * 700 + 1)));
    let tail = store.log_tail(me, build, 701, Some(&rare)).await.unwrap();
    assert_eq!((tail[0].no, tail[1].no), (LineNo(700), LineNo(19 * 700 + 1)));
    let busy = store.read_log(me, build, LineNo(0), 10, Some(&StageKey::from("busy"))).await.unwrap_err();
    assert!(matches!(busy, StoreError::Corrupt { .. }), "{busy:?}");
}

async fn ranges_and_sizes_are_told(world: &World) {
    let World { store, me, .. } = world;
    let build = world.build().await.id;
    world.append(build, vec![line("ab", None), line("cd", Some("one")), line("ef", Some("two"))]).await;
    world.append(build, vec![line("ü", Some("one")), LogLine { attempt: 2, ..line("x", Some("one")) }]).await;
    let info = store.log_info(me, &[build]).await.unwrap();
    assert_eq!((info[0].line_count, info[0].byte_size, info[0].first_line), (5, 9, LineNo(1)));
    let ranges: Vec<_> = store
        .log_ranges(me, &[build])
        .await
        .unwrap()
        .into_iter()
        .map(|r| (r.stage.to_string(), r.attempt, r.range.from.0, r.range.to.0))
        .collect();
    assert_eq!(ranges, [("one".into(), 1, 2, 4), ("two".into(), 1, 3, 3), ("one".into(), 2, 5, 5)]);
}

async fn the_tail_is_the_end(world: &World) {
    let World { store, me, .. } = world;
    let build = world.build().await.id;
    assert_eq!(store.log_tail(me, build, 5, None).await.unwrap(), []);
    for n in 1..=300 {
        world.append(build, vec![line(n.to_string(), None)]).await;
    }
    let tail = store.log_tail(me, build, 3, None).await.unwrap();
    assert_eq!(tail.iter().map(|l| l.line.text.as_str()).collect::<Vec<_>>(), ["298", "299", "300"]);
}

async fn a_damaged_chunk_is_an_error_and_does_not_stop_the_build(world: &World) {
    let World { store, me, .. } = world;
    let build = world.build().await.id;
    world.append(build, vec![line("lost", None)]).await;
    world.append(build, vec![line("found", None)]).await;
    damage(world, "first_line = 1").await;
    let read = store.read_log(me, build, LineNo(0), 10, None).await.unwrap_err();
    assert!(matches!(&read, StoreError::Corrupt { what, .. } if what.contains("lines 1 to 1")), "{read:?}");
    assert_eq!(store.read_log(me, build, LineNo(1), 10, None).await.unwrap().lines.len(), 1);
    world.append(build, vec![line("x".repeat(70_000), None)]).await;
    world.end(build, RunStatus::Succeeded, 1).await;
    assert_eq!(store.read_log(me, build, LineNo(1), 10, None).await.unwrap().lines.len(), 3);
}

/// Breaks the chunks for which this holds, behind the store's back.
async fn damage(world: &World, condition: &str) {
    let url = world.database.url();
    if world.database.is_postgres() {
        let mut db = sqlx::PgConnection::connect(url).await.unwrap();
        let sql = format!("UPDATE log_chunks SET data = overlay(data placing '\\x99'::bytea from 8) WHERE {condition}");
        assert!(sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut db).await.unwrap().rows_affected() > 0);
    } else {
        let mut db = sqlx::SqliteConnection::connect(url).await.unwrap();
        let sql = format!("UPDATE log_chunks SET data = CAST(substr(data, 1, 7) || x'99' AS BLOB) WHERE {condition}");
        assert!(sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut db).await.unwrap().rows_affected() > 0);
    }
}

async fn a_line_that_is_too_long_is_split_and_never_cut(world: &World) {
    let build = world.build().await.id;
    let text = "é".repeat(100_000);
    let committed = world.append(build, vec![line(text.clone(), Some("one")), line("next", None)]).await;
    assert_eq!(committed.lines.len(), 5);
    assert!(committed.lines.iter().all(|l| l.line.text.len() <= 64 << 10));
    let continued: Vec<_> = committed.lines.iter().map(|l| l.line.continued).collect();
    assert_eq!(continued, [false, true, true, true, false]);
    let joined: String = committed.lines[..4].iter().map(|l| l.line.text.as_str()).collect();
    assert_eq!(joined, text);
}

async fn an_unknown_build_has_no_lines(world: &World) {
    let World { store, me, .. } = world;
    let unknown = alm_domain::BuildId::generate(&alm_domain::SystemIds);
    for stage in [None, Some(StageKey::from("one"))] {
        let page = store.read_log(me, unknown, LineNo(3), 10, stage.as_ref()).await.unwrap();
        assert_eq!((page.lines.len(), page.scanned_to), (0, LineNo(3)));
        assert_eq!(store.log_tail(me, unknown, 10, stage.as_ref()).await.unwrap(), []);
    }
    assert_eq!(store.heads(me, unknown).await.unwrap(), None);
}
