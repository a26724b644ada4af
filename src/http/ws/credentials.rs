//! Who is on the other side of a socket.

use std::sync::Arc;

use alm_domain::Principal;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::ending::Ending;
use crate::http::{Authenticate, auth::bearer_value};

/// The token of a socket, and for whom it stands. A token can be renewed while the socket is open, but only by the same
/// principal.
pub(super) struct Credentials {
    auth: Arc<dyn Authenticate>,
    token: Option<SecretString>,
    principal: Option<Principal>,
}

/// `{"token": "…"}` or `{"Authorization": "Bearer …"}`; other keys are let pass.
#[derive(Deserialize, Default)]
struct Payload {
    token: Option<SecretString>,
    #[serde(alias = "authorization")]
    #[serde(rename = "Authorization")]
    header: Option<SecretString>,
}

impl Credentials {
    /// Of a socket that is not acknowledged yet, with the token of its upgrade request, if that had one.
    pub(super) fn new(auth: Arc<dyn Authenticate>, token: Option<SecretString>) -> Self {
        Self { auth, token, principal: None }
    }

    /// Takes the token from the payload of `connection_init`, or else that of the upgrade.
    pub(super) async fn sign_in(&mut self, payload: Option<&RawValue>) -> Result<(), Ending> {
        if let Some(token) = token(payload)? {
            self.token = Some(token);
        }
        self.principal = Some(self.ask().await?);
        Ok(())
    }

    /// Takes a new token from the payload of a ping, if it has one.
    pub(super) async fn renew(&mut self, payload: Option<&RawValue>) -> Result<(), Ending> {
        if self.principal.is_some()
            && let Some(token) = token(payload)?
        {
            self.token = Some(token);
            self.check().await?;
        }
        Ok(())
    }

    /// Whether the token still stands for the same principal with the same rights. Where these have changed, the client has to
    /// come again, and is told what it may then see.
    pub(super) async fn check(&self) -> Result<(), Ending> {
        if let Some(before) = &self.principal {
            let now = self.ask().await?;
            if now.key() != before.key() {
                return Err(Ending::FORBIDDEN);
            }
            if now != *before {
                return Err(Ending::OTHER_RIGHTS);
            }
        }
        Ok(())
    }

    /// Who it is; nobody before the sign-in.
    pub(super) const fn principal(&self) -> Option<&Principal> {
        self.principal.as_ref()
    }

    async fn ask(&self) -> Result<Principal, Ending> {
        let token = self.token.as_ref().map(ExposeSecret::expose_secret);
        self.auth.authenticate(token).await.map_err(|_| Ending::FORBIDDEN)
    }
}

fn token(payload: Option<&RawValue>) -> Result<Option<SecretString>, Ending> {
    let Some(payload) = payload else { return Ok(None) };
    // The error of the parser is left out: it could repeat a token that stands in the wrong place.
    let payload: Payload = serde_json::from_str(payload.get())
        .map_err(|_| Ending::invalid("`token` and `Authorization` of the payload must be strings"))?;
    match (payload.token, payload.header) {
        (Some(token), _) => Ok(Some(token)),
        (None, Some(header)) => {
            bearer_value(header.expose_secret()).map(|token| Some(token.to_owned().into())).ok_or(Ending::FORBIDDEN)
        }
        (None, None) => Ok(None),
    }
}
