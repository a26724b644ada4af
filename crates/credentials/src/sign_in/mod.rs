//! Who signs in: the tokens of an issuer (JWTs) and of a cluster (opaque ones).
//!
//! **Architecture Invariant:** which algorithms count is decided by the settings, never by the token; keys come from the issuer
//! that the settings name, and are asked for at most once in [`REFETCH`], whatever tokens say.

mod algorithm;
mod claims;
mod cluster;
mod issuer;
mod jws;
mod keys;
#[cfg(test)]
mod tests;

use alm_domain::Timestamp;

pub use algorithm::Algorithm;
pub use cluster::Cluster;
pub use issuer::{Issuer, IssuerSettings};
pub use keys::REFETCH;

/// Longest token that is looked at, in bytes.
const LONGEST_TOKEN: usize = 16 * 1024;
/// Longest name that is taken over from a foreign server, in bytes.
const LONGEST_NAME: usize = 255;

/// Whom a valid token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who vouches for it.
    pub issuer: String,
    /// What the issuer calls this person, for ever.
    pub subject: String,
    /// The short name that this person has there.
    pub login: String,
    /// A name for people.
    pub display_name: String,
    /// Whether the settings make this person an administrator.
    pub is_admin: bool,
    /// When the token was issued, where it says so.
    pub issued_at: Option<Timestamp>,
    /// When the token ends, where it says so.
    pub expires_at: Option<Timestamp>,
    /// For whom the token was issued, this server among them, where it says so.
    pub audiences: Vec<String>,
}

/// Why a token stands for nobody. Never holds a part of the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// It is not valid; the words are for the log.
    #[error("the token is not valid: {0}")]
    Invalid(&'static str),
    /// It was valid once.
    #[error("the token has expired")]
    Expired,
    /// Whoever could say cannot be asked at the moment.
    #[error("who has signed in cannot be found out at the moment: {0}")]
    Unavailable(String),
}

/// Who may sign in, and as what.
#[derive(Debug, Clone, Default)]
pub struct Admission {
    /// Only who is in one of these groups, or is an administrator; everybody if it is empty.
    pub groups: Vec<String>,
    /// Administrators, by what the issuer calls them.
    pub admins: Vec<String>,
    /// Administrators, by a group that they are in.
    pub admin_groups: Vec<String>,
}

impl Admission {
    /// Whether whoever is called so and is in these groups is an administrator; refuses who may not sign in at all.
    fn of(&self, called: &[&str], groups: &[String]) -> Result<bool, SignInError> {
        let is_in = |wanted: &[String]| wanted.iter().any(|group| groups.contains(group));
        let is_admin = self.admins.iter().any(|known| called.contains(&known.as_str())) || is_in(&self.admin_groups);
        if is_admin || self.groups.is_empty() || is_in(&self.groups) {
            Ok(is_admin)
        } else {
            Err(SignInError::Invalid("this person is in no group that may sign in"))
        }
    }
}

/// A foreign name, where it can be kept and shown as it is.
fn name(text: &str) -> Option<&str> {
    let text = text.trim();
    ((1..=LONGEST_NAME).contains(&text.len()) && !text.chars().any(char::is_control)).then_some(text)
}
