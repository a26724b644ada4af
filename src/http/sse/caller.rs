//! Who listens to a stream.

use std::time::Duration;

use alm_domain::Principal;
use secrecy::{ExposeSecret, SecretString};

use crate::http::{AuthError, Authenticate, Code, document::Problem};

/// Who has asked, and by which token.
pub(in crate::http) struct Caller {
    pub(in crate::http) principal: Principal,
    pub(in crate::http) token: Option<SecretString>,
}

/// What the token of a caller stands for now.
pub(super) enum Standing {
    /// The same principal with the same rights.
    Same,
    /// The same principal, but the rights have changed: the client has to come again, and is told what it may then see.
    OtherRights,
    /// Nobody, or somebody else.
    Gone(Problem),
}

impl Caller {
    /// What the token stands for now.
    pub(super) async fn standing(&self, auth: &dyn Authenticate, limit: Duration) -> Standing {
        let token = self.token.as_ref().map(ExposeSecret::expose_secret);
        let (code, message) = match tokio::time::timeout(limit, auth.authenticate(token)).await {
            Ok(Ok(now)) if now == self.principal => return Standing::Same,
            Ok(Ok(now)) if now.key() == self.principal.key() => return Standing::OtherRights,
            Ok(Ok(_)) => (Code::Unauthenticated, "the token stands for somebody else now: sign in again".to_owned()),
            Ok(Err(error @ AuthError::Unavailable)) => (Code::Unavailable, error.to_string()),
            Ok(Err(error)) => (Code::Unauthenticated, error.to_string()),
            Err(_) => (Code::Unavailable, "the token could not be checked in time: connect again".to_owned()),
        };
        Standing::Gone(Problem::new(code, message))
    }
}
