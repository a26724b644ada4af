//! Service accounts as OAuth clients. *Documented, unrecorded* (OpenShift's documentation, "Using a service account as an OAuth client").

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::OauthClient;
use crate::world::{World, resource_of, text};

/// How its annotations begin that say where it may be redirected to.
const REDIRECT: &str = "serviceaccounts.openshift.io/oauth-redirecturi.";
/// What it may ask for besides roles in its own namespace.
const SCOPES: [&str; 4] = ["user:info", "user:check-access", "user:list-scoped-projects", "user:list-projects"];

/// The client that a service account is, once for each address that it may be redirected to and each of its tokens.
pub(super) fn clients(world: &World, id: &str) -> Vec<OauthClient> {
    let Some((namespace, name)) = account(id) else { return Vec::new() };
    let Some((accounts, secrets)) = resource_of("serviceaccounts").zip(resource_of("secrets")) else {
        return Vec::new();
    };
    let Some(account) = world.get(accounts, namespace, name) else { return Vec::new() };
    let annotations = account["metadata"]["annotations"].as_object().into_iter().flatten();
    let redirects: Vec<String> =
        annotations.filter(|(key, _)| key.starts_with(REDIRECT)).map(|(_, value)| text(value)).collect();
    let is_of = |secret: &&serde_json::Value| {
        secret["type"] == "kubernetes.io/service-account-token"
            && secret["metadata"]["annotations"]["kubernetes.io/service-account.name"] == name
    };
    let tokens: Vec<String> = world
        .in_namespace(secrets, namespace)
        .filter(is_of)
        .filter_map(|secret| String::from_utf8(STANDARD.decode(secret["data"]["token"].as_str()?).ok()?).ok())
        .collect();
    let client = |redirect: &String, secret: &String| OauthClient {
        id: id.to_owned(),
        secret: secret.clone(),
        redirect: redirect.clone(),
        life: Duration::from_secs(86_400),
        prompt: true,
    };
    redirects.iter().flat_map(|redirect| tokens.iter().map(move |token| client(redirect, token))).collect()
}

/// The first of these scopes that the client may not ask for.
pub(super) fn denied<'a>(id: &str, scopes: &'a [String]) -> Option<&'a String> {
    let (namespace, _) = account(id)?;
    let is_own = |scope: &str| {
        let rest = scope.strip_prefix("role:").and_then(|rest| rest.split_once(':'));
        rest.is_some_and(|(_, place)| place.strip_suffix(":!").unwrap_or(place) == namespace)
    };
    scopes.iter().find(|scope| !SCOPES.contains(&scope.as_str()) && !is_own(scope))
}

/// The namespace and the name of the service account that an id names.
fn account(id: &str) -> Option<(&str, &str)> {
    id.strip_prefix("system:serviceaccount:")?.split_once(':')
}
