//! Delivering what people asked for: stored first, told to the engine afterwards, until it confirms.

use alm_build_spi::{Access, BuildProvider, CancelReceipt, Decision, ProviderError, RunRef};
use alm_domain::{Actor, ApprovalStatus, AwaitedCredential, Build, CancelRequest, Capability, Observation};
use alm_store::{Append, Fence};

use super::follower::{Follower, Setback};
use crate::app::gate::{Unfit, awaited};

impl Follower<'_> {
    /// Delivers every stored command that the engine has not confirmed. Safe to repeat: the operations are idempotent.
    pub(super) async fn deliver_commands(
        &mut self,
        provider: &dyn BuildProvider,
        access: &Access,
        run: &RunRef,
    ) -> Result<(), Setback> {
        let (store, system) = (&self.shared.store, &self.shared.principal);
        let Some((state, _)) = store.build_state(system, self.build).await? else { return Err(Setback::Gone) };
        if state.build.status.is_terminal() {
            return Ok(());
        }
        let can = &provider.descriptor().capabilities;
        if let Some(cancel) = state.build.cancel.as_ref().filter(|cancel| cancel.delivered_at.is_none())
            && can.contains(&Capability::Cancel)
        {
            self.deliver_cancel(provider, access, run, &state.build, cancel).await?;
        }
        for approval in state.approvals.values().filter(|a| a.status == ApprovalStatus::Delivering) {
            let Some(said) = approval.decisions.last() else { continue };
            let decision = Decision {
                approval: approval.key.clone(),
                verdict: said.verdict,
                parameters: said.parameters.clone(),
                decided_by: match &said.actor {
                    Actor::User { login, .. } => login.clone(),
                    Actor::System { component } => component.clone(),
                },
                comment: said.comment.clone(),
            };
            // With the rights of whoever decided, and of nobody else.
            let access = match self.shared.gate.access(&said.actor, &state.build, provider).await {
                Ok(access) => access,
                Err(Unfit::Token(missing)) => {
                    self.decision_waits(&decision, missing.sentence(), Some(missing.awaited())).await;
                    continue;
                }
                Err(unfit) => return Err(unfit.into()),
            };
            if approval.awaits.is_some() {
                self.write_aside(|state| state.await_for_decision(&decision.approval, None)).await;
            }
            match provider.decide(&access, run, &decision).await {
                // What came of it is told by the run's observations.
                Ok(_) | Err(ProviderError::NotFound(_)) => {}
                Err(ProviderError::Unauthorized(message)) => {
                    let environment = self.shared.gate.unauthorized(&said.actor, &state.build, provider).await?;
                    let account = environment.map(|environment| awaited(&environment, message.clone()));
                    self.decision_waits(&decision, message, account).await;
                }
                Err(error @ ProviderError::Unavailable { .. }) => return Err(error.into()),
                // Whoever decided may not, over there, or not in this way: the question is open again, and the run goes on.
                Err(error) => {
                    let why = match error {
                        ProviderError::Forbidden(why) | ProviderError::Unsupported { reason: why, .. } => why,
                        error => error.to_string(),
                    };
                    self.write_aside(|state| state.take_back(&decision.approval, &why)).await;
                }
            }
        }
        Ok(())
    }

    /// Stops a run with the rights of whoever started it; where that was nobody here, with those of whoever wants it stopped.
    async fn deliver_cancel(
        &mut self,
        provider: &dyn BuildProvider,
        access: &Access,
        run: &RunRef,
        build: &Build,
        cancel: &CancelRequest,
    ) -> Result<(), Setback> {
        let (store, system) = (&self.shared.store, &self.shared.principal);
        let own = match build.is_external() {
            false => None,
            true => match self.shared.gate.access(&cancel.by, build, provider).await {
                Ok(own) => Some(own),
                Err(Unfit::Token(missing)) => {
                    self.cancel_waits(cancel, &missing.sentence()).await;
                    return Ok(());
                }
                Err(unfit) => return Err(unfit.into()),
            },
        };
        match provider.cancel(own.as_ref().unwrap_or(access), run).await {
            Ok(CancelReceipt::Accepted) => {
                let now = self.shared.clock.now();
                let committed = store
                    .update_build(system, self.build, Fence::Bystander, Append::default(), |state| {
                        state.observe(&Observation::CancelDelivered, now);
                    })
                    .await?;
                self.shared.hub.publish(self.build, &committed);
            }
            Ok(CancelReceipt::AlreadyFinished) => {}
            Err(ProviderError::Unauthorized(message)) if own.is_some() => {
                self.shared.gate.unauthorized(&cancel.by, build, provider).await?;
                self.cancel_waits(cancel, &message).await;
            }
            Err(
                error @ (ProviderError::Unavailable { .. }
                | ProviderError::Unauthorized(_)
                | ProviderError::NotFound(_)),
            ) => return Err(error.into()),
            // The run goes on: what becomes of it is told all the same, and it is asked again after a while.
            Err(error) => {
                self.looks_again = true;
                let message = format!("the engine does not stop the build: {error}");
                self.write_aside(|state| state.warn("CANCEL_REFUSED", message.clone())).await;
            }
        }
        Ok(())
    }

    /// A build that cannot be stopped with the rights of whoever wants it stopped goes on until it can; it says so.
    async fn cancel_waits(&mut self, cancel: &CancelRequest, why: &str) {
        self.looks_again = true;
        let message = format!("the build is not stopped yet for {}: {why}", cancel.by.name());
        self.write_aside(|state| state.warn("CANCEL_WAITS", message.clone())).await;
    }

    /// A decision that cannot be delivered with its maker's rights waits until it can; the build says so, and for which account.
    async fn decision_waits(&mut self, decision: &Decision, why: String, account: Option<AwaitedCredential>) {
        self.looks_again = true;
        let message = format!("the decision of {} is not delivered yet: {why}", decision.decided_by);
        self.write_aside(|state| {
            state.warn("DECISION_WAITS", message.clone());
            state.await_for_decision(&decision.approval, account.clone());
        })
        .await;
    }
}
