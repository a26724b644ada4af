//! Whose turn it is: at most so many builds at a time, the others in the order in which they were started.

use std::{
    collections::{BTreeSet, HashMap, HashSet, hash_map::Entry},
    ffi::OsString,
    fs, io,
    process::{ExitStatus, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use alm_domain::{BuildId, Observation, ReasonCode, RunObservation, RunStatus, StatusReason};
use tokio::{process::Command, sync::Notify, task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{
    local::Inner,
    recover::{self, Fate, Found},
};
use crate::spool::{Payload, RunDir};

/// How often an adopted supervisor is looked after.
const WATCH: Duration = Duration::from_millis(200);
/// How often the spool is searched for runs that another process put there.
const SEARCH: Duration = Duration::from_secs(1);
/// How often a supervisor that dies before it begins is started again.
const TRIES: u32 = 3;
/// What a supervisor takes over from the server's environment.
const PASSED_ON: [&str; 7] = ["PATH", "HOME", "LANG", "TZ", "XDG_RUNTIME_DIR", "DOCKER_HOST", "CONTAINER_HOST"];

/// The queue.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    bell: Notify,
    /// The ordinal of the next run.
    next: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    /// By their ordinals: whoever comes back into the line has the place that it had.
    waiting: BTreeSet<(u64, BuildId)>,
    /// Those that have a slot.
    running: HashSet<BuildId>,
    /// Those that were running already when they were found.
    adopted: Vec<BuildId>,
    /// All that were ever seen and are not released, with their ordinals.
    known: HashMap<BuildId, u64>,
    /// What was last told about why a run waits.
    told: HashMap<BuildId, String>,
    tries: HashMap<BuildId, u32>,
    /// Those that wait although they were cancelled: somebody held them at that moment.
    cancelled: HashSet<BuildId>,
}

impl Queue {
    pub(super) fn new(found: Vec<Found>) -> Self {
        let queue = Self { state: Mutex::new(State::default()), bell: Notify::new(), next: AtomicU64::new(1) };
        queue.add_all(found);
        queue
    }

    /// The place of a run that is taken in now, behind all that were ever seen.
    pub(super) fn next_ordinal(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    fn add_all(&self, found: Vec<Found>) {
        for Found { ordinal, build, fate } in found {
            self.next.fetch_max(ordinal.saturating_add(1), Ordering::Relaxed);
            self.add(build, ordinal, fate);
        }
    }

    /// Takes a run in, once.
    pub(super) fn add(&self, build: BuildId, ordinal: u64, fate: Fate) {
        let mut state = self.lock();
        if let Entry::Vacant(unknown) = state.known.entry(build) {
            unknown.insert(ordinal);
            match fate {
                Fate::Waiting => _ = state.waiting.insert((ordinal, build)),
                Fate::Alive => {
                    state.running.insert(build);
                    state.adopted.push(build);
                }
                Fate::Over => {}
            }
        }
        self.ring();
    }

    /// Takes a run out that is over before its turn came.
    pub(super) fn remove(&self, build: BuildId) {
        self.lock().waiting.retain(|(_, other)| *other != build);
        self.ring();
    }

    /// Notes that a run was cancelled and could not be ended. If it has begun by now, its supervisor ends it.
    pub(super) fn settle_later(&self, build: BuildId) {
        self.lock().cancelled.insert(build);
        self.ring();
    }

    /// Those of the cancelled that wait. Who has a slot may come back without having begun, and is asked for again then.
    fn cancelled(&self) -> Vec<BuildId> {
        let mut state = self.lock();
        let cancelled = std::mem::take(&mut state.cancelled);
        let (waiting, others): (Vec<_>, Vec<_>) =
            cancelled.into_iter().partition(|build| state.waiting.iter().any(|(_, other)| other == build));
        state.cancelled = others.into_iter().filter(|build| state.running.contains(build)).collect();
        waiting
    }

    /// Forgets a run that is no more.
    pub(super) fn forget(&self, build: BuildId) {
        let mut state = self.lock();
        state.known.remove(&build);
        state.told.remove(&build);
        state.tries.remove(&build);
    }

    /// Says that something may have changed.
    pub(super) fn ring(&self) {
        self.bell.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next run that gets a slot.
    fn next(&self, slots: usize) -> Option<BuildId> {
        let mut state = self.lock();
        if state.running.len() >= slots {
            return None;
        }
        let (_, build) = state.waiting.pop_first()?;
        state.running.insert(build);
        state.told.remove(&build);
        Some(build)
    }

    /// What is to be told now about why runs wait.
    fn news(&self, slots: usize) -> Vec<(BuildId, String)> {
        let mut state = self.lock();
        let taken = state.running.len();
        let all: Vec<(BuildId, String)> = state
            .waiting
            .iter()
            .enumerate()
            .map(|(at, (_, build))| {
                (*build, format!("{taken} of {slots} slots are taken; {} in line", ordinal(at + 1)))
            })
            .collect();
        all.into_iter().filter(|(build, text)| state.told.insert(*build, text.clone()).as_ref() != Some(text)).collect()
    }

    /// A slot is free again. A run that never began is put back where it was in the line, unless it was tried often enough: one that
    /// was merely held by somebody when it was found was not tried.
    fn leave(&self, build: BuildId, fate: Fate, was_tried: bool) -> bool {
        let mut state = self.lock();
        state.running.remove(&build);
        let again = fate == Fate::Waiting && {
            let tries = state.tries.entry(build).or_default();
            *tries += u32::from(was_tried);
            *tries < TRIES
        };
        if again && let Some(ordinal) = state.known.get(&build).copied() {
            state.waiting.insert((ordinal, build));
        }
        drop(state);
        self.ring();
        fate != Fate::Waiting || again
    }
}

/// Gives out slots until it is stopped. What it has started goes on then.
pub(super) async fn dispatch(inner: Arc<Inner>, stop: CancellationToken) {
    let mut tasks = JoinSet::new();
    loop {
        let adopted = std::mem::take(&mut inner.queue.lock().adopted);
        for build in adopted {
            tasks.spawn(attend(Arc::clone(&inner), build, false));
        }
        end_cancelled(&inner).await;
        let slots = inner.concurrency();
        while let Some(build) = inner.queue.next(slots) {
            tasks.spawn(attend(Arc::clone(&inner), build, true));
        }
        for (build, text) in inner.queue.news(slots) {
            let run = inner.dir(build);
            match tokio::task::spawn_blocking(move || tell_waiting(&run, text)).await {
                Ok(Ok(true)) | Err(_) => {}
                // It is told the next time.
                Ok(Ok(false)) => _ = inner.queue.lock().told.remove(&build),
                Ok(Err(error)) => {
                    inner.queue.lock().told.remove(&build);
                    tracing::warn!(%build, error = &error as &dyn std::error::Error, "why a run waits cannot be told");
                }
            }
        }
        while tasks.try_join_next().is_some() {}
        tokio::select! {
            () = inner.queue.bell.notified() => {}
            () = sleep(SEARCH) => search(&inner).await,
            () = stop.cancelled() => return,
        }
    }
}

/// Ends runs that were cancelled while they wait; those that cannot be ended now are left for the next time.
async fn end_cancelled(inner: &Arc<Inner>) {
    for build in inner.queue.cancelled() {
        let (run, clock) = (inner.dir(build), Arc::clone(&inner.clock));
        match tokio::task::spawn_blocking(move || recover::settle(&run, clock.as_ref())).await {
            Ok(Ok(Fate::Over)) => inner.queue.remove(build),
            Ok(Err(error)) => {
                tracing::warn!(%build, error = &error as &dyn std::error::Error, "a cancelled run cannot be ended");
                inner.queue.lock().cancelled.insert(build);
            }
            Ok(Ok(_)) | Err(_) => _ = inner.queue.lock().cancelled.insert(build),
        }
    }
}

/// Finds runs that another process has put into the spool.
async fn search(inner: &Arc<Inner>) {
    let shared = Arc::clone(inner);
    let found = tokio::task::spawn_blocking(move || -> io::Result<Vec<Found>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&shared.config.spool)? {
            let Ok(build) = entry?.file_name().to_string_lossy().parse::<BuildId>() else { continue };
            if !shared.queue.lock().known.contains_key(&build) {
                found.push(recover::look(&shared.dir(build), build, shared.clock.as_ref())?);
            }
        }
        found.sort_unstable_by_key(|found| (found.ordinal, found.build));
        Ok(found)
    });
    match found.await {
        Ok(Ok(found)) => inner.queue.add_all(found),
        Ok(Err(error)) => tracing::warn!(error = &error as &dyn std::error::Error, "the spool cannot be searched"),
        Err(_) => {}
    }
}

/// Stays with a run that has a slot until it is over.
async fn attend(inner: Arc<Inner>, build: BuildId, is_new: bool) {
    let run = inner.dir(build);
    let mut why = String::new();
    if is_new {
        match start(&inner.config.supervisor, &run).await {
            Ok(status) => why = format!("it ended with {status}."),
            Err(cause) => why = format!("{cause}."),
        }
    }
    let fate = loop {
        let (at, clock) = (run.clone(), Arc::clone(&inner.clock));
        match tokio::task::spawn_blocking(move || recover::settle(&at, clock.as_ref())).await {
            Ok(Ok(Fate::Alive)) => {}
            Ok(Ok(fate)) => break fate,
            // A run that was released in between is over.
            Ok(Err(_)) if !run.exists() => break Fate::Over,
            Ok(Err(error)) => {
                tracing::warn!(%build, error = &error as &dyn std::error::Error, "a run cannot be settled")
            }
            Err(_) => {}
        }
        sleep(WATCH).await;
    };
    if inner.queue.leave(build, fate, is_new) {
        return;
    }
    loop {
        let (at, why, clock) = (run.clone(), why.clone(), Arc::clone(&inner.clock));
        match tokio::task::spawn_blocking(move || recover::refuse(&at, &why, clock.as_ref())).await {
            Ok(Ok(false)) => sleep(WATCH).await,
            Ok(Err(error)) => {
                tracing::error!(%build, error = &error as &dyn std::error::Error, "a run that cannot begin cannot be ended");
                return;
            }
            Ok(Ok(true)) | Err(_) => return,
        }
    }
}

/// Starts a supervisor and waits for its end. When nobody waits any more it goes on.
async fn start(supervisor: &[OsString], run: &RunDir) -> io::Result<ExitStatus> {
    let Some((program, leading)) = supervisor.split_first() else {
        return Err(io::Error::other("the program that supervises builds is not configured"));
    };
    let log = fs::OpenOptions::new().create(true).append(true).open(run.supervisor_log())?;
    let mut command = Command::new(program);
    command.args(leading).arg(run.path()).env_clear().current_dir("/").stdin(Stdio::null());
    command.stdout(log.try_clone()?).stderr(log);
    for name in PASSED_ON {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.spawn()?.wait().await
}

/// `false` where somebody holds the run at this moment.
fn tell_waiting(run: &RunDir, text: String) -> io::Result<bool> {
    let Some(held) = run.hold()? else { return Ok(false) };
    let mut writer = run.writer(&held)?;
    if writer.is_started() || writer.is_complete() {
        return Ok(true);
    }
    let reason = Some(StatusReason::new(ReasonCode::WaitingForSlot, text));
    let waits = RunObservation { reason, ..RunObservation::status(RunStatus::Queued) };
    writer.append(&Payload::of(vec![Observation::Run(waits)]), false).map(|()| true)
}

fn ordinal(n: usize) -> String {
    let ending = match (n % 10, n % 100) {
        (1, tens) if tens != 11 => "st",
        (2, tens) if tens != 12 => "nd",
        (3, tens) if tens != 13 => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

#[cfg(test)]
mod tests {
    use super::ordinal;

    #[test]
    fn places_in_line_read_well() {
        let shown: Vec<_> = [1, 2, 3, 4, 11, 12, 13, 21, 112].into_iter().map(ordinal).collect();
        assert_eq!(shown, ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th"]);
    }
}
