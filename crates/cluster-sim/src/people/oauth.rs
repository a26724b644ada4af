//! The OAuth server: authorization codes with PKCE, no refresh tokens.

use std::{collections::BTreeMap, time::Duration};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use super::{Token, service_account, token::secret};
use crate::{
    api::{ask::Ask, reply, reply::Reply, status::Failure},
    world::World,
};

/// A client of the OAuth server.
#[derive(Debug, Clone)]
pub struct OauthClient {
    /// Its name.
    pub id: String,
    /// Its secret.
    pub secret: String,
    /// Where it may be redirected to; paths below are accepted too.
    pub redirect: String,
    /// How long its tokens live.
    pub life: Duration,
    /// Whether users are asked before it is given a token.
    pub prompt: bool,
}

/// A code that waits to be exchanged.
#[derive(Debug, Clone)]
struct Code {
    client: String,
    redirect: String,
    user: String,
    scopes: Vec<String>,
    challenge: Option<(String, bool)>,
}

/// What the OAuth server keeps.
#[derive(Debug, Default)]
pub(crate) struct Oauth {
    pub(crate) issuer: String,
    pub(crate) clients: Vec<OauthClient>,
    pub(crate) passwords: BTreeMap<String, String>,
    codes: BTreeMap<String, Code>,
    sessions: BTreeMap<String, String>,
    approved: Vec<(String, String)>,
}

const SCOPES: [&str; 5] =
    ["user:full", "user:info", "user:check-access", "user:list-scoped-projects", "user:list-projects"];
const CHALLENGING: &str = "openshift-challenging-client";

/// Answers, where the path is one of the OAuth server's.
pub(crate) fn handle(world: &mut World, ask: &Ask) -> Option<Reply> {
    Some(match (ask.method.as_str(), ask.path.as_str()) {
        ("GET", "/.well-known/oauth-authorization-server") => reply::json(200, &metadata(&world.oauth.issuer)),
        ("GET", "/oauth/authorize") => authorize(world, ask),
        ("POST", "/oauth/authorize/approve") => approve(world, ask),
        ("GET", "/login") => reply::html("<form method=\"post\" action=\"/login\"><input name=\"username\"></form>"),
        ("POST", "/login") => login(world, ask),
        ("POST", "/oauth/token") => match exchange(world, ask) {
            Ok(given) => reply::json(200, &given),
            Err(error) => reply::json(400, &error_of(error)),
        },
        ("GET", "/oauth/info") => info(world, ask),
        _ => return None,
    })
}

fn metadata(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/oauth/authorize"),
        "token_endpoint": format!("{issuer}/oauth/token"),
        "scopes_supported": ["user:check-access", "user:full", "user:info", "user:list-projects", "user:list-scoped-projects"],
        "response_types_supported": ["code", "token"],
        "grant_types_supported": ["authorization_code", "implicit"],
        "code_challenge_methods_supported": ["plain", "S256"],
    })
}

fn describe(error: &str) -> &'static str {
    match error {
        "invalid_request" => {
            "The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed."
        }
        "invalid_grant" => {
            "The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client."
        }
        "unauthorized_client" => "The client is not authorized to request a token using this method.",
        "unsupported_grant_type" => "The authorization grant type is not supported by the authorization server.",
        "unsupported_response_type" => "The authorization server does not support obtaining a token using this method.",
        _ => "The resource owner or authorization server denied the request.",
    }
}

fn error_of(error: &str) -> Value {
    json!({"error": error, "error_description": describe(error)})
}

fn with_query(address: &str, fields: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    let query = query.finish();
    if query.is_empty() { address.to_owned() } else { format!("{address}?{query}") }
}

fn back(redirect: &str, error: &str, description: &str, state: &str) -> Reply {
    let fields = [("error", error), ("error_description", description), ("state", state)];
    reply::redirect(&with_query(redirect, &fields), &[])
}

/// What is not sent back to where it might have come from.
fn refuse(error: &str, state: &str) -> Reply {
    let mut told = error_of(error);
    if !state.is_empty() {
        told["state"] = json!(state);
    }
    reply::json(400, &told)
}

fn session<'a>(world: &'a World, ask: &Ask) -> Option<&'a str> {
    let cookies = ask.header("cookie")?;
    let id = cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix("ssn="))?;
    world.oauth.sessions.get(id).map(String::as_str)
}

/// The client of this id, as often as it has addresses and secrets.
fn clients(world: &World, id: &str) -> Vec<OauthClient> {
    let registered = world.oauth.clients.iter().filter(|client| client.id == id).cloned();
    registered.chain(service_account::clients(world, id)).collect()
}

fn authorize(world: &mut World, ask: &Ask) -> Reply {
    let field = |name: &str| ask.query(name).unwrap_or_default();
    let id = field("client_id");
    if id == CHALLENGING {
        return challenge(world, ask);
    }
    let known = clients(world, &id);
    let Some(first) = known.first() else {
        return refuse("unauthorized_client", &field("state"));
    };
    let asked = field("redirect_uri");
    let redirect = if asked.is_empty() { first.redirect.clone() } else { asked };
    let is_below = |client: &&OauthClient| {
        redirect.strip_prefix(&client.redirect).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let Some(client) = known.iter().find(is_below).cloned() else {
        return refuse("invalid_request", &field("state"));
    };
    let state = field("state");
    if field("response_type") != "code" {
        return back(&redirect, "unsupported_response_type", describe("unsupported_response_type"), &state);
    }
    let challenge = field("code_challenge");
    let method = field("code_challenge_method");
    if !challenge.is_empty() {
        if !["", "plain", "S256"].contains(&method.as_str()) {
            let message = "code_challenge_method transform algorithm not supported (rfc7636)";
            return back(&redirect, "invalid_request", message, &state);
        }
        if !(43..=128).contains(&challenge.len()) {
            return back(&redirect, "invalid_request", "code_challenge invalid (rfc7636)", &state);
        }
    }
    let Some(user) = session(world, ask).map(str::to_owned) else {
        let to = with_query("/login", &[("then", &ask.uri)]);
        return reply::found(&to);
    };
    if field("error") == "access_denied" {
        return back(&redirect, "access_denied", describe("access_denied"), &state);
    }
    let scope = field("scope");
    let scopes: Vec<String> =
        if scope.is_empty() { vec!["user:full".to_owned()] } else { scope.split(' ').map(str::to_owned).collect() };
    if let Some((at, bad)) =
        scopes.iter().enumerate().find(|(_, scope)| !SCOPES.contains(&scope.as_str()) && !scope.starts_with("role:"))
    {
        // As seen on the real server: the state is not sent back.
        let message = format!("[{at}]: Invalid value: \"{bad}\": no scope handler found");
        return back(&redirect, "invalid_scope", &message, "");
    }
    if let Some(denied) = service_account::denied(&client.id, &scopes) {
        return back(&redirect, "access_denied", &format!("scope denied: {denied}"), &state);
    }
    let approved = world.oauth.approved.contains(&(user.clone(), client.id.clone()));
    if client.prompt && !approved {
        let then = format!("..{}", ask.uri.strip_prefix("/oauth").unwrap_or(&ask.uri));
        let fields = [("client_id", id.as_str()), ("redirect_uri", &redirect), ("scope", &scope), ("then", &then)];
        return reply::redirect(&with_query("authorize/approve", &fields), &[]);
    }
    let code = secret();
    let kept = Code {
        client: client.id,
        redirect: redirect.clone(),
        user,
        scopes,
        challenge: (!challenge.is_empty()).then(|| (challenge, method == "S256")),
    };
    world.oauth.codes.insert(code.clone(), kept);
    reply::redirect(&with_query(&redirect, &[("code", &code), ("state", &state)]), &[])
}

/// The way of the command line: a password, a token in the fragment.
fn challenge(world: &mut World, ask: &Ask) -> Reply {
    if ask.header("x-csrf-token").is_none_or(str::is_empty) {
        let message = "A non-empty X-CSRF-Token header is required to receive basic-auth challenges";
        let warning = format!("199 Origin \"{message}\"");
        return reply::text(401, &format!("{message}\n"), &[("warning", &warning)]);
    }
    match basic(ask) {
        Some((user, password)) if world.oauth.passwords.get(&user) == Some(&password) => {
            let token = world.give_token(&user, CHALLENGING, "", vec!["user:full".to_owned()], None, "");
            let issuer = &world.oauth.issuer;
            let fragment = with_query(
                "",
                &[("access_token", &token), ("expires_in", "86400"), ("scope", "user:full"), ("token_type", "Bearer")],
            );
            let fragment = fragment.trim_start_matches('?');
            reply::redirect(&format!("{issuer}/oauth/token/implicit#{fragment}"), &[])
        }
        _ => reply::empty(401, &[("www-authenticate", "Basic realm=\"openshift\"")]),
    }
}

fn basic(ask: &Ask) -> Option<(String, String)> {
    let encoded = ask.header("authorization")?.strip_prefix("Basic ")?;
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    decoded.split_once(':').map(|(name, secret)| (name.to_owned(), secret.to_owned()))
}

fn login(world: &mut World, ask: &Ask) -> Reply {
    let form = ask.form();
    let field = |name: &str| form.get(name).cloned().unwrap_or_default();
    if world.oauth.passwords.get(&field("username")) != Some(&field("password")) {
        return reply::redirect(&with_query("/login", &[("reason", "access_denied"), ("then", &field("then"))]), &[]);
    }
    let id = secret();
    world.oauth.sessions.insert(id.clone(), field("username"));
    reply::redirect(&field("then"), &[("set-cookie", &format!("ssn={id}; Path=/; HttpOnly"))])
}

fn approve(world: &mut World, ask: &Ask) -> Reply {
    let form = ask.form();
    let field = |name: &str| form.get(name).cloned().unwrap_or_default();
    let Some(user) = session(world, ask).map(str::to_owned) else { return reply::found("/login") };
    let then = format!("/oauth/{}", field("then").trim_start_matches("../"));
    if form.contains_key("approve") {
        world.oauth.approved.push((user, field("client_id")));
        return reply::redirect(&then, &[]);
    }
    reply::redirect(&format!("{then}&error=access_denied"), &[])
}

fn exchange(world: &mut World, ask: &Ask) -> Result<Value, &'static str> {
    let form = ask.form();
    let field = |name: &str| form.get(name).cloned().unwrap_or_default();
    let grant = field("grant_type");
    if !["authorization_code", "refresh_token", "password", "client_credentials"].contains(&grant.as_str()) {
        return Err("unsupported_grant_type");
    }
    let (id, secret) = basic(ask).unwrap_or_else(|| (field("client_id"), field("client_secret")));
    let client = clients(world, &id).into_iter().find(|client| client.secret == secret).ok_or("unauthorized_client")?;
    match grant.as_str() {
        "refresh_token" => return Err("invalid_grant"),
        "password" | "client_credentials" => return Err("access_denied"),
        _ => {}
    }
    let code = field("code");
    if code.is_empty() {
        return Err("invalid_grant");
    }
    let kept = world.oauth.codes.get(&code).cloned().ok_or("unauthorized_client")?;
    if kept.client != client.id {
        return Err("invalid_grant");
    }
    if kept.redirect != field("redirect_uri") {
        return Err("invalid_request");
    }
    if let Some((challenge, hashed)) = &kept.challenge {
        let verifier = field("code_verifier");
        if !(43..=128).contains(&verifier.len()) {
            return Err("invalid_request");
        }
        let seen = if *hashed { URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())) } else { verifier };
        if seen != *challenge {
            return Err("invalid_grant");
        }
    }
    world.oauth.codes.remove(&code);
    let scope = kept.scopes.join(" ");
    let life = client.life;
    let token = world.give_token(&kept.user, &client.id, &kept.redirect, kept.scopes, Some(life), &code);
    Ok(json!({"access_token": token, "expires_in": life.as_secs(), "scope": scope, "token_type": "Bearer"}))
}

fn info(world: &World, ask: &Ask) -> Reply {
    let bearer = ask.query("code").unwrap_or_default();
    let Some(Token { client, scopes, made, life, .. }) = world.people.tokens.get(&bearer) else {
        return reply::json(400, &error_of("invalid_request"));
    };
    let age = (world.clock.now() - made).to_std().unwrap_or_default();
    let left = life.saturating_sub(age).as_secs();
    reply::json(
        200,
        &json!({"access_token": bearer, "client_id": client, "expires_in": left, "scope": scopes.join(" "), "token_type": "Bearer"}),
    )
}

/// Signing out: the owner deletes the object that stands for the token.
pub(crate) fn sign_out(world: &mut World, user: &str, name: &str) -> Result<Value, Failure> {
    let found = super::own_token(world, user, name).map(|(bearer, token)| (bearer.to_owned(), token.uid.clone()));
    let Some((bearer, uid)) = found else {
        return Err(Failure::not_found("useroauthaccesstokens", "oauth.openshift.io", name));
    };
    world.people.tokens.remove(&bearer);
    Ok(json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": {"name": name, "group": "oauth.openshift.io", "kind": "useroauthaccesstokens", "uid": uid},
    }))
}
