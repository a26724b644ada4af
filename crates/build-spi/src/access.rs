//! With whose rights a provider is called.

use alm_domain::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// With whose rights an engine is called. Cannot print its token.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Access token for the engine; `None` where it needs none (the local provider).
    pub token: Option<SecretString>,
}

/// Whom the engine takes the token for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Name of the account over there.
    pub account: String,
    /// Until when the token works; `None` when the engine does not say, or it does not end.
    pub expires_at: Option<Timestamp>,
}

/// A secret for one build, under the name that the user chose. Cannot print its value.
#[derive(Debug, Clone)]
pub struct NamedSecret {
    /// Its name: a file name and the tail of a variable's name can be made of it. For a token, the name of its environment.
    pub name: String,
    /// Which stages get it.
    pub reach: SecretReach,
    /// Its value.
    pub value: SecretString,
    /// Until when it works, where that is known.
    pub expires_at: Option<Timestamp>,
}

impl NamedSecret {
    /// A secret for every stage, that does not end.
    pub fn new(name: impl Into<String>, value: impl Into<SecretString>) -> Self {
        Self { name: name.into(), reach: SecretReach::Build, value: value.into(), expires_at: None }
    }

    /// The token of the environment with this name.
    pub fn token(
        environment: impl Into<String>,
        value: impl Into<SecretString>,
        expires_at: Option<Timestamp>,
    ) -> Self {
        let (name, value) = (environment.into(), value.into());
        Self { name, reach: SecretReach::Environment, value, expires_at }
    }
}

/// Which stages get a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SecretReach {
    /// All of them.
    Build,
    /// Those that deploy to the environment of its name.
    Environment,
}
