//! The variables that a step sees: these and no others.

use std::{collections::BTreeMap, path::Path};

use alm_domain::{ParameterValue, StageKey, version_label};
use serde_json::Value;

use super::secrets::variable;
use crate::spool::RunRequest;

/// Where a build finds its things.
#[derive(Debug, Clone)]
pub(crate) struct Desk<'a> {
    pub(crate) home: &'a Path,
    pub(crate) temporary: &'a Path,
    pub(crate) secrets: &'a Path,
}

/// Variables of every step of a build; later ones lie over them.
pub(crate) fn of_build(
    request: &RunRequest,
    sha: &str,
    desk: &Desk<'_>,
    secrets: &[String],
) -> BTreeMap<String, String> {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut env: BTreeMap<String, String> = [
        ("PATH", std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".to_owned())),
        ("LANG", std::env::var("LANG").unwrap_or_else(|_| "C.UTF-8".to_owned())),
        ("TERM", "xterm-256color".to_owned()),
        ("HOME", text(desk.home)),
        ("TMPDIR", text(desk.temporary)),
        ("CI", "true".to_owned()),
        ("ALM", "true".to_owned()),
        ("ALM_BUILD_ID", request.build.to_string()),
        ("ALM_BUILD_NUMBER", request.number.to_string()),
        ("ALM_SERVICE", request.spec.name.clone()),
        ("ALM_COMMIT", sha.to_owned()),
        ("ALM_REF", request.reference.clone()),
        ("ALM_VERSION", version(request, sha)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    for name in secrets {
        env.insert(variable("ALM_SECRET", name), text(&desk.secrets.join(name)));
    }
    env
}

/// What the version is called that the build makes, or brings somewhere.
fn version(request: &RunRequest, sha: &str) -> String {
    let made = || version_label(Some(&request.reference), request.number, Some(sha));
    request.deploys.as_ref().map_or_else(made, |deploys| deploys.version.clone())
}

/// Variables of one attempt at a stage.
pub(crate) fn of_attempt(
    env: &mut BTreeMap<String, String>,
    stage: Option<&StageKey>,
    attempt: u32,
    environment: Option<&str>,
) {
    if let Some(stage) = stage {
        env.insert("ALM_STAGE".to_owned(), stage.to_string());
    }
    env.insert("ALM_ATTEMPT".to_owned(), attempt.to_string());
    if let Some(environment) = environment {
        env.insert("ALM_ENVIRONMENT".to_owned(), environment.to_owned());
    }
}

/// Inputs as variables of their names.
pub(crate) fn of_inputs(inputs: &[ParameterValue]) -> impl Iterator<Item = (String, String)> + '_ {
    inputs.iter().map(|input| {
        let text = match &input.value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        (input.name.clone(), text)
    })
}
