//! Resume tokens.

use std::sync::Arc;

use super::follow::{difference, lines_by_token};
use crate::conformance::{
    Scenario,
    follower::Follower,
    stand::{Stand, Verdict, ensure, fail},
};

pub(super) async fn resume_from_every_token_is_exact(stand: &Stand<'_>) -> Verdict {
    let (started, told) = stand.through(Scenario::ManyLines(200)).await?;
    let lines = told.lines();
    let expected: Vec<_> = (1..=200).map(|n| format!("line {n}")).collect();
    let texts = told.texts();
    ensure(texts == expected, || format!("the build wrote 200 lines; a follower was told {}", texts.len()))?;
    for (batch, behind) in lines_by_token(&told) {
        let token = told.batches[batch].resume.clone();
        ensure(token.0.len() <= 4096, || format!("a token has {} bytes, more than 4096", token.0.len()))?;
        let provider = Arc::clone(&stand.provider);
        let mut rest = Follower::new(provider, stand.access.clone(), started.run.clone(), Some(token));
        rest.finish().await?;
        if let Some(difference) = difference(&lines[behind..], &rest.lines()) {
            return fail(format!("following from the token behind line {behind}: {difference}"));
        }
        let ended = rest.is_complete() || batch + 1 == told.batches.len() || !told.is_complete();
        ensure(ended, || format!("following from the token behind line {behind} does not come to Complete"))?;
    }
    Ok(())
}

pub(super) async fn tokens_outlive_the_instance(stand: &Stand<'_>) -> Verdict {
    let (started, told) = stand.through(Scenario::PlainSuccess).await?;
    let lines = told.lines();
    for (batch, behind) in lines_by_token(&told) {
        let other = stand.harness.another_instance().await;
        let token = told.batches[batch].resume.clone();
        let mut rest = Follower::new(other, stand.access.clone(), started.run.clone(), Some(token));
        rest.finish().await?;
        if let Some(difference) = difference(&lines[behind..], &rest.lines()) {
            return fail(format!("another instance, following from behind line {behind}: {difference}"));
        }
    }
    Ok(())
}
