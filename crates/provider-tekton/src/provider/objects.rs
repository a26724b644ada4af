//! The objects on the cluster that this provider deals with.

use alm_build_spi::{Finding, ProviderError};
use alm_domain::{BuildId, Capability, CapabilityNote};
use kube::{
    api::ListParams,
    core::{ApiResource, DynamicObject},
};

use alm_kubernetes::{Place, RUN_LABEL, Session, is_too_long, unknown};
use serde_json::{Value, json};

use crate::{
    child::{Family, Parts, pipeline_of},
    definition::GATE_GROUP,
    note::Note,
};

/// The group of Tekton's kinds.
pub(super) const GROUP: &str = "tekton.dev";
/// The version of the manual approval gate that is understood.
const GATE_VERSION: &str = "v1alpha1";
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
    /// Those of the cluster; [`ProviderError::Invalid`] for one without Tekton.
    pub(super) async fn of(session: &Session) -> Result<Self, ProviderError> {
        let served = session.versions(GROUP).await?;
        let mut known = [Self::V1, Self::V1Beta1].into_iter();
        known.find(|known| served.iter().any(|name| name == known.name())).ok_or_else(|| {
            let message = format!(
                "{} has no Tekton, v1 or v1beta1: have OpenShift Pipelines or Tekton Pipelines installed there",
                session.host()
            );
            ProviderError::Invalid(vec![Finding::new(["endpoint"], message)])
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V1Beta1 => "v1beta1",
        }
    }

    fn kind(self, kind: &str, plural: &str) -> ApiResource {
        let version = self.name().to_owned();
        let api_version = format!("{GROUP}/{version}");
        ApiResource { group: GROUP.to_owned(), version, api_version, kind: kind.to_owned(), plural: plural.to_owned() }
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
        version: GATE_VERSION.to_owned(),
        api_version: format!("{GATE_GROUP}/{GATE_VERSION}"),
        kind: "ApprovalTask".to_owned(),
        plural: "approvaltasks".to_owned(),
    }
}

/// Whether the cluster has the manual approval gate.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn has_gate(session: &Session) -> Result<bool, ProviderError> {
    Ok(session.versions(GATE_GROUP).await?.iter().any(|version| version == GATE_VERSION))
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
            // Where there is no gate there are no questions of it. What the cluster answers then depends on who asks.
            Err(_) if family == Family::Approval && !has_gate(session).await? => continue,
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
    let (mut count, mut at_once) = (0, FETCH);
    loop {
        let part = match session.call(api.list(&params)).await {
            // Objects may be so large that fewer of them are what is read at a time.
            Err(error) if is_too_long(&error) && at_once > 1 => {
                at_once /= 2;
                params.limit = Some(at_once);
                continue;
            }
            part => part?,
        };
        count += part.items.len();
        part.items.into_iter().for_each(&mut look);
        match part.metadata.continue_.filter(|next| !next.is_empty()) {
            Some(next) if count < MOST => params.continue_token = Some(next),
            _ => return Ok(()),
        }
    }
}
