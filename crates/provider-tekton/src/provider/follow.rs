//! Following a run: what the cluster tells of it and of its task runs, and what their pods write.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use alm_build_spi::{Access, CancellationToken, ObservedStream, ProviderError, ResumeToken, RunRef};
use alm_domain::{
    LogLine, LogStream, Observation, Observed, RunObservation, RunStatus, StageKey, StageObservation, Warning,
};
use futures::{
    StreamExt,
    stream::{BoxStream, SelectAll},
};
use kube::{
    core::DynamicObject,
    runtime::watcher::{self, Event},
};
use tokio::sync::watch;

use super::{
    logs,
    objects::{Version, of_run, run_at, task_runs},
    tekton::Inner,
    token::{MOST_PODS, Token},
};
use crate::picture::{Picture, TaskPod, has_all};
use alm_kubernetes::{LogNews, Place, RunLife, Session, Sight, follow_pod, unknown, watch_many, watch_one};

/// The logs of how many pods are read at once.
pub(super) const AT_ONCE: usize = 8;

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
        let children = session.api(&place.namespace, &follower.version.task_runs());
        let config = watcher::Config::default().labels(&of_run(&place));
        let mut events = watch_many(&session, children, config).boxed();
        loop {
            let heard = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                Some(sight) = sights.next() => follower.see_run(sight).await,
                Some(event) = events.next() => follower.see_task_run(event),
                Some((pod, news)) = follower.logs.next() => follower.hear(&pod, news),
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
                    // Each of three streams tells the same trouble again and again: once is enough.
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

struct Follower {
    session: Session,
    version: Version,
    place: Place,
    token: Token,
    run: DynamicObject,
    /// By name.
    children: BTreeMap<String, DynamicObject>,
    /// Whether the task runs were looked at since the run has ended.
    is_settled: bool,
    told_run: Option<RunObservation>,
    told: BTreeMap<StageKey, StageObservation>,
    pods: BTreeMap<String, (TaskPod, watch::Sender<RunLife>)>,
    logs: SelectAll<BoxStream<'static, Heard>>,
    in_trouble: bool,
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
        Ok(Some(Self {
            session,
            version,
            place,
            token,
            run,
            children: BTreeMap::new(),
            is_settled: false,
            told_run: None,
            told: BTreeMap::new(),
            pods: BTreeMap::new(),
            logs: SelectAll::new(),
            in_trouble: false,
        }))
    }

    async fn see_run(&mut self, sight: Result<Sight, ProviderError>) -> Result<Vec<Observation>, ProviderError> {
        match sight? {
            Sight::There(run) if self.place.is_of(&run) => self.run = *run,
            Sight::There(_) | Sight::Gone => return Err(unknown("run", &self.place.to_string())),
        }
        let known: Vec<DynamicObject> = self.children.values().cloned().collect();
        if Picture::of(&self.run, &[]).is_over && (!self.is_settled || !has_all(&self.run, &known)) {
            // The watch of the task runs may be behind: what has not come to be must not be told of what merely was not seen.
            let found = task_runs(&self.session, self.version, &self.place).await?;
            self.children = found.into_iter().filter_map(|child| Some((child.metadata.name.clone()?, child))).collect();
            self.is_settled = true;
        }
        Ok(self.tell())
    }

    fn see_task_run(
        &mut self,
        event: Result<Event<DynamicObject>, ProviderError>,
    ) -> Result<Vec<Observation>, ProviderError> {
        match event? {
            Event::InitApply(child) | Event::Apply(child) => {
                if let Some(name) = child.metadata.name.clone() {
                    self.children.insert(name, child);
                }
            }
            Event::Delete(child) => {
                if let Some(name) = &child.metadata.name {
                    self.children.remove(name);
                }
            }
            Event::Init | Event::InitDone => return Ok(Vec::new()),
        }
        Ok(self.tell())
    }

    /// What is new since it was told.
    fn tell(&mut self) -> Vec<Observation> {
        let children: Vec<DynamicObject> = self.children.values().cloned().collect();
        let picture = Picture::of(&self.run, &children);
        let mut news = Vec::new();
        if picture.is_over && !self.is_settled {
            return news;
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
        // A run that has ended is told behind its stages.
        if !picture.is_over {
            news.extend(run.clone().map(Observation::Run));
        }
        if !changed.is_empty() {
            news.push(Observation::Stages(changed));
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
            let log = follow_pod(&self.session, &self.place.namespace, &pod.name, &logs::masks(), told, receive);
            self.logs.push(log.map(move |news| (name.clone(), news)).boxed());
            self.pods.insert(pod.name.clone(), (pod, send));
        }
    }

    fn hear(&mut self, pod: &str, news: Result<LogNews, ProviderError>) -> Result<Vec<Observation>, ProviderError> {
        let Some((known, _)) = self.pods.get(pod) else { return Ok(Vec::new()) };
        match news {
            Ok(LogNews::Lines(lines, told)) => {
                self.token.pods.insert(pod.to_owned(), told);
                Ok(vec![Observation::Lines(logs::of_stage(lines, known))])
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

    /// Whether every pod was told to its end, or is not told at all, and every task run has ended.
    fn nothing_left(&self) -> bool {
        let children: Vec<DynamicObject> = self.children.values().cloned().collect();
        let picture = Picture::of(&self.run, &children);
        let open: BTreeSet<&str> =
            picture.pods.iter().map(|pod| pod.name.as_str()).filter(|pod| !self.token.is_done(pod)).collect();
        let is_over = children
            .iter()
            .all(|child| crate::standing::Standing::of(&child.data["status"], false).status.is_terminal());
        is_over && (open.is_empty() || self.token.too_many && self.token.count() >= MOST_PODS)
    }
}

/// A stage as it is before anything has begun.
fn planned(stage: &StageObservation) -> StageObservation {
    StageObservation {
        status: RunStatus::Planned,
        reason: None,
        queued_at: None,
        started_at: None,
        finished_at: None,
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
