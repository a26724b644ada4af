//! Resume tokens.

use std::sync::Arc;

use futures::StreamExt;
use tokio::time::timeout;

use super::follow::{difference, lines_by_token};
use crate::{
    CancellationToken, Observation,
    conformance::{
        Scenario,
        follower::Follower,
        stand::{Stand, Verdict, ensure, fail},
    },
};

pub(super) async fn resume_from_every_token_is_exact(stand: &Stand<'_>) -> Verdict {
    let (started, told) = stand.through(Scenario::ManyLines(200)).await?;
    let lines = told.lines();
    let expected: Vec<_> = (1..=200).map(|n| format!("line {n}")).collect();
    let texts = told.texts();
    ensure(texts == expected, || format!("the build wrote 200 lines; a follower was told {}", texts.len()))?;
    for (batch, behind) in lines_by_token(&told) {
        if told.batches[batch].observations.contains(&Observation::Complete) {
            continue; // see nothing_comes_behind_the_end
        }
        let token = told.batches[batch].resume.clone();
        ensure(token.0.len() <= 4096, || format!("a token has {} bytes, more than 4096", token.0.len()))?;
        let provider = Arc::clone(&stand.provider);
        let mut rest = Follower::new(provider, stand.access.clone(), started.run.clone(), Some(token));
        rest.finish().await?;
        if let Some(difference) = difference(&lines[behind..], &rest.lines()) {
            return fail(format!("following from the token behind line {behind}: {difference}"));
        }
        let ended = rest.is_complete() || !told.is_complete();
        ensure(ended, || format!("following from the token behind line {behind} does not come to Complete"))?;
    }
    Ok(())
}

pub(super) async fn tokens_outlive_the_instance(stand: &Stand<'_>) -> Verdict {
    let (started, told) = stand.through(Scenario::ManyLines(40)).await?;
    let lines = told.lines();
    for (batch, behind) in lines_by_token(&told) {
        let other = stand.harness.another_instance().await;
        if told.batches[batch].observations.contains(&Observation::Complete) {
            continue; // see nothing_comes_behind_the_end
        }
        let token = told.batches[batch].resume.clone();
        let mut rest = Follower::new(other, stand.access.clone(), started.run.clone(), Some(token));
        rest.finish().await?;
        if let Some(difference) = difference(&lines[behind..], &rest.lines()) {
            return fail(format!("another instance, following from behind line {behind}: {difference}"));
        }
    }
    Ok(())
}

pub(super) async fn nothing_comes_behind_the_end(stand: &Stand<'_>) -> Verdict {
    let (started, told) = stand.through(Scenario::PlainSuccess).await?;
    let last = told.batches.last().map(|batch| batch.resume.clone());
    let mut stream = stand.provider.follow(&stand.access, &started.run, last, CancellationToken::new());
    match timeout(stand.harness.patience() / 10, stream.next()).await {
        Ok(None) => Ok(()),
        Ok(Some(Ok(batch))) => fail(format!("behind the end there is {:?}", batch.observations)),
        Ok(Some(Err(error))) => fail(format!("following from behind the end answers: {error}")),
        Err(_) => fail("following from behind the end neither gives anything nor ends"),
    }
}
