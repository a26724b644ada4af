//! What an administrator allows although it is special.

use std::{fmt, net::IpAddr, str::FromStr};

use alm_domain::shorten;
use ipnet::IpNet;

/// A network or a host that may be connected to although its addresses are not public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exception {
    /// Every address of a network.
    Net(IpNet),
    /// The addresses that this name has at the time, but for link-local ones (where clouds keep their metadata): those have to be
    /// listed as addresses.
    Host(String),
    /// The same for every name under this one.
    Under(String),
}

/// Why a text is no exception.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{value:?} is neither a network (10.0.0.0/8, fd00::/8), nor an address (192.168.1.7), nor a host (gitlab.intern, *.intern)"
)]
pub struct ExceptionError {
    /// What was given, shortened.
    pub value: String,
}

impl Exception {
    pub(super) fn holds_net(&self, address: IpAddr) -> bool {
        matches!(self, Self::Net(net) if net.contains(&address))
    }

    pub(super) fn holds_host(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.');
        match self {
            Self::Net(_) => false,
            Self::Host(name) => host.eq_ignore_ascii_case(name),
            Self::Under(suffix) => host
                .len()
                .checked_sub(suffix.len())
                .and_then(|at| Some((host.get(..at)?, host.get(at..)?)))
                .is_some_and(|(label, rest)| {
                    label.len() > 1 && label.ends_with('.') && rest.eq_ignore_ascii_case(suffix)
                }),
        }
    }
}

impl FromStr for Exception {
    type Err = ExceptionError;

    fn from_str(text: &str) -> Result<Self, ExceptionError> {
        if let Ok(net) = text.parse::<IpNet>() {
            return Ok(Self::Net(net.trunc()));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Net(address.into()));
        }
        let (name, make): (_, fn(String) -> Self) = match text.strip_prefix("*.") {
            Some(suffix) => (suffix, Self::Under),
            None => (text, Self::Host),
        };
        // What the URL parser takes for an address would never be compared as a name.
        match url::Host::parse(name) {
            Ok(url::Host::Domain(domain)) if is_host_name(&domain) => Ok(make(domain)),
            _ => Err(ExceptionError { value: shorten(text) }),
        }
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Net(net) if net.prefix_len() == net.max_prefix_len() => net.addr().fmt(f),
            Self::Net(net) => net.fmt(f),
            Self::Host(name) => f.write_str(name),
            Self::Under(suffix) => write!(f, "*.{suffix}"),
        }
    }
}

fn is_host_name(name: &str) -> bool {
    name.split('.').all(|label| {
        (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    })
}
