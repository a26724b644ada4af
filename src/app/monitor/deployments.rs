//! What a deployment that has moved on means for others that wait.

use alm_domain::{BuildId, Deployment, DeploymentStatus, Principal};
use alm_store::{Append, Fence};

use super::{Monitors, Shared};

impl Shared {
    /// Wakes the builds that wait for their turn in an environment where one has just arrived or gone, and stops those that
    /// were overtaken there: they may not begin any more.
    pub(super) async fn deployments_moved(&self, moved: &[Deployment]) {
        for one in moved.iter().filter(|one| !one.status.is_pending()) {
            let open = match self.store.open_deployments(&self.principal, &[one.project]).await {
                Ok(open) => open,
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "who waits for an environment is woken later"
                    );
                    return;
                }
            };
            let waiting = open.iter().filter(|other| {
                (other.service, other.environment) == (one.service, one.environment)
                    && matches!(other.status, DeploymentStatus::WaitingForApproval | DeploymentStatus::Queued)
            });
            for other in waiting {
                let is_overtaken =
                    one.status == DeploymentStatus::Active && other.number < one.number && other.takes_back.is_none();
                if is_overtaken {
                    self.overtaken(other, one).await;
                }
                self.ring(other.by);
            }
        }
    }

    async fn overtaken(&self, waiting: &Deployment, newer: &Deployment) {
        let why = format!("the newer version {} has overtaken it on the way to an environment", newer.version);
        self.stop_deployment(waiting.by, why).await;
    }

    /// Asks a build to stop whose deployment is not to happen. Safe to repeat.
    pub(super) async fn stop_deployment(&self, build: BuildId, why: String) {
        let system = Principal::system("deployments");
        let now = self.clock.now();
        let stopped = self
            .store
            .update_build(&system, build, Fence::Bystander, Append::default(), |state| {
                state.request_cancel(&system.actor, Some(why.clone()), now);
            })
            .await;
        match stopped {
            Ok(committed) if committed.change.is_empty() => {}
            Ok(committed) => {
                self.hub.publish(build, &committed);
                self.ring(build);
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "an overtaken deployment was not stopped")
            }
        }
    }
}

impl Monitors {
    /// As [`Shared::deployments_moved`], for changes that no follower made.
    pub(in crate::app) async fn deployments_moved(&self, moved: &[Deployment]) {
        self.shared.deployments_moved(moved).await;
    }
}
