//! Starting builds, each once.
//!
//! A cluster makes a Build for each request that it is sent. What makes one of many requests: each carries the number of the last
//! Build of the configuration (`lastVersion`) as it was *before* the Builds were looked through for ours. Whoever comes second finds
//! ours, or is refused since that number has grown, and looks again. That holds for other processes too, and after a crash at any point.
//!
//! A repetition is asked for in the same way, with the commit of the build that is repeated, and not as a clone: a clone is refused by no
//! such number, so that two calls would make two, and it inherits the label of our build and what Jenkins wrote about its run.

use std::time::Duration;

use alm_build_spi::{Access, ConfigRef, Finding, ProviderError, RerunBuild, RunRef, StartBuild};
use alm_domain::{BuildId, Capability, Commit, ParameterValue, RerunFrom, shorten};
use alm_kubernetes::{Place, RUN_LABEL, Session, unknown};
use kube::{
    api::{ListParams, PostParams},
    core::DynamicObject,
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{
    configs::config_at,
    handing::Handing,
    openshift::{Inner, Usable},
    revision,
    run::Run,
};
use crate::{
    build::{BUILD_ID, Build},
    config::variable_problem,
    deploy::Kept,
    kinds::{build_configs, builds},
};

/// How long a start is tried.
const PATIENCE: Duration = Duration::from_secs(22);
const PAUSE: Duration = Duration::from_millis(50);
const LONG_PAUSE: Duration = Duration::from_secs(1);

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
    let (usable, session) = inner.session(access)?;
    let place = Place::of_config(&request.config)?;
    let starting = Starting { inner, usable: &usable, session: &session, place: &place, request: &request };
    let deadline = Instant::now() + PATIENCE;
    let mut prepared: Option<Prepared<'_>> = None;
    loop {
        // In this order: see above.
        let config = config_at(&session, &place).await?;
        let version = config.data.pointer("/status/lastVersion").and_then(Value::as_i64).unwrap_or(0);
        if let Some(found) = find(&session, &place, request.build).await? {
            let handing = Handing::plan(&session, &place, &config, &request, &mut Vec::new());
            handing.belong_to(&found).await;
            return Ok(RunRef(found.place.to_string()));
        }
        let asked = match &mut prepared {
            Some(asked) => asked,
            none => none.insert(starting.prepare(&config, commit.as_ref()).await?),
        };
        asked.body["lastVersion"] = json!(version);
        let error = match send(&session, &place, &asked.body).await {
            Ok(made) => {
                asked.handing.belong_to(&made).await;
                return Ok(RunRef(made.place.to_string()));
            }
            Err(error) => error,
        };
        let again = match &error {
            // Another build was started meanwhile: perhaps it is this one.
            ProviderError::Invalid(findings) if findings.iter().any(|f| f.message.contains("LastVersion")) => PAUSE,
            ProviderError::Conflict(_) => PAUSE,
            // It may have been made all the same; and a project that was made a moment ago lacks its service account for a while.
            ProviderError::Unavailable { .. } => LONG_PAUSE,
            _ => {
                asked.handing.undo().await;
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

/// A start that was asked for.
struct Starting<'a> {
    inner: &'a Inner,
    usable: &'a Usable,
    session: &'a Session,
    place: &'a Place,
    request: &'a StartBuild,
}

/// A request to start, but for its number.
struct Prepared<'a> {
    body: Value,
    handing: Handing<'a>,
}

impl<'a> Starting<'a> {
    async fn prepare(&self, config: &DynamicObject, commit: Option<&Commit>) -> Result<Prepared<'a>, ProviderError> {
        let Self { inner, usable, session, place, request } = *self;
        let mut findings = Vec::new();
        let mut variables = vec![(BUILD_ID.to_owned(), request.build.to_string())];
        variables.extend(request.parameters.iter().filter_map(|given| variable(given, &mut findings)));
        let handing = Handing::plan(session, place, config, request, &mut findings);
        let commit = match commit {
            Some(commit) => Ok(Some(commit.sha.clone())),
            None => revision::commit(inner, usable, session, config, &request.reference).await,
        };
        // What is wrong elsewhere is told with it.
        let commit = match commit {
            Err(ProviderError::Invalid(more)) => {
                findings.extend(more);
                None
            }
            other => other?,
        };
        if !findings.is_empty() {
            return Err(ProviderError::Invalid(findings));
        }
        match handing.hand_over(inner.clock.now()).await {
            Ok(more) => variables.extend(more),
            // It is tried again, and finds what there is.
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => {
                handing.undo().await;
                return Err(error);
            }
        }
        let environment: Vec<Value> =
            variables.into_iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        let of = match &commit {
            Some(commit) if *commit != request.reference => format!(", of {}", shorten(&request.reference)),
            _ => String::new(),
        };
        let mut body = json!({
            "apiVersion": builds().api_version,
            "kind": "BuildRequest",
            // The name here wins over the one in the path.
            "metadata": { "name": place.name, "labels": { RUN_LABEL: request.build.to_string() } },
            "env": environment,
            "triggeredBy": [{ "message": format!("Started by the ALM Build Service as #{}{of}", request.number) }],
        });
        if let Some((annotation, text)) = handing.notes() {
            body["metadata"]["annotations"] = json!({ annotation: text });
        }
        if let Some(commit) = commit {
            body["revision"] = json!({ "type": "Git", "git": { "commit": commit } });
        }
        Ok(Prepared { body, handing })
    }
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

/// The run of a build, a deployment included, if there is one.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn find_run(
    inner: &Inner,
    access: &Access,
    config: &ConfigRef,
    build: BuildId,
) -> Result<Option<RunRef>, ProviderError> {
    let (_, session) = inner.session(access)?;
    let place = Place::of_config(config)?;
    if let Some(found) = find(&session, &place, build).await? {
        return Ok(Some(RunRef(found.place.to_string())));
    }
    match Kept::named(&session, &place.namespace, build).await {
        Ok(kept) => Ok(kept.map(|kept| Run::deployment(&kept.place))),
        // Whoever may not read records has made none, and what is none under its name is none.
        Err(ProviderError::Forbidden(_) | ProviderError::Conflict(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The Build of a build, if there is one.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn find(session: &Session, place: &Place, build: BuildId) -> Result<Option<Build>, ProviderError> {
    let list = session.api(&place.namespace, &builds());
    let params = ListParams::default().labels(&format!("{RUN_LABEL}={build}")).limit(20);
    let found = session.call(list.list(&params)).await?;
    // A clone has the label of what it was cloned of, but not its variable, unless somebody else made it: the first one counts.
    let ours = found.items.into_iter().filter_map(Build::of).filter(|found| found.build_id() == Some(build));
    Ok(ours.min_by_key(|found| found.number))
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
