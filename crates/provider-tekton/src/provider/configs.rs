//! Build configurations, kept as ConfigMaps in the namespace in which they run.

use alm_build_spi::{Access, BuildConfigSpec, ConfigRef, Finding, ProviderError};
use kube::{
    api::{DeleteParams, PostParams, Preconditions},
    core::DynamicObject,
};
use serde_json::{Value, json};

use super::{
    objects::{SERVICE_LABEL, Version, config_maps},
    start::object,
    tekton::Inner,
};
use crate::{
    fit::findings,
    options::{Options, Source},
};
use alm_kubernetes::{Deed, Place, Session, unknown};

/// The key under which the configuration is kept.
const KEY: &str = "configuration.json";

/// Checks a configuration, here and, without changing anything, on the cluster.
///
/// # Errors
/// [`ProviderError::Invalid`] with every finding.
pub(super) async fn validate(inner: &Inner, access: &Access, spec: &BuildConfigSpec) -> Result<(), ProviderError> {
    let session = inner.session(access)?;
    let options = Options::of(spec).map_err(ProviderError::Invalid)?;
    let version = Version::of(&session).await?;
    let keep = Deed { verb: "create", group: "", resource: "configmaps", name: None };
    session.require(&[keep], &options.namespace).await.map_err(|error| match error {
        ProviderError::Forbidden(why) => {
            let message = format!("{why}; build services are kept there: the role `edit` lets an account make them");
            ProviderError::Invalid(vec![Finding::new(["settings", "namespace"], message)])
        }
        error => error,
    })?;
    let known = match (named(&session, version, &options).await?, &options.source) {
        (None, Source::Inline(pipeline)) => Some((pipeline.clone(), false)),
        (None, Source::Task(("taskSpec", task))) => Some((task.clone(), true)),
        (found, _) => found,
    };
    let findings = known.map(|(known, is_task)| findings(&options, spec, &known, is_task)).unwrap_or_default();
    if !findings.is_empty() {
        return Err(ProviderError::Invalid(findings));
    }
    let runs = session.api(&options.namespace, &version.runs());
    let nothing = options.handing.plan("alm-check", &[], &[]);
    let mut trial = object(&options, version, spec, &spec.repository.reference, &[], &nothing);
    trial["metadata"] = json!({ "generateName": "alm-check-" });
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    session.call(runs.create(&dry, &parsed(trial)?)).await.map_err(|error| at_settings(error, &options)).map(drop)
}

/// What the settings name in the namespace: the specification, and whether it is one of a task.
///
/// # Errors
/// [`ProviderError::Invalid`] where there is none.
pub(super) async fn named(
    session: &Session,
    version: Version,
    options: &Options,
) -> Result<Option<(Value, bool)>, ProviderError> {
    let Some((name, is_task)) = options.source.in_namespace() else { return Ok(None) };
    let (kind, key) = if is_task { (version.tasks(), "task") } else { (version.pipelines(), "pipeline") };
    let found = session.find(session.api(&options.namespace, &kind).get(name)).await?.ok_or_else(|| {
        let message = format!("the namespace {} has no {} {name}", options.namespace, kind.kind);
        ProviderError::Invalid(vec![Finding::new(["settings", key], message)])
    })?;
    Ok(Some((found.data["spec"].clone(), is_task)))
}

/// What the cluster says of a run that it would not take.
pub(super) fn at_settings(error: ProviderError, options: &Options) -> ProviderError {
    let ProviderError::Invalid(findings) = error else { return error };
    let key = match &options.source {
        Source::Inline(_) | Source::Task(("taskSpec", _)) => "pipeline.definition",
        Source::Task(_) => "task",
        Source::Named(_) => "pipeline",
    };
    let placed = findings.into_iter().map(|finding| Finding::new(["settings", key], finding.message));
    ProviderError::Invalid(placed.collect())
}

pub(super) fn parsed(object: Value) -> Result<DynamicObject, ProviderError> {
    serde_json::from_value(object).map_err(|cause| ProviderError::internal("an object cannot be written", cause))
}

/// One name for each build service.
fn name_of(spec: &BuildConfigSpec) -> String {
    format!("alm-{}", spec.service.to_string().replace('_', "-").to_ascii_lowercase())
}

fn written(spec: &BuildConfigSpec) -> Result<Value, ProviderError> {
    let text = serde_json::to_string(spec)
        .map_err(|cause| ProviderError::internal("a build configuration cannot be written", cause))?;
    Ok(json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": name_of(spec), "labels": { SERVICE_LABEL: spec.service.to_string() } },
        "data": { KEY: text },
    }))
}

/// Makes a configuration, or finds it made.
///
/// # Errors
/// [`ProviderError::Invalid`] with every finding.
pub(super) async fn create(inner: &Inner, access: &Access, spec: &BuildConfigSpec) -> Result<ConfigRef, ProviderError> {
    let session = inner.session(access)?;
    let options = Options::of(spec).map_err(ProviderError::Invalid)?;
    let maps = session.api(&options.namespace, &config_maps());
    let made = match session.call(maps.create(&PostParams::default(), &parsed(written(spec)?)?)).await {
        // Its name is made of the build service's: an earlier call has made it.
        Err(ProviderError::Conflict(_)) => session.call(maps.get(&name_of(spec))).await?,
        other => other?,
    };
    Ok(ConfigRef(Place::of(&made)?.to_string()))
}

/// The configuration at this place, and the object that holds it.
///
/// # Errors
/// [`ProviderError::NotFound`], and those of the cluster.
pub(super) async fn config_at(
    session: &Session,
    place: &Place,
) -> Result<(BuildConfigSpec, DynamicObject), ProviderError> {
    let gone = || unknown("build configuration", &place.to_string());
    let maps = session.api(&place.namespace, &config_maps());
    let found = session.find(maps.get(&place.name)).await?.filter(|found| place.is_of(found)).ok_or_else(gone)?;
    let text = found.data["data"][KEY].as_str().ok_or_else(gone)?;
    let spec = serde_json::from_str(text).map_err(|cause| ProviderError::Internal {
        message: format!(
            "the ConfigMap {} does not hold a build configuration any more: somebody has changed it",
            place.name
        ),
        cause: Some(cause.into()),
    })?;
    Ok((spec, found))
}

/// The configuration as the cluster has it.
///
/// # Errors
/// [`ProviderError::NotFound`].
pub(super) async fn read(inner: &Inner, access: &Access, config: &ConfigRef) -> Result<BuildConfigSpec, ProviderError> {
    let session = inner.session(access)?;
    Ok(config_at(&session, &Place::of_config(config)?).await?.0)
}

/// Brings the configuration to this state.
///
/// # Errors
/// As for creating, and [`ProviderError::NotFound`].
pub(super) async fn update(
    inner: &Inner,
    access: &Access,
    config: &ConfigRef,
    spec: &BuildConfigSpec,
) -> Result<ConfigRef, ProviderError> {
    let session = inner.session(access)?;
    let place = Place::of_config(config)?;
    let options = Options::of(spec).map_err(ProviderError::Invalid)?;
    if options.namespace != place.namespace {
        let message = format!("is {} for good: make another build service for another namespace", place.namespace);
        return Err(ProviderError::Invalid(vec![Finding::new(["settings", "namespace"], message)]));
    }
    let (_, mut found) = config_at(&session, &place).await?;
    found.data["data"] = written(spec)?["data"].clone();
    let maps = session.api(&place.namespace, &config_maps());
    let changed = session.call(maps.replace(&place.name, &PostParams::default(), &found)).await?;
    Ok(ConfigRef(Place::of(&changed)?.to_string()))
}

/// Removes the configuration; its runs stay.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn delete(inner: &Inner, access: &Access, config: &ConfigRef) -> Result<(), ProviderError> {
    let session = inner.session(access)?;
    let Ok(place) = Place::of_config(config) else { return Ok(()) };
    let only_this = Preconditions { uid: Some(place.uid.clone()), resource_version: None };
    let params = DeleteParams { preconditions: Some(only_this), ..DeleteParams::default() };
    let maps = session.api(&place.namespace, &config_maps());
    match session.find(maps.delete(&place.name, &params)).await {
        // Something else has the name by now.
        Ok(_) | Err(ProviderError::Conflict(_)) => Ok(()),
        Err(error) => Err(error),
    }
}
