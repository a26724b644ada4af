//! Where Jenkins is, and whether it may be given a token.

use alm_build_spi::ProviderError;
use alm_domain::shorten;
use alm_kubernetes::Session;
use serde_json::Value;
use url::Url;

use super::BUILD_URI;
use crate::{build::Build, kinds, settings::OwnSettings};

/// The address of a run at Jenkins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RunAddress {
    /// Jenkins has not taken the build yet.
    NotYet,
    /// It is not asked, for this reason.
    Refused(String),
    /// There; ends with `/`.
    At(Url),
}

/// Finds out where the run of a build is. The address stands in an annotation, which members of the namespace can write: it is
/// believed only where the host is the one of Jenkins' Route in this namespace, and below a domain that the administrator allows.
///
/// # Errors
/// Those of the cluster, but for a Route that is not there or may not be read: then the address is refused.
pub(crate) async fn locate(session: &Session, own: &OwnSettings, build: &Build) -> Result<RunAddress, ProviderError> {
    let Some(text) = build.annotations.get(BUILD_URI) else {
        return Ok(match own.knows_jenkins() {
            true => RunAddress::NotYet,
            false => RunAddress::Refused(NO_DOMAINS.to_owned()),
        });
    };
    if !own.knows_jenkins() {
        return Ok(RunAddress::Refused(NO_DOMAINS.to_owned()));
    }
    let url = match run_url(text) {
        Ok(url) => url,
        Err(why) => return Ok(RunAddress::Refused(why)),
    };
    let host = url.host_str().unwrap_or_default();
    if !own.admits_jenkins(host) {
        let shown = shorten(host);
        return Ok(RunAddress::Refused(format!(
            "the run is said to be at {shown}, which is below no domain that the administrator allows (jenkins.domains)"
        )));
    }
    let routes = session.api(&build.place.namespace, &kinds::routes());
    let route = &own.jenkins_route;
    let found = match session.find(routes.get(route)).await {
        Ok(found) => found,
        Err(ProviderError::Forbidden(_)) => None,
        Err(error) => return Err(error),
    };
    let at = found.as_ref().and_then(|found| found.data.pointer("/spec/host")).and_then(Value::as_str);
    let is_same = at.is_some_and(|at| {
        at.eq_ignore_ascii_case(host)
            || url.port().is_some_and(|port| at.eq_ignore_ascii_case(&format!("{host}:{port}")))
    });
    if is_same {
        return Ok(RunAddress::At(url));
    }
    let shown = shorten(host);
    let reason = match at {
        Some(at) => {
            format!("the run is said to be at {shown}, but the Route {route} of its namespace leads to {}", shorten(at))
        }
        None => format!(
            "the run is said to be at {shown}, but its namespace has no Route {route} that the account may read"
        ),
    };
    Ok(RunAddress::Refused(reason))
}

const NO_DOMAINS: &str = "the administrator has not said under which domains Jenkins may be (jenkins.domains)";

/// The address of a run, if it is one that requests can be made of.
fn run_url(text: &str) -> Result<Url, String> {
    let odd = || format!("the address of the run is none: {:?}", shorten(text));
    let mut url: Url = text.parse().map_err(|_| odd())?;
    let is_plain = matches!(url.scheme(), "https" | "http")
        && url.host_str().is_some()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
        && text.len() <= 2048;
    if !is_plain {
        return Err(odd());
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_lead_a_token_elsewhere_is_no_address() {
        assert_eq!(run_url("https://j.example.test/job/a/1").unwrap().as_str(), "https://j.example.test/job/a/1/");
        for odd in [
            "",
            "j.example.test",
            "ftp://j/",
            "https://user@j/",
            "https://j/?a=b",
            "https://j/#x",
            "javascript:x",
            "https://",
        ] {
            assert!(run_url(odd).is_err(), "{odd:?}");
        }
    }
}
