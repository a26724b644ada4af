//! How people get a token to enter with.

use serde::Serialize;

/// Whose tokens are taken, and how the pages get one. Open to everybody: it holds no secret.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WaysIn {
    /// Whether the token in the data directory opens.
    pub own_token: bool,
    /// Whether tokens of a cluster are taken.
    pub cluster: bool,
    /// What the pages do to sign somebody in.
    pub sign_in: PageSignIn,
}

/// Whether the pages can sign somebody in.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum PageSignIn {
    /// They cannot: they ask for a token.
    Off,
    /// They could, but what the issuer says of itself is not known at the moment.
    Unavailable,
    /// They can, there.
    On(Box<SignInSite>),
}

/// Where the pages sign somebody in, by authorization code and PKCE, and what they have to say there.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInSite {
    /// The issuer, as it calls itself.
    pub issuer: String,
    /// Whether its answers say who it is (RFC 9207).
    pub names_issuer: bool,
    /// Where people are sent.
    pub authorization_endpoint: String,
    /// Where codes are redeemed.
    pub token_endpoint: String,
    /// Where people sign out of the issuer too, if there is such a place.
    pub end_session_endpoint: Option<String>,
    /// Where the issuer sends people back to.
    pub redirect_uri: String,
    /// The public client that the pages are.
    pub client_id: String,
    /// What they ask for, with blanks between.
    pub scope: String,
    /// For whom the token has to be.
    pub audience: String,
    /// The parameter by which the issuer is asked for that; without one it adds the audience by itself.
    pub audience_parameter: Option<&'static str>,
    /// Scheme, host and port of the token endpoint: where the page that redeems the code has to connect.
    #[serde(skip)]
    pub token_origin: String,
}

impl WaysIn {
    /// The token in the data directory, and nothing else.
    #[must_use]
    pub const fn own_token() -> Self {
        Self { own_token: true, cluster: false, sign_in: PageSignIn::Off }
    }
}
