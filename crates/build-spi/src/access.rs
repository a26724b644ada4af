//! With whose rights a provider is called.

use alm_domain::Timestamp;
use secrecy::SecretString;

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
    /// Its name: a file name and the tail of a variable's name can be made of it.
    pub name: String,
    /// Its value.
    pub value: SecretString,
}
