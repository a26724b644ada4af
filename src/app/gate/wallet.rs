//! Where the tokens of people come from, as far as the gate has to know.

use std::fmt;

use alm_domain::{AwaitedCredential, Environment, Timestamp, UserId};
use async_trait::async_trait;
use secrecy::SecretString;

use crate::app::{AppError, Checked, TokenState};

impl Checked {
    /// Whether the person has to do something before a build can go on that needs this token until then. A token that stops
    /// during the build is worth asking for only where a fresh one would last longer than that.
    #[must_use]
    pub fn blocks(&self, now: Timestamp, needed_until: Timestamp) -> bool {
        match self.state {
            TokenState::Ok | TokenState::Unknown => false,
            TokenState::Expired | TokenState::NotConnected => true,
            TokenState::ExpiresDuring => self.fresh_lasts.is_some_and(|lasts| now + lasts >= needed_until),
        }
    }

    /// The sentence for people; there always is one.
    #[must_use]
    pub fn sentence(&self) -> String {
        let name = &self.environment.display_name;
        self.message.clone().unwrap_or_else(|| match self.state {
            TokenState::Ok => format!("the account at {name} is connected"),
            TokenState::ExpiresDuring => format!("the token for {name} ends before the build is likely to end"),
            TokenState::Expired => format!("the token for {name} has ended: connect the account again"),
            TokenState::NotConnected => format!("no account at {name} is connected: connect one"),
            TokenState::Unknown => format!("the account at {name} cannot be checked now"),
        })
    }

    /// The account, as something that waits for it names it.
    pub(in crate::app) fn awaited(&self) -> AwaitedCredential {
        awaited(&self.environment, self.sentence())
    }
}

/// The account at an environment, as something that waits for it names it.
pub(in crate::app) fn awaited(environment: &Environment, message: String) -> AwaitedCredential {
    AwaitedCredential { environment: environment.id, name: environment.name.to_string(), message }
}

/// Where the tokens of people come from. Nobody is ever given another person's.
#[async_trait]
pub trait Wallet: Send + Sync + fmt::Debug {
    /// What can be said of this person's tokens for these environments, in their order, if they are needed until then. What can
    /// be renewed without the person is renewed first.
    ///
    /// # Errors
    /// When the database cannot be asked.
    async fn check(
        &self,
        user: UserId,
        environments: &[Environment],
        needed_until: Timestamp,
    ) -> Result<Vec<Checked>, AppError>;

    /// This person's token for this environment, and when it stops.
    ///
    /// # Errors
    /// What was found instead of a token that works.
    async fn token(
        &self,
        user: UserId,
        environment: &Environment,
    ) -> Result<(SecretString, Option<Timestamp>), Box<Checked>>;

    /// Notes that an engine does not take this person's token any more.
    async fn unauthorized(&self, user: UserId, environment: &Environment);
}
