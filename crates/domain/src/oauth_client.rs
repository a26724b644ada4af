//! How this service is known to the OAuth servers of clusters.

use serde::{Deserialize, Serialize};

use crate::{EnvironmentId, OAuthClientId, Timestamp, TokenMode};

/// How this service is known to the OAuth server of an origin, or of one environment, and what the administrator allows there.
/// Holds no secret: that is sealed elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuthClient {
    /// Names it globally.
    pub id: OAuthClientId,
    /// Grows with every change.
    pub revision: u64,
    /// Scheme, host and port of the clusters that it is for.
    pub origin: String,
    /// The one environment that it is for; `None` when it is for all of the origin.
    pub environment: Option<EnvironmentId>,
    /// The name of this service over there; `None` where people only use their own tokens.
    pub client_id: Option<String>,
    /// Whether a secret belongs to the name.
    pub has_secret: bool,
    /// The OAuth server, where it is not found by asking the cluster.
    pub issuer: Option<String>,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// Other hosts than the cluster's that may be given codes and tokens.
    pub token_hosts: Vec<String>,
    /// In which ways people may use their own sign-in there; none where that is forbidden. Never holds [`TokenMode::Grant`].
    pub own_token: Vec<TokenMode>,
    /// Whether a token that was issued for this service alone may be sent there as it is.
    pub forward_tokens_for_us: bool,
    /// What the clusters are called by the issuer: a token that names it was issued for them too, and exchanged tokens are asked
    /// for it.
    pub audience: Option<String>,
    /// When it was registered.
    pub created_at: Timestamp,
}
