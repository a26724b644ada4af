//! Who is on the other side of a socket.

use std::{sync::Arc, time::Duration};

use alm_domain::Principal;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::ending::Ending;
use crate::http::{
    Authenticate,
    auth::bearer_value,
    caller::{Caller, Standing},
};

/// The token of a socket, and for whom it stands. A token can be renewed while the socket is open, but only by the same
/// principal.
pub(super) struct Credentials {
    auth: Arc<dyn Authenticate>,
    /// Of the upgrade request.
    first: Option<SecretString>,
    caller: Option<Caller>,
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
    pub(super) const fn new(auth: Arc<dyn Authenticate>, token: Option<SecretString>) -> Self {
        Self { auth, first: token, caller: None }
    }

    /// Takes the token from the payload of `connection_init`, or else that of the upgrade.
    pub(super) async fn sign_in(&mut self, payload: Option<&RawValue>) -> Result<(), Ending> {
        let token = token(payload)?.or_else(|| self.first.take());
        self.caller = Some(Caller::enter(&*self.auth, token).await.map_err(Ending::of_auth)?);
        Ok(())
    }

    /// Takes a new token from the payload of a ping, if it has one.
    pub(super) async fn renew(&mut self, payload: Option<&RawValue>, limit: Duration) -> Result<(), Ending> {
        if let Some(caller) = &mut self.caller
            && let Some(token) = token(payload)?
        {
            caller.token = Some(token);
            self.check(limit).await?;
        }
        Ok(())
    }

    /// Whether the token still stands for the same principal with the same rights. Where these have changed, the client has to
    /// come again, and is told what it may then see.
    pub(super) async fn check(&self, limit: Duration) -> Result<(), Ending> {
        let Some(caller) = &self.caller else { return Ok(()) };
        match caller.standing(&*self.auth, limit).await {
            Standing::Same => Ok(()),
            Standing::OtherRights => Err(Ending::OTHER_RIGHTS),
            Standing::Gone(error) => Err(Ending::of_auth(error)),
        }
    }

    /// Who it is; nobody before the sign-in.
    pub(super) fn principal(&self) -> Option<&Principal> {
        self.caller.as_ref().map(|caller| &caller.principal)
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
