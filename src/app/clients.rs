//! Use cases about OAuth clients: how this service is known to the OAuth servers of clusters.

use alm_domain::{EnvironmentId, OAuthClient, OAuthClientId, Principal, Sealed, TokenMode};
use alm_store::{StoreError, client_secret_binding};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use super::{
    App, AppError, FieldProblem,
    environments::{Problems, normal_url, origin_of},
};

const LONGEST_ID: usize = 500;
const LONGEST_SECRET: usize = 8 * 1024;
const MOST_SCOPES: usize = 50;
const MOST_HOSTS: usize = 20;

/// What an OAuth client is made of; `None` leaves a field as it is, an empty text takes it away.
#[derive(Debug, Default)]
pub struct ClientFields {
    /// The name of this service over there.
    pub client_id: Option<String>,
    /// The secret that belongs to it.
    pub client_secret: Option<SecretString>,
    /// What is asked for.
    pub scopes: Option<Vec<String>>,
    /// The OAuth server, where it is not found by asking the cluster.
    pub issuer: Option<String>,
    /// Other hosts that may be given codes and tokens.
    pub token_hosts: Option<Vec<String>>,
    /// In which ways people may use their own sign-in there.
    pub own_token: Option<Vec<TokenMode>>,
    /// Whether a sign-in that was issued for this service alone may be sent there as it is.
    pub forward_tokens_for_us: Option<bool>,
    /// What the clusters are called by the issuer.
    pub audience: Option<String>,
}

impl App {
    /// Registers the OAuth client of an origin.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`] with every value at fault, [`AppError::Taken`].
    pub async fn register_oauth_client(
        &self,
        principal: &Principal,
        origin: &str,
        fields: ClientFields,
    ) -> Result<OAuthClient, AppError> {
        administrator(principal)?;
        let origin = normal_url(origin, &["origin"])?;
        let origin = origin_of(&origin).ok_or_else(|| {
            AppError::invalid(["origin"], "has no scheme, host and port: write https://api.example.org:6443")
        })?;
        let (client, secret) = self.made(OAuthClientId::generate(&*self.inner.ids), origin, None, fields, &[])?;
        let registered = self.store().register_oauth_client(principal, client, secret.as_ref()).await;
        let registered = registered.map_err(|error| match error {
            StoreError::Taken { .. } => AppError::Taken(FieldProblem::new(
                ["origin"],
                "has a client already: change that one, or remove it first",
            )),
            error => error.into(),
        })?;
        self.inner.connections.own.forget_who_looked();
        Ok(registered)
    }

    /// Changes the OAuth client of an origin.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`], [`AppError::Invalid`], [`AppError::Stale`].
    pub async fn update_oauth_client(
        &self,
        principal: &Principal,
        id: OAuthClientId,
        fields: ClientFields,
        expected: Option<u64>,
    ) -> Result<OAuthClient, AppError> {
        administrator(principal)?;
        let missing = || AppError::not_found("clientId", "OAuth client");
        let found = self.store().oauth_clients(principal).await?.into_iter().find(|client| client.id == id);
        let before = found.ok_or_else(missing)?;
        let takes_secret = fields.client_secret.as_ref().is_some_and(|secret| secret.expose_secret().is_empty());
        let (changed, secret) = self.changed_client(before, fields, &[])?;
        let update = self.store().update_oauth_client(principal, id, expected, secret.as_ref(), move |client| {
            client.client_id = changed.client_id;
            client.scopes = changed.scopes;
            client.issuer = changed.issuer;
            client.token_hosts = changed.token_hosts;
            client.own_token = changed.own_token;
            client.forward_tokens_for_us = changed.forward_tokens_for_us;
            client.audience = changed.audience;
            client.has_secret &= !takes_secret;
        });
        let updated = update.await.map_err(|error| match error {
            StoreError::NotFound => missing(),
            error => error.into(),
        })?;
        self.inner.connections.own.forget_who_looked();
        Ok(updated)
    }

    /// Removes the OAuth client of an origin. What was connected by it works on until it ends, and is not renewed.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`], [`AppError::Stale`].
    pub async fn remove_oauth_client(
        &self,
        principal: &Principal,
        id: OAuthClientId,
        expected: Option<u64>,
    ) -> Result<(), AppError> {
        administrator(principal)?;
        self.store().remove_oauth_client(principal, id, expected).await.map_err(|error| match error {
            StoreError::NotFound => AppError::not_found("clientId", "OAuth client"),
            error => error.into(),
        })
    }

    /// The OAuth client that is given with an environment: it may name no other hosts, which only an administrator allows.
    pub(super) fn client_of_environment(
        &self,
        environment: EnvironmentId,
        url: &str,
        fields: ClientFields,
    ) -> Result<(OAuthClient, Option<Sealed>), AppError> {
        let origin = origin_of(url).unwrap_or_else(|| url.to_owned());
        self.made(OAuthClientId::generate(&*self.inner.ids), origin, Some(environment), fields, &["client"])
    }

    fn made(
        &self,
        id: OAuthClientId,
        origin: String,
        environment: Option<EnvironmentId>,
        fields: ClientFields,
        path: &[&str],
    ) -> Result<(OAuthClient, Option<Sealed>), AppError> {
        let client = OAuthClient {
            id,
            revision: 1,
            origin,
            environment,
            client_id: None,
            has_secret: false,
            issuer: None,
            scopes: Vec::new(),
            token_hosts: Vec::new(),
            own_token: Vec::new(),
            forward_tokens_for_us: false,
            audience: None,
            created_at: self.clock().now(),
        };
        let (mut client, secret) = self.changed_client(client, fields, path)?;
        client.has_secret = secret.is_some();
        Ok((client, secret))
    }

    fn changed_client(
        &self,
        mut client: OAuthClient,
        fields: ClientFields,
        path: &[&str],
    ) -> Result<(OAuthClient, Option<Sealed>), AppError> {
        let mut problems = Problems::default();
        let printable = |text: &str| text.chars().all(|c| c.is_ascii_graphic());
        let mut bad = |field: &str, message: String| problems.add(at(path, field), message);
        if let Some(id) = fields.client_id {
            if id.is_empty() || id.len() > LONGEST_ID || !printable(&id) {
                bad("clientId", format!("must have 1 to {LONGEST_ID} printable characters without blanks"));
            }
            client.client_id = Some(id);
        }
        if let Some(scopes) = fields.scopes {
            if scopes.len() > MOST_SCOPES || scopes.iter().any(|s| s.is_empty() || s.len() > 200 || !printable(s)) {
                bad("scopes", format!("must be at most {MOST_SCOPES} words of printable characters"));
            }
            client.scopes = scopes;
        }
        if let Some(hosts) = fields.token_hosts {
            let is_host = |host: &String| {
                Url::parse(&format!("https://{host}/")).is_ok_and(|url| url.path() == "/" && url.host_str().is_some())
                    && !host.contains(['/', '@', '?', '#', '\\'])
            };
            if hosts.len() > MOST_HOSTS || !hosts.iter().all(is_host) {
                bad(
                    "tokenHosts",
                    format!("must be at most {MOST_HOSTS} hosts such as sso.example.org or sso.example.org:8443"),
                );
            }
            client.token_hosts = hosts;
        }
        if let Some(mut modes) = fields.own_token {
            modes.sort_by_key(|mode| TokenMode::ALL.iter().position(|known| known == mode));
            modes.dedup();
            if modes.contains(&TokenMode::Grant) {
                bad("ownToken", "GRANT needs no consent, people connect accounts anyway: leave it out".to_owned());
            }
            client.own_token = modes;
        }
        if let Some(forward) = fields.forward_tokens_for_us {
            client.forward_tokens_for_us = forward;
        }
        if let Some(audience) = fields.audience {
            if audience.len() > LONGEST_ID || !printable(&audience) {
                bad("audience", format!("must have at most {LONGEST_ID} printable characters without blanks"));
            }
            client.audience = Some(audience).filter(|audience| !audience.is_empty());
        }
        if client.client_id.is_none() && client.own_token != [TokenMode::SameToken] {
            let why = "is missing: give the name of this service over there; only where people use their own sign-in as it is \
                       (ownToken: [SAME_TOKEN]) there need be none";
            bad("clientId", why.to_owned());
        }
        let secret = fields.client_secret.filter(|secret| !secret.expose_secret().is_empty());
        if let Some(text) = secret.as_ref().map(ExposeSecret::expose_secret)
            && (text.len() > LONGEST_SECRET || !text.chars().all(|c| !c.is_control()))
        {
            bad("clientSecret", format!("must have at most {LONGEST_SECRET} bytes, and no control characters"));
        }
        if let Some(issuer) = fields.issuer {
            client.issuer = match issuer.is_empty() {
                true => None,
                false => problems
                    .check(normal_url(&issuer, &at(path, "issuer").iter().map(String::as_str).collect::<Vec<_>>())),
            };
        }
        problems.none()?;
        let sealed = match secret {
            Some(secret) => Some(self.vault().seal(&client_secret_binding(client.id), &secret)?),
            None => None,
        };
        Ok((client, sealed))
    }
}

fn at(path: &[&str], field: &str) -> Vec<String> {
    path.iter().copied().chain([field]).map(str::to_owned).collect()
}

fn administrator(principal: &Principal) -> Result<(), AppError> {
    match principal.may_administer() {
        true => Ok(()),
        false => Err(AppError::Forbidden("this needs an administrator".to_owned())),
    }
}
