//! Engines in trouble.

use alm_domain::{ReasonCode, RunStatus};
use chrono::TimeDelta;
use futures::StreamExt;

use super::list::{pages, several};
use crate::{
    LogPosition, ProviderError,
    conformance::{
        Scenario,
        stand::{Must, Stand, Verdict, ensure, fail, has},
    },
};

pub(super) async fn outage_is_unavailable(stand: &Stand<'_>) -> Verdict {
    let (started, _) = stand.through(Scenario::PlainSuccess).await?;
    let (provider, access) = (&stand.provider, &stand.access);
    has(stand.harness.outage(true).await, "make its engine unreachable")?;
    let request = started.service.request(stand.new_build());
    for (what, answer) in [
        ("get", provider.get(access, &started.run).await.map(drop)),
        ("start", provider.start(access, request.clone()).await.map(drop)),
        ("list", provider.list(access, &started.service.config, None).await.map(drop)),
        ("create_config", provider.create_config(access, &started.service.spec).await.map(drop)),
    ] {
        match answer {
            Err(ProviderError::Unavailable { .. }) => {}
            Err(error) => return fail(format!("{what} answers: {error}")),
            Ok(()) => return fail(format!("{what} succeeds while the engine is away")),
        }
    }
    has(stand.harness.outage(false).await, "make its engine reachable again")?;
    let run = provider.start(access, request).await.must("start after the outage")?;
    stand.remember(&run);
    provider.get(access, &run).await.must("get after the outage").map(drop)
}

pub(super) async fn outage_loses_nothing(stand: &Stand<'_>) -> Verdict {
    let started = stand.start(Scenario::Gated).await?;
    let mut told = stand.follow(&started.run);
    told.until_at_work().await?;
    has(stand.harness.outage(true).await, "make its engine unreachable")?;
    has(stand.harness.open_gate(started.service.id).await, "open gates")?;
    // The follower is at its stream while the engine is away; what it is told then is judged by what comes of it.
    let _ = told.peek().await;
    has(stand.harness.outage(false).await, "make its engine reachable again")?;
    told.finish().await?;
    let texts = told.texts();
    ensure(texts == ["before", "after"], || format!("across an outage a follower was told the lines {texts:?}"))?;
    ensure(told.status() == Some(RunStatus::Succeeded), || {
        format!("a build that succeeded during an outage is told as {:?}", told.status())
    })
}

pub(super) async fn clock_skew_reorders_nothing(stand: &Stand<'_>) -> Verdict {
    let started = stand.start(Scenario::Gated).await?;
    let mut told = stand.follow(&started.run);
    told.until_at_work().await?;
    has(stand.harness.skew_clock(TimeDelta::hours(-1)).await, "set its engine's clock wrong")?;
    has(stand.harness.open_gate(started.service.id).await, "open gates")?;
    told.finish().await?;
    let texts = told.texts();
    ensure(texts == ["before", "after"], || format!("a follower was told {texts:?}"))?;
    let mut log = stand.provider.logs(&stand.access, &started.run, LogPosition(0));
    let mut read = Vec::new();
    while let Some(line) = log.next().await {
        read.push(line.must("logs")?.line);
    }
    ensure(read == told.lines(), || "the log has another order than what a follower was told".to_owned())?;

    let (service, mut runs) = several(stand, 2).await?;
    runs.reverse();
    let listed: Vec<_> = pages(stand, &service).await?.into_iter().flatten().collect();
    if listed != runs {
        return Ok(()); // it has no order that a clock could spoil: see list_is_newest_first
    }
    has(stand.harness.skew_clock(TimeDelta::hours(-2)).await, "set its engine's clock wrong")?;
    let later = stand.start_of(&service, Vec::new()).await?;
    stand.follow(&later.run).finish().await?;
    runs.insert(0, later.run);
    let listed: Vec<_> = pages(stand, &service).await?.into_iter().flatten().collect();
    ensure(listed == runs, || format!("after the clock went back, the list is {listed:?}; newest first it is {runs:?}"))
}

pub(super) async fn withdrawn_tokens_are_unauthorized(stand: &Stand<'_>) -> Verdict {
    let (started, _) = stand.through(Scenario::PlainSuccess).await?;
    let (provider, access) = (&stand.provider, &stand.access);
    has(stand.harness.withdraw_token(true).await, "withdraw its token")?;
    let follow = provider.follow(access, &started.run, None, crate::CancellationToken::new()).next().await;
    let logs = provider.logs(access, &started.run, LogPosition(0)).next().await;
    for (what, answer) in [
        ("who_am_i", Some(provider.who_am_i(access).await.map(drop))),
        ("get", Some(provider.get(access, &started.run).await.map(drop))),
        ("start", Some(provider.start(access, started.service.request(stand.new_build())).await.map(drop))),
        ("list", Some(provider.list(access, &started.service.config, None).await.map(drop))),
        ("read_config", Some(provider.read_config(access, &started.service.config).await.map(drop))),
        ("create_config", Some(provider.create_config(access, &started.service.spec).await.map(drop))),
        ("release", Some(provider.release(access, &started.run).await)),
        ("validate", Some(provider.validate(access, &started.service.spec).await)),
        ("follow", follow.map(|item| item.map(drop))),
        ("logs", logs.map(|item| item.map(drop))),
    ] {
        match answer {
            Some(Err(ProviderError::Unauthorized(_))) => {}
            Some(Err(error)) => return fail(format!("{what} answers: {error}")),
            Some(Ok(())) => return fail(format!("{what} succeeds with a token that was withdrawn")),
            None => return fail(format!("{what} gives nothing, and no error")),
        }
    }
    Ok(())
}

pub(super) async fn lost_runs_end_interrupted(stand: &Stand<'_>) -> Verdict {
    let started = stand.start(Scenario::LongRunning).await?;
    let mut told = stand.follow(&started.run);
    told.until_at_work().await?;
    has(stand.harness.lose_run(started.build).await, "make what runs a build disappear")?;
    told.finish().await?;
    let end = told.runs().last().map(|run| (run.status, run.reason.as_ref().map(|reason| reason.code)));
    let right = Some((RunStatus::Errored, Some(ReasonCode::Interrupted)));
    ensure(end == right, || format!("it ended as {end:?}"))
}
