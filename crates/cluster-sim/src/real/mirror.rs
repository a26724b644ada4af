//! Keeps the simulated cluster and the API server in front of it the same: what people write there is seen by the simulated controllers,
//! and what these write, and a test past all checks, is written there.
//!
//! People write specifications, controllers write statuses; so each part goes one way, and nothing that is late undoes what is newer.

use std::{collections::BTreeMap, collections::BTreeSet, sync::Arc, time::Duration};

use alm_build_spi::ProviderError;
use alm_kubernetes::{Session, watch_many};
use futures::{StreamExt, stream::SelectAll};
use http::Method;
use kube::{
    core::{ApiResource, DynamicObject},
    runtime::watcher::{self, Event},
};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    api::target::is_served,
    shared::Shared,
    world::{Key, Resource, resource_of, text},
};

/// The node on which all pods are.
pub(super) const NODE: &str = "node";
/// How soon what was refused is tried again.
const PAUSE: Duration = Duration::from_millis(200);
/// Whose specifications people write.
const GIVEN: [&str; 7] = [
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "pipelines.tekton.dev",
    "tasks.tekton.dev",
    "pipelineruns.tekton.dev",
    "approvaltasks.openshift-pipelines.org",
];
/// Those of which controllers and nodes do.
const MADE: [&str; 3] = ["taskruns.tekton.dev", "customruns.tekton.dev", "pods"];
/// What an object says of itself, but for its status.
const PARTS: [&str; 3] = ["spec", "data", "type"];

/// What both sides have of an object.
#[derive(Debug, Default)]
struct Known {
    uid: String,
    parts: BTreeMap<&'static str, Value>,
    labels: Value,
    annotations: Value,
    status: Value,
}

struct Mirror {
    shared: Arc<Shared>,
    admin: Session,
    project: &'static str,
    known: BTreeMap<Key, Known>,
    /// What is known of a kind since its list was begun, and not yet seen in it.
    unlisted: BTreeMap<&'static str, BTreeSet<String>>,
    /// The uids of the simulated cluster, as those of the API server.
    uids: BTreeMap<String, String>,
}

/// Keeps them the same until the cluster is stopped, in this project.
pub(super) fn keep(shared: &Arc<Shared>, admin: &Session, project: &'static str) {
    let served = |kind: &&'static Resource| is_served(&shared.options, kind, version(&shared.options, kind));
    let kinds = GIVEN.iter().chain(&MADE).filter_map(|id| resource_of(id)).filter(served);
    let mut events = SelectAll::new();
    for kind in kinds {
        let api = admin.api(project, &api_resource(&shared.options, kind));
        let seen = watch_many(admin, api, watcher::Config::default());
        events.push(seen.map(move |event| (kind, event)).boxed());
    }
    let mut mirror = Mirror {
        shared: Arc::clone(shared),
        admin: admin.clone(),
        project,
        known: BTreeMap::new(),
        unlisted: BTreeMap::new(),
        uids: BTreeMap::new(),
    };
    let (stop, mut bell) = (shared.stop.clone(), shared.listen());
    tokio::spawn(async move {
        let mut is_behind = false;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                Some((kind, event)) = events.next() => if let Ok(event) = event { mirror.take(kind, event) },
                changed = bell.changed() => if changed.is_err() { return },
                () = sleep(PAUSE), if is_behind => {}
            }
            bell.borrow_and_update();
            let given = mirror.give().await;
            is_behind = given.is_err();
            // A server that is away is away on purpose.
            if let Some(error) = given.err().filter(|error| !error.is_transient()) {
                say(&error);
            }
        }
    });
}

#[expect(clippy::print_stderr, reason = "a test that waits in vain says why")]
fn say(error: &ProviderError) {
    eprintln!("what the controllers have written is refused: {error}");
}

fn version(options: &crate::Options, kind: &Resource) -> &'static str {
    kind.versions.iter().copied().find(|version| is_served(options, kind, version)).unwrap_or("v1")
}

fn api_resource(options: &crate::Options, kind: &Resource) -> ApiResource {
    let version = version(options, kind);
    ApiResource {
        group: kind.group.to_owned(),
        version: version.to_owned(),
        api_version: kind.api_version(version),
        kind: kind.kind.to_owned(),
        plural: kind.plural.to_owned(),
    }
}

fn parts(object: &Value) -> BTreeMap<&'static str, Value> {
    PARTS.iter().filter(|part| !object[**part].is_null()).map(|part| (*part, object[*part].clone())).collect()
}

impl Mirror {
    /// What has happened there.
    fn take(&mut self, kind: &'static Resource, event: Event<DynamicObject>) {
        match event {
            Event::Init => {
                let known = self.known.keys().filter(|key| key.resource == kind.id).map(|key| key.name.clone());
                self.unlisted.insert(kind.id, known.collect());
            }
            Event::InitApply(object) | Event::Apply(object) => {
                if let Ok(object) = serde_json::to_value(object) {
                    let name = text(&object["metadata"]["name"]);
                    if let Some(unlisted) = self.unlisted.get_mut(kind.id) {
                        unlisted.remove(&name);
                    }
                    self.see(kind, &name, &object);
                }
            }
            Event::InitDone => {
                for name in self.unlisted.remove(kind.id).unwrap_or_default() {
                    self.lose(kind, &name, None);
                }
            }
            Event::Delete(object) => {
                self.lose(kind, &object.metadata.name.unwrap_or_default(), object.metadata.uid.as_deref());
            }
        }
    }

    fn see(&mut self, kind: &'static Resource, name: &str, object: &Value) {
        let key = kind.key(self.project, name);
        let is_given = GIVEN.contains(&kind.id);
        if !is_given && !self.known.contains_key(&key) {
            return;
        }
        let known =
            self.known.entry(key).or_insert_with(|| Known { status: object["status"].clone(), ..Known::default() });
        known.uid = text(&object["metadata"]["uid"]);
        if !is_given {
            return;
        }
        let there = parts(object);
        let project = self.project;
        let uid = self.shared.change(|world| {
            let old = world.get(kind, project, name).cloned();
            let mut new = old.clone().unwrap_or_else(|| {
                json!({ "metadata": { "generation": object["metadata"]["generation"] }, "status": object["status"] })
            });
            for (part, value) in &there {
                if known.parts.get(part) != Some(value) {
                    new[*part] = value.clone();
                }
            }
            json_patch::merge(
                &mut new["metadata"],
                &json!({
                    "labels": object["metadata"]["labels"].as_object().cloned().unwrap_or_default(),
                    "annotations": object["metadata"]["annotations"].as_object().cloned().unwrap_or_default(),
                }),
            );
            if old.as_ref() != Some(&new) {
                world.put(kind, project, name, new);
            }
            world.get(kind, project, name).map(|object| text(&object["metadata"]["uid"])).unwrap_or_default()
        });
        known.parts = there;
        known.labels = object["metadata"]["labels"].clone();
        known.annotations = object["metadata"]["annotations"].clone();
        self.uids.insert(uid, known.uid.clone());
    }

    fn lose(&mut self, kind: &'static Resource, name: &str, uid: Option<&str>) {
        let key = kind.key(self.project, name);
        if self.known.get(&key).is_none_or(|known| uid.is_some_and(|uid| known.uid != uid)) {
            return;
        }
        self.known.remove(&key);
        self.shared.change(|world| world.remove(kind, self.project, name));
    }

    /// Writes there what is new here.
    async fn give(&mut self) -> Result<(), ProviderError> {
        let here: BTreeMap<Key, Value> = self.shared.read(|world| {
            let kinds = GIVEN.iter().chain(&MADE).filter_map(|id| resource_of(id));
            kinds
                .flat_map(|kind| world.all(kind, Some(self.project)))
                .map(|(key, it)| (key.clone(), it.clone()))
                .collect()
        });
        let gone: Vec<Key> = self.known.keys().filter(|key| !here.contains_key(*key)).cloned().collect();
        for key in gone {
            if let Some(kind) = resource_of(key.resource) {
                let now = json!({ "kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0 });
                match self.admin.raw(Method::DELETE, &self.path(kind, &key.name), Some(&now)).await {
                    Ok(_) | Err(ProviderError::NotFound(_)) => drop(self.known.remove(&key)),
                    Err(error) => return Err(error),
                }
            }
        }
        let mut order: Vec<(Key, Value)> = here.into_iter().collect();
        // Owners come first, and are told of what they own when that is there.
        order.sort_by_key(|(key, _)| GIVEN.iter().chain(&MADE).position(|id| *id == key.resource));
        for (key, object) in &order {
            if let Some(kind) = resource_of(key.resource) {
                self.write(kind, key, object).await?;
            }
        }
        for (key, object) in order.iter().rev() {
            if let Some(kind) = resource_of(key.resource) {
                self.tell(kind, key, &object["status"]).await?;
            }
        }
        Ok(())
    }

    async fn write(&mut self, kind: &'static Resource, key: &Key, object: &Value) -> Result<(), ProviderError> {
        let path = self.path(kind, &key.name);
        let metadata = &object["metadata"];
        if !self.known.contains_key(key) {
            let uid = self.create(kind, &key.name, object).await?;
            self.uids.insert(text(&metadata["uid"]), uid.clone());
            let (labels, annotations) = (metadata["labels"].clone(), metadata["annotations"].clone());
            let known = Known { uid, parts: parts(object), labels, annotations, status: Value::Null };
            self.known.insert(key.clone(), known);
        }
        let Some(known) = self.known.get_mut(key) else { return Ok(()) };
        let mut patch = json!({});
        for (part, value) in parts(object) {
            if kind.id != "pods" && known.parts.get(part) != Some(&value) {
                patch[part] = value.clone();
                known.parts.insert(part, value);
            }
        }
        for (part, known) in [("labels", &mut known.labels), ("annotations", &mut known.annotations)] {
            if metadata[part].is_object() && *known != metadata[part] {
                patch["metadata"][part] = metadata[part].clone();
                known.clone_from(&metadata[part]);
            }
        }
        if patch.as_object().is_some_and(|patch| !patch.is_empty()) {
            found(self.admin.merge(&path, &patch).await)?;
        }
        Ok(())
    }

    /// Makes an object there; gives its uid.
    async fn create(&self, kind: &'static Resource, name: &str, object: &Value) -> Result<String, ProviderError> {
        let mut made = json!({
            "apiVersion": kind.api_version(version(&self.shared.options, kind)), "kind": kind.kind,
            "metadata": { "name": name, "labels": object["metadata"]["labels"], "annotations": object["metadata"]["annotations"] },
        });
        let owners = object["metadata"]["ownerReferences"].as_array().cloned().unwrap_or_default();
        let owners = owners.into_iter().filter_map(|mut owner| {
            owner["uid"] = json!(self.uids.get(owner["uid"].as_str()?)?);
            Some(owner)
        });
        made["metadata"]["ownerReferences"] = owners.collect();
        for (part, value) in parts(object) {
            made[part] = value;
        }
        if kind.id == "pods" {
            made["spec"]["nodeName"] = json!(NODE);
        }
        let path = self.path(kind, "");
        let answer = match self.admin.raw(Method::POST, &path, Some(&made)).await {
            Err(ProviderError::Conflict(_)) => self.admin.raw(Method::GET, &self.path(kind, name), None).await?,
            other => other?,
        };
        let made: Value = serde_json::from_str(&answer).unwrap_or_default();
        Ok(text(&made["metadata"]["uid"]))
    }

    async fn tell(&mut self, kind: &'static Resource, key: &Key, status: &Value) -> Result<(), ProviderError> {
        let Some(known) = self.known.get(key) else { return Ok(()) };
        if status.as_object().is_none_or(serde_json::Map::is_empty) || known.status == *status {
            return Ok(());
        }
        let path = self.path(kind, &key.name);
        let Some(answer) = self.admin.text(&path).await? else { return Ok(()) };
        let mut now: Value = serde_json::from_str(&answer).unwrap_or_default();
        now["status"] = status.clone();
        found(self.admin.raw(Method::PUT, &format!("{path}/status"), Some(&now)).await)?;
        if let Some(known) = self.known.get_mut(key) {
            known.status = status.clone();
        }
        Ok(())
    }

    fn path(&self, kind: &'static Resource, name: &str) -> String {
        let version = version(&self.shared.options, kind);
        let root = if kind.group.is_empty() { "/api".to_owned() } else { format!("/apis/{}", kind.group) };
        let slash = if name.is_empty() { "" } else { "/" };
        format!("{root}/{version}/namespaces/{}/{}{slash}{name}", self.project, kind.plural)
    }
}

/// What was removed meanwhile is told as such.
fn found(answer: Result<String, ProviderError>) -> Result<(), ProviderError> {
    match answer {
        Ok(_) | Err(ProviderError::NotFound(_)) => Ok(()),
        Err(error) => Err(error),
    }
}
