//! Cancelling.

use std::collections::BTreeSet;

use alm_domain::{Capability, RunStatus};
use futures::future::join_all;

use crate::{
    CancelReceipt,
    conformance::{
        Scenario,
        stand::{Must, Stand, Verdict, ensure},
    },
};

pub(super) async fn cancel_stops_a_running_build(stand: &Stand<'_>) -> Verdict {
    stand.needs(Capability::Cancel)?;
    let started = stand.start(Scenario::LongRunning).await?;
    let mut told = stand.follow(&started.run);
    told.until_at_work().await?;
    let receipt = stand.provider.cancel(&stand.access, &started.run).await.must("cancel")?;
    ensure(receipt == CancelReceipt::Accepted, || format!("cancelling a running build answers {receipt:?}"))?;
    told.finish().await?;
    ensure(told.status() == Some(RunStatus::Cancelled), || format!("it ended as {:?}", told.status()))
}

pub(super) async fn cancel_before_the_work_begins(stand: &Stand<'_>) -> Verdict {
    stand.needs(Capability::Cancel)?;
    let started = stand.start(Scenario::NeverBegins).await?;
    stand.provider.cancel(&stand.access, &started.run).await.must("cancel before the work begins")?;
    let mut told = stand.follow(&started.run);
    told.finish().await?;
    ensure(told.status() == Some(RunStatus::Cancelled), || format!("it ended as {:?}", told.status()))
}

pub(super) async fn cancel_is_idempotent(stand: &Stand<'_>) -> Verdict {
    stand.needs(Capability::Cancel)?;
    let started = stand.start(Scenario::LongRunning).await?;
    let mut told = stand.follow(&started.run);
    told.until_at_work().await?;
    for receipt in join_all((0..10).map(|_| stand.provider.cancel(&stand.access, &started.run))).await {
        receipt.must("one of ten cancels at once")?;
    }
    told.finish().await?;
    stand.provider.cancel(&stand.access, &started.run).await.must("cancel of a cancelled build")?;
    let statuses = told.runs().into_iter().map(|run| run.status);
    let ends: BTreeSet<_> = statuses.filter(|status| status.is_terminal()).collect();
    ensure(ends.len() == 1, || format!("a build that was cancelled ten times ended as {ends:?}"))
}

pub(super) async fn cancel_after_the_end_says_so(stand: &Stand<'_>) -> Verdict {
    stand.needs(Capability::Cancel)?;
    let (started, told) = stand.through(Scenario::PlainSuccess).await?;
    let receipt = stand.provider.cancel(&stand.access, &started.run).await.must("cancel after the end")?;
    ensure(receipt == CancelReceipt::AlreadyFinished, || format!("it answers {receipt:?}"))?;
    let now = stand.provider.get(&stand.access, &started.run).await.must("get")?;
    let same = told.status().is_none_or(|end| end.advance(now.run.status).is_ok() || !end.is_terminal());
    ensure(same, || format!("it had ended as {:?}, and is {} now", told.status(), now.run.status))
}
