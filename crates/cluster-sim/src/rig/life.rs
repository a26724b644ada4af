//! The life of a run, from the moment when it is asked for.

use alm_build_spi::{
    CancelReceipt, Decision, DecisionReceipt, DeployBuild, LineStream, LogPosition, NamedSecret, ProviderError,
    RerunBuild, RunRef, StartBuild,
};
use alm_domain::{ApprovalStatus, ReasonCode, RunStatus, Verdict};
use futures::StreamExt;

use super::{Followed, Rig, Trial};
use crate::{Cluster, GitServer};

/// What is done in a life, in this order.
#[derive(Debug, Clone)]
pub enum Act {
    /// Waits until this line was told.
    Line(String),
    /// Opens this gate.
    Gate(String),
    /// Waits until this is asked, and says yes.
    Approve(&'static str),
    /// Cancels the run.
    Cancel,
    /// Waits until a token is waited for, and supplies it.
    Supply(NamedSecret),
}

/// The life of a run.
#[derive(Debug)]
pub struct Life<'a> {
    pub(super) rig: &'a Rig,
    pub(super) target: Option<&'a Cluster>,
    pub(super) git: Option<&'a GitServer>,
    begin: Begin,
    acts: Vec<Act>,
    end: RunStatus,
}

#[derive(Debug)]
enum Begin {
    Build(Box<StartBuild>),
    Rerun(Box<RerunBuild>),
    Deployment(Box<DeployBuild>),
}

impl<'a> Life<'a> {
    /// A build that succeeds.
    #[must_use]
    pub fn of(rig: &'a Rig, build: StartBuild) -> Self {
        Self::beginning(rig, Begin::Build(Box::new(build)))
    }

    /// A build that repeats another one, and succeeds.
    #[must_use]
    pub fn of_rerun(rig: &'a Rig, build: RerunBuild) -> Self {
        Self::beginning(rig, Begin::Rerun(Box::new(build)))
    }

    fn beginning(rig: &'a Rig, begin: Begin) -> Self {
        Self { rig, target: None, git: None, begin, acts: Vec::new(), end: RunStatus::Succeeded }
    }

    /// A deployment that succeeds, to this cluster.
    #[must_use]
    pub fn of_deployment(rig: &'a Rig, deployment: DeployBuild, target: &'a Cluster) -> Self {
        let target = Some(target).filter(|target| target.url() != rig.cluster.url());
        Self { target, ..Self::beginning(rig, Begin::Deployment(Box::new(deployment))) }
    }

    /// Of what this git server has.
    #[must_use]
    pub fn from_git(mut self, git: &'a GitServer) -> Self {
        self.git = Some(git);
        self
    }

    /// In which this is done.
    #[must_use]
    pub fn with(mut self, acts: impl IntoIterator<Item = Act>) -> Self {
        self.acts.extend(acts);
        self
    }

    /// That ends so.
    #[must_use]
    pub fn ends(mut self, end: RunStatus) -> Self {
        self.end = end;
        self
    }

    /// Lives it: begins, acts, follows to the end, and sees that every way to look at it tells the same.
    pub(super) async fn live(&self, trial: &Trial) -> Option<Followed> {
        let mut told = self.rig.follow(&self.begin(trial).await);
        for act in &self.acts {
            if self.has_lost_its_token(trial, &told) {
                break;
            }
            self.act(act, trial, &mut told).await;
        }
        told.finish().await;
        assert!(told.errors.iter().all(|error| trial.explains(error)), "{told:?}");
        if self.has_lost_its_token(trial, &told) {
            return None;
        }
        assert_eq!(told.status(), Some(self.end), "{told:?}");
        let states = told.run_states();
        let mut ends = states.iter().map(|run| run.status).filter(|status| status.is_terminal());
        assert!(ends.all(|status| status == self.end), "{told:?}");
        self.look_again(trial, &told).await;
        Some(told)
    }

    async fn begin(&self, trial: &Trial) -> RunRef {
        let (provider, access) = (self.rig.provider(), self.rig.access());
        match &self.begin {
            Begin::Build(build) => trial.insist(async || provider.start(&access, (**build).clone()).await).await,
            Begin::Rerun(build) => trial.insist(async || provider.rerun(&access, (**build).clone()).await).await,
            Begin::Deployment(wanted) => {
                trial
                    .insist(async || match provider.deploy(&access, (**wanted).clone()).await {
                        // The target's refusal is none of the cluster of the builds.
                        Err(ProviderError::Invalid(why)) if trial.ends_tokens() => {
                            Err(ProviderError::Unauthorized(format!("{why:?}")))
                        }
                        begun => begun,
                    })
                    .await
            }
        }
    }

    async fn act(&self, act: &Act, trial: &Trial, told: &mut Followed) {
        let (provider, access, run) = (self.rig.provider(), self.rig.access(), told.run.clone());
        match act {
            Act::Line(line) => {
                let so = |told: &Followed| told.has_line(line) || self.has_lost_its_token(trial, told);
                told.until(&format!("the line {line:?}"), so).await;
            }
            Act::Gate(gate) => {
                for cluster in [Some(&self.rig.cluster), self.target].into_iter().flatten() {
                    cluster.open_gate(gate);
                }
            }
            Act::Approve(question) => {
                told.until("its question", |told| told.approval(question) == Some(ApprovalStatus::Pending)).await;
                let yes = Decision {
                    approval: (*question).into(),
                    verdict: Verdict::Approve,
                    parameters: Vec::new(),
                    decided_by: "alice".to_owned(),
                    comment: None,
                };
                let receipt = trial.insist(async || provider.decide(&access, &run, &yes).await).await;
                assert!(receipt == DecisionReceipt::Accepted || trial.hides_answers(), "{receipt:?}");
            }
            Act::Cancel => {
                let receipt = trial.insist(async || provider.cancel(&access, &run).await).await;
                assert!(matches!(receipt, CancelReceipt::Accepted | CancelReceipt::AlreadyFinished), "{receipt:?}");
            }
            Act::Supply(token) => {
                let waits = |told: &Followed| told.status() == Some(RunStatus::WaitingForCredential);
                told.until("its wait for a token", waits).await;
                trial.insist(async || provider.supply(&access, &run, token).await).await;
            }
        }
    }

    /// Sees that whoever asks later is told the same, and lets go of the run.
    async fn look_again(&self, trial: &Trial, told: &Followed) {
        let (provider, access, run) = (self.rig.provider(), self.rig.access(), &told.run);
        let snapshot = trial.insist(async || provider.get(&access, run).await).await;
        assert_eq!(snapshot.run.status, self.end);
        // What was cancelled may have no pod any more.
        if self.end == RunStatus::Succeeded {
            let mut log = trial.insist(async || texts(provider.logs(&access, run, LogPosition::default())).await).await;
            let mut texts: Vec<String> = told.texts().into_iter().map(ToOwned::to_owned).collect();
            // Pods whose logs are read after an outage are read side by side.
            log.sort();
            texts.sort();
            assert_eq!(texts, log, "{told:?}");
        }
        let (config, before) = match &self.begin {
            Begin::Build(build) => (Some(&build.config), None),
            Begin::Rerun(build) => (Some(&build.start.config), Some(&build.of)),
            Begin::Deployment(_) => (None, None),
        };
        if let Some(config) = config {
            let page = trial.insist(async || provider.list(&access, config, None).await).await;
            let listed: Vec<_> =
                page.runs.iter().map(|listed| &listed.run).filter(|run| Some(*run) != before).collect();
            assert_eq!(listed, [run]);
        }
        trial.insist(async || provider.release(&access, run).await).await;
    }

    /// A deployment whose token ends is over, and says so: nobody else's is at hand. One that was being taken back says that it is
    /// not.
    fn has_lost_its_token(&self, trial: &Trial, told: &Followed) -> bool {
        let Some(reason) = told.run_states().last().and_then(|run| run.reason.as_ref()) else { return false };
        matches!(self.begin, Begin::Deployment(_))
            && trial.ends_tokens()
            && (told.status() == Some(RunStatus::Errored) && reason.code == ReasonCode::Credential
                || reason.message.contains("what ran before could not be brought back"))
    }
}

async fn texts(mut lines: LineStream) -> Result<Vec<String>, ProviderError> {
    let mut texts = Vec::new();
    while let Some(line) = lines.next().await {
        texts.push(line?.line.text);
    }
    Ok(texts)
}
