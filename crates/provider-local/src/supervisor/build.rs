//! One build, from its request to its last record.

use std::{
    ffi::OsString,
    io,
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

use alm_domain::{
    Artifact, Clock, Observation, ReasonCode, RunObservation, RunStatus, StageKey, StageKind, StatusReason,
};

use super::{
    artifacts::Artifacts,
    board::Board,
    conductor::{Conductor, Event},
    control,
    deploying::Deploying,
    journal::Journal,
    plan::{Context, Plan},
    prepare::{Prepared, Stopped, prepare},
    reuse::{files_of, reusable},
    secrets::Secrets,
    site::{Site, Workplace},
    step::end_descendants,
};
use crate::{
    definition::{Body, Pipeline, Retry, StageDefinition, planned, shape},
    spool::{Held, Payload, RunDir, RunRequest, Started},
};

/// Lines are written at the latest after so long.
const FLUSH: Duration = Duration::from_millis(40);
/// How long another process may hold the run for a moment before we give up.
const LOCK_TRIES: u32 = 250;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// What a build ends with.
type Verdict = (RunStatus, Option<StatusReason>);

/// Runs a build to its end, unless somebody has already begun it or it is over.
///
/// # Errors
/// When its directory cannot be read or written, or the system gives no thread.
pub(crate) fn run(run: RunDir, leading: Vec<OsString>, clock: Arc<dyn Clock>) -> io::Result<()> {
    let Some(held) = hold(&run)? else { return Ok(()) };
    let request = run.request()?;
    let writer = run.writer(&held)?;
    if writer.is_started() || writer.is_complete() {
        return Ok(());
    }
    let mut journal = Journal::new(writer, request.options.log_max_bytes);
    let started = Started { at: clock.now(), version: env!("CARGO_PKG_VERSION").to_owned() };
    journal.append(&Payload { observations: Vec::new(), started: Some(started) }, true);
    let board = Board::new(journal, clock);
    flush_now_and_then(board.clone())?;
    board.update_run(true, |run, now| {
        *run = RunObservation { started_at: Some(now), ..RunObservation::status(RunStatus::Running) };
    });
    let verdict = Build { run: run.clone(), request: request.clone(), board: board.clone(), leading }.go();
    // Nothing of the build may be left when it is told that it has ended.
    if !end_descendants(Duration::ZERO, |_, _| {}) {
        board.warn("PROCESSES_LEFT", "processes of the build could not be ended");
    }
    board.update_run(true, |run, now| {
        (run.status, run.reason) = verdict;
        run.finished_at = Some(now);
    });
    if let Err(cause) = run.remove_secrets() {
        board.warn("SECRETS_LEFT", format!("the secrets of the build cannot be removed: {cause}"));
    }
    if let Err(cause) = crate::keep::remove_tree(&work_of(&request)) {
        board.warn("WORK_TREE_LEFT", format!("the work trees of the build cannot be removed: {cause}"));
    }
    board.lock().journal.tell(vec![Observation::Complete], true);
    drop(held);
    Ok(())
}

/// Where a build works.
pub(crate) fn work_of(request: &RunRequest) -> PathBuf {
    request.places.work.join(request.build.to_string())
}

fn hold(run: &RunDir) -> io::Result<Option<Held>> {
    for _ in 0..LOCK_TRIES {
        if let Some(held) = run.hold()? {
            return Ok(Some(held));
        }
        thread::sleep(LOCK_PAUSE);
    }
    Ok(None)
}

fn flush_now_and_then(board: Board) -> io::Result<()> {
    let flush = move || {
        loop {
            thread::sleep(FLUSH);
            board.lock().journal.flush();
        }
    };
    thread::Builder::new().spawn(flush).map(drop)
}

struct Build {
    run: RunDir,
    request: RunRequest,
    board: Board,
    leading: Vec<OsString>,
}

impl Build {
    fn go(self) -> Verdict {
        match self.try_go() {
            Ok(verdict) => verdict,
            Err((status, reason)) => {
                self.board.say(None, 0, &reason.message);
                if status == RunStatus::Cancelled {
                    self.board.lock().journal.tell(vec![Observation::CancelDelivered], true);
                }
                (status, Some(reason))
            }
        }
    }

    fn try_go(&self) -> Result<Verdict, Stopped> {
        let local = |what: &str, cause: io::Error| {
            (RunStatus::Errored, StatusReason::new(ReasonCode::Other, format!("{what}: {cause}")))
        };
        let desk = Workplace::make(work_of(&self.request)).map_err(|e| local("cannot make the work directory", e))?;
        let (secrets, gaps) = Secrets::read(&self.run).map_err(|e| local("cannot read the secrets of the build", e))?;
        self.board.warn_of_gaps(&gaps);
        let Prepared { source, fetched, pipeline, parameters } = prepare(&self.run, &self.request, &self.board)?;
        let kept = self.request.places.artifacts.join(self.request.build.to_string());
        let limit =
            pipeline.timeout.map_or(self.request.options.timeout, |time| time.min(self.request.options.timeout));
        let planned = planned(&pipeline);
        let is_shown = !planned.is_empty();
        let shape = shape(&pipeline);
        self.board.update_run(false, |run, _| run.shape = Some(shape));
        let env = pipeline.env.clone();
        let mut plan = Plan::new(stages(pipeline));
        let deploying = match (&self.request.deploys, &self.request.rerun) {
            (Some(deploys), Some(made)) => Some(Deploying::of(&mut plan, planned.clone(), deploys, made)?),
            _ => None,
        };
        self.board.plan(deploying.as_ref().map_or(planned, |deploying| deploying.shown.clone()));
        let site = Arc::new(Site {
            run: self.run.clone(),
            request: self.request.clone(),
            board: self.board.clone(),
            source,
            fetched,
            env,
            parameters: parameters.clone(),
            artifacts: Artifacts::new(kept, self.request.options.artifacts_max_bytes),
            desk,
            secrets,
            leading: self.leading.clone(),
        });
        let context = Context { branch: branch(&self.request.reference), parameters };
        let events: (Sender<Event>, Receiver<Event>) = channel();
        control::watch(self.run.clone(), events.0.clone()).map_err(|e| local("cannot watch for commands", e))?;
        let mut conductor = Conductor::new(Arc::clone(&site), plan, is_shown, context, limit, events);
        match deploying {
            Some(deploying) => self.take_as_done(&site, &mut conductor, deploying)?,
            None => self.reuse(&site, &mut conductor),
        }
        Ok(conductor.conduct())
    }

    /// What a deployment does not run counts as done, and what it left behind is there.
    fn take_as_done(&self, site: &Site, conductor: &mut Conductor, deploying: Deploying) -> Result<(), Stopped> {
        let taken = site.artifacts.take_over(&self.made(), &deploying.files);
        if taken.len() < deploying.files.len() {
            let lost = deploying.files.iter().find(|file| !taken.contains(file)).map_or("", |file| file.path.as_str());
            let message = format!("the file {lost} of the build is no longer kept: build the commit again");
            return Err((RunStatus::Errored, StatusReason::new(ReasonCode::SourceUnavailable, message)));
        }
        self.tell_files(taken);
        deploying.done.into_iter().for_each(|(at, ended)| conductor.reuse(at, ended));
        Ok(())
    }

    fn tell_files(&self, files: Vec<Artifact>) {
        let told: Vec<_> = files.into_iter().map(Observation::Artifact).collect();
        told.chunks(100).for_each(|told| self.board.lock().journal.tell(told.to_vec(), false));
    }

    /// Where the files of the build lie that this one is made from.
    fn made(&self) -> PathBuf {
        let of = self.request.rerun.as_ref().map(|rerun| rerun.of_build.to_string()).unwrap_or_default();
        self.request.places.artifacts.join(of)
    }

    fn reuse(&self, site: &Site, conductor: &mut Conductor) {
        let Some(rerun) = &self.request.rerun else { return };
        let from = self.made();
        for (at, ended) in reusable(conductor.plan(), rerun, &from) {
            let key = conductor.plan().stages[at].key.clone();
            let files: Vec<_> = files_of(rerun, key.as_str()).cloned().collect();
            let taken = site.artifacts.take_over(&from, &files);
            if taken.len() < files.len() {
                self.board.warn("ARTIFACT_NOT_REUSED", format!("files of stage {key} could not be taken over"));
            }
            self.tell_files(taken);
            conductor.reuse(at, ended);
        }
    }
}

/// The stages of a pipeline; a plain build is run as one stage that is not shown.
fn stages(pipeline: Pipeline) -> Vec<StageDefinition> {
    match pipeline.body {
        Body::Stages(stages) => stages,
        Body::Plain(work) => vec![StageDefinition {
            key: StageKey::from(""),
            name: String::new(),
            kind: StageKind::Work,
            parent: None,
            needs: Vec::new(),
            when: None,
            input: None,
            work: Some(work),
            timeout: None,
            retry: Retry::default(),
            allow_failure: false,
            environment: None,
            url: None,
        }],
    }
}

/// The branch or tag that a reference names.
fn branch(reference: &str) -> String {
    let short = ["refs/heads/", "refs/tags/"].iter().find_map(|prefix| reference.strip_prefix(prefix));
    short.unwrap_or(reference).to_owned()
}
