//! Troubles that begin at any point of a build's life, and pass.

use std::{future::Future, panic::AssertUnwindSafe, pin::pin, time::Duration};

use alm_build_spi::{LineStream, ProviderError};
use futures::{FutureExt, StreamExt, future::LocalBoxFuture, stream};
use tokio::time::{sleep, timeout};

use super::{PATIENCE, PAUSE, Rig};
use crate::{Fault, Faults};

/// After how long all has to be right again.
const RIGHT_AGAIN: Duration = Duration::from_secs(30);
/// How long a trouble lasts.
const LASTS: Duration = Duration::from_millis(400);
/// How many clusters there are at a time.
const AT_ONCE: usize = 12;

/// The troubles.
const FAULTS: [Fault; 7] = [
    Fault::Refuse,
    Fault::Hang,
    Fault::Reset,
    Fault::TooMany(Duration::from_secs(1)),
    Fault::Error,
    Fault::Unauthorized,
    Fault::Lose,
];

/// A request at which a trouble begins: the first one of this method whose path and query contain this.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    method: &'static str,
    text: &'static str,
    at_jenkins: bool,
}

impl Point {
    /// A request to the API server.
    #[must_use]
    pub const fn of(method: &'static str, text: &'static str) -> Self {
        Self { method, text, at_jenkins: false }
    }

    /// A request to Jenkins.
    #[must_use]
    pub const fn at_jenkins(method: &'static str, text: &'static str) -> Self {
        Self { method, text, at_jenkins: true }
    }
}

/// An outage that is to come, in the midst of what a test does.
#[derive(Debug)]
pub struct Outage<'a> {
    rig: &'a Rig,
    point: Point,
    fault: Fault,
}

/// Lets each trouble begin at each of these points of a life, and pass: whatever is asserted at the end of that life holds, within
/// half a minute.
///
/// # Panics
/// With all the troubles that were too much.
#[expect(clippy::panic, reason = "a test that has failed")]
pub async fn through_every_trouble<L>(points: &[Point], life: L)
where
    L: Fn(Point, Fault) -> LocalBoxFuture<'static, ()>,
{
    let cells = points.iter().flat_map(|point| FAULTS.map(|fault| (*point, fault)));
    // A token ends at the cluster, which Jenkins asks about it, and never at Jenkins alone.
    let cells = cells.filter(|(point, fault)| !point.at_jenkins || *fault != Fault::Unauthorized);
    let running = cells.map(|(point, fault)| {
        let life = life(point, fault);
        async move {
            let ended = AssertUnwindSafe(timeout(PATIENCE, life)).catch_unwind().await;
            (!matches!(ended, Ok(Ok(())))).then(|| format!("{fault:?} from {} {} on", point.method, point.text))
        }
    });
    let failed: Vec<String> =
        stream::iter(running).buffer_unordered(AT_ONCE).filter_map(|failed| async { failed }).collect().await;
    if !failed.is_empty() {
        panic!("{} troubles were too much: {failed:#?}", failed.len());
    }
}

impl<'a> Outage<'a> {
    /// This trouble, from this point on.
    #[must_use]
    pub const fn new(rig: &'a Rig, point: Point, fault: Fault) -> Self {
        Self { rig, point, fault }
    }

    /// Lives through it.
    ///
    /// # Panics
    /// Where the life never came to that point, or did not get over it in time.
    #[expect(clippy::panic, reason = "a test that has failed")]
    pub async fn over<T>(&self, life: impl Future<Output = T>) -> T {
        let cluster = &self.rig.cluster;
        let faults: &Faults = if self.point.at_jenkins { cluster.jenkins_faults() } else { cluster.faults() };
        faults.trap(self.fault, self.point.method, self.point.text);
        let mut life = pin!(life);
        let passing = async {
            faults.sprung().await;
            faults.cut_streams();
            sleep(LASTS).await;
            faults.heal();
        };
        tokio::select! {
            lived = &mut life => {
                assert!(faults.has_sprung(), "nothing was asked of {:?}", self.point);
                return lived;
            }
            () = passing => {}
        }
        match timeout(RIGHT_AGAIN, life).await {
            Ok(lived) => lived,
            Err(_) => panic!("not right again after {RIGHT_AGAIN:?}"),
        }
    }

    /// Calls again and again, as whoever looks after builds does, while a trouble may be the reason.
    ///
    /// # Panics
    /// Where something else is.
    #[expect(clippy::panic, reason = "a test that has failed")]
    pub async fn insist<T>(&self, call: impl AsyncFn() -> Result<T, ProviderError>) -> T {
        loop {
            match call().await {
                Ok(answer) => return answer,
                Err(error) if self.explains(&error) => sleep(PAUSE).await,
                Err(error) => panic!("{:?} is no reason for this: {error:?}", self.fault),
            }
        }
    }

    /// Whether an error may be of this trouble.
    #[must_use]
    pub fn explains(&self, error: &ProviderError) -> bool {
        error.is_transient() || self.fault == Fault::Unauthorized && matches!(error, ProviderError::Unauthorized(_))
    }

    /// The texts of a log that is read as a whole.
    pub async fn read(&self, log: impl Fn() -> LineStream) -> Vec<String> {
        self.insist(async || {
            let mut lines = log();
            let mut texts = Vec::new();
            while let Some(line) = lines.next().await {
                texts.push(line?.line.text);
            }
            Ok(texts)
        })
        .await
    }
}
