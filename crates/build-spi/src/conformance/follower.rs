//! A follower as the service has one: it follows again where a stream ends early. It judges nothing; checks do.

use std::{sync::Arc, time::Duration};

use alm_domain::{
    ApprovalObservation, LogLine, LogStream, RunObservation, RunStatus, StageKey, StageObservation, Step,
};
use futures::StreamExt;
use tokio::time::timeout;

use super::stand::{Stop, fail};
use crate::{
    Access, BuildProvider, CancellationToken, Observation, Observed, ObservedStream, ProviderError, ResumeToken, RunRef,
};

/// How often in a row a stream may end, or err, without anything new, before the follower gives up.
const MOST_IDLE_ENDS: u32 = 3;
const MOST_ERRORS: u32 = 200;

pub(crate) struct Follower {
    provider: Arc<dyn BuildProvider>,
    access: Access,
    run: RunRef,
    stream: ObservedStream,
    from: Option<ResumeToken>,
    idle_ends: u32,
    errors_in_a_row: u32,
    /// All batches, in order.
    pub(crate) batches: Vec<Observed>,
    /// Items that came after the batch with `Complete`, on the same stream.
    pub(crate) after_complete: usize,
    /// Whether the stream went on after `Complete` without ending.
    pub(crate) stays_open: bool,
    pub(crate) last_error: Option<ProviderError>,
}

impl Follower {
    pub(crate) fn new(
        provider: Arc<dyn BuildProvider>,
        access: Access,
        run: RunRef,
        from: Option<ResumeToken>,
    ) -> Self {
        let stream = provider.follow(&access, &run, from.clone(), CancellationToken::new()).fuse().boxed();
        Self {
            provider,
            access,
            run,
            stream,
            from,
            idle_ends: 0,
            errors_in_a_row: 0,
            batches: Vec::new(),
            after_complete: 0,
            stays_open: false,
            last_error: None,
        }
    }

    /// The next batch; `None` when the run is over, or the stream ends again and again without anything new.
    pub(crate) async fn next(&mut self) -> Result<Option<Observed>, Stop> {
        loop {
            if self.is_complete() {
                return Ok(None);
            }
            if self.idle_ends >= MOST_IDLE_ENDS {
                // A stream may end as often as it likes while there is something to come.
                match self.provider.get(&self.access, &self.run).await {
                    Ok(now) if !now.run.status.is_terminal() => self.idle_ends = 0,
                    _ => return Ok(None),
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            match self.stream.next().await {
                Some(Ok(batch)) => {
                    (self.idle_ends, self.errors_in_a_row) = (0, 0);
                    self.batches.push(batch.clone());
                    return Ok(Some(batch));
                }
                Some(Err(error)) => {
                    self.errors_in_a_row += 1;
                    if !error.is_transient() || self.errors_in_a_row > MOST_ERRORS {
                        return fail(format!("follow failed: {error}"));
                    }
                    self.last_error = Some(error);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                None => {
                    if self.errors_in_a_row == 0 {
                        self.idle_ends += 1;
                    }
                    let from = self.batches.last().map(|batch| batch.resume.clone()).or_else(|| self.from.clone());
                    let again = self.provider.follow(&self.access, &self.run, from, CancellationToken::new());
                    self.stream = again.fuse().boxed();
                }
            }
        }
    }

    /// Follows until this is so.
    pub(crate) async fn until(&mut self, what: &str, so: impl Fn(&Self) -> bool) -> Result<(), Stop> {
        while !so(self) {
            if self.next().await?.is_none() {
                return fail(format!("the run ended before {what}: it told {}", self.summary()));
            }
        }
        Ok(())
    }

    /// Follows until the build is at work. Does not wait for a line: not every engine gives lines while they are written.
    pub(crate) async fn until_at_work(&mut self) -> Result<(), Stop> {
        self.until("it was at work", |told| told.status() == Some(RunStatus::Running)).await
    }

    /// Follows until this line was written.
    pub(crate) async fn until_line(&mut self, text: &str) -> Result<(), Stop> {
        self.until(&format!("the line {text:?}"), |told| told.has_line(text)).await
    }

    /// Follows to the end, and looks whether anything comes behind `Complete`.
    pub(crate) async fn finish(&mut self) -> Result<(), Stop> {
        while self.next().await?.is_some() {}
        if self.is_complete() {
            loop {
                match timeout(Duration::from_secs(5), self.stream.next()).await {
                    Ok(Some(_)) => self.after_complete += 1,
                    Ok(None) => break,
                    Err(_) => {
                        self.stays_open = true;
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// What the stream gives within a moment, if anything.
    pub(crate) async fn peek(&mut self) -> Option<Result<Observed, ProviderError>> {
        let item = timeout(Duration::from_secs(2), self.stream.next()).await.ok().flatten()?;
        if let Ok(batch) = &item {
            self.batches.push(batch.clone());
        }
        Some(item)
    }

    pub(crate) fn observations(&self) -> impl Iterator<Item = &Observation> {
        self.batches.iter().flat_map(|batch| &batch.observations)
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.observations().any(|observation| *observation == Observation::Complete)
    }

    pub(crate) fn lines(&self) -> Vec<LogLine> {
        lines_of(&self.batches)
    }

    /// The texts of the lines that builds wrote themselves.
    pub(crate) fn texts(&self) -> Vec<String> {
        let written = |line: &LogLine| matches!(line.stream, LogStream::Stdout | LogStream::Stderr);
        self.lines().into_iter().filter(written).map(|line| line.text).collect()
    }

    pub(crate) fn has_line(&self, text: &str) -> bool {
        self.lines().iter().any(|line| line.text == text)
    }

    pub(crate) fn runs(&self) -> Vec<&RunObservation> {
        self.observations().filter_map(|o| if let Observation::Run(run) = o { Some(run) } else { None }).collect()
    }

    pub(crate) fn status(&self) -> Option<RunStatus> {
        self.runs().last().map(|run| run.status)
    }

    /// Every telling of a stage, in order.
    pub(crate) fn stage_news(&self) -> Vec<&StageObservation> {
        let told = self.observations();
        told.filter_map(|o| if let Observation::Stages(stages) = o { Some(stages) } else { None }).flatten().collect()
    }

    /// The stages as they were told last, in the order in which they first appeared.
    pub(crate) fn stages(&self) -> Vec<StageObservation> {
        let mut stages: Vec<StageObservation> = Vec::new();
        for observation in self.observations() {
            match observation {
                Observation::Stages(news) => {
                    for new in news {
                        match stages.iter_mut().find(|stage| stage.key == new.key) {
                            Some(known) => known.clone_from(new),
                            None => stages.push(new.clone()),
                        }
                    }
                }
                Observation::StagesRemoved(keys) => stages.retain(|stage| !keys.contains(&stage.key)),
                _ => {}
            }
        }
        stages
    }

    /// Every telling of a step, in order.
    pub(crate) fn steps(&self) -> impl Iterator<Item = &Step> {
        self.observations().filter_map(|o| if let Observation::Steps(steps) = o { Some(steps) } else { None }).flatten()
    }

    pub(crate) fn stage(&self, name: &str) -> Result<StageObservation, Stop> {
        let stages = self.stages();
        match stages.iter().find(|stage| stage.name == name) {
            Some(stage) => Ok(stage.clone()),
            None => {
                let names: Vec<_> = stages.iter().map(|stage| &stage.name).collect();
                fail(format!("no stage with the name {name:?} was told, only {names:?}"))
            }
        }
    }

    pub(crate) fn key_of(&self, name: &str) -> Result<StageKey, Stop> {
        self.stage(name).map(|stage| stage.key)
    }

    pub(crate) fn approvals(&self) -> Vec<&ApprovalObservation> {
        let told = self.observations();
        told.filter_map(|o| if let Observation::Approval(approval) = o { Some(approval) } else { None }).collect()
    }

    /// What the engine and the service said of the run beside its output: warnings, and the last lines of their own.
    pub(crate) fn remarks(&self) -> String {
        let warned = self.observations().filter_map(|o| match o {
            Observation::Warning(warning) => Some(format!("warning {}: {}", warning.code, warning.message)),
            _ => None,
        });
        let said: Vec<_> = self.lines().into_iter().filter(|line| line.stream == LogStream::System).collect();
        let last = said.iter().skip(said.len().saturating_sub(5)).map(|line| format!("said {:?}", line.text));
        warned.chain(last).fold(String::new(), |told, remark| told + "; " + &remark)
    }

    pub(crate) fn summary(&self) -> String {
        let statuses: Vec<_> = self.runs().iter().map(|run| run.status.name()).collect();
        format!("{} lines, states {statuses:?}", self.lines().len())
    }
}

pub(crate) fn lines_of(batches: &[Observed]) -> Vec<LogLine> {
    let lines = |o: &Observation| if let Observation::Lines(lines) = o { lines.clone() } else { Vec::new() };
    batches.iter().flat_map(|batch| &batch.observations).flat_map(lines).collect()
}
