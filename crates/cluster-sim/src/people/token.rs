//! Tokens: `sha256~…`, known by the hash of what comes behind that.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Caller;
use crate::{
    api::status::Failure,
    world::{World, uid},
};

/// A token that was given.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) user: String,
    pub(crate) client: String,
    pub(crate) redirect: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) code: String,
    pub(crate) made: DateTime<Utc>,
    pub(crate) life: Duration,
    pub(crate) uid: String,
    pub(crate) revision: u64,
    pub(crate) expired: bool,
}

/// 32 random bytes, as tokens and codes are written.
pub(crate) fn secret() -> String {
    let bytes: [u8; 32] = rand::random();
    format!("sha256~{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// The name of the object that stands for a token.
pub(crate) fn object_name(token: &str) -> String {
    let inner = token.strip_prefix("sha256~").unwrap_or(token);
    format!("sha256~{}", URL_SAFE_NO_PAD.encode(Sha256::digest(inner.as_bytes())))
}

impl World {
    pub(crate) fn issue_token(&mut self, user: &str, life: Option<Duration>, scopes: &[&str]) -> String {
        let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        self.give_token(user, "build-service", "http://127.0.0.1:18080/callback", scopes, life, "")
    }

    pub(crate) fn give_token(
        &mut self,
        user: &str,
        client: &str,
        redirect: &str,
        scopes: Vec<String>,
        life: Option<Duration>,
        code: &str,
    ) -> String {
        self.people.user(user);
        self.revision += 1;
        let token = secret();
        let given = Token {
            user: user.to_owned(),
            client: client.to_owned(),
            redirect: redirect.to_owned(),
            scopes,
            code: code.to_owned(),
            made: self.clock.now(),
            life: life.unwrap_or(Duration::from_secs(86_400)),
            uid: uid(),
            revision: self.revision,
            expired: false,
        };
        self.people.tokens.insert(token.clone(), given);
        token
    }
}

/// Whom a bearer is taken for. Without one: nobody.
pub(crate) fn authenticate(world: &World, bearer: Option<&str>) -> Result<Caller, Failure> {
    let Some(bearer) = bearer else {
        return Ok(Caller { name: "system:anonymous".to_owned(), scopes: Vec::new() });
    };
    let good = world.people.tokens.get(bearer).filter(|token| {
        let age = (world.clock.now() - token.made).to_std().unwrap_or_default();
        !token.expired && age < token.life
    });
    good.map(|token| Caller { name: token.user.clone(), scopes: token.scopes.clone() })
        .ok_or_else(Failure::unauthorized)
}

/// The token, with its bearer, that an object's name stands for, where it is this user's.
pub(crate) fn own<'a>(world: &'a World, user: &str, name: &str) -> Option<(&'a str, &'a Token)> {
    world
        .people
        .tokens
        .iter()
        .find(|(bearer, token)| token.user == user && object_name(bearer) == name)
        .map(|(bearer, token)| (bearer.as_str(), token))
}

/// All tokens of a user, as objects.
pub(crate) fn list(world: &World, user: &str) -> Vec<Value> {
    world
        .people
        .tokens
        .iter()
        .filter(|(_, token)| token.user == user)
        .map(|(bearer, token)| show(world, bearer, token))
        .collect()
}

/// A token as its owner sees it.
pub(crate) fn show(world: &World, bearer: &str, token: &Token) -> Value {
    let user_uid = world.people.users.get(&token.user).map(|user| user.uid.clone());
    let mut shown = json!({
        "metadata": {
            "name": object_name(bearer), "uid": token.uid, "resourceVersion": token.revision.to_string(),
            "creationTimestamp": token.made.to_rfc3339_opts(SecondsFormat::Secs, true),
        },
        "clientName": token.client, "expiresIn": token.life.as_secs(), "scopes": token.scopes,
        "redirectURI": token.redirect, "userName": token.user, "userUID": user_uid,
    });
    if !token.code.is_empty() {
        shown["authorizeToken"] = json!(token.code);
    }
    shown
}
