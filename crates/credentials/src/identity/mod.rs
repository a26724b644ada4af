//! Who a token belongs to.

use alm_domain::shorten;
use reqwest::Method;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::outbound::{CaBundle, Outbound, OutboundError, Reply, Request};

const LONGEST_NAME: usize = 255;
const MOST_GROUPS: usize = 200;

/// Whom to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhoAmI {
    /// The API of an OpenShift cluster: `users/~`.
    OpenShift {
        /// Address of the API.
        api: Url,
    },
    /// The API of a Kubernetes cluster: a `SelfSubjectReview`.
    Kubernetes {
        /// Address of the API.
        api: Url,
    },
    /// The userinfo endpoint of an OpenID Connect issuer.
    Oidc {
        /// Its address.
        userinfo: Url,
    },
}

/// An account at a foreign server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name there.
    pub name: String,
    /// What stays the same when the name changes, where the server says it.
    pub uid: Option<String>,
    /// A name for people.
    pub display_name: Option<String>,
    /// Groups that it is in.
    pub groups: Vec<String>,
}

/// Why nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The token does not work there, or no more.
    #[error("{host} does not accept the token")]
    Unauthorized {
        /// Who was asked.
        host: String,
    },
    /// The token works, but may not ask.
    #[error("{host} does not let the token ask whose it is: it needs the scope user:info (OpenShift) or openid")]
    Forbidden {
        /// Who was asked.
        host: String,
    },
    /// It is not the kind of server that it was taken for.
    #[error("{host} does not answer as a server of this kind does")]
    Unexpected {
        /// Who was asked.
        host: String,
    },
    /// No answer.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
}

impl IdentityError {
    /// Whether trying again later may help.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Outbound(error) if error.is_transient())
    }
}

/// Asks whose token this is.
///
/// # Errors
/// [`IdentityError::Unauthorized`] if it is nobody's.
pub async fn who_am_i(
    outbound: &Outbound,
    whom: &WhoAmI,
    token: &SecretString,
    ca: Option<&CaBundle>,
) -> Result<Account, IdentityError> {
    let (request, read): (_, fn(&Reply) -> Option<Account>) = match whom {
        WhoAmI::OpenShift { api } => (Request::get(below(api, "/apis/user.openshift.io/v1/users/~")), openshift),
        WhoAmI::Kubernetes { api } => {
            let review = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview" });
            let place = below(api, "/apis/authentication.k8s.io/v1/selfsubjectreviews");
            (Request::new(Method::POST, place).json(&review), kubernetes)
        }
        WhoAmI::Oidc { userinfo } => (Request::get(userinfo.clone()), oidc),
    };
    let host = request.url().host_str().unwrap_or_default().to_owned();
    let reply = outbound.send(request.bearer(token), ca).await?;
    match reply.status().as_u16() {
        200..=299 => read(&reply).filter(|account| is_name(&account.name)).ok_or(IdentityError::Unexpected { host }),
        401 => Err(IdentityError::Unauthorized { host }),
        403 => Err(IdentityError::Forbidden { host }),
        status @ (429 | 500..) => {
            Err(OutboundError::Unreachable { host, cause: format!("it answers {status}") }.into())
        }
        _ => Err(IdentityError::Unexpected { host }),
    }
}

fn openshift(reply: &Reply) -> Option<Account> {
    #[derive(Deserialize)]
    struct User {
        kind: String,
        metadata: Metadata,
        #[serde(rename = "fullName")]
        full_name: Option<String>,
        #[serde(default)]
        groups: Option<Vec<String>>,
    }
    #[derive(Deserialize)]
    struct Metadata {
        name: String,
        uid: Option<String>,
    }
    let user = reply.json::<User>().filter(|user| user.kind == "User")?;
    Some(account(user.metadata.name, user.metadata.uid, user.full_name, user.groups))
}

fn kubernetes(reply: &Reply) -> Option<Account> {
    #[derive(Deserialize)]
    struct Review {
        kind: String,
        status: Status,
    }
    #[derive(Deserialize)]
    struct Status {
        #[serde(rename = "userInfo")]
        user: User,
    }
    #[derive(Deserialize)]
    struct User {
        username: String,
        uid: Option<String>,
        #[serde(default)]
        groups: Option<Vec<String>>,
    }
    let review = reply.json::<Review>().filter(|review| review.kind == "SelfSubjectReview")?;
    let user = review.status.user;
    // A cluster that lets strangers ask answers for them too.
    (user.username != "system:anonymous").then(|| account(user.username, user.uid, None, user.groups))
}

fn oidc(reply: &Reply) -> Option<Account> {
    #[derive(Deserialize)]
    struct Claims {
        sub: String,
        preferred_username: Option<String>,
        email: Option<String>,
        name: Option<String>,
    }
    let claims = reply.json::<Claims>()?;
    let name = claims.preferred_username.or(claims.email).unwrap_or_else(|| claims.sub.clone());
    Some(account(name, Some(claims.sub), claims.name, None))
}

fn account(name: String, uid: Option<String>, display_name: Option<String>, groups: Option<Vec<String>>) -> Account {
    Account {
        name,
        uid: uid.filter(|uid| is_name(uid)),
        display_name: display_name.map(|name| shorten(&name)),
        groups: groups.unwrap_or_default().into_iter().filter(|group| is_name(group)).take(MOST_GROUPS).collect(),
    }
}

/// Foreign names are kept and shown as they are, or not at all.
fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len()) && !name.chars().any(char::is_control)
}

fn below(api: &Url, path: &str) -> Url {
    let mut url = api.clone();
    url.set_path(&format!("{}{path}", api.path().trim_end_matches('/')));
    url.set_query(None);
    url
}
