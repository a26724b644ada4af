//! Questions about deployments that nobody answers.

use std::time::Duration;

use alm_domain::{Principal, deployment_approval};
use alm_store::{Append, Fence};

use super::super::{App, AppError};

/// Time between two looks: a question is open for days.
const EVERY: Duration = Duration::from_secs(30);

impl App {
    /// Closes, from time to time, the questions about deployments that nobody answered in time; ends when the service stops.
    pub(in crate::app) async fn watch_deployments(self) {
        let stop = self.inner.hub.stopping();
        loop {
            if let Err(error) = self.lapse_deployments().await {
                tracing::warn!(error = &error as &dyn std::error::Error, "deployments that lapsed are closed later");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    async fn lapse_deployments(&self) -> Result<(), AppError> {
        let system = Principal::system("deployments");
        let now = self.clock().now();
        for one in self.store().lapsed_deployments(now).await? {
            let key = deployment_approval(one.environment);
            let committed = self
                .store()
                .update_build(&system, one.by, Fence::Bystander, Append::default(), |state| {
                    state.lapse(&key, &system.actor, now);
                })
                .await?;
            self.inner.hub.publish(one.by, &committed);
            self.inner.monitors.deployments_moved(&committed.deployments).await;
            self.inner.monitors.follow(one.by);
            self.inner.monitors.ring(one.by);
        }
        Ok(())
    }
}
