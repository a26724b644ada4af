//! Addresses of clusters, in the one form in which they are stored and compared.

use alm_credentials::oauth::is_this_machine;
use alm_domain::shorten;
use reqwest::Url;

use crate::app::AppError;

/// Longest address.
const LONGEST: usize = 1_000;

/// The address of a cluster in normal form: https (http on this machine only), a host, no credentials, query and fragment, no `/` at
/// its end.
pub(in crate::app) fn normal_url(text: &str, path: &[&str]) -> Result<String, AppError> {
    let bad = |problem: &str| {
        let message = format!("{:?} {problem}", shorten(text));
        Err(AppError::invalid(path.iter().copied(), message))
    };
    if text.len() > LONGEST {
        return bad("is too long for the address of a cluster");
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        return bad(
            "holds blanks, backslashes or control characters: write an address such as https://api.example.org:6443",
        );
    }
    let Ok(mut url) = Url::parse(text) else {
        return bad("is not an address: write one such as https://api.example.org:6443");
    };
    if !url.username().is_empty() || url.password().is_some() {
        return bad("holds credentials: leave them out, accounts are connected later");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return bad("has a query or a fragment: leave them out");
    }
    match url.scheme() {
        "https" => {}
        "http" if is_this_machine(&url) => {}
        "http" => return bad("is not encrypted, and tokens are sent there: use https"),
        _ => return bad("is not an address of the web: use https"),
    }
    if url.host_str().is_none_or(str::is_empty) {
        return bad("names no host: write an address such as https://api.example.org:6443");
    }
    let trimmed = url.path().trim_end_matches('/').to_owned();
    url.set_path(&trimmed);
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Scheme, host and port of an address, as an OAuth client is registered for; `None` where there is none.
pub(in crate::app) fn origin_of(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let origin = url.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

/// A host with or without a port. An empty text is none.
pub(super) fn registry_host(text: Option<String>) -> Result<Option<String>, AppError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let url = Url::parse(&format!("https://{text}")).ok();
    let is_host = text.len() <= LONGEST
        && !text.contains(['/', '\\', '@', '?', '#'])
        && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    match url.as_ref().and_then(|url| Some((url.host_str()?, url.port()))) {
        Some((host, port)) if is_host => {
            Ok(Some(port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))))
        }
        _ => Err(AppError::invalid(
            ["registryHost"],
            format!("{:?} is not a host: write one such as registry.example.org:5000", shorten(&text)),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_mean_the_same_are_the_same() {
        for (text, normal) in [
            ("https://API.Example.org", "https://api.example.org"),
            ("https://api.example.org:443/", "https://api.example.org"),
            ("https://api.example.org:6443//", "https://api.example.org:6443"),
            ("https://rancher.example.org/k8s/clusters/c-1/", "https://rancher.example.org/k8s/clusters/c-1"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080/", "http://[::1]:8080"),
        ] {
            assert_eq!(normal_url(text, &["url"]).unwrap(), normal, "{text}");
        }
        assert_eq!(origin_of("https://a.example:443/x").as_deref(), Some("https://a.example"));
    }

    #[test]
    fn what_is_no_safe_address_is_refused() {
        for text in [
            "",
            "api.example.org",
            "http://api.example.org",
            "http://127.0.0.1.example.org",
            "ftp://api.example.org",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https://",
            "https://user@api.example.org",
            "https://user:secret@api.example.org",
            "https://api.example.org?x=1",
            "https://api.example.org/#x",
            "https://api.example.org\\@evil.example",
            "https://api.example.org /x",
            "https://api.example.org\n",
            &format!("https://{}.example", "a".repeat(2_000)),
        ] {
            assert!(normal_url(text, &["url"]).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_registry_is_a_host() {
        let host = |text: &str| registry_host(Some(text.to_owned()));
        assert_eq!(host("registry.example.org:5000").unwrap().as_deref(), Some("registry.example.org:5000"));
        assert_eq!(host("").unwrap(), None);
        for text in ["https://registry.example.org", "a/b", "a b", "u@h", "h:99999", "h\n"] {
            assert!(host(text).is_err(), "{text:?}");
        }
    }
}
