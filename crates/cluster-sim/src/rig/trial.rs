//! Troubles that begin with any request of a story, and pass.

use std::{
    collections::BTreeSet,
    panic::AssertUnwindSafe,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use alm_build_spi::ProviderError;
use futures::{FutureExt, StreamExt, future::LocalBoxFuture, stream};
use tokio::time::{sleep, timeout};

use super::{Followed, Life, quickly};
use crate::{Cluster, Fault, Faults, GitServer, shape};

/// After how long all has to be right again.
const RIGHT_AGAIN: Duration = Duration::from_secs(30);
/// How long a trouble lasts.
const LASTS: Duration = Duration::from_secs(5);
/// How long nothing is answered: longer than anybody waits for an answer.
const HANGS: Duration = Duration::from_secs(28);
/// How soon what failed is called again.
const AGAIN: Duration = Duration::from_millis(500);
/// How many stories are told at a time.
const AT_ONCE: usize = 24;

/// The troubles.
const FAULTS: [Fault; 9] = [
    Fault::Refuse,
    Fault::Hang,
    Fault::Reset,
    Fault::TooMany(Duration::from_secs(1)),
    Fault::Error,
    Fault::Unauthorized,
    Fault::Lose,
    Fault::Astray,
    Fault::Quota,
];

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum At {
    Cluster,
    Jenkins,
    Target,
    Git,
}

/// A request at which a trouble begins: the first one of this [shape].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Point(At, String);

/// One telling of a story: without trouble, so that it is known what is asked, or with one.
#[derive(Debug, Clone)]
pub struct Trial {
    trouble: Option<(Point, Fault)>,
    asked: Arc<Mutex<BTreeSet<Point>>>,
}

/// Tells a story once without trouble, and then with each trouble beginning at each request that was made in it: whatever is asserted
/// holds each time, and all is right again within half a minute. It is told in a [time of its own](quickly).
///
/// # Panics
/// With all the troubles that were too much.
#[expect(clippy::panic, reason = "a test that has failed")]
pub fn through_every_trouble(story: impl Fn(Trial) -> LocalBoxFuture<'static, ()>) {
    let asked = Arc::new(Mutex::new(BTreeSet::new()));
    quickly(async {
        story(Trial { trouble: None, asked: Arc::clone(&asked) }).await;
        let points = asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let cells: Vec<_> = points.iter().flat_map(|point| FAULTS.map(|fault| (point.clone(), fault))).collect();
        // A token ends at the cluster, which Jenkins asks about it, and never at Jenkins alone. What Jenkins does not know it says so. A git
        // server has nothing of either: what it refuses it refuses for good.
        let is_cluster = |at: At| !matches!(at, At::Jenkins | At::Git);
        let cells = cells.into_iter().filter(|(point, fault)| match fault {
            Fault::Unauthorized | Fault::Astray => is_cluster(point.0),
            Fault::Quota => is_cluster(point.0) && point.1.starts_with("POST "),
            _ => true,
        });
        let mut all = 0;
        let running = cells.map(|(point, fault)| {
            all += 1;
            let name = format!("{fault:?} at {:?} from {} on", point.0, point.1);
            let told = story(Trial { trouble: Some((point, fault)), asked: Arc::clone(&asked) });
            async move { AssertUnwindSafe(told).catch_unwind().await.err().map(|_| name) }
        });
        let failed: Vec<String> =
            stream::iter(running).buffer_unordered(AT_ONCE).filter_map(|failed| async { failed }).collect().await;
        if !failed.is_empty() {
            panic!("{} of {all} troubles were too much: {failed:#?}", failed.len());
        }
    });
}

impl Trial {
    /// Lives a life through the trouble; what was told of it. Nothing where it ended as it may when the token of an environment ends.
    ///
    /// # Panics
    /// Where nothing was asked that begins the trouble, or the life did not get over it in time.
    #[expect(clippy::panic, reason = "a test that has failed")]
    pub async fn live(&self, life: Life<'_>) -> Option<Followed> {
        let Some((Point(at, shape), fault)) = &self.trouble else {
            let before: Vec<usize> = asked(&life).iter().map(Vec::len).collect();
            let told = life.live(self).await;
            let new = asked(&life).into_iter().zip(before).flat_map(|(all, before)| all.into_iter().skip(before));
            self.asked.lock().unwrap_or_else(PoisonError::into_inner).extend(new);
            return told;
        };
        let faults: &Faults = match at {
            At::Cluster => life.rig.cluster.faults(),
            At::Jenkins => life.rig.cluster.jenkins_faults(),
            At::Target => life.target.unwrap_or(&life.rig.cluster).faults(),
            At::Git => life.git.map_or(life.rig.cluster.faults(), GitServer::faults),
        };
        faults.trap_shape(*fault, shape);
        let mut living = pin!(life.live(self));
        let passing = async {
            faults.sprung().await;
            faults.cut_streams();
            sleep(if *fault == Fault::Hang { HANGS } else { LASTS }).await;
            faults.heal();
        };
        tokio::select! {
            told = &mut living => {
                assert!(faults.has_sprung(), "nothing was asked of {shape}");
                return told;
            }
            () = passing => {}
        }
        match timeout(RIGHT_AGAIN, living).await {
            Ok(told) => told,
            Err(_) => panic!("not right again {RIGHT_AGAIN:?} after {fault:?} from {shape} on"),
        }
    }

    /// Calls again and again, as whoever looks after builds does, while the trouble may be the reason.
    ///
    /// # Panics
    /// Where something else is.
    #[expect(clippy::panic, reason = "a test that has failed")]
    pub(super) async fn insist<T>(&self, call: impl AsyncFn() -> Result<T, ProviderError>) -> T {
        loop {
            match call().await {
                Ok(answer) => return answer,
                Err(error) if self.explains(&error) => sleep(AGAIN).await,
                Err(error) => panic!("{:?} is no reason for this: {error:?}", self.trouble),
            }
        }
    }

    /// Whether an error may be of the trouble.
    pub(super) fn explains(&self, error: &ProviderError) -> bool {
        match &self.trouble {
            None => false,
            Some((_, Fault::Unauthorized)) if matches!(error, ProviderError::Unauthorized(_)) => true,
            Some(_) => error.is_transient(),
        }
    }

    /// Whether a token has ended for a while.
    pub(super) fn ends_tokens(&self) -> bool {
        matches!(self.trouble, Some((_, Fault::Unauthorized)))
    }

    /// Whether something may have been done of which nobody was told.
    pub(super) fn hides_answers(&self) -> bool {
        matches!(self.trouble, Some((_, Fault::Lose | Fault::Reset | Fault::Refuse | Fault::Hang)))
    }
}

/// What was asked so far in a life, of each server.
fn asked(life: &Life<'_>) -> Vec<Vec<Point>> {
    let of = |cluster: &Cluster, at: At| {
        let seen = cluster.requests().into_iter();
        seen.map(move |seen| Point(if seen.jenkins { At::Jenkins } else { at }, shape(&seen.method, &seen.path)))
            .collect()
    };
    let of_git = |git: &GitServer| {
        let asked = git.requests().into_iter();
        asked.map(|(method, path)| Point(At::Git, shape(&method, &path))).collect()
    };
    let target = life.target.map(|target| of(target, At::Target));
    [of(&life.rig.cluster, At::Cluster)].into_iter().chain(target).chain(life.git.map(of_git)).collect()
}
