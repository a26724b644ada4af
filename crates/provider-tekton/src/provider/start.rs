//! Starting runs.

use alm_build_spi::{Access, Finding, ProviderError, RerunBuild, RunRef, StartBuild};
use alm_domain::{Capability, ParameterValue, RerunFrom};
use kube::api::PostParams;
use serde_json::{Value, json};

use super::{
    configs::{at_settings, config_at, parsed},
    objects::{NUMBER_LABEL, SERVICE_LABEL, Version},
    tekton::Inner,
};
use crate::options::Options;
use alm_kubernetes::{Place, RUN_LABEL};

/// Starts a build. The run's name is made of the build's id: however often this is called, there is one.
///
/// # Errors
/// [`ProviderError::Invalid`] where the cluster refuses it for good.
pub(super) async fn start(inner: &Inner, access: &Access, request: StartBuild) -> Result<RunRef, ProviderError> {
    let session = inner.session(access)?;
    let place = Place::of_config(&request.config)?;
    let options = Options::of(&request.spec).map_err(ProviderError::Invalid)?;
    if options.namespace != place.namespace {
        let message = format!("is not {}, where the configuration is kept", place.namespace);
        return Err(ProviderError::Invalid(vec![Finding::new(["settings", "namespace"], message)]));
    }
    let version = Version::of(&session).await?;
    let runs = session.api(&place.namespace, &version.runs());
    let id = request.build.to_string();
    let name = id.replace('_', "-").to_ascii_lowercase();
    let existing = session.find(runs.get(&name)).await?;
    let run = match existing {
        Some(run) => run,
        None => {
            config_at(&session, &place).await?;
            let mut made = object(&options, version, &request.spec, &request.reference, &request.parameters);
            let mut labels = json!({ RUN_LABEL: id, SERVICE_LABEL: request.spec.service.to_string(),
                NUMBER_LABEL: request.number.to_string() });
            if let Some(pipeline) =
                options.pipeline.1["name"].as_str().filter(|name| alm_kubernetes::is_label_value(name))
            {
                labels["tekton.dev/pipeline"] = json!(pipeline);
            }
            made["metadata"] = json!({ "name": name, "labels": labels });
            match session.call(runs.create(&PostParams::default(), &parsed(made)?)).await {
                Err(ProviderError::Conflict(_)) => session.call(runs.get(&name)).await?,
                other => other.map_err(at_settings)?,
            }
        }
    };
    let is_ours = run.metadata.labels.as_ref().and_then(|labels| labels.get(RUN_LABEL)) == Some(&id);
    if !is_ours {
        return Err(ProviderError::Conflict(format!(
            "the namespace {} has another run {name} already",
            place.namespace
        )));
    }
    Ok(RunRef(Place::of(&run)?.to_string()))
}

/// Starts a build that repeats another one, from its beginning.
///
/// # Errors
/// As for starting.
pub(super) async fn rerun(inner: &Inner, access: &Access, request: RerunBuild) -> Result<RunRef, ProviderError> {
    if request.from != RerunFrom::Beginning {
        return Err(ProviderError::unsupported(Capability::RerunFromStage));
    }
    start(inner, access, request.start).await
}

/// The run to make, but for its metadata.
pub(super) fn object(
    options: &Options,
    version: Version,
    build: &alm_build_spi::BuildConfigSpec,
    reference: &str,
    given: &[ParameterValue],
) -> Value {
    let kind = version.runs();
    let mut params: Vec<(String, String)> = options.params.clone();
    let mut set = |name: &str, value: String| match params.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => *known = value,
        None => params.push((name.to_owned(), value)),
    };
    if let Some(name) = &options.param_url {
        set(name, build.repository.url.clone());
    }
    if let Some(name) = &options.param_revision {
        set(name, reference.to_owned());
    }
    for parameter in given {
        set(&parameter.name, parameter.value.as_str().map_or_else(|| parameter.value.to_string(), str::to_owned));
    }
    let params: Vec<Value> = params.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let mut spec = json!({ "params": params });
    spec[options.pipeline.0] = options.pipeline.1.clone();
    if !options.workspaces.is_empty() {
        spec["workspaces"] = json!(options.workspaces);
    }
    if let Some(account) = &options.service_account {
        match version {
            Version::V1 => spec["taskRunTemplate"] = json!({ "serviceAccountName": account }),
            Version::V1Beta1 => spec["serviceAccountName"] = json!(account),
        }
    }
    for (field, limit) in &options.timeouts {
        spec["timeouts"][*field] = json!(limit);
    }
    json!({ "apiVersion": kind.api_version, "kind": kind.kind, "spec": spec })
}
