//! Logs by position.

use alm_domain::{Capability, LogLine, LogStream};
use futures::StreamExt;
use tokio::time::timeout;

use super::follow::difference;
use crate::{
    LogPosition, RunRef,
    conformance::{
        Scenario,
        stand::{Must, Stand, Stop, Verdict, ensure, fail, has},
    },
};

async fn read(stand: &Stand<'_>, run: &RunRef, from: u64) -> Result<(Vec<LogLine>, Vec<LogPosition>), Stop> {
    let mut stream = stand.provider.logs(&stand.access, run, LogPosition(from));
    let (mut lines, mut positions) = (Vec::new(), Vec::new());
    while let Some(item) = stream.next().await {
        let item = item.must(&format!("logs from {from}"))?;
        lines.push(item.line);
        positions.push(item.next);
    }
    Ok((lines, positions))
}

pub(super) async fn log_agrees_with_follow_from_every_position(stand: &Stand<'_>) -> Verdict {
    let (started, told) = stand.through(Scenario::ManyLines(40)).await?;
    let lines = told.lines();
    for from in 0..=lines.len() {
        let (seen, positions) = read(stand, &started.run, from as u64).await?;
        if let Some(difference) = difference(&lines[from..], &seen) {
            return fail(format!("reading from {from}: {difference}"));
        }
        let counted = positions.iter().zip(from as u64 + 1..).all(|(position, expected)| position.0 == expected);
        ensure(counted, || format!("reading from {from}: the positions behind the lines are {positions:?}"))?;
    }
    Ok(())
}

pub(super) async fn log_past_the_end_is_empty(stand: &Stand<'_>) -> Verdict {
    let (started, told) = stand.through(Scenario::PlainSuccess).await?;
    for past in [1, 1000, u64::from(u32::MAX), u64::MAX / 2] {
        let (seen, _) = read(stand, &started.run, told.lines().len() as u64 + past).await?;
        ensure(seen.is_empty(), || format!("{past} past the end there are {} lines", seen.len()))?;
    }
    Ok(())
}

pub(super) async fn lines_come_while_the_build_runs(stand: &Stand<'_>) -> Verdict {
    stand.needs(Capability::LiveLog)?;
    let started = stand.start(Scenario::Gated).await?;
    let mut told = stand.follow(&started.run);
    // The gate is closed: what is not told now is not told before the end.
    let soon = timeout(stand.harness.patience() / 10, told.until_line("before")).await;
    has(stand.harness.open_gate(started.service.id).await, "open gates")?;
    match soon {
        Ok(answer) => answer?,
        Err(_) => return fail("a line that a running build has written is not told"),
    }
    told.finish().await
}

pub(super) async fn lost_lines_are_a_gap(stand: &Stand<'_>) -> Verdict {
    let (_, told) = stand.through(Scenario::LostLines).await?;
    let lines = told.lines();
    let position = |text: &str| lines.iter().position(|line| line.text == text);
    let (Some(kept), Some(end)) = (position("kept"), position("end")) else {
        return fail("the lines around the loss are missing too");
    };
    let gap = lines.iter().enumerate().find(|(_, line)| line.stream == LogStream::Gap);
    match gap {
        Some((at, gap)) if kept < at && at < end => {
            ensure(!gap.text.trim().is_empty(), || "the gap does not say why".to_owned())
        }
        Some((at, _)) => fail(format!("the gap is line {}, not between {} and {}", at + 1, kept + 1, end + 1)),
        None => fail("lines were lost, and nothing says so"),
    }
}
