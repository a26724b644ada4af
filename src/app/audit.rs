//! What the audit trail is told besides what was done.

use alm_domain::Principal;
use alm_store::Refusal;

use super::App;

impl App {
    /// Records what a principal was refused, and wakes who listens to the audit trail. What was done is in the trail already. A
    /// trail that cannot be written to is told in the server's log; who asked has its answer all the same.
    pub async fn acted(&self, principal: &Principal, refusals: Vec<Refusal>) {
        for refusal in refusals {
            if let Err(error) = self.store().record_refusal(principal, refusal).await {
                tracing::error!(error = &error as &dyn std::error::Error, "a refusal cannot be recorded");
            }
        }
        self.inner.hub.ring_audit();
    }
}
