//! Whether a cluster is well.

use std::time::Instant;

use alm_build_spi::ProviderError;
use alm_domain::{Clock, HealthState, ProviderHealth, shorten};
use http::Method;
use serde_json::Value;

use crate::{Cluster, Session};

/// Asks the cluster, in nobody's name, whether it is there, and for its version if it tells that to everybody. Settings that do not
/// fit are what ails it.
pub async fn probe(cluster: Result<Cluster, ProviderError>, clock: &dyn Clock) -> (ProviderHealth, Option<String>) {
    let begun = Instant::now();
    let (state, message, version) = match cluster {
        Err(error) => (HealthState::Failing, Some(format!("its settings do not fit: {error}")), None),
        Ok(cluster) => ask(&cluster.anonymous()).await,
    };
    let latency_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    (ProviderHealth { state, message, checked_at: clock.now(), latency_ms }, version)
}

async fn ask(session: &Session) -> (HealthState, Option<String>, Option<String>) {
    match session.raw(Method::GET, "/version", None).await {
        Ok(text) => {
            let read: Value = serde_json::from_str(&text).unwrap_or_default();
            match read["gitVersion"].as_str() {
                Some(version) => (HealthState::Healthy, None, Some(format!("Kubernetes {}", shorten(version)))),
                None => {
                    let message =
                        format!("{} answers, but not as the API of a cluster: check the address", session.host());
                    (HealthState::Failing, Some(message), None)
                }
            }
        }
        // It does not tell strangers: it is there.
        Err(ProviderError::Unauthorized(_) | ProviderError::Forbidden(_)) => (HealthState::Healthy, None, None),
        Err(error) => (HealthState::Failing, Some(error.to_string()), None),
    }
}
