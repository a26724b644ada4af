//! People.

use crate::{Timestamp, UserId};

/// A person who has signed in at least once. Whoever an issuer calls the same subject is the same person; login and name may
/// change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Names it globally.
    pub id: UserId,
    /// Who vouches for this person: the issuer, or the cluster, that the sign-in is from.
    pub issuer: String,
    /// What the issuer calls this person, for ever.
    pub subject: String,
    /// Unique short name, for people to read and write. Never a proof of anything.
    pub login: String,
    /// Name for display.
    pub display_name: String,
    /// Whether the last sign-in was that of an administrator.
    pub is_admin: bool,
    /// When this person signed in first.
    pub created_at: Timestamp,
    /// When this person was here last; kept to the minute.
    pub last_seen_at: Timestamp,
}
