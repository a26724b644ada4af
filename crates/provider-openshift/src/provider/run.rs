//! The names of runs: of Builds, and of deployments.

use alm_build_spi::{ProviderError, RunRef};
use alm_kubernetes::{Place, unknown};

/// How the name of a deployment begins; the rest is the place of its record.
const DEPLOYMENT: &str = "deployment:";

/// What a run is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Run {
    /// A Build.
    Build(Place),
    /// A deployment, which is told by a record.
    Deployment(Place),
}

impl Run {
    /// What this names.
    ///
    /// # Errors
    /// [`ProviderError::NotFound`] for what is no name of ours.
    pub(super) fn of(run: &RunRef) -> Result<Self, ProviderError> {
        match run.0.strip_prefix(DEPLOYMENT) {
            None => Place::of_run(run).map(Self::Build),
            Some(rest) => match Place::of_run(&RunRef(rest.to_owned())) {
                Ok(place) => Ok(Self::Deployment(place)),
                Err(_) => Err(unknown("run", &run.0)),
            },
        }
    }

    /// The name of the deployment whose record is here.
    pub(super) fn deployment(record: &Place) -> RunRef {
        RunRef(format!("{DEPLOYMENT}{record}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_and_deployments_are_told_apart() {
        let place = Place { namespace: "demo".into(), name: "x-1".into(), uid: "731bf407".into() };
        assert_eq!(Run::of(&RunRef(place.to_string())).unwrap(), Run::Build(place.clone()));
        assert_eq!(Run::of(&Run::deployment(&place)).unwrap(), Run::Deployment(place));
        for odd in ["", "deployment:", "deployment:demo/../x@1", "deployment:deployment:demo/x@1"] {
            assert!(matches!(Run::of(&RunRef(odd.to_owned())), Err(ProviderError::NotFound(_))), "{odd:?}");
        }
    }
}
