//! The cluster that a deployment goes to.

use std::sync::Arc;

use alm_build_spi::{Access, ProviderError};
use alm_domain::shorten;
use alm_kubernetes::{Cluster, Session, Way};
use secrecy::SecretString;
use url::Url;

use super::record::Destination;

/// The cluster that a deployment goes to, under the token of whoever deploys.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) session: Session,
}

impl Target {
    /// Gets ready to ask it.
    ///
    /// # Errors
    /// What is wrong with the environment, with the remedy.
    pub(crate) fn open(way: &Arc<dyn Way>, to: &Destination, token: Option<SecretString>) -> Result<Self, String> {
        let wrong = |why: String| format!("the environment {} cannot be reached: {why}", to.environment);
        let url: Url = to.url.parse().map_err(|_| wrong(format!("{:?} is no address", shorten(&to.url))))?;
        let cluster = Cluster::open(Arc::clone(way), url, to.ca.as_deref()).map_err(wrong)?;
        let session = cluster.session(&Access { token }).map_err(|_| no_token(&to.environment))?;
        Ok(Self { session })
    }
}

fn no_token(environment: &str) -> String {
    format!("there is no token for the environment {environment}: connect an account of it, then promote again")
}

/// Whether two addresses are of the same cluster.
pub(crate) fn is_same(one: &Url, other: &str) -> bool {
    let host = |url: &Url| Some((url.scheme().to_owned(), url.host_str()?.to_owned(), url.port_or_known_default()?));
    other.parse().is_ok_and(|other: Url| host(one).is_some() && host(one) == host(&other))
}

/// What the target's refusal means for people: which environment, and what to do.
pub(crate) fn refused(environment: &str, error: &ProviderError) -> String {
    match error {
        ProviderError::Unauthorized(why) => {
            format!("the environment {environment} does not accept the token: {why}, then promote again")
        }
        ProviderError::Forbidden(why) => {
            format!(
                "in the environment {environment} the account may not do this: {why}; its administrator can allow it"
            )
        }
        other => format!("in the environment {environment}: {other}"),
    }
}
