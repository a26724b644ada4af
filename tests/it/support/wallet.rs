//! Accounts of people, in memory.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use alm::app::{AppError, Checked, TokenState, Wallet};
use alm_domain::{Clock, Environment, SystemClock, Timestamp, UserId};
use async_trait::async_trait;
use chrono::TimeDelta;
use secrecy::SecretString;

/// Where the tokens of people come from.
#[derive(Debug, Clone)]
pub(super) enum Purse {
    /// Nowhere: none is asked for.
    Nobody,
    /// From these accounts.
    These(Accounts),
    /// From the accounts that people connect.
    Connected,
}

/// Accounts of people, in memory: by the person and the name of the environment. Outlives the server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accounts(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    tokens: HashMap<(UserId, String), Token>,
    unauthorized: Vec<(UserId, String)>,
    fresh_lasts: Option<TimeDelta>,
}

#[derive(Debug, Clone)]
struct Token {
    value: String,
    expires_at: Option<Timestamp>,
}

impl Accounts {
    /// The person connects an account, whose token does not end. Nobody is told.
    pub(crate) fn connect(&self, user: UserId, environment: &str, value: &str) {
        self.put(user, environment, Token { value: value.to_owned(), expires_at: None });
    }

    /// The same, with a token that ends after so long.
    pub(crate) fn connect_for(&self, user: UserId, environment: &str, value: &str, lasts: TimeDelta) {
        let expires_at = Some(SystemClock.now() + lasts);
        self.put(user, environment, Token { value: value.to_owned(), expires_at });
    }

    /// The person takes an account back. Nobody is told.
    pub(crate) fn disconnect(&self, user: UserId, environment: &str) {
        self.0.lock().unwrap().tokens.remove(&(user, environment.to_owned()));
    }

    /// How long a token lasts that is given out now.
    pub(crate) fn fresh_lasts(&self, lasts: TimeDelta) {
        self.0.lock().unwrap().fresh_lasts = Some(lasts);
    }

    /// The accounts whose tokens an engine did not take.
    pub(crate) fn unauthorized(&self) -> Vec<(UserId, String)> {
        self.0.lock().unwrap().unauthorized.clone()
    }

    fn put(&self, user: UserId, environment: &str, token: Token) {
        self.0.lock().unwrap().tokens.insert((user, environment.to_owned()), token);
    }

    fn look(&self, user: UserId, environment: &Environment, needed_until: Timestamp) -> (Checked, Option<Token>) {
        let state = self.0.lock().unwrap();
        let token = state.tokens.get(&(user, environment.name.to_string())).cloned();
        let expires_at = token.as_ref().and_then(|token| token.expires_at);
        let found = match (&token, expires_at) {
            (None, _) => TokenState::NotConnected,
            (Some(_), Some(end)) if end <= SystemClock.now() => TokenState::Expired,
            (Some(_), Some(end)) if end < needed_until => TokenState::ExpiresDuring,
            (Some(_), _) => TokenState::Ok,
        };
        let (environment, fresh_lasts) = (environment.clone(), state.fresh_lasts);
        (Checked { environment, state: found, expires_at, fresh_lasts, message: None }, token)
    }
}

#[async_trait]
impl Wallet for Accounts {
    async fn check(
        &self,
        user: UserId,
        environments: &[Environment],
        needed_until: Timestamp,
    ) -> Result<Vec<Checked>, AppError> {
        Ok(environments.iter().map(|environment| self.look(user, environment, needed_until).0).collect())
    }

    async fn token(
        &self,
        user: UserId,
        environment: &Environment,
    ) -> Result<(SecretString, Option<Timestamp>), Box<Checked>> {
        match self.look(user, environment, SystemClock.now()) {
            (checked, Some(token)) if checked.state == TokenState::Ok => Ok((token.value.into(), token.expires_at)),
            (checked, _) => Err(Box::new(checked)),
        }
    }

    async fn unauthorized(&self, user: UserId, environment: &Environment) {
        let mut state = self.0.lock().unwrap();
        state.tokens.remove(&(user, environment.name.to_string()));
        state.unauthorized.push((user, environment.name.to_string()));
    }
}
