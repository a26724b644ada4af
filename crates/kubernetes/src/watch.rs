//! Watching objects, through whatever happens to the connection.

use std::time::Duration;

use alm_build_spi::ProviderError;
use futures::{Stream, StreamExt};
use kube::{
    Api,
    core::DynamicObject,
    runtime::watcher::{self, Event, watcher},
};
use tokio::time::{Instant, sleep, timeout_at};

use crate::Session;

/// How long one watch lasts before it is begun again, in seconds: a connection that has died in silence is noticed 5 s later.
const TURN: u32 = 20;
/// How long nothing may be heard before everything is listed again: three turns.
const LONGEST_SILENCE: Duration = Duration::from_secs(60);
/// How long it is believed that a watch tells everything.
const LONGEST_TRUST: Duration = Duration::from_secs(300);
const SHORTEST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What is seen of an object.
#[derive(Debug, Clone)]
pub enum Sight {
    /// It is so now.
    There(Box<DynamicObject>),
    /// There is no such object, or no more.
    Gone,
}

/// What is there among objects, and what becomes of them: list, then watch, and again from the beginning where the cluster has
/// forgotten what came since. Never ends. A watch that merely broke is begun again in silence. An error is told, and after a pause
/// that grows up to 5 s, or that the cluster asked for, it is tried again when the stream is polled again.
///
/// A cluster whose store was restored from a backup is silent towards watches from before, since what comes next is older than what
/// they have seen, and hides from them what happened until it has caught up. So everything is listed again when nothing was heard for
/// a minute, and every five minutes in any case; what is gone by then is not told, but is not in the list.
pub fn watch_many(
    session: &Session,
    api: Api<DynamicObject>,
    config: watcher::Config,
) -> impl Stream<Item = Result<Event<DynamicObject>, ProviderError>> + Send + use<> {
    let session = session.clone();
    async_stream::stream! {
        let mut pause = SHORTEST_PAUSE;
        loop {
            let mut events = watcher(api.clone(), config.clone().timeout(TURN)).boxed();
            let latest = Instant::now() + LONGEST_TRUST;
            let mut silent = Instant::now() + LONGEST_SILENCE;
            while let Ok(Some(event)) = timeout_at(silent.min(latest), events.next()).await {
                let error = match event {
                    Ok(event) => {
                        pause = SHORTEST_PAUSE;
                        yield Ok(event);
                        silent = Instant::now() + LONGEST_SILENCE;
                        continue;
                    }
                    // What came since is not known any more: everything is listed again.
                    Err(watcher::Error::WatchError(status)) if status.code == 410 => {
                        sleep(SHORTEST_PAUSE).await;
                        continue;
                    }
                    Err(watcher::Error::WatchStartFailed(kube::Error::Api(status))) if status.code == 410 => {
                        sleep(SHORTEST_PAUSE).await;
                        break;
                    }
                    Err(watcher::Error::WatchError(status)) => session.error(kube::Error::Api(status)),
                    Err(watcher::Error::WatchFailed(error)) => {
                        tracing::debug!(error = %session.error(error), "a watch broke");
                        sleep(pause).await;
                        pause = (pause * 2).min(LONGEST_PAUSE);
                        continue;
                    }
                    Err(watcher::Error::InitialListFailed(error) | watcher::Error::WatchStartFailed(error)) => {
                        session.error(error)
                    }
                    Err(watcher::Error::NoResourceVersion) => ProviderError::Internal {
                        message: format!("{} lists objects without saying which version that is", session.host()),
                        cause: None,
                    },
                };
                let asked = match &error {
                    ProviderError::Unavailable { retry_after, .. } => *retry_after,
                    _ => None,
                };
                yield Err(error);
                sleep(asked.unwrap_or(pause)).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// What is seen of one object; otherwise as [`watch_many`].
pub fn watch_one(
    session: &Session,
    api: Api<DynamicObject>,
    name: &str,
) -> impl Stream<Item = Result<Sight, ProviderError>> + Send + use<> {
    let events = watch_many(session, api, watcher::Config::default().fields(&format!("metadata.name={name}")));
    async_stream::stream! {
        let mut is_there = false;
        let mut events = std::pin::pin!(events);
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::Init) => is_there = false,
                Ok(Event::InitApply(object) | Event::Apply(object)) => {
                    is_there = true;
                    yield Ok(Sight::There(Box::new(object)));
                }
                Ok(Event::InitDone) if is_there => {}
                Ok(Event::InitDone | Event::Delete(_)) => yield Ok(Sight::Gone),
                Err(error) => yield Err(error),
            }
        }
    }
}
