//! The log of a pod: of all its containers, one after another, in the order in which they run. What runs beside the work comes last,
//! since it does not end before the work does.

use std::{pin::Pin, time::Duration};

use alm_build_spi::ProviderError;
use alm_domain::{LogLine, LogStream};
use alm_masking::Masks;
use futures::{AsyncRead, AsyncReadExt, Stream, StreamExt};
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::{Api, api::LogParams};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};

use crate::{Fate, Lines, Overlap, Piece, Session, Told};

/// How often a pod that does not run yet is looked at.
const PULSE: Duration = Duration::from_millis(500);
/// How seldom what went wrong is tried again at the most.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// For how long a cluster that answers may have no log of a run that is over: the node that had it is gone then.
const PATIENCE: Duration = Duration::from_secs(600);
/// How many bytes are read at a time.
const CHUNK: usize = 32 << 10;
/// After how long a silence it is asked whether the container runs at all.
const SILENCE: Duration = Duration::from_secs(15);
/// How many lines are told at a time, and about how many bytes.
const MOST_LINES: usize = 500;
const MOST_BYTES: usize = 64 << 10;

/// How far the log of a pod was told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodTold {
    /// The container that is being read; those before it were told to their end.
    #[serde(rename = "c", default, skip_serializing_if = "String::is_empty")]
    pub container: String,
    /// How far.
    #[serde(flatten)]
    pub told: Told,
    /// Whether it was told that the rest is gone.
    #[serde(rename = "g", default, skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
}

/// What there is to tell of a log.
#[derive(Debug)]
pub enum LogNews {
    /// New lines, and how far is told behind them.
    Lines(Vec<LogLine>, PodTold),
    /// It is told to its end.
    End(PodTold),
}

/// What is known of the run whose pod it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunLife {
    /// It goes on: a pod that is not there is still to come.
    Live,
    /// It is over: a pod that is not there is gone.
    Over,
    /// It is over, and never had a pod.
    NeverRan,
}

/// Follows the log of a pod from behind what was told, through broken connections, until all of its containers have ended and were
/// told. An error is told, and after a pause it is tried again when the stream is polled again.
pub fn follow_pod(
    session: &Session,
    namespace: &str,
    pod: &str,
    masks: &Masks,
    from: PodTold,
    life: watch::Receiver<RunLife>,
) -> impl Stream<Item = Result<LogNews, ProviderError>> + Send + use<> {
    stream(session, namespace, pod, masks, from, Some(life))
}

/// Reads the log of a pod from its beginning, as far as there is one now. Ends behind the first error.
pub fn read_pod(
    session: &Session,
    namespace: &str,
    pod: &str,
    masks: &Masks,
) -> impl Stream<Item = Result<LogNews, ProviderError>> + Send + use<> {
    stream(session, namespace, pod, masks, PodTold::default(), None)
}

fn stream(
    session: &Session,
    namespace: &str,
    pod: &str,
    masks: &Masks,
    from: PodTold,
    life: Option<watch::Receiver<RunLife>>,
) -> impl Stream<Item = Result<LogNews, ProviderError>> + Send + use<> {
    let pods = Api::namespaced(session.client().clone(), namespace);
    let reader =
        Reader { session: session.clone(), pods, pod: pod.to_owned(), masks: masks.clone(), follows: life.is_some() };
    async_stream::stream! {
        let mut at = from;
        let mut pause = PULSE;
        let mut unreadable: Option<Instant> = None;
        loop {
            // Looked at before the pod: one that is made meanwhile is not taken for gone.
            let life = life.as_ref().map_or(RunLife::Over, |life| *life.borrow());
            if at.gone {
                yield Ok(LogNews::End(at));
                return;
            }
            let step = match reader.step(&mut at, life).await {
                Ok(step) => step,
                // Nothing is known of a log while the cluster itself does not answer.
                Err(error) => { unreadable = None; Step::Trouble(error) }
            };
            if !matches!(step, Step::Trouble(_) | Step::Unreadable(_)) {
                (pause, unreadable) = (PULSE, None);
            }
            let (log, current) = match step {
                Step::Read(log, current) => (log, current),
                Step::Wait if reader.follows => { sleep(PULSE).await; continue; }
                Step::Wait | Step::End => { yield Ok(LogNews::End(at)); return; }
                Step::Gap(why) => { yield Ok(LogNews::Lines(vec![gap(&why)], at.clone())); continue; }
                Step::Unreadable(error)
                    if life != RunLife::Live && unreadable.get_or_insert_with(Instant::now).elapsed() > PATIENCE =>
                {
                    at.gone = true;
                    let why = format!("the log of the container {} cannot be had: {error}", at.container);
                    yield Ok(LogNews::Lines(vec![gap(&why)], at.clone()));
                    continue;
                }
                Step::Trouble(error) | Step::Unreadable(error) => {
                    yield Err(error);
                    if !reader.follows { return; }
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    continue;
                }
            };
            let mut reading = Reading::new(log, &reader, &at, current.has_ended);
            let is_whole = loop {
                match reading.next(&reader).await {
                    Read::Lines(lines) => {
                        at.told = reading.overlap.told().clone();
                        yield Ok(LogNews::Lines(lines, at.clone()));
                    }
                    Read::Nothing => {}
                    Read::Broken => break false,
                    Read::End => break true,
                }
            };
            if is_whole && (current.has_ended || !reader.follows) {
                match current.next {
                    Some(container) => at = PodTold { container, ..PodTold::default() },
                    None => { yield Ok(LogNews::End(at)); return; }
                }
            } else if !reader.follows {
                let message = format!("the log of the pod {} broke off", reader.pod);
                yield Err(ProviderError::Unavailable { message, retry_after: None, cause: None });
                return;
            } else {
                // Either the container has ended, or the connection: the pod says which.
                sleep(PULSE / 5).await;
            }
        }
    }
    .boxed()
}

/// What to do next about a log.
enum Step {
    Wait,
    End,
    Gap(String),
    Read(LogBytes, Current),
    /// The cluster answers, and has no log for now.
    Unreadable(ProviderError),
    Trouble(ProviderError),
}

/// The container that is read.
struct Current {
    /// Whether what is read now is all that is told of it.
    has_ended: bool,
    next: Option<String>,
}

type LogBytes = Pin<Box<dyn AsyncRead + Send>>;

struct Reader {
    session: Session,
    pods: Api<Pod>,
    pod: String,
    masks: Masks,
    follows: bool,
}

impl Reader {
    async fn step(&self, at: &mut PodTold, life: RunLife) -> Result<Step, ProviderError> {
        let Some(found) = self.session.find(self.pods.get(&self.pod)).await? else {
            return Ok(match life {
                RunLife::Live => Step::Wait,
                RunLife::NeverRan => Step::End,
                RunLife::Over => {
                    at.gone = true;
                    Step::Gap(format!("the pod {} is gone, and with it what its log held from here on", self.pod))
                }
            });
        };
        let containers = containers(&found);
        let begun = containers.iter().position(|container| container.name == at.container).unwrap_or(0);
        // What has not begun when the run is over never will. What runs beside the work is read when that is over, as far as it is.
        let is_due = |container: &&Known<'_>| match container.state {
            State::Waits => false,
            State::Runs => !container.is_beside || life != RunLife::Live,
            State::Ended => true,
        };
        let mut left = containers[begun..].iter();
        let current = match life {
            RunLife::Live => left.next(),
            RunLife::Over | RunLife::NeverRan => left.find(is_due),
        };
        let Some(current) = current else { return Ok(Step::End) };
        if current.name != at.container {
            *at = PodTold { container: current.name.to_owned(), ..PodTold::default() };
        }
        if !is_due(&current) {
            return Ok(Step::Wait);
        }
        let has_ended = current.state == State::Ended || current.is_beside;
        let next = left.next().map(|container| container.name.to_owned());
        let params = LogParams {
            container: Some(at.container.clone()),
            follow: !has_ended && self.follows,
            timestamps: true,
            ..LogParams::default()
        };
        match self.session.call(self.pods.log_stream(&self.pod, &params)).await {
            Ok(log) => Ok(Step::Read(Box::pin(log), Current { has_ended, next })),
            // It ran a moment ago, or does not quite run yet.
            Err(ProviderError::NotFound(_) | ProviderError::Invalid(_)) if !has_ended => Ok(Step::Wait),
            Err(ProviderError::NotFound(_) | ProviderError::Invalid(_)) => {
                let why = format!("the log of the container {} is gone", at.container);
                match next {
                    Some(container) => *at = PodTold { container, ..PodTold::default() },
                    None => at.gone = true,
                }
                Ok(Step::Gap(why))
            }
            Err(error) if error.is_transient() => Ok(Step::Unreadable(error)),
            Err(error) => Err(error),
        }
    }

    /// Whether the container is known not to run any more.
    async fn has_stopped(&self, container: &str) -> bool {
        match self.session.find(self.pods.get(&self.pod)).await {
            Ok(Some(pod)) => containers(&pod).iter().any(|c| c.name == container && c.state == State::Ended),
            Ok(None) => true,
            // Whether anything answers is found out by asking for the log again.
            Err(_) => true,
        }
    }
}

/// A log that is being read.
struct Reading {
    log: LogBytes,
    container: String,
    overlap: Overlap,
    lines: Lines,
    chunk: Vec<u8>,
    has_ended: bool,
    pieces: std::vec::IntoIter<Piece>,
    is_whole: bool,
}

enum Read {
    Lines(Vec<LogLine>),
    Nothing,
    Broken,
    End,
}

impl Reading {
    fn new(log: LogBytes, reader: &Reader, at: &PodTold, has_ended: bool) -> Self {
        Self {
            log,
            container: at.container.clone(),
            overlap: Overlap::new(at.told.clone()),
            lines: Lines::new(&reader.masks, true),
            chunk: vec![0; CHUNK],
            has_ended,
            pieces: Vec::new().into_iter(),
            is_whole: false,
        }
    }

    async fn next(&mut self, reader: &Reader) -> Read {
        if self.pieces.as_slice().is_empty() {
            if self.is_whole {
                return Read::End;
            }
            let mut pieces = Vec::new();
            match timeout(SILENCE, self.log.read(&mut self.chunk)).await {
                Ok(Ok(0)) => {
                    self.is_whole = true;
                    // A line that a dead container has not ended is one all the same.
                    if self.has_ended {
                        self.lines.finish(&mut pieces);
                    }
                }
                Ok(Ok(length)) => self.lines.push(&self.chunk[..length], &mut pieces),
                Ok(Err(error)) => {
                    tracing::debug!(kind = %error.kind(), "the log of a pod broke off");
                    return Read::Broken;
                }
                // A connection that died in silence looks like a program that has nothing to say.
                Err(_) if reader.has_stopped(&self.container).await => return Read::Broken,
                Err(_) => return Read::Nothing,
            }
            self.pieces = pieces.into_iter();
        }
        let mut lines = Vec::new();
        let mut bytes = 0;
        while lines.len() < MOST_LINES && bytes < MOST_BYTES {
            let Some(piece) = self.pieces.next() else { break };
            match self.overlap.take(&piece) {
                Fate::Known => continue,
                Fate::New => {}
                Fate::AfterGap => lines.push(gap("lines are missing here: the cluster has rotated the log")),
            }
            bytes += piece.text.len();
            lines.push(piece.into_line());
        }
        if lines.is_empty() { Read::Nothing } else { Read::Lines(lines) }
    }
}

fn gap(why: &str) -> LogLine {
    LogLine { stage: None, attempt: 0, stream: LogStream::Gap, at: None, text: why.to_owned(), continued: false }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waits,
    Runs,
    Ended,
}

struct Known<'a> {
    name: &'a str,
    state: State,
    /// Whether it does not do the work, but runs beside it: a proxy, or a service that the work uses.
    is_beside: bool,
}

/// The containers in the order in which they are told.
fn containers(pod: &Pod) -> Vec<Known<'_>> {
    let Some(spec) = &pod.spec else { return Vec::new() };
    let status = pod.status.as_ref();
    let of = |list: Option<&Option<Vec<ContainerStatus>>>, name: &str| {
        let mut statuses = list.into_iter().flatten().flatten();
        statuses.find(|status| status.name == name).map_or(State::Waits, state)
    };
    let init = spec.init_containers.iter().flatten().map(|container| Known {
        name: &container.name,
        state: of(status.map(|status| &status.init_container_statuses), &container.name),
        is_beside: container.restart_policy.as_deref() == Some("Always"),
    });
    let has_work = spec.containers.iter().any(|container| is_work(&container.name));
    let main = spec.containers.iter().map(|container| Known {
        name: &container.name,
        state: of(status.map(|status| &status.container_statuses), &container.name),
        is_beside: has_work && !is_work(&container.name),
    });
    let mut all: Vec<Known<'_>> = init.chain(main).collect();
    all.sort_by_key(|container| container.is_beside);
    all
}

/// Whether a container does the work by its name: those of Tekton's steps, and of OpenShift's builds. What else stands beside them was
/// put there by others, also in front of them.
fn is_work(name: &str) -> bool {
    name.starts_with("step-") || ["docker-build", "sti-build", "custom-build"].contains(&name)
}

fn state(status: &ContainerStatus) -> State {
    match &status.state {
        Some(state) if state.terminated.is_some() => State::Ended,
        Some(state) if state.running.is_some() => State::Runs,
        _ => State::Waits,
    }
}
