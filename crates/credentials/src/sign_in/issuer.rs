//! Tokens of an OpenID Connect issuer.

use std::sync::Arc;

use alm_domain::Clock;
use url::Url;

use super::{
    Admission, Algorithm, Identity, SignInError, claims,
    jws::{Jws, is_jws},
    keys::Keys,
};
use crate::{
    oauth::Metadata,
    outbound::{CaBundle, Outbound},
};

/// Which tokens of an issuer count, and for what.
#[derive(Debug, Clone)]
pub struct IssuerSettings {
    /// The issuer, exactly as it calls itself.
    pub issuer: Url,
    /// Hosts besides its own where it may have its keys and endpoints.
    pub hosts: Vec<String>,
    /// For whom its tokens must be.
    pub audience: String,
    /// How they must be signed.
    pub algorithms: Vec<Algorithm>,
    /// The claim with the short name.
    pub login_claim: String,
    /// The claim with the groups.
    pub groups_claim: String,
    /// Who may sign in, and as what.
    pub admission: Admission,
    /// Whether the issuer's name ends in a slash. An address without a path always has one, a name need not.
    pub ends_in_slash: bool,
}

impl IssuerSettings {
    /// The issuer's name, to be compared as it stands.
    pub(super) fn issuer_name(&self) -> &str {
        let name = self.issuer.as_str();
        if self.ends_in_slash { name } else { name.trim_end_matches('/') }
    }
}

/// An issuer whose signed tokens are taken. Cheap to share.
#[derive(Debug)]
pub struct Issuer {
    settings: IssuerSettings,
    keys: Keys,
    clock: Arc<dyn Clock>,
}

impl Issuer {
    /// An issuer that is not asked for anything until a token comes.
    #[must_use]
    pub fn new(settings: IssuerSettings, outbound: Outbound, ca: Option<CaBundle>, clock: Arc<dyn Clock>) -> Self {
        let keys = Keys::new(outbound, settings.issuer.clone(), settings.hosts.clone(), ca, Arc::clone(&clock));
        Self { settings, keys, clock }
    }

    /// Whether this could be one of its tokens.
    #[must_use]
    pub fn could_have_made(token: &str) -> bool {
        is_jws(token)
    }

    /// What it says of itself, asked for as rarely as its keys: where people sign in, and where their tokens come from.
    ///
    /// # Errors
    /// [`SignInError::Unavailable`] where that is not known and cannot be found out.
    pub async fn metadata(&self) -> Result<Metadata, SignInError> {
        self.keys.metadata().await
    }

    /// For whom its tokens must be.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.settings.audience
    }

    /// Whom the token stands for. Asks the issuer for nothing but its keys, and for those rarely.
    ///
    /// # Errors
    /// [`SignInError::Unavailable`] only where no keys are known at all.
    pub async fn verify(&self, token: &str) -> Result<Identity, SignInError> {
        let jws = Jws::read(token)?;
        if !self.settings.algorithms.contains(&jws.algorithm) {
            return Err(SignInError::Invalid("it is signed by an algorithm that the settings do not allow"));
        }
        // What is not for us anyway costs no signature and no question.
        let identity = claims::check(&jws.claims, &self.settings, self.clock.now())?;
        if !self.keys.have_signed(&jws).await? {
            return Err(SignInError::Invalid("the issuer has not signed it"));
        }
        Ok(identity)
    }
}
