//! Opaque tokens of a cluster.

use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::Semaphore;
use url::Url;

use super::{Admission, Identity, SignInError, name};
use crate::{
    identity::{IdentityError, WhoAmI, who_am_i},
    outbound::{CaBundle, Outbound},
};

/// So many tokens are asked about at a time.
const MOST_QUESTIONS: usize = 8;
/// For so long somebody waits for his turn to ask.
const PATIENCE: Duration = Duration::from_secs(5);

/// A cluster whose own tokens are taken. Each is asked about anew: whoever calls remembers the answer for a while.
#[derive(Debug)]
pub struct Cluster {
    api: Url,
    admission: Admission,
    outbound: Outbound,
    ca: Option<CaBundle>,
    questions: Semaphore,
}

impl Cluster {
    /// The cluster with this API.
    #[must_use]
    pub const fn new(api: Url, admission: Admission, outbound: Outbound, ca: Option<CaBundle>) -> Self {
        Self { api, admission, outbound, ca, questions: Semaphore::const_new(MOST_QUESTIONS) }
    }

    /// Whether this could be one of its tokens: `sha256~` and 43 characters of base64url, on older clusters those alone.
    #[must_use]
    pub fn could_have_made(token: &str) -> bool {
        let text = token.strip_prefix("sha256~").unwrap_or(token);
        text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    }

    /// Whom the token stands for.
    ///
    /// # Errors
    /// [`SignInError::Unavailable`] if the cluster cannot say.
    pub async fn verify(&self, token: &SecretString) -> Result<Identity, SignInError> {
        let turn = tokio::time::timeout(PATIENCE, self.questions.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            return Err(SignInError::Unavailable("too many tokens are asked about at once".to_owned()));
        };
        let whom = WhoAmI::OpenShift { api: self.api.clone() };
        let account = who_am_i(&self.outbound, &whom, token, self.ca.as_ref()).await.map_err(|error| match error {
            IdentityError::Unauthorized { .. } => SignInError::Invalid("the cluster does not accept it"),
            IdentityError::Forbidden { .. } => SignInError::Invalid("it lacks the scope user:info"),
            error => SignInError::Unavailable(error.to_string()),
        })?;
        let subject = account.uid.as_deref().unwrap_or(&account.name);
        Ok(Identity {
            issuer: self.api.as_str().to_owned(),
            subject: subject.to_owned(),
            login: account.name.clone(),
            display_name: account.display_name.as_deref().and_then(name).unwrap_or(&account.name).to_owned(),
            is_admin: self.admission.of(&[subject, &account.name], &account.groups)?,
            issued_at: None,
            expires_at: None,
            audiences: Vec::new(),
        })
    }
}
