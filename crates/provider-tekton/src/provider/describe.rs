//! What a pipeline would do, before it runs.

use alm_build_spi::{Access, BuildConfigSpec, Description, ProviderError};
use alm_domain::{BuildShape, Capability, CapabilityNote, ParameterDefinition, ParameterKind, shorten};
use serde_json::Value;

use super::{
    configs::named,
    objects::{Version, has_gate, no_gate},
    tekton::Inner,
};
use crate::{
    fit::type_of_param,
    options::{Options, Source},
    picture::plan,
};

/// The plan of a pipeline that is known: one that the build service holds, or that the namespace has. What a resolver would bring is
/// known when it has.
///
/// # Errors
/// [`ProviderError::Invalid`] with every finding.
pub(super) async fn describe(
    inner: &Inner,
    access: &Access,
    spec: &BuildConfigSpec,
) -> Result<Description, ProviderError> {
    let session = inner.session(access)?;
    let options = Options::of(spec).map_err(ProviderError::Invalid)?;
    let version = Version::of(&session).await?;
    let mut without = options.without();
    if options.handing.is_empty() {
        let reason = "the settings name no workspace for secrets or tokens".to_owned();
        without.push(CapabilityNote { capability: Capability::Secrets, reason });
    }
    if !has_gate(&session).await? {
        without.push(no_gate());
    }
    let found = named(&session, version, &options).await?;
    let (spec, shape, stages) = match (found, &options.source) {
        (Some((task, true)), _) => (task, BuildShape::Plain, Vec::new()),
        (None, Source::Task(("taskSpec", task))) => (task.clone(), BuildShape::Plain, Vec::new()),
        (Some((pipeline, false)), _) => {
            let (shape, stages) = plan(&pipeline, &options.environments);
            (pipeline, shape, stages)
        }
        (None, Source::Inline(pipeline)) => {
            let (shape, stages) = plan(pipeline, &options.environments);
            (pipeline.clone(), shape, stages)
        }
        (None, _) => (Value::Null, BuildShape::Unknown, Vec::new()),
    };
    let inputs = spec["params"].as_array().into_iter().flatten();
    let parameters = inputs.filter_map(|param| definition(param, &options)).collect();
    Ok(Description { commit: None, parameters, shape, stages, without })
}

/// A parameter of the pipeline. Nothing for what the settings give by themselves, for what is no text, and for a name that inputs of
/// builds cannot have: those are for the setting `params`.
fn definition(param: &Value, options: &Options) -> Option<ParameterDefinition> {
    let name = param["name"].as_str().filter(|name| is_input(name))?.to_owned();
    let is_text = type_of_param(param) == "string";
    let is_ours = [&options.param_url, &options.param_revision].into_iter().flatten().any(|ours| *ours == name);
    if is_ours || !is_text {
        return None;
    }
    let set = options.params.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
    let default = set.or_else(|| param.get("default")).filter(|value| value.is_string()).cloned();
    let help = param["description"].as_str().filter(|text| !text.is_empty()).map(shorten);
    Some(ParameterDefinition {
        label: name.clone(),
        name,
        help,
        kind: ParameterKind::Text,
        required: default.is_none(),
        default,
        choices: Vec::new(),
    })
}

fn is_input(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.len() <= 100 && name.chars().all(fits) && name.chars().next().is_some_and(|c| !c.is_ascii_digit())
}
