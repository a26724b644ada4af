//! The objects on the cluster that this provider deals with.

use alm_build_spi::ProviderError;
use alm_domain::{BuildId, Capability, CapabilityNote};
use http::Method;
use kube::{
    api::ListParams,
    core::{ApiResource, DynamicObject},
};

use alm_kubernetes::{Place, RUN_LABEL, Session, unknown};
use serde_json::{Value, json};

use crate::{
    child::{Family, Parts, pipeline_of},
    definition::GATE_GROUP,
    note::Note,
};

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

    /// The kind of what belongs to a run.
    pub(super) fn parts(self, family: Family) -> ApiResource {
        match family {
            Family::TaskRun => self.kind("TaskRun", "taskruns"),
            // There is no other version of it yet.
            Family::CustomRun => Self::V1Beta1.kind("CustomRun", "customruns"),
            Family::Approval => approval_tasks(),
        }
    }

    pub(super) fn pipelines(self) -> ApiResource {
        self.kind("Pipeline", "pipelines")
    }

    pub(super) fn tasks(self) -> ApiResource {
        self.kind("Task", "tasks")
    }
}

/// The questions of the manual approval gate.
fn approval_tasks() -> ApiResource {
    ApiResource {
        group: GATE_GROUP.to_owned(),
        version: "v1alpha1".to_owned(),
        api_version: format!("{GATE_GROUP}/v1alpha1"),
        kind: "ApprovalTask".to_owned(),
        plural: "approvaltasks".to_owned(),
    }
}

/// Whether the cluster has the manual approval gate.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn has_gate(session: &Session) -> Result<bool, ProviderError> {
    match session.raw(Method::GET, &format!("/apis/{GATE_GROUP}/v1alpha1"), None).await {
        Ok(_) => Ok(true),
        Err(ProviderError::NotFound(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The build that a run belongs to; nothing for those that others have started.
pub(super) fn build_of(run: &DynamicObject) -> Option<BuildId> {
    run.metadata.labels.as_ref()?.get(RUN_LABEL)?.parse().ok()
}

/// What a run without the gate cannot do.
pub(super) fn no_gate() -> CapabilityNote {
    let reason = "the cluster has no manual approval gate, which asks people for tasks of Tekton".to_owned();
    CapabilityNote { capability: Capability::Approvals, reason }
}

/// What a run cannot do although the provider can.
pub(super) fn without(run: &DynamicObject, has_gate: bool) -> Vec<CapabilityNote> {
    let mut notes = Note::of(run).without;
    if !has_gate {
        notes.retain(|note| note.capability != Capability::Approvals);
        notes.push(no_gate());
    }
    notes
}

/// The reference by which an object belongs to a run.
pub(super) fn owner(version: Version, place: &Place) -> Value {
    let kind = version.runs();
    json!({ "apiVersion": kind.api_version, "kind": kind.kind, "name": place.name, "uid": place.uid })
}

/// Where configurations are kept.
pub(super) fn config_maps() -> ApiResource {
    core("ConfigMap", "configmaps")
}

/// What volumes are had by.
pub(super) fn claims() -> ApiResource {
    core("PersistentVolumeClaim", "persistentvolumeclaims")
}

fn core(kind: &str, plural: &str) -> ApiResource {
    ApiResource {
        group: String::new(),
        version: "v1".to_owned(),
        api_version: "v1".to_owned(),
        kind: kind.to_owned(),
        plural: plural.to_owned(),
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

/// All that belongs to a run.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn parts_of(
    session: &Session,
    version: Version,
    place: &Place,
    run: &DynamicObject,
) -> Result<Parts, ProviderError> {
    let mut parts = Parts::new();
    for family in Family::of(pipeline_of(run).unwrap_or(&Value::Null)) {
        let found = match select(session, &place.namespace, &version.parts(family), &of_run(place)).await {
            // The cluster has no such kind, and so none of them.
            Err(ProviderError::NotFound(_)) if family != Family::TaskRun => continue,
            other => other?,
        };
        parts.extend(found.into_iter().filter_map(|it| Some(((family, it.metadata.name.clone()?), it))));
    }
    Ok(parts)
}

/// Selects what belongs to a run.
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
    let mut found = Vec::new();
    each(session, namespace, kind, ListParams::default().labels(labels), |object| found.push(object)).await?;
    Ok(found)
}

/// Looks at all objects of a list, up to a bound; of so few at a time that many need no more room than those.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn each(
    session: &Session,
    namespace: &str,
    kind: &ApiResource,
    params: ListParams,
    mut look: impl FnMut(DynamicObject),
) -> Result<(), ProviderError> {
    let api = session.api(namespace, kind);
    let mut params = params.limit(FETCH);
    let mut count = 0;
    loop {
        let part = session.call(api.list(&params)).await?;
        count += part.items.len();
        part.items.into_iter().for_each(&mut look);
        match part.metadata.continue_.filter(|next| !next.is_empty()) {
            Some(next) if count < MOST => params.continue_token = Some(next),
            _ => return Ok(()),
        }
    }
}
