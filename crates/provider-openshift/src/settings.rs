//! The provider's own settings.

use alm_build_spi::Finding;
use alm_domain::{Settings, shorten};
use alm_kubernetes::{is_name, is_namespace};
use serde_json::Value;

/// The provider's own settings, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OwnSettings {
    /// Certificates of the cluster.
    pub(crate) ca: Option<String>,
    /// Namespaces in which builds may be made; empty: all.
    namespaces: Vec<String>,
    /// Domains under which Jenkins may be, in lower case; empty: it is never asked.
    jenkins_domains: Vec<String>,
    /// The Route of Jenkins.
    pub(crate) jenkins_route: String,
}

impl OwnSettings {
    /// Reads them.
    ///
    /// # Errors
    /// Every finding, at its key.
    pub(crate) fn of(settings: &Settings) -> Result<Self, Vec<Finding>> {
        let text = |key: &str| settings.get(key).and_then(Value::as_str).map(str::to_owned);
        let mut findings = Vec::new();
        let mut finding = |key: &str, message: String| findings.push(Finding::new(["settings", key], message));
        let namespaces = texts(settings.get("namespaces"));
        for name in &namespaces {
            let stem = name.strip_suffix('*').unwrap_or(name);
            if !(stem.is_empty() && name == "*" || is_namespace(stem.trim_end_matches('-'))) {
                let shown = shorten(name);
                finding(
                    "namespaces",
                    format!("{shown:?} is no namespace: use lower-case letters, digits and `-`, and a `*` at the end"),
                );
            }
        }
        let jenkins_domains: Vec<_> = texts(settings.get("jenkins.domains"))
            .into_iter()
            .map(|domain| domain.trim_start_matches("*.").trim_end_matches('.').to_ascii_lowercase())
            .collect();
        for domain in &jenkins_domains {
            let is_host = url::Host::parse(domain).is_ok_and(|host| host.to_string() == *domain);
            if !is_host {
                let shown = shorten(domain);
                finding(
                    "jenkins.domains",
                    format!("{shown:?} is no domain: write it as apps.example.com, without a scheme, port or path"),
                );
            }
        }
        let jenkins_route = text("jenkins.route").unwrap_or_else(|| "jenkins".to_owned());
        if !is_name(&jenkins_route) {
            finding("jenkins.route", format!("{:?} is no name of a Route", shorten(&jenkins_route)));
        }
        let own = Self { ca: text("cluster.ca"), namespaces, jenkins_domains, jenkins_route };
        if findings.is_empty() { Ok(own) } else { Err(findings) }
    }

    /// Whether builds may be made there.
    pub(crate) fn admits(&self, namespace: &str) -> bool {
        self.namespaces.is_empty()
            || self.namespaces.iter().any(|allowed| match allowed.strip_suffix('*') {
                Some(stem) => namespace.starts_with(stem),
                None => namespace == allowed,
            })
    }

    /// Whether a Jenkins may be at this host.
    pub(crate) fn admits_jenkins(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.jenkins_domains.iter().any(|domain| {
            host == *domain
                || host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.ends_with('.') && rest.len() > 1)
        })
    }

    /// Whether Jenkins may be asked at all.
    pub(crate) const fn knows_jenkins(&self) -> bool {
        !self.jenkins_domains.is_empty()
    }
}

/// The texts of a list.
pub(crate) fn texts(value: Option<&Value>) -> Vec<String> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn own(pairs: &[(&str, Value)]) -> Result<OwnSettings, Vec<Finding>> {
        OwnSettings::of(&pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    }

    #[test]
    fn a_token_goes_to_hosts_below_the_domains_of_the_administrator_only() {
        let own = own(&[("jenkins.domains", json!(["*.Apps.example.test", "127.0.0.1"]))]).unwrap();
        for host in ["jenkins-demo.apps.example.test", "apps.example.test", "A.APPS.EXAMPLE.TEST.", "127.0.0.1"] {
            assert!(own.admits_jenkins(host), "{host}");
        }
        for host in ["evilapps.example.test", "apps.example.test.evil.test", ".apps.example.test", "", "1.127.0.0.1x"] {
            assert!(!own.admits_jenkins(host), "{host}");
        }
        assert!(!OwnSettings::default().admits_jenkins("apps.example.test"), "nothing is allowed unless it is said");
    }

    #[test]
    fn namespaces_are_those_that_are_listed() {
        let own = own(&[("namespaces", json!(["demo", "team-*"]))]).unwrap();
        assert!(own.admits("demo") && own.admits("team-a") && !own.admits("demo2") && !own.admits("tea"));
        assert!(OwnSettings::default().admits("any"));
    }

    #[test]
    fn what_cannot_be_is_found_at_its_key() {
        let bad = [
            ("namespaces", json!(["a b"])),
            ("jenkins.domains", json!(["https://x/"])),
            ("jenkins.route", json!("../x")),
        ];
        let keys: Vec<_> = own(&bad).unwrap_err().into_iter().map(|finding| finding.path[1].clone()).collect();
        assert_eq!(keys, ["namespaces", "jenkins.domains", "jenkins.route"]);
    }
}
