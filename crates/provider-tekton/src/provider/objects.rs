//! The objects on the cluster that this provider deals with.

use alm_build_spi::ProviderError;
use http::Method;
use kube::{
    api::ListParams,
    core::{ApiResource, DynamicObject},
};

use alm_kubernetes::{Place, Session, unknown};

/// The label that says which build service an object belongs to.
pub(super) const SERVICE_LABEL: &str = "alm.build/service";
/// The label that holds a build's number.
pub(super) const NUMBER_LABEL: &str = "alm.build/number";

/// How many objects are fetched at a time, and the most of one list.
const FETCH: u32 = 100;
const MOST: usize = 5_000;

/// Which version of Tekton's API the cluster has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V1,
    V1Beta1,
}

impl Version {
    /// The newest of the cluster's.
    ///
    /// # Errors
    /// Those of the cluster.
    pub(super) async fn of(session: &Session) -> Result<Self, ProviderError> {
        match session.raw(Method::GET, "/apis/tekton.dev/v1", None).await {
            Ok(_) => Ok(Self::V1),
            Err(ProviderError::NotFound(_)) => Ok(Self::V1Beta1),
            Err(error) => Err(error),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V1Beta1 => "v1beta1",
        }
    }

    fn kind(self, kind: &str, plural: &str) -> ApiResource {
        let version = self.name().to_owned();
        let api_version = format!("tekton.dev/{version}");
        ApiResource {
            group: "tekton.dev".to_owned(),
            version,
            api_version,
            kind: kind.to_owned(),
            plural: plural.to_owned(),
        }
    }

    pub(super) fn runs(self) -> ApiResource {
        self.kind("PipelineRun", "pipelineruns")
    }

    pub(super) fn task_runs(self) -> ApiResource {
        self.kind("TaskRun", "taskruns")
    }

    pub(super) fn pipelines(self) -> ApiResource {
        self.kind("Pipeline", "pipelines")
    }
}

/// Where configurations are kept.
pub(super) fn config_maps() -> ApiResource {
    ApiResource {
        group: String::new(),
        version: "v1".to_owned(),
        api_version: "v1".to_owned(),
        kind: "ConfigMap".to_owned(),
        plural: "configmaps".to_owned(),
    }
}

/// The run at this place, if it is still the same one.
///
/// # Errors
/// [`ProviderError::NotFound`], and those of the cluster.
pub(super) async fn run_at(session: &Session, version: Version, place: &Place) -> Result<DynamicObject, ProviderError> {
    let runs = session.api(&place.namespace, &version.runs());
    let found = session.find(runs.get(&place.name)).await?;
    found.filter(|found| place.is_of(found)).ok_or_else(|| unknown("run", &place.to_string()))
}

/// All task runs of a run.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn task_runs(
    session: &Session,
    version: Version,
    place: &Place,
) -> Result<Vec<DynamicObject>, ProviderError> {
    select(session, &place.namespace, &version.task_runs(), &of_run(place)).await
}

/// Selects the task runs of a run.
pub(super) fn of_run(place: &Place) -> String {
    format!("tekton.dev/pipelineRun={}", place.name)
}

/// All objects with these labels, up to a bound.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn select(
    session: &Session,
    namespace: &str,
    kind: &ApiResource,
    labels: &str,
) -> Result<Vec<DynamicObject>, ProviderError> {
    let api = session.api(namespace, kind);
    let mut params = ListParams::default().labels(labels).limit(FETCH);
    let mut found = Vec::new();
    loop {
        let part = session.call(api.list(&params)).await?;
        found.extend(part.items);
        match part.metadata.continue_.filter(|next| !next.is_empty()) {
            Some(next) if found.len() < MOST => params.continue_token = Some(next),
            _ => return Ok(found),
        }
    }
}
