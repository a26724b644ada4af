//! Following runs.

use std::{collections::BTreeMap, time::Duration};

use alm_domain::{LogLine, RunStatus};
use futures::StreamExt;
use tokio::time::timeout;

use crate::{
    CancellationToken, Observation,
    conformance::{
        Scenario,
        follower::Follower,
        stand::{Must, Stand, Stop, Verdict, ensure, fail, has},
    },
};

pub(super) async fn follow_ends_with_complete(stand: &Stand<'_>) -> Verdict {
    for scenario in [Scenario::PlainSuccess, Scenario::PlainFailure] {
        let (_, told) = stand.through(scenario).await?;
        let completes = told.observations().filter(|o| **o == Observation::Complete).count();
        ensure(completes == 1, || format!("{scenario:?}: Complete was told {completes} times, not once"))?;
        let last = told.observations().last();
        ensure(last == Some(&Observation::Complete), || format!("{scenario:?}: {last:?} was told after Complete"))?;
        let more = told.after_complete;
        ensure(more == 0, || format!("{scenario:?}: the stream gave {more} more items after Complete"))?;
        ensure(!told.stays_open, || format!("{scenario:?}: the stream did not end after Complete"))?;
    }
    Ok(())
}

pub(super) async fn states_move_legally(stand: &Stand<'_>) -> Verdict {
    let mut followed = 0;
    for scenario in [Scenario::PlainSuccess, Scenario::PlainFailure, Scenario::Pipeline] {
        let told = match stand.through(scenario).await {
            Ok((_, told)) => told,
            Err(Stop::Skip(_)) => continue,
            Err(stop) => return Err(stop),
        };
        followed += 1;
        let mut run = RunStatus::Queued;
        for news in told.runs() {
            run = run.advance(news.status).map_err(|e| Stop::Fail(format!("{scenario:?}: the build: {e}")))?;
            let planned = matches!(news.status, RunStatus::Planned | RunStatus::Skipped);
            ensure(!planned, || format!("{scenario:?}: the build is {}, as only stages can be", news.status))?;
        }
        let mut places = BTreeMap::new();
        for stage in told.stage_news() {
            let attempts = stage.attempts.iter().map(|attempt| (attempt.number, attempt.status));
            for (attempt, to) in attempts.chain([(0, stage.status)]) {
                let place = places.entry((stage.key.clone(), attempt)).or_insert(RunStatus::Planned);
                *place = place
                    .advance(to)
                    .map_err(|e| Stop::Fail(format!("{scenario:?}: stage {}, attempt {attempt}: {e}", stage.key)))?;
            }
        }
    }
    ensure(followed > 0, || "there was nothing to follow".to_owned())
}

pub(super) async fn two_followers_hear_the_same(stand: &Stand<'_>) -> Verdict {
    let started = stand.start(Scenario::ManyLines(200)).await?;
    let (mut one, mut two) = (stand.follow(&started.run), stand.follow(&started.run));
    let (first, second) = tokio::join!(one.finish(), two.finish());
    first?;
    second?;
    let (left, right) = (one.lines(), two.lines());
    ensure(left == right, || format!("they were told {} and {} lines, or other ones", left.len(), right.len()))?;
    ensure(one.status() == two.status(), || format!("they saw it end as {:?} and {:?}", one.status(), two.status()))
}

pub(super) async fn dropping_a_follower_harms_nothing(stand: &Stand<'_>) -> Verdict {
    let started = stand.start(Scenario::Gated).await?;
    let mut dropped = stand.follow(&started.run);
    dropped.until_at_work().await?;
    drop(dropped);
    has(stand.harness.open_gate(started.service.id).await, "open gates")?;
    let mut told = stand.follow(&started.run);
    told.finish().await?;
    let texts = told.texts();
    ensure(texts == ["before", "after"], || format!("after a stream was dropped the next one was told {texts:?}"))?;
    ensure(told.status() == Some(RunStatus::Succeeded), || format!("the build ended as {:?}", told.status()))
}

pub(super) async fn stop_ends_the_stream_quietly(stand: &Stand<'_>) -> Verdict {
    let started = stand.start(Scenario::Gated).await?;
    let stop = CancellationToken::new();
    let mut stream = stand.provider.follow(&stand.access, &started.run, None, stop.clone());
    if !matches!(stream.next().await, Some(Ok(_))) {
        return fail("the stream did not begin");
    }
    stop.cancel();
    let soon = timeout(Duration::from_secs(30), async {
        while let Some(item) = stream.next().await {
            if let Err(error) = item {
                return fail(format!("being stopped is told as an error: {error}"));
            }
        }
        Ok(())
    });
    match soon.await {
        Ok(verdict) => verdict?,
        Err(_) => return fail("the stream did not end within 30 s after it was stopped"),
    }
    let stopped = CancellationToken::new();
    stopped.cancel();
    let mut stream = stand.provider.follow(&stand.access, &started.run, None, stopped);
    let quiet = timeout(Duration::from_secs(30), async { while stream.next().await.is_some() {} }).await;
    ensure(quiet.is_ok(), || "a stream that was stopped before it began does not end".to_owned())?;
    // Tidying up may not be able to cancel.
    let _ = stand.harness.open_gate(started.service.id).await;
    Ok(())
}

pub(super) async fn get_is_as_new_as_follow(stand: &Stand<'_>) -> Verdict {
    let scenario =
        if stand.spec(Scenario::Pipeline).await.is_ok() { Scenario::Pipeline } else { Scenario::PlainSuccess };
    let started = stand.start(scenario).await?;
    let mut told = stand.follow(&started.run);
    loop {
        let more = told.next().await?.is_some();
        let now = stand.provider.get(&stand.access, &started.run).await.must("get")?;
        if let Some(status) = told.status() {
            let newer = status.advance(now.run.status).is_ok();
            ensure(newer, || format!("a follower knew that it is {status}, get said {}", now.run.status))?;
        }
        for stage in told.stages() {
            let Some(got) = now.stages.iter().find(|got| got.key == stage.key) else {
                if stage.status == RunStatus::Planned {
                    continue; // it may have been removed since
                }
                return fail(format!("a follower knew stage {}, get did not", stage.key));
            };
            let newer = stage.status.advance(got.status).is_ok();
            ensure(newer, || {
                format!("a follower knew stage {} as {}, get as {}", stage.key, stage.status, got.status)
            })?;
        }
        if !more {
            return Ok(());
        }
    }
}

/// The lines that a follower was told, and how many of them each token lies behind.
pub(super) fn lines_by_token(told: &Follower) -> Vec<(usize, usize)> {
    let mut lines = 0;
    let count = |o: &Observation| if let Observation::Lines(lines) = o { lines.len() } else { 0 };
    let behind = told.batches.iter().map(|batch| {
        lines += batch.observations.iter().map(count).sum::<usize>();
        lines
    });
    behind.enumerate().collect()
}

/// Where two logs part, for people.
pub(super) fn difference(expected: &[LogLine], seen: &[LogLine]) -> Option<String> {
    if expected == seen {
        return None;
    }
    let at = expected.iter().zip(seen).position(|(a, b)| a != b).unwrap_or(expected.len().min(seen.len()));
    let text = |lines: &[LogLine]| lines.get(at).map(|line| alm_domain::shorten(&line.text));
    Some(format!(
        "{} lines instead of {}; line {} is {:?} instead of {:?}",
        seen.len(),
        expected.len(),
        at + 1,
        text(seen),
        text(expected)
    ))
}
