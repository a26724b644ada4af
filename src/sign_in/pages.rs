//! What the pages say to the issuer.

use alm_credentials::sign_in::Issuer;
use reqwest::Url;

use crate::http::{PageSignIn, SignInSite};

/// The pages as the issuer knows them: a public client.
#[derive(Debug, Clone)]
pub struct Pages {
    /// What they are called there.
    pub client_id: String,
    /// What they ask for.
    pub scopes: Vec<String>,
    /// The parameter by which they ask for a token for this server; without one the issuer adds the audience by itself.
    pub audience_parameter: Option<&'static str>,
    /// Where the issuer sends people back to: below the address at which people reach this server, never below one of a request.
    pub redirect: Url,
}

impl Pages {
    /// Where they sign somebody in, as far as the issuer says so at this moment.
    pub(super) async fn at(&self, issuer: &Issuer) -> PageSignIn {
        let metadata = match issuer.metadata().await {
            Ok(metadata) => metadata,
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "the pages cannot sign anybody in");
                return PageSignIn::Unavailable;
            }
        };
        PageSignIn::On(Box::new(SignInSite {
            token_origin: metadata.token_endpoint.origin().ascii_serialization(),
            authorization_endpoint: metadata.authorization_endpoint.into(),
            token_endpoint: metadata.token_endpoint.into(),
            end_session_endpoint: metadata.end_session_endpoint.map(Into::into),
            issuer: metadata.issuer,
            names_issuer: metadata.names_issuer,
            redirect_uri: self.redirect.to_string(),
            client_id: self.client_id.clone(),
            scope: self.scopes.join(" "),
            audience: issuer.audience().to_owned(),
            audience_parameter: self.audience_parameter,
        }))
    }
}
