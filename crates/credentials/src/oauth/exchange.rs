//! Tokens for codes, for refresh tokens and for other tokens.

use std::pin::Pin;

use alm_domain::Timestamp;
use oauth2::{
    AsyncHttpClient, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse,
    PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, StandardRevocableToken, TokenUrl,
    basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse},
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    OAuthError, Server, Tokens,
    token::{TokenReply, no_token, read, refusal, tokens, unlike_a_token},
};
use crate::outbound::{CaBundle, Outbound, OutboundError, Request};

/// The kind of grant of RFC 8693.
pub(super) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

type Asker = oauth2::Client<
    BasicErrorResponse,
    TokenReply,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// Tokens for the code that an authorization has brought. `redirect` has to be the address that was given there.
///
/// # Errors
/// [`OAuthError::InvalidGrant`] or [`OAuthError::InvalidClient`] for a code that was used before.
pub async fn exchange(
    server: &Server<'_>,
    code: &SecretString,
    verifier: &SecretString,
    redirect: &Url,
    now: Timestamp,
) -> Result<Tokens, OAuthError> {
    let asker = asker(server).set_redirect_uri(RedirectUrl::from_url(redirect.clone()));
    let reply = asker
        .exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().to_owned()))
        .request_async(&WayOut::of(server))
        .await;
    finish(server, reply, &[code, verifier], now)
}

/// New tokens for a refresh token. The caller makes sure that nobody else does the same at the same time, and stores what comes back
/// before it is used: the old refresh token may have ended with this call.
///
/// # Errors
/// [`OAuthError::InvalidGrant`] if the user has to be asked again.
pub async fn refresh(server: &Server<'_>, refresh: &SecretString, now: Timestamp) -> Result<Tokens, OAuthError> {
    let asker = asker(server);
    let token = RefreshToken::new(refresh.expose_secret().to_owned());
    let reply = asker.exchange_refresh_token(&token).request_async(&WayOut::of(server)).await;
    finish(server, reply, &[refresh], now)
}

/// A token for another audience in exchange for the user's own (RFC 8693).
///
/// # Errors
/// [`OAuthError::Unsupported`] if the server does not offer it.
pub async fn exchange_token(
    server: &Server<'_>,
    own: &SecretString,
    audience: Option<&str>,
    now: Timestamp,
) -> Result<Tokens, OAuthError> {
    if !server.metadata.exchanges_tokens() {
        return Err(OAuthError::Unsupported("token exchange"));
    }
    let scopes = server.client.scopes.join(" ");
    let mut fields = vec![
        ("grant_type", TOKEN_EXCHANGE),
        ("subject_token", own.expose_secret()),
        ("subject_token_type", ACCESS_TOKEN),
        ("requested_token_type", ACCESS_TOKEN),
    ];
    fields.extend(audience.map(|audience| ("audience", audience)));
    if !scopes.is_empty() {
        fields.push(("scope", &scopes));
    }
    let request = server.form(&server.metadata.token_endpoint, &fields);
    let reply = server.outbound.send(request, server.ca).await?;
    available(host(server), reply.status().as_u16())?;
    let secrets = with_client(server, &[own]);
    match reply.status().is_success() {
        true => read(reply.body(), &server.client.scopes, &secrets, now),
        false => Err(unlike_a_token(reply.body(), &secrets)),
    }
}

fn asker(server: &Server<'_>) -> Asker {
    let id = ClientId::new(server.client.id.clone());
    let asker = oauth2::Client::new(id)
        .set_auth_type(server.authentication())
        .set_token_uri(TokenUrl::from_url(server.metadata.token_endpoint.clone()));
    match &server.client.secret {
        Some(secret) => asker.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned())),
        None => asker,
    }
}

/// The way out, as the protocol's library takes it. It borrows nothing, so that whoever waits for tokens can be moved between threads.
struct WayOut {
    outbound: Outbound,
    ca: Option<CaBundle>,
    host: String,
}

impl WayOut {
    fn of(server: &Server<'_>) -> Self {
        Self { outbound: server.outbound.clone(), ca: server.ca.cloned(), host: host(server) }
    }
}

impl AsyncHttpClient<'_> for WayOut {
    type Error = SendError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, SendError>> + Send>>;

    fn call(&self, request: HttpRequest) -> Self::Future {
        Box::pin(send(self.outbound.clone(), self.ca.clone(), self.host.clone(), request))
    }
}

async fn send(
    outbound: Outbound,
    ca: Option<CaBundle>,
    host: String,
    request: HttpRequest,
) -> Result<HttpResponse, SendError> {
    let (head, body) = request.into_parts();
    let url = head.uri.to_string().parse::<Url>().map_err(|_| SendError::Malformed)?;
    let mut out = Request::new(head.method, url).body("application/x-www-form-urlencoded", body);
    for (name, mut value) in head.headers.into_iter().filter_map(|(name, value)| Some((name?, value))) {
        value.set_sensitive(true);
        out = out.header(name, value);
    }
    let reply = outbound.send(out, ca.as_ref()).await?;
    available(host, reply.status().as_u16())?;
    let (status, headers, body) = reply.into_parts();
    let mut response = HttpResponse::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    #[error("the address of the token endpoint cannot be used")]
    Malformed,
}

fn host(server: &Server<'_>) -> String {
    server.metadata.token_endpoint.host_str().unwrap_or_default().to_owned()
}

/// A server that is out of order has not answered, whatever it writes.
fn available(host: String, status: u16) -> Result<(), OutboundError> {
    if status < 500 && status != 429 {
        return Ok(());
    }
    Err(OutboundError::Unreachable { host, cause: format!("it answers {status}") })
}

fn finish(
    server: &Server<'_>,
    reply: Result<TokenReply, RequestTokenError<SendError, BasicErrorResponse>>,
    sent: &[&SecretString],
    now: Timestamp,
) -> Result<Tokens, OAuthError> {
    match reply {
        Ok(reply) => tokens(&reply, &server.client.scopes, now),
        Err(RequestTokenError::ServerResponse(reply)) => Err(refusal(&reply, &with_client(server, sent))),
        Err(RequestTokenError::Request(SendError::Outbound(error))) => Err(error.into()),
        Err(RequestTokenError::Request(SendError::Malformed)) => Err(no_token()),
        // Some servers answer 200 and an error.
        Err(RequestTokenError::Parse(_, body)) => Err(unlike_a_token(&body, &with_client(server, sent))),
        Err(RequestTokenError::Other(_)) => Err(no_token()),
    }
}

fn with_client<'a>(server: &'a Server<'_>, sent: &[&'a SecretString]) -> Vec<&'a SecretString> {
    sent.iter().copied().chain(&server.client.secret).collect()
}
