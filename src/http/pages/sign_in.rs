//! Signing in on the pages.

use axum::{
    Extension, Json,
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};

use super::{assets::policy, start::landing};
use crate::http::{PageSignIn, WaysIn, auth::Gate};

/// How people get a token, for the pages.
pub(in crate::http) async fn ways_in(Extension(Gate(gate)): Extension<Gate>) -> Json<WaysIn> {
    Json(gate.ways_in().await)
}

/// Where the issuer sends people back to. The page takes code and state out of the address, and redeems the code; it is the only one
/// that may connect to the issuer.
pub(in crate::http) async fn signed_in(Extension(Gate(gate)): Extension<Gate>, headers: HeaderMap) -> Response {
    let mut response = landing(&headers, "sign-in.html");
    if let PageSignIn::On(site) = gate.ways_in().await.sign_in
        && let Ok(policy) = HeaderValue::try_from(policy(&site.token_origin))
    {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
