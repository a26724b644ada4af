//! Why nothing came back.

use std::{error::Error, io};

use alm_domain::shorten;

use super::lookup::Denied;

/// Why a request was not sent, or got no reply. Never holds a part of the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// The policy forbids the address.
    #[error("{host} is not connected to: {reason}")]
    Refused {
        /// The host.
        host: String,
        /// Why, and the remedy.
        reason: String,
    },
    /// Nothing answers there.
    #[error("{host} cannot be reached: {cause}")]
    Unreachable {
        /// The host.
        host: String,
        /// What the system says.
        cause: String,
    },
    /// No answer in time.
    #[error("{host} did not answer in time")]
    TimedOut {
        /// The host.
        host: String,
    },
    /// Its certificate is not trusted.
    #[error(
        "the certificate of {host} is not trusted ({cause}): give the certificate of its authority as the CA bundle"
    )]
    Untrusted {
        /// The host.
        host: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The reply is longer than what is read.
    #[error("the reply of {host} is longer than {longest} bytes")]
    TooLong {
        /// The host.
        host: String,
        /// Longest reply that is read.
        longest: usize,
    },
    /// There is no client at all: the system has no certificates.
    #[error("no connection can be made secure on this machine: {cause}")]
    NoClient {
        /// What the system says.
        cause: String,
    },
}

impl OutboundError {
    /// Whether trying again later may help.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::TimedOut { .. })
    }

    pub(super) fn of(host: &str, error: &reqwest::Error) -> Self {
        let host = host.to_owned();
        let chain = || std::iter::successors(Some(error as &(dyn Error + 'static)), |e| below(*e));
        if let Some(denied) = chain().find_map(|e| e.downcast_ref::<Denied>()) {
            return Self::Refused { host, reason: denied.to_string() };
        }
        if let Some(rustls::Error::InvalidCertificate(problem)) =
            chain().find_map(|e| e.downcast_ref::<rustls::Error>())
        {
            return Self::Untrusted { host, cause: shorten(&problem.to_string()) };
        }
        if error.is_timeout() {
            return Self::TimedOut { host };
        }
        Self::Unreachable { host, cause: deepest(error) }
    }
}

/// What lies below an error; an [`io::Error`] hides what it is made of.
fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

/// What the innermost error says: those above it name the address with everything in it.
pub(super) fn deepest(error: &(dyn Error + 'static)) -> String {
    let innermost = std::iter::successors(Some(error), |e| below(*e)).last().unwrap_or(error);
    match innermost.downcast_ref::<reqwest::Error>() {
        Some(_) => "the connection broke".to_owned(),
        None => shorten(&innermost.to_string()),
    }
}
