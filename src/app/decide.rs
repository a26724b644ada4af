//! Use cases that act on a running build.

use alm_build_spi::Verb;
use alm_domain::{
    Approval, ApprovalId, Build, BuildId, CancelOutcome, Capability, DecideError, EventSeq, ParameterValue, Principal,
    ProjectRole, Verdict,
};
use alm_store::{Append, Deed, Fence};

use super::{App, AppError, FieldProblem};

const LONGEST_COMMENT: usize = 2_000;

/// A decision on an approval.
#[derive(Debug, Clone)]
pub struct DecideBuild {
    /// The approval.
    pub approval: ApprovalId,
    /// Yes or no.
    pub verdict: Verdict,
    /// In the decider's words.
    pub comment: Option<String>,
    /// Inputs asked for.
    pub parameters: Vec<ParameterValue>,
    /// Refuse when the approval has moved on from this revision.
    pub expected: Option<EventSeq>,
}

impl App {
    /// Asks a build to stop: stored at once, delivered until the provider confirms. Asking again is no error; a build that is
    /// over is returned as it is, with `AlreadyFinished`.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::NotSupported`], [`AppError::Invalid`].
    pub async fn cancel_build(
        &self,
        principal: &Principal,
        id: BuildId,
        reason: Option<String>,
    ) -> Result<(Build, CancelOutcome), AppError> {
        check_comment(reason.as_deref(), "reason")?;
        let build = self.build(principal, id).await?;
        self.require(principal, build.project, ProjectRole::Developer).await?;
        self.offers(principal, &build, Capability::Cancel).await?;
        let append = deed("build.cancel", id, format!("asked build {} to stop", build.number));
        let now = self.clock().now();
        let committed = self
            .store()
            .update_build(principal, id, Fence::Bystander, append, |state| {
                let outcome = state.request_cancel(&principal.actor, reason.clone(), now);
                (state.build.clone(), outcome)
            })
            .await?;
        self.inner.hub.publish(id, &committed);
        self.inner.monitors.follow(id);
        self.inner.monitors.ring(id);
        let (stale, outcome) = committed.result;
        Ok((committed.change.build.unwrap_or(stale), outcome))
    }

    /// Stores a decision at once, and delivers it until the provider confirms.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::WrongState`], [`AppError::Stale`], [`AppError::Invalid`] for inputs.
    pub async fn decide(&self, principal: &Principal, request: DecideBuild) -> Result<Approval, AppError> {
        check_comment(request.comment.as_deref(), "comment")?;
        let missing = || AppError::not_found("approvalId", "approval");
        let known = self.store().approvals(principal, &[request.approval]).await?.pop().ok_or_else(missing)?;
        let build = self.build(principal, known.build).await?;
        self.require(principal, build.project, ProjectRole::Developer).await?;
        if known.deployment.is_none() {
            self.offers(principal, &build, Capability::Approvals).await?;
            let service = self.service(principal, build.service).await?;
            let provider = self.provider(principal, build.provider).await?;
            self.not_denied(principal, &service, &provider, Verb::Decide).await?;
        }
        let verdict = match request.verdict {
            Verdict::Approve => "approved",
            Verdict::Reject => "rejected",
        };
        let append = deed("approval.decide", request.approval, format!("{verdict} in build {}", build.number));
        let now = self.clock().now();
        let committed = self
            .store()
            .update_build(principal, known.build, Fence::Bystander, append, |state| {
                let current = state.approvals.values().find(|a| a.id == request.approval).map(|a| a.revision);
                if request.expected.is_some() && request.expected != current {
                    return Err(None);
                }
                let comment = request.comment.clone();
                state
                    .decide(request.approval, &principal.actor, request.verdict, comment, &request.parameters, now)
                    .map_err(Some)
            })
            .await?;
        self.inner.hub.publish(known.build, &committed);
        self.inner.monitors.follow(known.build);
        self.inner.monitors.ring(known.build);
        match committed.result {
            Ok(()) => committed.change.approvals.into_iter().find(|a| a.id == request.approval).ok_or_else(missing),
            Err(None) => Err(AppError::Stale),
            Err(Some(DecideError::NotFound)) => Err(missing()),
            Err(Some(error @ (DecideError::NotPending(_) | DecideError::Closed(_)))) => {
                Err(AppError::WrongState(error.to_string()))
            }
            Err(Some(DecideError::Parameters(problems))) => {
                Err(AppError::Invalid(problems.into_iter().map(FieldProblem::from).collect()))
            }
        }
    }
}

impl App {
    /// Refuses what the provider cannot do at all, or not for this build.
    pub(super) async fn offers(
        &self,
        principal: &Principal,
        build: &Build,
        needed: Capability,
    ) -> Result<(), AppError> {
        let provider = self.provider(principal, build.provider).await?;
        match self.lacks(&provider, build, needed) {
            Some((_, why)) => Err(AppError::NotSupported(why.to_owned())),
            None => Ok(()),
        }
    }
}

/// What the audit trail is told of a change of a build.
fn deed(verb: &'static str, subject: impl std::fmt::Display, summary: String) -> Append {
    let deed = Deed { verb, subject: subject.to_string(), summary, details: None };
    Append { deed: Some(deed), ..Append::default() }
}

pub(super) fn check_comment(text: Option<&str>, field: &str) -> Result<(), AppError> {
    if text.is_some_and(|text| text.chars().count() > LONGEST_COMMENT || text.contains('\0')) {
        return Err(AppError::invalid([field], format!("must have at most {LONGEST_COMMENT} characters")));
    }
    Ok(())
}
