//! Accounts that people have connected: one person, one environment.

use serde::{Deserialize, Serialize};

use crate::{EnvironmentId, GrantId, Timestamp, UserId};

/// States of a connected account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GrantStatus {
    /// Never made, or forgotten.
    NotConnected,
    /// The person is at the sign-in page.
    Pending,
    /// Works.
    Connected,
    /// Works, stops soon, and does not renew itself.
    Expiring,
    /// Stopped working by age.
    Expired,
    /// Withdrawn over there.
    Revoked,
    /// Cannot be checked.
    Error,
}

impl GrantStatus {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::NotConnected, Self::Pending, Self::Connected, Self::Expiring, Self::Expired, Self::Revoked, Self::Error];

    /// The name in a database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotConnected => "NOT_CONNECTED",
            Self::Pending => "PENDING",
            Self::Connected => "CONNECTED",
            Self::Expiring => "EXPIRING",
            Self::Expired => "EXPIRED",
            Self::Revoked => "REVOKED",
            Self::Error => "ERROR",
        }
    }

    /// Whether there is a token that may work.
    #[must_use]
    pub const fn is_usable(self) -> bool {
        matches!(self, Self::Connected | Self::Expiring | Self::Error)
    }

    /// How urgently its owner should look at it: the lower, the more.
    #[must_use]
    pub const fn urgency(self) -> u8 {
        match self {
            Self::Revoked | Self::Expired => 0,
            Self::Error => 1,
            Self::Expiring => 2,
            Self::Pending => 3,
            Self::NotConnected => 4,
            Self::Connected => 5,
        }
    }
}

/// What one person was granted in one environment. Holds no token: tokens are sealed elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Names it globally; follows from the environment and the person.
    pub id: GrantId,
    /// What it opens.
    pub environment: EnvironmentId,
    /// Whose it is.
    pub user: UserId,
    /// Grows with every change; 0 while there never was one.
    pub revision: u64,
    /// State.
    pub status: GrantStatus,
    /// Why it is in this state, as a sentence for people.
    pub reason: Option<String>,
    /// Name of the account over there.
    pub account: Option<String>,
    /// What was granted.
    pub scopes: Vec<String>,
    /// When it was granted.
    pub connected_at: Option<Timestamp>,
    /// When its token was given.
    pub issued_at: Option<Timestamp>,
    /// When it stops working; `None` when it does not expire, or nobody said when.
    pub expires_at: Option<Timestamp>,
    /// Whether it is renewed without the person.
    pub renews_itself: bool,
    /// When it was last tried.
    pub checked_at: Option<Timestamp>,
    /// Whether it is the sign-in of the person here, or made from it: then nothing of it is stored.
    pub is_own_token: bool,
}

impl Grant {
    /// What a person has in an environment where nothing was ever connected.
    #[must_use]
    pub fn none(environment: EnvironmentId, user: UserId) -> Self {
        Self {
            id: GrantId::of(environment, user),
            environment,
            user,
            revision: 0,
            status: GrantStatus::NotConnected,
            reason: None,
            account: None,
            scopes: Vec::new(),
            connected_at: None,
            issued_at: None,
            expires_at: None,
            renews_itself: false,
            checked_at: None,
            is_own_token: false,
        }
    }
}
