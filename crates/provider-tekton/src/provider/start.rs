//! Starting runs.

use std::collections::BTreeMap;

use alm_build_spi::{Access, ConfigRef, Finding, ProviderError, RunRef, StartBuild};
use alm_domain::{BuildId, Capability, CapabilityNote, Commit, ParameterValue};
use alm_kubernetes::{Deed, Place, RUN_LABEL, Session};
use kube::{
    api::{Patch, PatchParams, PostParams},
    core::DynamicObject,
};
use serde_json::{Value, json};

use super::{
    configs::{at_settings, config_at, parsed},
    objects::{NUMBER_LABEL, SERVICE_LABEL, Version, build_of},
    secrets::hand_over,
    tekton::Inner,
};
use crate::{
    handing::Plan,
    inline::pipeline_of,
    note::{NOTE, Note, Repeats},
    options::{Options, Source},
    part::{Part, is_result},
    picture::is_over,
};

/// What is asked of a run that is not to begin yet.
const PENDING: &str = "PipelineRunPending";

/// A run to be.
pub(super) struct Start<'a> {
    pub(super) session: Session,
    pub(super) version: Version,
    pub(super) place: Place,
    pub(super) options: Options,
    pub(super) request: &'a StartBuild,
}

/// What a run is besides that consists of a part of the pipeline.
pub(super) struct Partial {
    /// Its tasks.
    pub(super) part: Part,
    /// The commit that it is about.
    pub(super) commit: Option<Commit>,
    /// The claims that its workspaces are.
    pub(super) volumes: BTreeMap<String, String>,
    /// The parameters of the run that it builds upon: what the settings do not give any more is as it was.
    pub(super) params: Vec<Value>,
    /// What it repeats.
    pub(super) repeats: Option<Repeats>,
    /// What is odd about it, for people.
    pub(super) warnings: Vec<String>,
}

/// Starts a build. The run's name is made of the build's id: however often this is called, there is one.
///
/// # Errors
/// [`ProviderError::Invalid`] where the cluster refuses it for good.
pub(super) async fn start(inner: &Inner, access: &Access, request: StartBuild) -> Result<RunRef, ProviderError> {
    let start = Start::of(inner, access, &request).await?;
    match start.existing().await? {
        Some(run) => start.adopt(&run).await,
        None => start.make(None).await,
    }
}

/// The run of a build, if it was made.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn find(
    inner: &Inner,
    access: &Access,
    config: &ConfigRef,
    build: BuildId,
) -> Result<Option<RunRef>, ProviderError> {
    let session = inner.session(access)?;
    let place = Place::of_config(config)?;
    let runs = session.api(&place.namespace, &Version::of(&session).await?.runs());
    let found = session.find(runs.get(&name_of(build))).await?.filter(|run| build_of(run) == Some(build));
    found.map(|run| Ok(RunRef(Place::of(&run)?.to_string()))).transpose()
}

fn name_of(build: BuildId) -> String {
    build.to_string().replace('_', "-").to_ascii_lowercase()
}

impl<'a> Start<'a> {
    pub(super) async fn of(inner: &Inner, access: &Access, request: &'a StartBuild) -> Result<Self, ProviderError> {
        let session = inner.session(access)?;
        let place = Place::of_config(&request.config)?;
        let options = Options::of(&request.spec).map_err(ProviderError::Invalid)?;
        if options.namespace != place.namespace {
            let message = format!("is not {}, where the configuration is kept", place.namespace);
            return Err(ProviderError::Invalid(vec![Finding::new(["settings", "namespace"], message)]));
        }
        let version = Version::of(&session).await?;
        Ok(Self { session, version, place, options, request })
    }

    fn name(&self) -> String {
        name_of(self.request.build)
    }

    fn plan(&self) -> Plan<'a> {
        self.options.handing.plan(&self.name(), &self.request.secrets, &self.request.withheld)
    }

    /// The run, if it was made.
    pub(super) async fn existing(&self) -> Result<Option<DynamicObject>, ProviderError> {
        let runs = self.session.api(&self.place.namespace, &self.version.runs());
        self.session.find(runs.get(&self.name())).await
    }

    /// Makes the run.
    pub(super) async fn make(&self, partial: Option<Partial>) -> Result<RunRef, ProviderError> {
        config_at(&self.session, &self.place).await?;
        let findings = self.options.handing.findings(&self.request.secrets);
        if !findings.is_empty() {
            return Err(ProviderError::Invalid(findings));
        }
        let (name, plan) = (self.name(), self.plan());
        // Its Secrets are made after it: one that cannot have them is not made at all.
        if !plan.secrets.is_empty() || !plan.withheld.is_empty() {
            let make = Deed { verb: "create", group: "", resource: "secrets", name: None };
            self.session.require(&[make], &self.place.namespace).await?;
        }
        let runs = self.session.api(&self.place.namespace, &self.version.runs());
        let run = parsed(self.object(&name, &plan, partial))?;
        let run = match self.session.call(runs.create(&PostParams::default(), &run)).await {
            Err(ProviderError::Conflict(_)) => self.session.call(runs.get(&name)).await?,
            other => other.map_err(|error| at_settings(error, &self.options))?,
        };
        self.adopt(&run).await
    }

    /// The name of a run that is there, with all that it was to be given.
    pub(super) async fn adopt(&self, run: &DynamicObject) -> Result<RunRef, ProviderError> {
        if build_of(run) != Some(self.request.build) {
            let (namespace, name) = (&self.place.namespace, self.name());
            return Err(ProviderError::Conflict(format!("the namespace {namespace} has another run {name} already")));
        }
        let place = Place::of(run)?;
        // Of one that is over, the Secrets were removed.
        if !is_over(run) {
            hand_over(&self.session, self.version, &place, self.request.build, &self.plan()).await?;
        }
        if run.data["spec"]["status"] == PENDING {
            let go = Patch::Merge(json!({ "metadata": { "uid": place.uid }, "spec": { "status": null } }));
            let runs = self.session.api(&place.namespace, &self.version.runs());
            self.session.call(runs.patch(&place.name, &PatchParams::default(), &go)).await?;
        }
        Ok(RunRef(place.to_string()))
    }

    fn object(&self, name: &str, plan: &Plan<'_>, partial: Option<Partial>) -> Value {
        let request = self.request;
        let commit = partial.as_ref().and_then(|partial| partial.commit.clone());
        let reference = commit.as_ref().map_or(&request.reference, |commit| &commit.sha);
        let mut made = object(&self.options, self.version, &request.spec, reference, &request.parameters, plan);
        let (mut repeats, mut warnings) = (None, Vec::new());
        if let Some(partial) = partial {
            reduce(&mut made["spec"], partial.part, &partial.params, &partial.volumes);
            (repeats, warnings) = (partial.repeats, partial.warnings);
        }
        let note = Note {
            environments: self.options.environments.clone(),
            secrets: plan.count(),
            withheld: plan.withheld.clone(),
            cancel: Some(self.options.cancel.clone()),
            commit,
            repeats,
            warnings,
            without: self.without(plan),
        };
        let mut labels = json!({ RUN_LABEL: request.build.to_string(), SERVICE_LABEL: request.spec.service.to_string(),
            NUMBER_LABEL: request.number.to_string() });
        if let Some(pipeline) = self.options.name.as_ref().filter(|name| alm_kubernetes::is_label_value(name)) {
            labels["tekton.dev/pipeline"] = json!(pipeline);
        }
        made["metadata"] = json!({ "name": name, "labels": labels, "annotations": { NOTE: note.write() } });
        made
    }

    fn without(&self, plan: &Plan<'_>) -> Vec<CapabilityNote> {
        let mut notes = self.options.without();
        let mut lacking = Vec::new();
        if !plan.unplaced.is_empty() {
            lacking.push(format!("the settings name no workspace for {}", plan.unplaced.join(", ")));
        }
        if !plan.missing.is_empty() {
            let names = plan.missing.join(", ");
            lacking.push(format!("the settings name secrets that the build service does not have: {names}"));
        }
        if !lacking.is_empty() {
            notes.push(CapabilityNote { capability: Capability::Secrets, reason: lacking.join("; ") });
        }
        if !plan.unheld.is_empty() {
            let names = plan.unheld.join(", ");
            let reason = format!("nothing waits for the token of {names}: the settings name no workspace for it");
            notes.push(CapabilityNote { capability: Capability::LateSecrets, reason });
        }
        notes
    }
}

/// Makes the run one of a part of the pipeline.
fn reduce(spec: &mut Value, part: Part, before: &[Value], volumes: &BTreeMap<String, String>) {
    if let Some(spec) = spec.as_object_mut() {
        spec.remove("pipelineRef");
    }
    spec["pipelineSpec"] = part.pipeline;
    if let Some(params) = spec["params"].as_array_mut() {
        let is_new = |param: &&Value, params: &[Value]| {
            let is_free = params.iter().all(|known| known["name"] != param["name"]);
            is_free && param["name"].as_str().is_some_and(|name| !is_result(name))
        };
        let more: Vec<Value> = before.iter().filter(|param| is_new(param, params)).cloned().collect();
        params.extend(more);
        params.extend(part.params);
    }
    if volumes.is_empty() {
        return;
    }
    let mut workspaces = spec["workspaces"].as_array().cloned().unwrap_or_default();
    workspaces.retain(|bound| !bound["name"].as_str().is_some_and(|name| volumes.contains_key(name)));
    let bound = |(name, claim)| json!({ "name": name, "persistentVolumeClaim": { "claimName": claim } });
    workspaces.extend(volumes.iter().map(bound));
    spec["workspaces"] = Value::Array(workspaces);
}

/// What is given for a parameter, as the pipeline takes it.
pub(super) fn given_value(parameter: &ParameterValue) -> String {
    parameter.value.as_str().map_or_else(|| parameter.value.to_string(), str::to_owned)
}

/// The run to make, but for its metadata.
pub(super) fn object(
    options: &Options,
    version: Version,
    build: &alm_build_spi::BuildConfigSpec,
    reference: &str,
    given: &[ParameterValue],
    plan: &Plan<'_>,
) -> Value {
    let kind = version.runs();
    let mut params: Vec<(String, Value)> = options.params.clone();
    let mut set = |name: &str, value: Value| match params.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => *known = value,
        None => params.push((name.to_owned(), value)),
    };
    if let Some(name) = &options.param_url {
        set(name, json!(build.repository.url));
    }
    if let Some(name) = &options.param_revision {
        set(name, json!(reference));
    }
    for parameter in given {
        set(&parameter.name, json!(given_value(parameter)));
    }
    let given: Vec<Value> = params.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let mut spec = json!({ "params": given });
    let workspaces: Vec<&Value> = options.workspaces.iter().chain(&plan.workspaces).collect();
    match &options.source {
        Source::Named(reference) => spec["pipelineRef"] = reference.clone(),
        Source::Inline(pipeline) => spec["pipelineSpec"] = pipeline.clone(),
        Source::Task(task) => {
            let bound: Vec<String> =
                workspaces.iter().filter_map(|it| it["name"].as_str().map(str::to_owned)).collect();
            let name = task.1["name"].as_str().filter(|name| alm_kubernetes::is_namespace(name)).unwrap_or("task");
            spec["pipelineSpec"] = pipeline_of(name, task, &params, &bound);
        }
    }
    if !workspaces.is_empty() {
        spec["workspaces"] = json!(workspaces);
    }
    if let Some(account) = &options.service_account {
        match version {
            Version::V1 => spec["taskRunTemplate"]["serviceAccountName"] = json!(account),
            Version::V1Beta1 => spec["serviceAccountName"] = json!(account),
        }
    }
    if !plan.pull.is_empty() {
        let template =
            json!({ "imagePullSecrets": plan.pull.iter().map(|name| json!({ "name": name })).collect::<Vec<_>>() });
        match version {
            Version::V1 => spec["taskRunTemplate"]["podTemplate"] = template,
            Version::V1Beta1 => spec["podTemplate"] = template,
        }
        // For these, pods do not wait.
        spec["status"] = json!(PENDING);
    }
    for (field, limit) in &options.timeouts {
        spec["timeouts"][*field] = json!(limit);
    }
    json!({ "apiVersion": kind.api_version, "kind": kind.kind, "spec": spec })
}
