//! What an authorization server says of itself (RFC 8414, OpenID Connect Discovery).

use serde::Deserialize;
use url::Url;

use super::OAuthError;

/// The metadata of an authorization server, of which the following holds: every address is https (or http on this machine itself),
/// names no user, and is on the host that was asked or on one that was consented to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Who it is: compared with `iss` as it stands.
    pub issuer: String,
    /// Where users are sent.
    pub authorization_endpoint: Url,
    /// Where tokens come from.
    pub token_endpoint: Url,
    /// Where tokens are revoked (RFC 7009).
    pub revocation_endpoint: Option<Url>,
    /// Who a token belongs to (OpenID Connect).
    pub userinfo_endpoint: Option<Url>,
    /// Where users sign out; left out where it leads to a host without consent.
    pub end_session_endpoint: Option<Url>,
    /// The keys that sign its tokens.
    pub jwks_uri: Option<Url>,
    /// Scopes that it names.
    pub scopes: Vec<String>,
    /// Kinds of grants; empty where it does not say.
    pub grant_types: Vec<String>,
    /// How clients show who they are; empty where it does not say.
    pub client_authentication: Vec<String>,
    /// Whether its answers to authorizations say who it is (RFC 9207).
    pub names_issuer: bool,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
    userinfo_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
    jwks_uri: Option<String>,
    #[serde(default)]
    scopes_supported: Vec<String>,
    #[serde(default)]
    grant_types_supported: Vec<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// The metadata that a document holds, for whoever asked `asked` for it.
    ///
    /// The issuer has to be who was asked. Where it is another one (as on OpenShift, where the cluster's API answers for the OAuth
    /// server), its host needs consent, and then every address has to be on hosts with consent: so nobody can send another server's
    /// codes to himself. `consented` are hosts (`sso.example`, or `sso.example:8443` for one port) that an administrator allows for
    /// the address that was asked, and for no other.
    ///
    /// # Errors
    /// [`OAuthError::Metadata`] and [`OAuthError::NoConsent`] name the field; [`OAuthError::Unsupported`] if there is no PKCE.
    pub fn read(document: &[u8], asked: &Url, consented: &[String]) -> Result<Self, OAuthError> {
        let address = origin(asked);
        let problem = |problem: &str| OAuthError::Metadata { address: address.clone(), problem: problem.to_owned() };
        let document: Document = serde_json::from_slice(document)
            .map_err(|_| problem("it is not a JSON object with an issuer and addresses as texts"))?;
        let issuer = document.issuer;
        let issuer_url = Url::parse(&issuer).map_err(|_| problem("its issuer is not an address"))?;
        if issuer.len() > 512 || issuer_url.query().is_some() || issuer_url.fragment().is_some() {
            return Err(problem("its issuer is longer than 512 characters, or has a query or a fragment"));
        }
        let is_asked = issuer.trim_end_matches('/') == asked.as_str().trim_end_matches('/');
        let place = Place { address: &address, asked, is_asked, consented };
        if !is_asked {
            place.accept("issuer", &issuer_url)?;
        }
        if document.code_challenge_methods_supported.is_some_and(|methods| !methods.iter().any(|m| m == "S256")) {
            return Err(OAuthError::Unsupported("PKCE with S256"));
        }
        let mandatory = |what, text: Option<String>| match text {
            Some(text) => place.read(what, &text),
            None => Err(problem(&format!("it has no {what}"))),
        };
        let optional = |what, text: Option<String>| text.map(|text| place.read(what, &text)).transpose();
        Ok(Self {
            authorization_endpoint: mandatory("authorization_endpoint", document.authorization_endpoint)?,
            token_endpoint: mandatory("token_endpoint", document.token_endpoint)?,
            revocation_endpoint: optional("revocation_endpoint", document.revocation_endpoint)?,
            userinfo_endpoint: optional("userinfo_endpoint", document.userinfo_endpoint)?,
            end_session_endpoint: optional("end_session_endpoint", document.end_session_endpoint).ok().flatten(),
            jwks_uri: optional("jwks_uri", document.jwks_uri)?,
            issuer,
            scopes: document.scopes_supported,
            grant_types: document.grant_types_supported,
            client_authentication: document.token_endpoint_auth_methods_supported,
            names_issuer: document.authorization_response_iss_parameter_supported,
        })
    }

    /// Whether it offers token exchange (RFC 8693).
    #[must_use]
    pub fn exchanges_tokens(&self) -> bool {
        self.grant_types.iter().any(|kind| kind == super::exchange::TOKEN_EXCHANGE)
    }
}

/// Where addresses of the metadata may lead.
struct Place<'a> {
    address: &'a str,
    asked: &'a Url,
    is_asked: bool,
    consented: &'a [String],
}

impl Place<'_> {
    fn read(&self, what: &'static str, text: &str) -> Result<Url, OAuthError> {
        let problem = |problem: &str| OAuthError::Metadata {
            address: self.address.to_owned(),
            problem: format!("its {what} {problem}"),
        };
        let url = Url::parse(text).map_err(|_| problem("is not an address"))?;
        if text.len() > 2048 || url.fragment().is_some() {
            return Err(problem("is longer than 2048 characters, or has a fragment"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(problem("names a user"));
        }
        if !(url.scheme() == "https" || url.scheme() == "http" && is_this_machine(&url)) {
            return Err(problem("is not an https address"));
        }
        self.accept(what, &url)?;
        Ok(url)
    }

    fn accept(&self, what: &'static str, url: &Url) -> Result<(), OAuthError> {
        let own = self.is_asked && url.origin() == self.asked.origin();
        if own || self.consented.iter().any(|host| is_host(url, host)) {
            return Ok(());
        }
        Err(OAuthError::NoConsent { address: self.address.to_owned(), host: host_and_port(url), what })
    }
}

/// Whether an address is on this host (`sso.example`, or `sso.example:8443` for one port alone).
#[must_use]
pub fn is_host(url: &Url, host: &str) -> bool {
    url.host_str().is_some_and(|own| own.eq_ignore_ascii_case(host)) || host_and_port(url).eq_ignore_ascii_case(host)
}

fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Whether an address leads to this machine itself, where no one else can listen in.
#[must_use]
pub fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// An address as it may be shown: without a path, a query or a user.
pub(super) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}
