//! What a pipeline says that it deployed to a namespace, in the annotations that pipelines of fabric8 write.

use std::collections::BTreeMap;

use alm_domain::{is_web_address, shorten};
use alm_kubernetes::is_namespace;
use serde::Deserialize;

use crate::text::shown;

/// How the annotations begin; the rest is a namespace.
pub(crate) const ENVIRONMENT: &str = "environment.services.fabric8.io/";
/// How many of them are read, and how much of each.
const MOST: usize = 20;
const LONGEST: usize = 4096;
/// Longest name of an environment or of what was deployed there.
const LONGEST_NAME: usize = 63;

/// What was deployed to a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeployedTo {
    pub(crate) namespace: String,
    /// What the pipeline calls the environment.
    pub(crate) name: String,
    /// Where what was deployed can be visited, by its name.
    pub(crate) addresses: BTreeMap<String, String>,
    /// Its versions, by its name.
    pub(crate) versions: BTreeMap<String, String>,
}

/// Only what is used.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    environment_name: String,
    #[serde(default)]
    service_urls: Option<BTreeMap<String, String>>,
    #[serde(default)]
    deployment_versions: Option<BTreeMap<String, String>>,
}

/// What a run says that it deployed, by namespace, and what of that cannot be understood, for people.
pub(crate) fn environments(annotations: &BTreeMap<String, String>) -> (Vec<DeployedTo>, Vec<String>) {
    let (mut told, mut broken) = (Vec::new(), Vec::new());
    let texts = annotations.iter().filter_map(|(key, text)| Some((key.strip_prefix(ENVIRONMENT)?, text)));
    for (namespace, text) in texts.take(MOST) {
        match DeployedTo::parse(namespace, text) {
            Ok(one) => told.push(one),
            Err(why) => broken.push(format!(
                "what the pipeline says of the environment {:?} cannot be understood ({ENVIRONMENT}…): {why}",
                shorten(namespace)
            )),
        }
    }
    (told, broken)
}

impl DeployedTo {
    fn parse(namespace: &str, text: &str) -> Result<Self, String> {
        if !is_namespace(namespace) {
            return Err("that is no namespace".to_owned());
        }
        if text.len() > LONGEST {
            return Err(format!("it is longer than {} KiB", LONGEST >> 10));
        }
        let raw: Raw = serde_saphyr::from_str(text).map_err(|error| {
            // The parser draws a picture of where it stopped: the sentence is enough.
            shorten(error.to_string().lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim())
        })?;
        // What the last word of a stage's name can be.
        if !is_plain(&raw.environment_name) || raw.environment_name.contains('.') {
            return Err(format!("{:?} is no name of an environment", shorten(&raw.environment_name)));
        }
        let named = |all: Option<BTreeMap<String, String>>| {
            all.unwrap_or_default().into_iter().filter(|(name, _)| is_plain(name))
        };
        let versions = named(raw.deployment_versions).map(|(name, version)| (name, shown(version.trim())));
        Ok(Self {
            namespace: namespace.to_owned(),
            name: raw.environment_name,
            addresses: named(raw.service_urls).filter(|(_, url)| is_web_address(url)).collect(),
            versions: versions.filter(|(_, version)| !version.is_empty()).collect(),
        })
    }
}

fn is_plain(name: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SEEN: &str = "---\nenvironmentName: \"Run\"\nserviceUrls:\n  myDeploy: \"http://myDeploy-my-run.example.com\"\ndeploymentVersions:\n  myDeploy: \"1.0.3\"\n";

    fn of(text: &str) -> Result<DeployedTo, String> {
        DeployedTo::parse("my-run", text)
    }

    #[test]
    fn names_addresses_and_versions_are_told() {
        let told = of(SEEN).unwrap();
        assert_eq!((told.namespace.as_str(), told.name.as_str()), ("my-run", "Run"));
        assert_eq!(told.addresses["myDeploy"], "http://myDeploy-my-run.example.com");
        assert_eq!(told.versions["myDeploy"], "1.0.3");
        let bare = of("environmentName: Stage\nserviceUrls:\ndeploymentVersions: {web: 1.0}").unwrap();
        assert_eq!((bare.name.as_str(), bare.addresses.len(), bare.versions["web"].as_str()), ("Stage", 0, "1.0"));
    }

    #[test]
    fn only_addresses_of_the_web_and_plain_names_are_taken() {
        let urls = ["javascript:alert(1)", "ftp://x", "http://user@x", "//x", "http://a b"];
        let lines: String = urls.iter().enumerate().map(|(n, url)| format!("  s{n}: \"{url}\"\n")).collect();
        assert!(of(&format!("environmentName: Run\nserviceUrls:\n{lines}")).unwrap().addresses.is_empty());
        let odd = "environmentName: Run\ndeploymentVersions:\n  \"a b\": \"1\"\n  c: \"\"\n  d: \"1\\n2\"\n";
        let kept: Vec<_> = of(odd).unwrap().versions.into_iter().collect();
        assert_eq!(kept, [("d".to_owned(), "1 2".to_owned())]);
    }

    #[test]
    fn what_is_broken_says_how_and_takes_nothing_else_with_it() {
        let broken =
            ["", "environmentName:", "environmentName: \"Run", "environmentName: a b", "  - 1", "{}", "serviceUrls: 1"];
        for text in broken {
            assert!(!of(text).unwrap_err().is_empty(), "{text:?}");
        }
        assert!(of(&format!("environmentName: Run\n#{}", "x".repeat(LONGEST))).unwrap_err().contains("KiB"));
        let (told, broken) = environments(&BTreeMap::from([
            (format!("{ENVIRONMENT}my-run"), SEEN.to_owned()),
            (format!("{ENVIRONMENT}my-stage"), "what?".to_owned()),
            (format!("{ENVIRONMENT}../x"), SEEN.to_owned()),
            ("other".to_owned(), "environmentName: no".to_owned()),
        ]));
        assert_eq!((told.len(), broken.len()), (1, 2), "{broken:?}");
        assert!(broken.iter().any(|why| why.contains("my-stage")), "{broken:?}");
    }

    proptest! {
        #[test]
        fn no_annotation_does_harm(text in "\\PC{0,200}", at in 0usize..200, bite in "\\PC{0,3}") {
            let _ = of(&text);
            let mut bitten = SEEN.to_owned();
            let at = (0..=at.min(bitten.len())).rev().find(|at| bitten.is_char_boundary(*at)).unwrap_or(0);
            bitten.insert_str(at, &bite);
            let _ = of(&bitten);
        }
    }
}
