//! Queries and mutations.

use std::time::Duration;

use alm_domain::shorten;
use reqwest::{StatusCode, header};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{ClientError, Endpoint, error::GraphqlError};

const LARGEST_REPLY: usize = 16 << 20;
const TIMEOUT: Duration = Duration::from_secs(60);

/// A connection pool to one server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    endpoint: Endpoint,
}

#[derive(Serialize)]
struct Request<'a, V> {
    query: &'a str,
    #[serde(rename = "operationName")]
    operation: &'a str,
    variables: V,
}

#[derive(Deserialize)]
struct Reply<T> {
    data: Option<T>,
    #[serde(default)]
    errors: Vec<GraphqlError>,
}

impl Client {
    /// A client of this server.
    ///
    /// # Errors
    /// [`ClientError::Foreign`] when this machine has no usable TLS set-up.
    pub fn new(endpoint: Endpoint) -> Result<Self, ClientError> {
        // No redirects: the token goes to the address that was given, and nowhere else.
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| ClientError::Foreign(chain(&error)))?;
        Ok(Self { http, endpoint })
    }

    /// The server that it talks to.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Runs the one operation of a document.
    pub(super) async fn execute<T: DeserializeOwned>(
        &self,
        operation: &str,
        document: &str,
        variables: impl Serialize,
    ) -> Result<T, ClientError> {
        let request = Request { query: document, operation, variables };
        let body = serde_json::to_vec(&request).map_err(|error| ClientError::Foreign(error.to_string()))?;
        let unreachable = |error: reqwest::Error| ClientError::Unreachable {
            server: self.endpoint.server().to_string(),
            reason: chain(&error.without_url()),
        };
        let mut response = self
            .http
            .post(self.endpoint.http())
            .bearer_auth(self.endpoint.token.expose_secret())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/graphql-response+json, application/json;q=0.9")
            .body(body)
            .send()
            .await
            .map_err(unreachable)?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > LARGEST_REPLY {
                return Err(ClientError::Foreign("it is larger than 16 MiB".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        understand(&self.endpoint, status, &body)
    }
}

fn understand<T: DeserializeOwned>(endpoint: &Endpoint, status: StatusCode, body: &[u8]) -> Result<T, ClientError> {
    match serde_json::from_slice::<Reply<T>>(body) {
        Ok(Reply { errors, .. }) if !errors.is_empty() => Err(errors.into()),
        Ok(Reply { data: Some(data), .. }) if status.is_success() => Ok(data),
        _ if status == StatusCode::UNAUTHORIZED => Err(ClientError::Refused("status 401".to_owned())),
        _ if matches!(status.as_u16(), 502..=504) => Err(ClientError::Unreachable {
            server: endpoint.server().to_string(),
            reason: format!("what stands before it answers with status {status}"),
        }),
        Ok(_) => Err(ClientError::Foreign(format!("status {status}, no data"))),
        Err(error) => {
            Err(ClientError::Foreign(format!("status {status}, {error}: {}", shorten(&String::from_utf8_lossy(body)))))
        }
    }
}

/// An error with everything that led to it.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
        source = error.source();
    }
    text
}
