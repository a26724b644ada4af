//! Who asks: users, tokens, roles, and the OAuth server that gives the tokens.

mod access;
mod oauth;
mod review;
mod service_account;
mod token;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

pub(crate) use access::{Wish, authorize, layers, may};
pub use oauth::OauthClient;
pub(crate) use oauth::{Oauth, handle as handle_oauth, sign_out};
pub(crate) use review::review;
pub(crate) use token::{Token, authenticate, list as list_tokens, own as own_token, show as show_token};

use crate::world::uid;

/// What a user may do in a project, as the cluster roles of the same names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Reads everything but secrets.
    View,
    /// Changes everything but roles.
    Edit,
    /// Changes everything.
    Admin,
}

/// A user.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) uid: String,
    pub(crate) revision: u64,
}

/// Whoever sends a request.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) name: String,
    pub(crate) scopes: Vec<String>,
}

impl Caller {
    pub(crate) fn is_anonymous(&self) -> bool {
        self.name == "system:anonymous"
    }
}

/// Users, their tokens and their roles.
#[derive(Debug, Default)]
pub(crate) struct People {
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) tokens: BTreeMap<String, Token>,
    roles: BTreeMap<(String, String), Role>,
    groups: BTreeMap<String, Vec<String>>,
    /// Plurals of kinds that nobody may create, perhaps with a subresource.
    pub(crate) denied: BTreeSet<String>,
    /// Who may do nothing with kinds of these plurals.
    pub(crate) hidden: BTreeSet<(String, String)>,
    pub(crate) made: Option<DateTime<Utc>>,
}

impl People {
    pub(crate) fn user(&mut self, name: &str) -> &User {
        let revision = 549 + self.users.len() as u64;
        self.users.entry(name.to_owned()).or_insert_with(|| User { uid: uid(), revision })
    }

    pub(crate) fn grant(&mut self, user: &str, project: &str, role: Role) {
        self.roles.insert((user.to_owned(), project.to_owned()), role);
    }

    pub(crate) fn revoke(&mut self, user: &str, project: &str) {
        self.roles.remove(&(user.to_owned(), project.to_owned()));
    }

    pub(crate) fn role(&self, user: &str, project: &str) -> Option<Role> {
        self.roles.get(&(user.to_owned(), project.to_owned())).copied()
    }

    pub(crate) fn join(&mut self, user: &str, group: &str) {
        self.groups.entry(user.to_owned()).or_default().push(group.to_owned());
    }

    /// The groups of a user, those of everybody left out.
    pub(crate) fn groups(&self, user: &str) -> &[String] {
        self.groups.get(user).map(Vec::as_slice).unwrap_or_default()
    }

    pub(crate) fn expire_tokens_of(&mut self, client: &str) {
        self.tokens.values_mut().filter(|token| token.client == client).for_each(|token| token.expired = true);
    }

    pub(crate) fn set_expired(&mut self, token: &str, expired: bool) {
        if let Some(token) = self.tokens.get_mut(token) {
            token.expired = expired;
        }
    }
}
