//! Starting builds, each once.
//!
//! A cluster makes a Build for each request that it is sent. What makes one of many requests: each carries the number of the last
//! Build of the configuration (`lastVersion`) as it was *before* the Builds were looked through for ours. Whoever comes second finds
//! ours, or is refused since that number has grown, and looks again. That holds for other processes too, and after a crash at any point.
//!
//! A repetition is asked for in the same way, with the commit of the build that is repeated, and not as a clone: a clone is refused by no
//! such number, so that two calls would make two, and it inherits the label of our build and what Jenkins wrote about its run.

use std::{collections::BTreeMap, time::Duration};

use alm_build_spi::{Access, Finding, NamedSecret, ProviderError, RerunBuild, RunRef, SecretReach, StartBuild};
use alm_domain::{BuildId, Capability, Commit, ParameterValue, RerunFrom, shorten};
use alm_kubernetes::{Place, RUN_LABEL, RunSecrets, Session, unknown};
use kube::{
    api::{ListParams, PostParams},
    core::DynamicObject,
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{configs::config_at, openshift::Inner};
use crate::{
    build::{BUILD_ID, Build, SECRET_PREFIX, TOKEN_PREFIX},
    config::{Strategy, variable_problem},
    kinds::{build_configs, builds},
};

/// How long a start is tried.
const PATIENCE: Duration = Duration::from_secs(22);
const PAUSE: Duration = Duration::from_millis(50);
const LONG_PAUSE: Duration = Duration::from_secs(1);
/// The label by which Jenkins takes a Secret over as a credential.
const SYNC_LABEL: &str = "credential.sync.jenkins.openshift.io";
/// The key under which Jenkins looks for a text.
const SECRET_KEY: &str = "secrettext";

/// Starts a build, once.
///
/// # Errors
/// [`ProviderError::Invalid`] when it can never run: then there is no run.
pub(super) async fn start(inner: &Inner, access: &Access, request: StartBuild) -> Result<RunRef, ProviderError> {
    begin(inner, access, request, None).await
}

/// Repeats a build, once.
///
/// # Errors
/// As [`start`].
pub(super) async fn rerun(inner: &Inner, access: &Access, request: RerunBuild) -> Result<RunRef, ProviderError> {
    if request.from != RerunFrom::Beginning {
        let reason = "a build of OpenShift can be repeated from its beginning only".to_owned();
        return Err(ProviderError::Unsupported { what: Capability::RerunFromStage, reason });
    }
    begin(inner, access, request.start, request.commit).await
}

async fn begin(
    inner: &Inner,
    access: &Access,
    request: StartBuild,
    commit: Option<Commit>,
) -> Result<RunRef, ProviderError> {
    let (_, session) = inner.session(access)?;
    let place = Place::of_config(&request.config)?;
    let deadline = Instant::now() + PATIENCE;
    let mut prepared: Option<Prepared> = None;
    loop {
        // In this order: see above.
        let config = config_at(&session, &place).await?;
        let version = config.data.pointer("/status/lastVersion").and_then(Value::as_i64).unwrap_or(0);
        if let Some(found) = find(&session, &place, request.build).await? {
            return Ok(started(&session, &found, request.secrets.len()).await);
        }
        let asked = match &mut prepared {
            Some(asked) => asked,
            none => none.insert(prepare(&session, &place, &config, &request, commit.as_ref()).await?),
        };
        asked.body["lastVersion"] = json!(version);
        let error = match send(&session, &place, &asked.body).await {
            Ok(made) => return Ok(started(&session, &made, request.secrets.len()).await),
            Err(error) => error,
        };
        let again = match &error {
            // Another build was started meanwhile: perhaps it is this one.
            ProviderError::Invalid(findings) if findings.iter().any(|f| f.message.contains("LastVersion")) => PAUSE,
            ProviderError::Conflict(_) => PAUSE,
            // It may have been made all the same; and a project that was made a moment ago lacks its service account for a while.
            ProviderError::Unavailable { .. } => LONG_PAUSE,
            _ => {
                // Nothing was made of it: nothing needs its secrets.
                if !request.secrets.is_empty() {
                    let gone = RunSecrets::of(&session, &place.namespace, request.build).remove().await;
                    gone.unwrap_or_else(|error| tracing::warn!(%error, "secrets of a build that was refused are left"));
                }
                return Err(refused(error, &place));
            }
        };
        if Instant::now() + again > deadline {
            return Err(match error {
                ProviderError::Unavailable { .. } => error,
                _ => ProviderError::Unavailable {
                    message: format!("so many builds of {} are started that this one found no turn", place.name),
                    retry_after: None,
                    cause: None,
                },
            });
        }
        sleep(again).await;
    }
}

/// A request to start, but for its number.
struct Prepared {
    body: Value,
}

async fn prepare(
    session: &Session,
    place: &Place,
    config: &DynamicObject,
    request: &StartBuild,
    commit: Option<&Commit>,
) -> Result<Prepared, ProviderError> {
    let mut findings = Vec::new();
    let mut variables = vec![(BUILD_ID.to_owned(), request.build.to_string())];
    variables.extend(request.parameters.iter().filter_map(|given| variable(given, &mut findings)));
    let commit = match commit {
        Some(commit) => Some(commit.sha.clone()),
        None => revision(config, &request.reference, &mut findings),
    };
    let strategy = Strategy::of_spec(config.data.get("spec").unwrap_or(&Value::Null));
    let secrets = secrets(request, strategy, &mut findings);
    if !findings.is_empty() {
        return Err(ProviderError::Invalid(findings));
    }
    for (name, secret) in &secrets {
        let of = RunSecrets::of(session, &place.namespace, request.build);
        of.put(name, "Opaque", &[(SYNC_LABEL, "true")], &[(SECRET_KEY, &secret.value)], None).await?;
        // By this name Jenkins knows the credential that it makes of the Secret.
        variables.push((variable_of(secret), format!("{}-{name}", place.namespace)));
    }
    let environment: Vec<Value> =
        variables.into_iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let mut body = json!({
        "apiVersion": builds().api_version,
        "kind": "BuildRequest",
        // The name here wins over the one in the path.
        "metadata": { "name": place.name, "labels": { RUN_LABEL: request.build.to_string() } },
        "env": environment,
        "triggeredBy": [{ "message": format!("Started by the ALM Build Service as #{}", request.number) }],
    });
    if let Some(commit) = commit {
        body["revision"] = json!({ "type": "Git", "git": { "commit": commit } });
    }
    Ok(Prepared { body })
}

async fn send(session: &Session, place: &Place, body: &Value) -> Result<Build, ProviderError> {
    let configs = session.api(&place.namespace, &build_configs());
    let once = PostParams::default();
    let made = configs.create_subresource::<Value, DynamicObject>("instantiate", &place.name, &once, body);
    Build::of(session.call(made).await?).ok_or_else(|| ProviderError::Unavailable {
        message: "the cluster answers with a build that has no name".to_owned(),
        retry_after: None,
        cause: None,
    })
}

/// The run of a build, if there is one.
async fn find(session: &Session, place: &Place, build: BuildId) -> Result<Option<Build>, ProviderError> {
    let list = session.api(&place.namespace, &builds());
    let params = ListParams::default().labels(&format!("{RUN_LABEL}={build}")).limit(20);
    let found = session.call(list.list(&params)).await?;
    // A clone has the label of what it was cloned of, but not its variable, unless somebody else made it: the first one counts.
    let ours = found.items.into_iter().filter_map(Build::of).filter(|found| found.build_id() == Some(build));
    Ok(ours.min_by_key(|found| found.number))
}

/// The name of a run that is there; its Secrets go with it from now on.
async fn started(session: &Session, build: &Build, secrets: usize) -> RunRef {
    let place = &build.place;
    if secrets > 0
        && let Some(id) = build.build_id()
    {
        let kind = builds();
        let owner = json!({ "apiVersion": kind.api_version, "kind": kind.kind, "name": place.name, "uid": place.uid });
        // They are removed at the end of the run; this is for the case that nobody comes to that.
        if let Err(error) = RunSecrets::of(session, &place.namespace, id).own(&owner).await {
            tracing::warn!(%error, "secrets of a build do not belong to it");
        }
    }
    RunRef(place.to_string())
}

/// What an answer to a start means.
fn refused(error: ProviderError, place: &Place) -> ProviderError {
    match error {
        // A configuration that there is not is forbidden, in the cluster's words.
        ProviderError::Forbidden(message) if message.contains("\" not found") => {
            unknown("build configuration", &place.to_string())
        }
        other => other,
    }
}

fn variable(given: &ParameterValue, findings: &mut Vec<Finding>) -> Option<(String, String)> {
    let at = |message: String| Finding::new(["parameters", &given.name], message);
    if let Some(problem) = variable_problem(&given.name) {
        findings.push(at(problem));
        return None;
    }
    let value = match &given.value {
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => given.value.to_string(),
        _ => {
            findings.push(at("is neither text, nor a number, nor true or false".to_owned()));
            return None;
        }
    };
    Some((given.name.clone(), value))
}

/// The commit to build, where it is not what the configuration builds by itself.
fn revision(config: &DynamicObject, reference: &str, findings: &mut Vec<Finding>) -> Option<String> {
    let own = config.data.pointer("/spec/source/git/ref").and_then(Value::as_str).unwrap_or_default();
    if reference == own || (own.is_empty() && reference.is_empty()) {
        return None;
    }
    let is_commit = matches!(reference.len(), 40 | 64) && reference.bytes().all(|b| b.is_ascii_hexdigit());
    if is_commit {
        return Some(reference.to_ascii_lowercase());
    }
    let own = if own.is_empty() { "the repository's own default".to_owned() } else { format!("{:?}", shorten(own)) };
    let message = format!(
        "{:?} cannot be built: OpenShift builds what its configuration names ({own}), or a commit by its full hash",
        shorten(reference)
    );
    findings.push(Finding::new(["reference"], message));
    None
}

/// The secrets of a build, each with the name of its Secret.
fn secrets<'a>(
    request: &'a StartBuild,
    strategy: Option<Strategy>,
    findings: &mut Vec<Finding>,
) -> Vec<(String, &'a NamedSecret)> {
    // The run tells that it has none (`without`): the cluster has no way to give some to one build of these and not to the next.
    if strategy != Some(Strategy::Pipeline) {
        return Vec::new();
    }
    let mut known: BTreeMap<String, &str> = BTreeMap::new();
    let mut named = Vec::new();
    for (index, secret) in request.secrets.iter().enumerate() {
        let variable = variable_of(secret);
        if let Some(other) = known.insert(variable, &secret.name) {
            let message = format!(
                "{:?} has the same variable as {:?}: give each secret once",
                shorten(&secret.name),
                shorten(other)
            );
            findings.push(Finding::new(["secrets", &secret.name], message));
        }
        let id = request.build.to_string().replace('_', "-");
        let name = format!("alm-{id}-{index}");
        named.push((name, secret));
    }
    named
}

/// The variable that tells a build by which name Jenkins knows a secret.
fn variable_of(secret: &NamedSecret) -> String {
    let prefix = match secret.reach {
        SecretReach::Build => SECRET_PREFIX,
        SecretReach::Environment => TOKEN_PREFIX,
    };
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    prefix.chars().chain(secret.name.chars().map(plain)).collect()
}
