//! Who is on the other side of a stream that stays open.

use std::time::Duration;

use alm_domain::Principal;
use secrecy::{ExposeSecret, SecretString};

use super::{AuthError, Authenticate};

/// Who has asked, and by which token.
pub(super) struct Caller {
    pub(super) principal: Principal,
    pub(super) token: Option<SecretString>,
}

/// What the token of a caller stands for now.
pub(super) enum Standing {
    /// The same principal with the same rights.
    Same,
    /// The same principal, but the rights have changed: the client has to come again, and is told what it may then see.
    OtherRights,
    /// Nobody, or somebody else.
    Gone(AuthError),
}

impl Caller {
    /// Whoever this token stands for.
    pub(super) async fn enter(auth: &dyn Authenticate, token: Option<SecretString>) -> Result<Self, AuthError> {
        let principal = auth.authenticate(token.as_ref().map(ExposeSecret::expose_secret)).await?;
        Ok(Self { principal, token })
    }

    /// What the token stands for now. Where that cannot be found out within this time, it is not known.
    pub(super) async fn standing(&self, auth: &dyn Authenticate, limit: Duration) -> Standing {
        let token = self.token.as_ref().map(ExposeSecret::expose_secret);
        match tokio::time::timeout(limit, auth.authenticate(token)).await {
            Ok(Ok(now)) if now == self.principal => Standing::Same,
            Ok(Ok(now)) if now.key() == self.principal.key() => Standing::OtherRights,
            Ok(Ok(_)) => Standing::Gone(AuthError::Invalid),
            Ok(Err(error)) => Standing::Gone(error),
            Err(_) => Standing::Gone(AuthError::Unavailable),
        }
    }
}
