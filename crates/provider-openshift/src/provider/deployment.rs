//! Deployments that were begun: following them carries them on.

use std::{sync::Arc, time::Duration};

use alm_build_spi::{
    Access, CancelReceipt, CancellationToken, LineStream, LogPosition, ObservedStream, PositionedLine, ProviderError,
    ResumeToken, RunSnapshot,
};
use alm_domain::{Observation, Observed, ReasonCode};
use alm_kubernetes::{Place, Session};
use futures::{StreamExt, stream};
use tokio::time::sleep;

use super::{openshift::Inner, token::Token};
use crate::deploy::{Kept, PullSecret, Record, Step, Target, Told, advance, give_up, log, snapshot};

/// How soon a deployment that waits is looked at again.
const PAUSE: Duration = Duration::from_secs(1);
/// How often a wish to cancel is noted anew when others change the record.
const TRIES: usize = 8;

/// A deployment as it stands.
///
/// # Errors
/// [`ProviderError::NotFound`].
pub(super) async fn get(inner: &Inner, access: &Access, place: &Place) -> Result<RunSnapshot, ProviderError> {
    let (_, session) = inner.session(access)?;
    Ok(snapshot(&Kept::at(&session, place).await?.record))
}

/// Asks a deployment to stop: whoever follows it returns to what ran before.
///
/// # Errors
/// [`ProviderError::NotFound`].
pub(super) async fn cancel(inner: &Inner, access: &Access, place: &Place) -> Result<CancelReceipt, ProviderError> {
    let (_, session) = inner.session(access)?;
    let mut last = None;
    for _ in 0..TRIES {
        let kept = Kept::at(&session, place).await?;
        if kept.record.step == Step::Over {
            return Ok(CancelReceipt::AlreadyFinished);
        }
        if kept.record.is_cancelled {
            return Ok(CancelReceipt::Accepted);
        }
        match kept.write(&session, &kept.record.cancelled()).await {
            Ok(()) => return Ok(CancelReceipt::Accepted),
            Err(ProviderError::Conflict(why)) => last = Some(why),
            Err(error) => return Err(error),
        }
    }
    let message = format!("the deployment changes all the time: {}", last.unwrap_or_default());
    Err(ProviderError::Unavailable { message, retry_after: None, cause: None })
}

/// What was done so far, from a position.
pub(super) fn logs(inner: Arc<Inner>, access: Access, place: Place, from: LogPosition) -> LineStream {
    let read = async move {
        let (_, session) = inner.session(&access)?;
        Ok::<_, ProviderError>(Kept::at(&session, &place).await?.record)
    };
    let lines = stream::once(read).flat_map(move |record| match record {
        Err(error) => stream::iter(vec![Err(error)]),
        Ok(record) => {
            let numbered = (1..).zip(log(&record)).filter(|(position, _)| *position > from.0);
            let line = |(position, line)| Ok(PositionedLine { next: LogPosition(position), line });
            stream::iter(numbered.map(line).collect::<Vec<_>>())
        }
    });
    lines.boxed()
}

/// Nothing of a deployment that is over has to go: its token is gone, and its record tells which image a version is, when the cluster
/// has removed the Build.
///
/// # Errors
/// [`ProviderError::Conflict`] while it goes on.
pub(super) async fn release(inner: &Inner, access: &Access, place: &Place) -> Result<(), ProviderError> {
    let (_, session) = inner.session(access)?;
    match Kept::at(&session, place).await {
        Ok(kept) if kept.record.step != Step::Over => {
            Err(ProviderError::Conflict("the deployment has not ended: release it afterwards".to_owned()))
        }
        Ok(_) | Err(ProviderError::NotFound(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Removes the record.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn purge(inner: &Inner, access: &Access, place: &Place) -> Result<(), ProviderError> {
    let (_, session) = inner.session(access)?;
    Kept::remove(&session, place).await
}

/// Follows a deployment from behind `from`, and carries it on. Several followers at a time do no harm: each step changes nothing when it
/// is carried out again, and of those who write down what became of it one is first.
pub(super) fn follow(
    inner: Arc<Inner>,
    access: Access,
    place: Place,
    from: Option<ResumeToken>,
    stop: CancellationToken,
) -> ObservedStream {
    Box::pin(async_stream::stream! {
        let mut token = match Token::read(from.as_ref()) {
            Ok(token) if token.complete => return,
            Ok(token) => token,
            Err(error) => { yield Err(error); return; }
        };
        let mut told = Told::default();
        let mut target = None;
        let mut in_trouble = false;
        loop {
            let turn = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                turn = turn(&inner, &access, &place, &mut target) => turn,
            };
            let moved = match turn {
                Ok((record, moved)) => {
                    in_trouble = false;
                    let (mut observations, lines) = told.news(&record, token.lines);
                    token.lines = lines;
                    token.complete = record.step == Step::Over;
                    if token.complete {
                        observations.push(Observation::Complete);
                    }
                    if !observations.is_empty() {
                        yield Ok(Observed { resume: token.write(), observations });
                    }
                    if token.complete {
                        return;
                    }
                    moved
                }
                // It is tried again all the time: once is enough.
                Err(error) if error.is_transient() => {
                    if !std::mem::replace(&mut in_trouble, true) {
                        yield Err(error);
                    }
                    false
                }
                Err(error) => { yield Err(error); return; }
            };
            if !moved {
                tokio::select! {
                    biased;
                    () = stop.cancelled() => return,
                    () = sleep(PAUSE) => {}
                }
            }
        }
    })
}

/// Carries a deployment on by one step, if it can be, and gives its record as it is kept then; and whether to go on at once.
async fn turn(
    inner: &Inner,
    access: &Access,
    place: &Place,
    target: &mut Option<Target>,
) -> Result<(Record, bool), ProviderError> {
    let (_, session) = inner.session(access)?;
    let kept = Kept::at(&session, place).await?;
    if kept.record.step == Step::Over {
        return Ok((kept.record, false));
    }
    let next = match step(inner, &session, &kept, target).await? {
        Some(next) => next,
        None => return Ok((kept.record, false)),
    };
    match kept.write(&session, &next).await {
        Ok(()) => Ok((next, true)),
        // Somebody else was faster: what they wrote counts.
        Err(ProviderError::Conflict(_)) => Ok((kept.record, true)),
        Err(error) => Err(error),
    }
}

async fn step(
    inner: &Inner,
    session: &Session,
    kept: &Kept,
    target: &mut Option<Target>,
) -> Result<Option<Record>, ProviderError> {
    let (record, now) = (&kept.record, inner.clock.now());
    let target = match target {
        Some(target) => target,
        none => match Target::open(inner.configured.way(), &record.to, kept.token.clone()) {
            Ok(opened) => none.insert(opened),
            Err(why) => return Ok(Some(give_up(record, ReasonCode::Credential, &why, now))),
        },
    };
    let pull = match &record.pull_secret {
        Some(name) if record.step == Step::Tag && record.needs_fetching() => {
            match PullSecret::read(session, &kept.place.namespace, name).await? {
                Ok(pull) => Some(pull),
                Err(why) => return Ok(Some(record.failed(&why, now))),
            }
        }
        _ => None,
    };
    advance(target, pull.as_ref(), record, now).await
}
