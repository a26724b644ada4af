//! Following a run: what the cluster tells of it and of its task runs, and what their pods write.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use alm_build_spi::{Access, CancellationToken, ObservedStream, ProviderError, ResumeToken, RunRef};
use alm_domain::{
    ApprovalKey, ApprovalObservation, Capability, CapabilityNote, LogLine, LogStream, Observation, Observed, Output,
    ReasonCode, RunObservation, RunStatus, StageKey, StageObservation, Step, Warning,
};
use alm_masking::Masks;
use futures::{
    StreamExt,
    stream::{BoxStream, SelectAll},
};
use kube::{
    core::DynamicObject,
    runtime::watcher::{self, Event},
};
use serde_json::Value;
use tokio::{
    sync::watch,
    time::{Duration, Instant, sleep, sleep_until},
};

use super::{
    logs,
    objects::{Version, has_gate, of_run, parts_of, run_at, without},
    secrets::masks,
    tekton::Inner,
    token::{MOST_PODS, Token},
};
use crate::{
    child::{Family, Parts, TaskPod, pipeline_of},
    note::Note,
    outputs::{awaits_signature, masked},
    picture::{Picture, has_all, is_over},
    standing::Standing,
};
use alm_kubernetes::{LogNews, Place, PodTold, RunLife, Session, Sight, follow_pod, unknown, watch_many, watch_one};

/// The logs of how many pods are read at once.
pub(super) const AT_ONCE: usize = 8;
/// How long a run that is over is followed on for a signature that was announced.
const SIGNING: Duration = Duration::from_secs(30);
/// The code of the warning that a workspace does not hold what the build left there that the run builds upon.
const NOT_AS_LEFT: &str = "WORKSPACE_NOT_AS_LEFT";
/// How soon it is tried again to learn what is to be taken out of a log.
const PAUSE: Duration = Duration::from_secs(1);

/// Follows a run from behind `from`.
pub(super) fn follow(
    inner: Arc<Inner>,
    access: Access,
    run: RunRef,
    from: Option<ResumeToken>,
    stop: CancellationToken,
) -> ObservedStream {
    Box::pin(async_stream::stream! {
        let mut follower = match Follower::begin(&inner, &access, &run, from.as_ref()).await {
            Ok(Some(follower)) => follower,
            Ok(None) => return,
            Err(error) => { yield Err(error); return; }
        };
        let (session, place) = (follower.session.clone(), follower.place.clone());
        let runs = session.api(&place.namespace, &follower.version.runs());
        let mut sights = watch_one(&session, runs, &place.name).boxed();
        loop {
            follower.watch();
            let (signed, again) = (follower.until_signed(), follower.until_tried_again());
            let heard = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                Some(sight) = sights.next() => follower.see_run(sight).await,
                Some((family, event)) = follower.events.next() => follower.see_part(family, event),
                Some((pod, news)) = follower.logs.next() => follower.hear(&pod, news),
                () = signed => Ok(Vec::new()),
                () = again => follower.settle().await,
                else => return,
            };
            let is_bad = heard.is_err();
            match heard.map(|news| follower.batch(news)) {
                Ok(Some(observed)) => {
                    let is_complete = observed.observations.last() == Some(&Observation::Complete);
                    yield Ok(observed);
                    if is_complete {
                        return;
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    let is_transient = error.is_transient();
                    // Each of several streams tells the same trouble again and again: once is enough.
                    if !is_transient || !std::mem::replace(&mut follower.in_trouble, true) {
                        yield Err(error);
                    }
                    // What is not transient does not pass by itself: the caller decides.
                    if !is_transient {
                        return;
                    }
                }
            }
            if !is_bad {
                follower.in_trouble = false;
            }
        }
    })
}

type Heard = (String, Result<LogNews, ProviderError>);
type Seen = (Family, Result<Event<DynamicObject>, ProviderError>);

struct Follower {
    session: Session,
    version: Version,
    place: Place,
    token: Token,
    run: DynamicObject,
    parts: Parts,
    events: SelectAll<BoxStream<'static, Seen>>,
    watched: BTreeSet<Family>,
    /// What a list that is being read has held so far.
    listed: BTreeMap<Family, BTreeSet<String>>,
    /// Whether what belongs to the run was looked at since it has ended.
    is_settled: bool,
    /// What is to be taken out of what the run says that it made, once it has ended; nothing where that cannot be known.
    masks: Option<Masks>,
    /// Until when a signature is waited for, once the run has ended.
    signed_by: Option<Instant>,
    without: Vec<CapabilityNote>,
    told_without: Vec<CapabilityNote>,
    told_run: Option<RunObservation>,
    told: BTreeMap<StageKey, StageObservation>,
    told_approvals: BTreeMap<ApprovalKey, ApprovalObservation>,
    told_outputs: Vec<Output>,
    told_steps: Vec<Step>,
    pods: BTreeMap<String, (TaskPod, watch::Sender<RunLife>)>,
    logs: SelectAll<BoxStream<'static, Heard>>,
    in_trouble: bool,
    has_warned: bool,
}

impl Follower {
    /// `None` where all was told.
    async fn begin(
        inner: &Inner,
        access: &Access,
        run: &RunRef,
        from: Option<&ResumeToken>,
    ) -> Result<Option<Self>, ProviderError> {
        let place = Place::of_run(run)?;
        let token = Token::read(from)?;
        if token.complete {
            return Ok(None);
        }
        let session = inner.session(access)?;
        let version = Version::of(&session).await?;
        let run = run_at(&session, version, &place).await?;
        let without = without(&run, has_gate(&session).await?);
        Ok(Some(Self {
            session,
            version,
            place,
            token,
            run,
            parts: Parts::new(),
            events: SelectAll::new(),
            watched: BTreeSet::new(),
            listed: BTreeMap::new(),
            is_settled: false,
            masks: None,
            signed_by: None,
            without,
            told_without: Vec::new(),
            told_run: None,
            told: BTreeMap::new(),
            told_approvals: BTreeMap::new(),
            told_outputs: Vec::new(),
            told_steps: Vec::new(),
            pods: BTreeMap::new(),
            logs: SelectAll::new(),
            in_trouble: false,
            has_warned: false,
        }))
    }

    /// Watches every kind of what the run has, as soon as it is known what that is.
    fn watch(&mut self) {
        for family in Family::of(pipeline_of(&self.run).unwrap_or(&Value::Null)) {
            let is_there =
                family != Family::Approval || self.without.iter().all(|note| note.capability != Capability::Approvals);
            if is_there && self.watched.insert(family) {
                let api = self.session.api(&self.place.namespace, &self.version.parts(family));
                let config = watcher::Config::default().labels(&of_run(&self.place));
                self.events.push(watch_many(&self.session, api, config).map(move |event| (family, event)).boxed());
            }
        }
    }

    async fn see_run(&mut self, sight: Result<Sight, ProviderError>) -> Result<Vec<Observation>, ProviderError> {
        match sight? {
            Sight::There(run) if self.place.is_of(&run) => self.run = *run,
            Sight::There(_) | Sight::Gone => return Err(unknown("run", &self.place.to_string())),
        }
        self.settle().await
    }

    /// Looks at what belongs to a run that has ended: the watches may be behind, and what has not come to be must not be told of what
    /// merely was not seen.
    async fn settle(&mut self) -> Result<Vec<Observation>, ProviderError> {
        if is_over(&self.run) && (!self.is_settled || !has_all(&self.run, &self.parts)) {
            let parts = parts_of(&self.session, self.version, &self.place, &self.run).await?;
            self.masks = masks(&self.session, &self.run).await?.map(|(masks, _)| masks);
            self.parts = parts;
            self.signed_by.get_or_insert_with(|| Instant::now() + SIGNING);
            self.is_settled = true;
        }
        Ok(self.tell())
    }

    /// When it is time to look again at a run that has ended, and could not be looked at.
    fn until_tried_again(&self) -> impl Future<Output = ()> + Send + use<> {
        let is_open = is_over(&self.run) && !self.is_settled;
        async move { if is_open { sleep(PAUSE).await } else { std::future::pending().await } }
    }

    fn see_part(
        &mut self,
        family: Family,
        event: Result<Event<DynamicObject>, ProviderError>,
    ) -> Result<Vec<Observation>, ProviderError> {
        match event? {
            Event::InitApply(part) | Event::Apply(part) => {
                if let Some(name) = part.metadata.name.clone() {
                    if let Some(listed) = self.listed.get_mut(&family) {
                        listed.insert(name.clone());
                    }
                    self.parts.insert((family, name), part);
                }
            }
            Event::Delete(part) => {
                if let Some(name) = part.metadata.name {
                    self.parts.remove(&(family, name));
                }
            }
            Event::Init => {
                self.listed.insert(family, BTreeSet::new());
                return Ok(Vec::new());
            }
            // What is not in a list is gone, whether that was told or not.
            Event::InitDone => match self.listed.remove(&family) {
                Some(listed) if !self.is_settled => {
                    self.parts.retain(|(of, name), _| *of != family || listed.contains(name));
                }
                _ => return Ok(Vec::new()),
            },
        }
        Ok(self.tell())
    }

    /// When it is time to go on without a signature that was announced.
    fn until_signed(&self) -> impl Future<Output = ()> + Send + use<> {
        let at = self.signed_by.filter(|at| *at > Instant::now());
        async move {
            match at {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        }
    }

    fn awaits_signature(&self) -> bool {
        self.signed_by.is_some_and(|at| at > Instant::now()) && awaits_signature(self.parts.values().chain([&self.run]))
    }

    /// What is new since it was told.
    fn tell(&mut self) -> Vec<Observation> {
        let picture = Picture::of(&self.run, &self.parts);
        let mut news = Vec::new();
        if picture.is_over && !self.is_settled {
            return news;
        }
        news.extend(self.warn());
        if self.told_without != self.without {
            self.told_without.clone_from(&self.without);
            news.push(Observation::Without(self.without.clone()));
        }
        if !self.token.planned && !picture.stages.is_empty() {
            let plan = picture.stages.iter().filter(|stage| stage.parent.is_none()).map(planned).collect::<Vec<_>>();
            self.told.extend(plan.iter().map(|stage| (stage.key.clone(), stage.clone())));
            news.push(Observation::Stages(plan));
            self.token.planned = true;
        }
        let changed: Vec<StageObservation> =
            picture.stages.iter().filter(|stage| self.is_news(stage)).cloned().collect();
        self.told.extend(changed.iter().map(|stage| (stage.key.clone(), stage.clone())));
        let is_legal = self.told_run.as_ref().is_none_or(|told| told.status.advance(picture.run.status).is_ok());
        let run = Some(picture.run.clone()).filter(|run| is_legal && self.told_run.as_ref() != Some(run));
        // A run that has ended is told behind what belongs to it.
        if !picture.is_over {
            news.extend(run.clone().map(Observation::Run));
        }
        if !changed.is_empty() {
            news.push(Observation::Stages(changed));
        }
        for approval in picture.approvals {
            if self.told_approvals.get(&approval.key) != Some(&approval) {
                self.told_approvals.insert(approval.key.clone(), approval.clone());
                news.push(Observation::Approval(approval));
            }
        }
        if picture.steps != self.told_steps {
            self.told_steps.clone_from(&picture.steps);
            news.push(Observation::Steps(picture.steps));
        }
        if let Some(masks) = self.masks.as_ref().filter(|_| picture.is_over) {
            let outputs = masked(picture.outputs, masks);
            if outputs != self.told_outputs {
                self.told_outputs.clone_from(&outputs);
                news.push(Observation::Outputs(outputs));
            }
        }
        if picture.is_over {
            news.extend(run.clone().map(Observation::Run));
        }
        if run.is_some() {
            self.told_run = run;
        }
        self.read(picture.pods, &mut news);
        news
    }

    /// What is odd about the run, told once by each follower.
    fn warn(&mut self) -> Vec<Observation> {
        if std::mem::replace(&mut self.has_warned, true) {
            return Vec::new();
        }
        let warnings = Note::of(&self.run).warnings.into_iter();
        warnings.map(|message| Observation::Warning(Warning { code: NOT_AS_LEFT.to_owned(), message })).collect()
    }

    fn is_news(&self, stage: &StageObservation) -> bool {
        self.told.get(&stage.key).is_none_or(|told| told != stage && told.status.advance(stage.status).is_ok())
    }

    /// Begins with the logs of pods that are new, as many as are read at once.
    fn read(&mut self, pods: Vec<TaskPod>, news: &mut Vec<Observation>) {
        for pod in pods {
            if self.token.is_done(&pod.name) {
                continue;
            }
            let life = if pod.is_over { RunLife::Over } else { RunLife::Live };
            if let Some((_, known)) = self.pods.get(&pod.name) {
                known.send_if_modified(|known| std::mem::replace(known, life) != life);
                continue;
            }
            if self.token.count() + self.pods.len() >= MOST_PODS {
                if !std::mem::replace(&mut self.token.too_many, true) {
                    news.push(Observation::Lines(vec![too_many()]));
                }
                continue;
            }
            if self.pods.len() >= AT_ONCE {
                continue;
            }
            let (send, receive) = watch::channel(life);
            let told = self.token.pods.get(&pod.name).cloned().unwrap_or_default();
            let name = pod.name.clone();
            let log = self.log_of(pod.name.clone(), told, receive);
            self.logs.push(log.map(move |news| (name.clone(), news)).boxed());
            self.pods.insert(pod.name.clone(), (pod, send));
        }
    }

    /// The log of a pod, without the secrets that it was given: they are asked for when it begins, since its pod has them by then.
    fn log_of(
        &self,
        pod: String,
        told: PodTold,
        life: watch::Receiver<RunLife>,
    ) -> BoxStream<'static, Result<LogNews, ProviderError>> {
        let (session, version, place) = (self.session.clone(), self.version, self.place.clone());
        Box::pin(async_stream::stream! {
            // A log that was withheld stays so.
            if told.gone {
                yield Ok(LogNews::End(told));
                return;
            }
            let found = loop {
                let run = run_at(&session, version, &place).await;
                let found = match run {
                    Ok(run) => masks(&session, &run).await,
                    Err(error) => Err(error),
                };
                match found {
                    Ok(found) => break found,
                    Err(error) => yield Err(error),
                }
                sleep(PAUSE).await;
            };
            let Some((masks, _)) = found else {
                let told = PodTold { gone: true, ..told };
                yield Ok(LogNews::Lines(vec![logs::withheld()], told.clone()));
                yield Ok(LogNews::End(told));
                return;
            };
            let mut log = follow_pod(&session, &place.namespace, &pod, &masks, told, life).boxed();
            while let Some(news) = log.next().await {
                yield news;
            }
        })
    }

    fn hear(&mut self, pod: &str, news: Result<LogNews, ProviderError>) -> Result<Vec<Observation>, ProviderError> {
        let Some((known, _)) = self.pods.get(pod) else { return Ok(Vec::new()) };
        match news {
            Ok(LogNews::Lines(lines, told)) => {
                let now = told.container.clone();
                let before =
                    self.token.pods.insert(pod.to_owned(), told).map(|told| told.container).unwrap_or_default();
                Ok(vec![Observation::Lines(logs::of_stage(lines, known, &before, &now))])
            }
            Ok(LogNews::End(_)) => Ok(self.end(pod)),
            Err(error) if error.is_transient() || matches!(error, ProviderError::Unauthorized(_)) => Err(error),
            Err(error) => {
                // The run goes on, without this log.
                let message = format!("the log of the pod {pod} cannot be read: {error}");
                let mut news = vec![Observation::Warning(Warning { code: "LOG_NOT_READABLE".to_owned(), message })];
                news.extend(self.end(pod));
                Ok(news)
            }
        }
    }

    fn end(&mut self, pod: &str) -> Vec<Observation> {
        self.pods.remove(pod);
        self.token.end(pod);
        // There is room for another one.
        self.tell()
    }

    /// What was seen, as a batch; completed where nothing is left to be told.
    fn batch(&mut self, mut news: Vec<Observation>) -> Option<Observed> {
        let has_ended = |status: RunStatus| status.is_terminal();
        let run = self.told_run.as_ref().is_some_and(|run| has_ended(run.status));
        let stages = self.told.values().all(|stage| has_ended(stage.status));
        if run && stages && self.is_settled && self.pods.is_empty() && self.nothing_left() {
            news.push(Observation::Complete);
            self.token.complete = true;
        }
        (!news.is_empty()).then(|| Observed { resume: self.token.write(), observations: news })
    }

    /// Whether every pod was told to its end, or is not told at all, every task run has ended, and what was to be signed is.
    fn nothing_left(&self) -> bool {
        let picture = Picture::of(&self.run, &self.parts);
        let open: BTreeSet<&str> =
            picture.pods.iter().map(|pod| pod.name.as_str()).filter(|pod| !self.token.is_done(pod)).collect();
        let mut task_runs = self.parts.iter().filter(|((family, _), _)| *family == Family::TaskRun);
        let is_over = task_runs.all(|(_, run)| Standing::of(&run.data["status"], false).status.is_terminal());
        let is_told = open.is_empty() || self.token.too_many && self.token.count() >= MOST_PODS;
        is_over && is_told && !self.awaits_signature()
    }
}

/// A stage as it is before anything has begun.
fn planned(stage: &StageObservation) -> StageObservation {
    if stage.reason.as_ref().is_some_and(|reason| reason.code == ReasonCode::Reused) {
        return stage.clone();
    }
    StageObservation {
        status: RunStatus::Planned,
        reason: None,
        queued_at: None,
        started_at: None,
        finished_at: None,
        paused: None,
        attempts: Vec::new(),
        agent: None,
        ..stage.clone()
    }
}

/// The line that stands for the logs that are not told.
fn too_many() -> LogLine {
    let text = format!("the run has more than {MOST_PODS} pods: the logs of the others are on the cluster");
    LogLine { stage: None, attempt: 0, stream: LogStream::Gap, at: None, text, continued: false }
}
