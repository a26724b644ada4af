//! What a Jenkins with protection against CSRF wants to see with a request that changes something. *Documented, unrecorded* (Jenkins'
//! documentation, "CSRF Protection"): since 2.176.2 a crumb counts only within the session in which it was given.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::Deserialize;
use url::Url;

/// Longest answer with a crumb that is read.
pub(super) const LONGEST_CRUMB: usize = 16 << 10;
/// How a crumb is called, by newer and by older versions. No other header is set at Jenkins' word.
const NAMES: [&str; 2] = ["jenkins-crumb", ".crumb"];

/// A crumb, with the session that it belongs to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Crumb {
    name: HeaderName,
    value: HeaderValue,
    session: Option<HeaderValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    crumb: String,
    crumb_request_field: String,
}

/// Where the Jenkins of a run gives crumbs; `None` where the address is none of a run.
pub(super) fn crumb_issuer(run: &Url) -> Option<Url> {
    let (root, _) = run.path().split_once("/job/")?;
    let path = format!("{}/crumbIssuer/api/json", root.trim_end_matches('/'));
    let mut url = run.clone();
    url.set_path(&path);
    Some(url)
}

impl Crumb {
    /// What an answer gives, if it is understood.
    pub(super) fn of(headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let told: Told = serde_json::from_slice(body).ok()?;
        let name = told.crumb_request_field.to_ascii_lowercase();
        let name = NAMES.into_iter().find(|known| *known == name)?;
        let cookie = |value: &HeaderValue| Some(value.to_str().ok()?.split(';').next()?.trim().to_owned());
        let cookies: Vec<String> = headers.get_all(header::SET_COOKIE).iter().filter_map(cookie).collect();
        let mut value = HeaderValue::from_str(&told.crumb).ok()?;
        value.set_sensitive(true);
        let mut session = HeaderValue::from_str(&cookies.join("; ")).ok().filter(|session| !session.is_empty());
        session.iter_mut().for_each(|session| session.set_sensitive(true));
        Some(Self { name: HeaderName::from_bytes(name.as_bytes()).ok()?, value, session })
    }

    /// Puts it into a request.
    pub(super) fn put(&self, headers: &mut HeaderMap) {
        headers.insert(self.name.clone(), self.value.clone());
        if let Some(session) = &self.session {
            headers.insert(header::COOKIE, session.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(field: &str, crumb: &str) -> Option<Crumb> {
        let mut headers = HeaderMap::new();
        headers.append(header::SET_COOKIE, HeaderValue::from_static("JSESSIONID.1=abc; Path=/; HttpOnly"));
        headers.append(header::SET_COOKIE, HeaderValue::from_static("route=b"));
        let body = serde_json::json!({ "crumb": crumb, "crumbRequestField": field });
        Crumb::of(&headers, body.to_string().as_bytes())
    }

    #[test]
    fn a_crumb_goes_with_its_session() {
        let mut headers = HeaderMap::new();
        told("Jenkins-Crumb", "c0ffee").unwrap().put(&mut headers);
        assert_eq!(headers["jenkins-crumb"], "c0ffee");
        assert_eq!(headers[header::COOKIE], "JSESSIONID.1=abc; route=b");
        assert!(told(".crumb", "c0ffee").is_some());
    }

    #[test]
    fn no_other_header_is_set_at_jenkins_word() {
        for (field, crumb) in [("Host", "elsewhere"), ("Authorization", "x"), ("", "x"), ("Jenkins-Crumb", "a\r\nb")] {
            assert_eq!(told(field, crumb), None, "{field:?}");
        }
        assert_eq!(Crumb::of(&HeaderMap::new(), b"<html>"), None);
    }

    #[test]
    fn crumbs_are_given_at_the_root_of_jenkins() {
        let at = |run: &str| crumb_issuer(&run.parse().unwrap()).map(|url| url.to_string());
        assert_eq!(at("https://j.test/job/a/job/b/1/").unwrap(), "https://j.test/crumbIssuer/api/json");
        assert_eq!(at("https://j.test/ci/job/a/1/").unwrap(), "https://j.test/ci/crumbIssuer/api/json");
        assert_eq!(at("https://j.test/else/"), None);
    }
}
