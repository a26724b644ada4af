//! Who asks, and whom.

use oauth2::AuthType;
use secrecy::{ExposeSecret, SecretString};

use super::Metadata;
use crate::outbound::{CaBundle, Outbound, Request};

/// An OAuth client as the administrator has registered it at an authorization server. Cannot print its secret.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its id there.
    pub id: String,
    /// Its secret; `None` for a public client.
    pub secret: Option<SecretString>,
    /// What is asked for.
    pub scopes: Vec<String>,
}

/// An authorization server, and everything that a call of it needs.
#[derive(Debug, Clone, Copy)]
pub struct Server<'a> {
    /// The way there.
    pub outbound: &'a Outbound,
    /// What it says of itself.
    pub metadata: &'a Metadata,
    /// Who asks.
    pub client: &'a Client,
    /// Certificates that are trusted along with those of the system.
    pub ca: Option<&'a CaBundle>,
}

impl Server<'_> {
    /// How the client shows who it is: in the header if the server takes that, or says nothing.
    ///
    /// A server that says nothing and a client whose name is changed by the header's encoding (OpenShift's
    /// `system:serviceaccount:…`) do not get along: servers disagree about that encoding, and the body has no such trouble.
    pub(super) fn authentication(&self) -> AuthType {
        let methods = &self.metadata.client_authentication;
        let offers = |method: &str| methods.iter().any(|m| m == method);
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
        let in_header = match methods.is_empty() {
            true => plain(&self.client.id) && self.client.secret.as_ref().is_none_or(|s| plain(s.expose_secret())),
            false => offers("client_secret_basic") || !offers("client_secret_post"),
        };
        if in_header { AuthType::BasicAuth } else { AuthType::RequestBody }
    }

    /// A request with a form, in which the client shows who it is.
    pub(super) fn form(&self, url: &url::Url, fields: &[(&str, &str)]) -> Request {
        let request = Request::new(reqwest::Method::POST, url.clone());
        let mut fields = fields.to_vec();
        match (&self.client.secret, self.authentication()) {
            (Some(secret), AuthType::BasicAuth) => request.form(&fields).basic(&self.client.id, secret),
            (Some(secret), _) => {
                fields.extend([("client_id", self.client.id.as_str()), ("client_secret", secret.expose_secret())]);
                request.form(&fields)
            }
            (None, _) => {
                fields.push(("client_id", &self.client.id));
                request.form(&fields)
            }
        }
    }
}
