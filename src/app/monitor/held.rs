//! Builds that are held: when they go on, and when they lapse.

use alm_build_spi::BuildProvider;
use alm_domain::{Build, Hold, ReasonCode, RunStatus, StatusReason};
use alm_store::{Append, Fence, Lift};

use super::follower::{Follower, Setback};

impl Follower<'_> {
    /// Looks whether a held build can go on. Comes back when it can, or is over; otherwise it says until when it waits.
    pub(super) async fn look_at_hold(
        &self,
        provider: &dyn BuildProvider,
        build: &Build,
        hold: &Hold,
    ) -> Result<(), Setback> {
        let now = self.shared.clock.now();
        if hold.deadline().is_some_and(|deadline| deadline <= now) {
            return self.lapse(hold).await;
        }
        let Hold::Credential { awaited, service_revision, since, deadline } = hold else {
            // Whoever approves it lifts it, and rings.
            return Err(Setback::Held(hold.deadline()));
        };
        let check = self.shared.gate.check_held(build, provider).await?;
        // Where its service is gone, it is the lift that says so.
        let missing = check.map(|check| check.awaited()).unwrap_or_default();
        if missing.is_empty() {
            return self.lift().await;
        }
        if missing != *awaited {
            let news = Hold::Credential {
                awaited: missing,
                service_revision: *service_revision,
                since: *since,
                deadline: *deadline,
            };
            self.write_aside(|state| {
                // It may have gone on, or ended, since it was read.
                if state.build.hold.is_some() {
                    state.hold(news.clone());
                }
            })
            .await;
        }
        Err(Setback::Held(Some(*deadline)))
    }

    /// Lets the build go on to its engine, under the fence: whoever else follows it is shut out first.
    async fn lift(&self) -> Result<(), Setback> {
        let (store, system) = (&self.shared.store, &self.shared.principal);
        let epoch = store.claim(system, self.build).await?;
        let committed = store.lift_hold(system, self.build, Fence::Follower(epoch)).await?;
        self.shared.hub.publish(self.build, &committed);
        if committed.result == Lift::Lifted {
            tracing::info!("the accounts that the build waited for are connected: it goes on");
        }
        Ok(())
    }

    async fn lapse(&self, hold: &Hold) -> Result<(), Setback> {
        let (store, system) = (&self.shared.store, &self.shared.principal);
        let epoch = store.claim(system, self.build).await?;
        let why = match hold {
            Hold::Credential { .. } => StatusReason::new(
                ReasonCode::CredentialLapsed,
                "the accounts that the build needs were not connected in time",
            ),
            Hold::Approval { .. } => {
                StatusReason::new(ReasonCode::ApprovalExpired, "the deployment was not approved in time")
            }
        };
        let now = self.shared.clock.now();
        let committed = store
            .update_build(system, self.build, Fence::Follower(epoch), Append::default(), |state| {
                // Somebody may have let it go on at the last moment.
                if state.build.hold.is_some() {
                    state.finish(RunStatus::Cancelled, why.clone(), now);
                }
            })
            .await?;
        self.shared.hub.publish(self.build, &committed);
        Ok(())
    }
}
