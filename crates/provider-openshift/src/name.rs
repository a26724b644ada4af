//! Names that this provider gives out, and takes back.

use std::fmt;

use alm_build_spi::{ConfigRef, ProviderError, RunRef};
use alm_domain::shorten;
use alm_kubernetes::{is_name, is_namespace};

/// An object of the cluster: `NAMESPACE/NAME@UID`. The uid is part of it, since the cluster gives names again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) uid: String,
}

impl Place {
    /// The place that a text names, if it names one.
    fn parse(text: &str) -> Option<Self> {
        let (path, uid) = text.split_once('@')?;
        let (namespace, name) = path.split_once('/')?;
        let is_uid = !uid.is_empty() && uid.len() <= 64 && uid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        (is_namespace(namespace) && is_name(name) && is_uid).then(|| Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            uid: uid.to_owned(),
        })
    }

    /// The build configuration that this names.
    ///
    /// # Errors
    /// [`ProviderError::NotFound`] for what is none of ours.
    pub(crate) fn of_config(config: &ConfigRef) -> Result<Self, ProviderError> {
        Self::parse(&config.0).ok_or_else(|| unknown_config(&config.0))
    }

    /// The build that this names.
    ///
    /// # Errors
    /// [`ProviderError::NotFound`] for what is none of ours.
    pub(crate) fn of_run(run: &RunRef) -> Result<Self, ProviderError> {
        Self::parse(&run.0).ok_or_else(|| unknown_run(&run.0))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}", self.namespace, self.name, self.uid)
    }
}

pub(crate) fn unknown_config(name: &str) -> ProviderError {
    ProviderError::NotFound(format!("there is no build configuration {}", shorten(name)))
}

pub(crate) fn unknown_run(name: &str) -> ProviderError {
    ProviderError::NotFound(format!("there is no run {}", shorten(name)))
}

/// A name for a build configuration, made of the service's: what a cluster does not take becomes `-`. Short enough for the names
/// that the cluster derives from it.
pub(crate) fn config_name(service: &str) -> String {
    let mut name = String::new();
    for c in service.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_lowercase() || c.is_ascii_digit() => name.push(c),
            _ if name.ends_with('-') || name.is_empty() => {}
            _ => name.push('-'),
        }
        if name.len() == 100 {
            break;
        }
    }
    let name = name.trim_end_matches('-');
    if name.is_empty() { "build-service".to_owned() } else { name.to_owned() }
}

/// The value of a label that the cluster makes of a name: cut, so that the name itself has to be compared too.
pub(crate) fn as_label(name: &str) -> &str {
    name.get(..63).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_read_back_and_nothing_else_does() {
        let place = Place { namespace: "demo".into(), name: "pipe-1".into(), uid: "731bf407-3689".into() };
        assert_eq!(Place::parse(&place.to_string()), Some(place));
        for text in [
            "",
            "no-such-run",
            "demo/pipe-1",
            "demo/../x@1",
            "demo/a/b@1",
            "de mo/a@1",
            "demo/a@",
            "demo/a@1/2",
            "/a@1",
        ] {
            assert_eq!(Place::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn every_service_gets_a_name_that_a_cluster_takes() {
        for (service, name) in [("Shop/Web App", "shop-web-app"), ("--ä//", "build-service"), ("a/b", "a-b")] {
            assert_eq!(config_name(service), name);
        }
        let long = config_name(&"x-".repeat(200));
        assert!(long.len() <= 100 && is_name(&long), "{long}");
    }
}
