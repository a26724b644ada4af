//! Names that the providers of clusters give out, and take back.

use std::fmt;

use alm_build_spi::{ConfigRef, ProviderError, RunRef};
use alm_domain::shorten;
use kube::core::DynamicObject;

use crate::{is_name, is_namespace};

/// An object of the cluster: `NAMESPACE/NAME@UID`. The uid is part of it, since the cluster gives names again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What tells it from others that had the name before.
    pub uid: String,
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

    /// The configuration that this names.
    ///
    /// # Errors
    /// [`ProviderError::NotFound`] for what is none of ours.
    pub fn of_config(config: &ConfigRef) -> Result<Self, ProviderError> {
        Self::parse(&config.0).ok_or_else(|| unknown("build configuration", &config.0))
    }

    /// The run that this names.
    ///
    /// # Errors
    /// [`ProviderError::NotFound`] for what is none of ours.
    pub fn of_run(run: &RunRef) -> Result<Self, ProviderError> {
        Self::parse(&run.0).ok_or_else(|| unknown("run", &run.0))
    }

    /// Where an object is.
    ///
    /// # Errors
    /// [`ProviderError::Internal`] for an object without a name.
    pub fn of(object: &DynamicObject) -> Result<Self, ProviderError> {
        let metadata = &object.metadata;
        let place = metadata.namespace.clone().zip(metadata.name.clone()).zip(metadata.uid.clone());
        place.map(|((namespace, name), uid)| Self { namespace, name, uid }).ok_or_else(|| ProviderError::Internal {
            message: "the cluster answers with an object that has no name".to_owned(),
            cause: None,
        })
    }

    /// Whether the object is still the one of this place.
    #[must_use]
    pub fn is_of(&self, object: &DynamicObject) -> bool {
        object.metadata.uid.as_deref() == Some(&self.uid)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}", self.namespace, self.name, self.uid)
    }
}

/// There is no such thing.
#[must_use]
pub fn unknown(what: &str, name: &str) -> ProviderError {
    ProviderError::NotFound(format!("there is no {what} {}", shorten(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_read_back_and_nothing_else_does() {
        let place = Place { namespace: "demo".into(), name: "ci-1".into(), uid: "731bf407-3689".into() };
        assert_eq!(Place::parse(&place.to_string()), Some(place));
        for text in
            ["", "no-such-run", "demo/ci-1", "demo/../x@1", "demo/a/b@1", "de mo/a@1", "demo/a@", "demo/a@1/2", "/a@1"]
        {
            assert_eq!(Place::parse(text), None, "{text:?}");
        }
    }
}
