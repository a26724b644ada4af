//! Build configurations on the cluster.

use alm_build_spi::{Access, BuildConfigSpec, Chosen, ConfigRef, Finding, ProviderError};
use alm_domain::ServiceId;
use alm_kubernetes::{Deed, Place, Session, unknown};
use kube::{
    Api,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions, PropagationPolicy},
    core::DynamicObject,
};
use serde_json::{Value, json};

use super::{
    left_over,
    openshift::{Inner, as_json},
    shared_secret::SharedSecret,
};
use crate::{
    config::{
        ADOPTED, Drift, Mount, Options, SERVICE_LABEL, SETTINGS, Strategy, apply, at_settings, dropped, marks,
        read_back,
    },
    kinds::{BUILD_GROUP, build_configs},
    name::config_name,
};

/// How often a change is tried again when others change the same object.
const TRIES: usize = 5;

/// Checks a configuration, here and, without changing anything, on the cluster.
///
/// # Errors
/// [`ProviderError::Invalid`] with every finding.
pub(super) async fn validate(inner: &Inner, access: &Access, spec: &BuildConfigSpec) -> Result<(), ProviderError> {
    let (usable, session) = inner.session(access)?;
    let options = Options::of(spec, &usable.own).map_err(ProviderError::Invalid)?;
    let namespace = &options.namespace;
    let start = Deed { verb: "create", group: BUILD_GROUP, resource: "buildconfigs/instantiate", name: None };
    session.require(&[start], namespace).await.map_err(|error| match error {
        ProviderError::Forbidden(why) => {
            let message = format!("{why}; builds cannot be started without the role `edit`");
            ProviderError::Invalid(vec![Finding::new(["settings", "namespace"], message)])
        }
        error => error,
    })?;
    let configs = session.api(namespace, &build_configs());
    if options.adopt.is_some() {
        return adoptable(&session, &configs, &options, spec).await.map(drop);
    }
    let wanted = object(&options, spec)?;
    match session.call(configs.create(&trial(), &wanted)).await {
        Ok(answer) => complete(&wanted, &answer),
        // That something has the name is said when the configuration is created.
        Err(ProviderError::Conflict(_)) => Ok(()),
        Err(error) => Err(at_settings(error)),
    }
}

/// A write that changes nothing.
fn trial() -> PostParams {
    PostParams { dry_run: true, ..PostParams::default() }
}

/// Whether a cluster takes all of what it is given.
///
/// # Errors
/// [`ProviderError::Invalid`] with what it would leave out in silence.
fn complete(wanted: &DynamicObject, answer: &DynamicObject) -> Result<(), ProviderError> {
    match dropped(&wanted.data, &answer.data) {
        none if none.is_empty() => Ok(()),
        findings => Err(at_settings(ProviderError::Invalid(findings))),
    }
}

/// Makes the configuration, or finds the one that was made for this build service.
///
/// # Errors
/// [`ProviderError::Invalid`] with every finding; [`ProviderError::Conflict`] where something else has the name.
pub(super) async fn create(inner: &Inner, access: &Access, spec: &BuildConfigSpec) -> Result<ConfigRef, ProviderError> {
    let (usable, session) = inner.session(access)?;
    let options = Options::of(spec, &usable.own).map_err(ProviderError::Invalid)?;
    let configs = session.api(&options.namespace, &build_configs());
    let selector = format!("{SERVICE_LABEL}={}", spec.service);
    let known = session.call(configs.list(&ListParams::default().labels(&selector).limit(10))).await?;
    if let Some(known) = known.items.into_iter().next() {
        return reference(&known);
    }
    if options.adopt.is_some() {
        let found = adoptable(&session, &configs, &options, spec).await?;
        let name = name_of(&found)?;
        let mut patch = json!({ "metadata": marks(spec, true) });
        patch["metadata"]["resourceVersion"] = json!(found.metadata.resource_version);
        let patch = Patch::Merge(patch);
        return reference(&session.call(configs.patch(&name, &PatchParams::default(), &patch)).await?);
    }
    let wanted = object(&options, spec)?;
    // What is refused is told by the write itself.
    if let Ok(answer) = session.call(configs.create(&trial(), &wanted)).await {
        complete(&wanted, &answer)?;
    }
    match session.call(configs.create(&PostParams::default(), &wanted)).await {
        Ok(made) => reference(&made),
        Err(ProviderError::Conflict(_)) => {
            let name = name_of(&wanted)?;
            let there = session.call(configs.get(&name)).await?;
            if service_of(&there) == Some(spec.service) {
                return reference(&there);
            }
            let adopt = match service_of(&there) {
                Some(_) => format!("{}; or", marked(&options.namespace, &name)),
                None => "adopt it by the setting build_config, or".to_owned(),
            };
            Err(ProviderError::Conflict(format!(
                "the namespace {} has a BuildConfig {name} already: {adopt} call the build service something else",
                options.namespace
            )))
        }
        Err(error) => Err(at_settings(error)),
    }
}

/// The BuildConfig that is to be adopted, if it can be.
async fn adoptable(
    session: &Session,
    configs: &Api<DynamicObject>,
    options: &Options,
    spec: &BuildConfigSpec,
) -> Result<DynamicObject, ProviderError> {
    let name = options.adopt.as_deref().unwrap_or_default();
    let namespace = &options.namespace;
    let finding = |message: String| ProviderError::Invalid(vec![Finding::new(["settings", "build_config"], message)]);
    let found = session.find(configs.get(name)).await?;
    let found = found.ok_or_else(|| finding(format!("the namespace {namespace} has no BuildConfig {name}")))?;
    if service_of(&found).is_some_and(|service| service != spec.service) {
        let remedy = marked(namespace, name);
        return Err(finding(format!("the BuildConfig {name} belongs to another build service already: {remedy}")));
    }
    let strategy = Strategy::of_spec(&found.data["spec"]);
    if strategy.is_none() {
        return Err(finding(format!(
            "{name} has a strategy of its own making: JenkinsPipeline, Docker and Source can be adopted"
        )));
    }
    fit(options, strategy)?;
    let url = found.data.pointer("/spec/source/git/uri").and_then(Value::as_str);
    match url {
        Some(url) if url != spec.repository.url => {
            let message = format!(
                "the BuildConfig {name} builds another repository: give the address that it has, {}",
                alm_domain::shorten(url)
            );
            Err(ProviderError::Invalid(vec![Finding::new(["repository", "url"], message)]))
        }
        _ => Ok(found),
    }
}

/// What to do about a BuildConfig that bears the mark of another build service.
fn marked(namespace: &str, name: &str) -> String {
    format!(
        "where that one was removed, take its mark off (`oc label bc/{name} {SERVICE_LABEL}- -n {namespace}`), and adopt it by the \
         setting build_config"
    )
}

/// Whether settings of the service that a BuildConfig does not have fit the strategy of the one that is adopted.
fn fit(options: &Options, strategy: Option<Strategy>) -> Result<(), ProviderError> {
    let misplaced = options.secret_kinds.misplaced(strategy);
    misplaced.map_or(Ok(()), |finding| Err(ProviderError::Invalid(vec![finding])))
}

/// The configuration as the cluster has it.
///
/// # Errors
/// [`ProviderError::NotFound`].
pub(super) async fn read(inner: &Inner, access: &Access, config: &ConfigRef) -> Result<BuildConfigSpec, ProviderError> {
    let (usable, session) = inner.session(access)?;
    let place = Place::of_config(config)?;
    let found = config_at(&session, &place).await?;
    let service = service_of(&found).ok_or_else(|| unknown("build configuration", &config.0))?;
    Ok(read_back(service, &place.name, &as_json(&found)?, &inner.configured.settings(), &usable.own))
}

/// Brings the configuration to this state, but for what somebody else changed there and is not chosen.
///
/// # Errors
/// As for creating, and [`ProviderError::NotFound`].
pub(super) async fn update(
    inner: &Inner,
    access: &Access,
    config: &ConfigRef,
    spec: &BuildConfigSpec,
    chosen: &Chosen,
) -> Result<ConfigRef, ProviderError> {
    let (usable, session) = inner.session(access)?;
    let place = Place::of_config(config)?;
    let options = Options::of(spec, &usable.own).map_err(ProviderError::Invalid)?;
    let finding = |key: &str, message: String| ProviderError::Invalid(vec![Finding::new(["settings", key], message)]);
    if options.namespace != place.namespace {
        let message = format!("is {} for good: make another build service for another namespace", place.namespace);
        return Err(finding("namespace", message));
    }
    let configs = session.api(&place.namespace, &build_configs());
    let mut last = None;
    for _ in 0..TRIES {
        let found = config_at(&session, &place).await?;
        let adopted = is_adopted(&found);
        if options.adopt.as_deref() != adopted.then_some(place.name.as_str()) {
            let message = "cannot be changed later: make another build service for another BuildConfig".to_owned();
            return Err(finding("build_config", message));
        }
        if adopted {
            fit(&options, Strategy::of_spec(&found.data["spec"]))?;
        }
        let there = as_json(&found)?;
        let mut wanted = there.clone();
        if adopted {
            merge(&mut wanted["metadata"], marks(spec, adopted));
        } else {
            let drift = Drift::of(spec.service, &spec.name, &there, &inner.configured.settings(), &usable.own);
            let kept = drift.without(chosen);
            let mut options = options.clone();
            if let Some(strategy) = kept.strategy() {
                options.strategy = strategy.ok_or_else(|| {
                    let message = "somebody gave the BuildConfig a strategy on the cluster that there is no setting for: choose one";
                    finding("strategy", message.to_owned())
                })?;
            }
            merge(&mut wanted["metadata"], marks(&kept.noted(spec), adopted));
            apply(&options, spec, &mut wanted);
            kept.put_back(&there, &mut wanted);
        }
        if wanted == there {
            return reference(&found);
        }
        let wanted = parsed(wanted)?;
        // What is refused is told by the write itself.
        if let Ok(answer) = session.call(configs.replace(&place.name, &trial(), &wanted)).await {
            complete(&wanted, &answer)?;
        }
        // What others change between is not overwritten: it is looked at, and tried again.
        match session.call(configs.replace(&place.name, &PostParams::default(), &wanted)).await {
            Ok(changed) => return reference(&changed),
            Err(ProviderError::Conflict(why)) => last = Some(ProviderError::Conflict(why)),
            Err(error) => return Err(at_settings(error)),
        }
    }
    Err(last.unwrap_or_else(|| unknown("build configuration", &config.0)))
}

/// Removes the configuration; its builds stay. One that was adopted stays too, without our marks.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn delete(inner: &Inner, access: &Access, config: &ConfigRef) -> Result<(), ProviderError> {
    let (_, session) = inner.session(access)?;
    let Ok(place) = Place::of_config(config) else { return Ok(()) };
    let configs = session.api(&place.namespace, &build_configs());
    let found = match config_at(&session, &place).await {
        Ok(found) => found,
        Err(ProviderError::NotFound(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    if service_of(&found).is_none() {
        // Somebody took our mark off: it is theirs.
        return Ok(());
    }
    if is_adopted(&found) {
        let patch = json!({ "metadata": {
            "labels": { SERVICE_LABEL: null },
            "annotations": { SETTINGS: null, ADOPTED: null },
        }});
        let patch = Patch::Merge(patch);
        return session.find(configs.patch(&place.name, &PatchParams::default(), &patch)).await.map(drop);
    }
    match left_over::clear_all(&session, &place).await {
        // Whoever may not list Secrets has handed none over.
        Ok(()) | Err(ProviderError::Forbidden(_)) => {}
        Err(error) => return Err(error),
    }
    let only_this = Preconditions { uid: Some(place.uid), resource_version: None };
    // It would be left behind, since what belongs to the configuration is not removed with it: a build service with running builds is not
    // removed, and others have no use for it.
    if let Some(mount) = found.data.get("spec").and_then(Mount::of_spec) {
        SharedSecret { session: &session, namespace: &place.namespace, name: &mount.secret }.remove().await?;
    }
    let params = DeleteParams {
        preconditions: Some(only_this),
        propagation_policy: Some(PropagationPolicy::Orphan),
        ..DeleteParams::default()
    };
    match session.find(configs.delete(&place.name, &params)).await {
        // Something else has the name by now.
        Ok(_) | Err(ProviderError::Conflict(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The BuildConfig of this name, if it is still the same one.
///
/// # Errors
/// [`ProviderError::NotFound`], and those of the cluster.
pub(super) async fn config_at(session: &Session, place: &Place) -> Result<DynamicObject, ProviderError> {
    let configs = session.api(&place.namespace, &build_configs());
    let found = session.find(configs.get(&place.name)).await?;
    let same = found.filter(|found| found.metadata.uid.as_deref() == Some(&place.uid));
    same.ok_or_else(|| unknown("build configuration", &place.to_string()))
}

/// The BuildConfig to make.
fn object(options: &Options, spec: &BuildConfigSpec) -> Result<DynamicObject, ProviderError> {
    let kind = build_configs();
    let mut object = json!({ "apiVersion": kind.api_version, "kind": kind.kind, "metadata": marks(spec, false) });
    object["metadata"]["name"] = json!(config_name(&spec.name));
    apply(options, spec, &mut object);
    parsed(object)
}

fn parsed(object: Value) -> Result<DynamicObject, ProviderError> {
    serde_json::from_value(object).map_err(|cause| ProviderError::internal("a BuildConfig cannot be written", cause))
}

fn name_of(object: &DynamicObject) -> Result<String, ProviderError> {
    object.metadata.name.clone().ok_or_else(nameless)
}

fn nameless() -> ProviderError {
    ProviderError::Internal { message: "the cluster answers with an object that has no name".to_owned(), cause: None }
}

fn reference(object: &DynamicObject) -> Result<ConfigRef, ProviderError> {
    let metadata = object.metadata.clone();
    let (namespace, name, uid) = (metadata.namespace, metadata.name, metadata.uid);
    let place = namespace.zip(name).zip(uid).map(|((namespace, name), uid)| Place { namespace, name, uid });
    place.map(|place| ConfigRef(place.to_string())).ok_or_else(nameless)
}

fn service_of(object: &DynamicObject) -> Option<ServiceId> {
    object.metadata.labels.as_ref()?.get(SERVICE_LABEL)?.parse().ok()
}

fn is_adopted(object: &DynamicObject) -> bool {
    object.metadata.annotations.as_ref().is_some_and(|annotations| annotations.contains_key(ADOPTED))
}

/// Puts the fields of one object into another, objects within them too.
fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}
