//! A stage that waits for the token of its environment.

use std::time::{Duration, Instant};

use alm_domain::{ParameterValue, ReasonCode, RunStatus, StatusReason};

use super::site::Site;
use crate::definition::StageDefinition;

/// A stage that waits for the token of its environment.
#[derive(Debug)]
pub(crate) struct Lack {
    /// What was given with the decision that let it run.
    pub(crate) inputs: Vec<ParameterValue>,
    deadline: Option<Instant>,
}

impl Lack {
    /// The stage waits from now on.
    pub(crate) fn begin(
        site: &Site,
        stage: &StageDefinition,
        inputs: Vec<ParameterValue>,
        reason: StatusReason,
    ) -> Self {
        site.board.update(&stage.key, |stage, now| {
            stage.status = RunStatus::WaitingForCredential;
            stage.reason = Some(reason);
            stage.queued_at.get_or_insert(now);
        });
        Self { inputs, deadline: Instant::now().checked_add(site.request.options.credential_timeout) }
    }

    pub(crate) fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    pub(crate) fn time_left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }
}

/// Why a stage cannot begin yet: the token of its environment is withheld, or has ended. Where the build was given no token of
/// this name, and none is to come, the environment is only a name.
pub(crate) fn lacks_token(site: &Site, stage: &StageDefinition) -> Option<StatusReason> {
    let environment = stage.environment.as_deref()?;
    stage.work.as_ref()?;
    let message = match site.run.token(environment) {
        Ok(Some(token)) if token.has_ended(site.board.now()) => {
            format!("the token of the environment {environment:?} has ended")
        }
        Ok(Some(_)) => return None,
        Ok(None) if site.request.withheld.iter().any(|withheld| withheld == environment) => {
            format!("the build does not have the token of the environment {environment:?} yet")
        }
        Ok(None) => return None,
        Err(cause) => format!("the token of the environment {environment:?} cannot be read: {cause}"),
    };
    Some(StatusReason::new(ReasonCode::Credential, message))
}
