//! All that a cluster holds. Every change of an object gets the next resource version and is remembered for watches.

pub(crate) mod images;
mod pods;
pub(crate) mod projects;
pub(crate) mod registry;
mod resource;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use serde_json::{Value, json};

pub(crate) use pods::Container;
pub(crate) use resource::{Home, RESOURCES, Resource, resource_of};

use crate::{clock::Clock, jenkins::Jenkins, people::Oauth, people::People};

/// How much history is kept for watches.
const HISTORY: usize = 20_000;
/// How many requests are remembered.
const REQUESTS: usize = 10_000;

/// A request that a server was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Whether it was sent to Jenkins.
    pub jenkins: bool,
    /// Its method.
    pub method: String,
    /// Its path, with the query.
    pub path: String,
    /// Whose token it carried; nothing where it carried none that is good.
    pub user: Option<String>,
}

/// Where an object is. The namespace is empty for kinds of the whole cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) resource: &'static str,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

/// A change of an object.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) revision: u64,
    pub(crate) key: Key,
    pub(crate) old: Option<Value>,
    /// Nothing when the object was removed; then the old one carries the revision of that.
    pub(crate) new: Option<Value>,
}

/// The objects of a cluster at a moment, as a backup of its store keeps them. Logs and the tokens of people are not among them.
#[derive(Debug, Clone)]
pub struct Backup {
    objects: BTreeMap<Key, Value>,
    revision: u64,
}

pub(crate) struct World {
    objects: BTreeMap<Key, Value>,
    pub(crate) revision: u64,
    pub(crate) events: VecDeque<Event>,
    /// Watches from before this one have expired.
    pub(crate) oldest: u64,
    pub(crate) people: People,
    pub(crate) oauth: Oauth,
    pub(crate) jenkins: Jenkins,
    pub(crate) logs: BTreeMap<(String, String), Vec<Container>>,
    /// Pods whose node does not answer.
    pub(crate) silent_pods: BTreeSet<(String, String)>,
    pub(crate) scripts: BTreeMap<(String, String), String>,
    /// The files of claims: by namespace, claim and path.
    pub(crate) volumes: BTreeMap<(String, String, String), String>,
    pub(crate) gates: BTreeSet<String>,
    pub(crate) requests: VecDeque<Seen>,
    pub(crate) registries: registry::Registries,
    /// Whether no trigger on an image does anything for now.
    pub(crate) triggers_are_held: bool,
    /// Whether builds can mount volumes.
    pub(crate) has_build_volumes: bool,
    pub(crate) clock: Arc<Clock>,
}

impl World {
    pub(crate) fn new(clock: Arc<Clock>) -> Self {
        Self {
            objects: BTreeMap::new(),
            revision: 500,
            events: VecDeque::new(),
            oldest: 355,
            people: People::default(),
            oauth: Oauth::default(),
            jenkins: Jenkins::default(),
            logs: BTreeMap::new(),
            scripts: BTreeMap::new(),
            volumes: BTreeMap::new(),
            gates: BTreeSet::new(),
            silent_pods: BTreeSet::new(),
            requests: VecDeque::new(),
            registries: registry::Registries::default(),
            triggers_are_held: false,
            has_build_volumes: true,
            clock,
        }
    }

    pub(crate) fn note(&mut self, seen: Seen) {
        if self.requests.len() == REQUESTS {
            self.requests.pop_front();
        }
        self.requests.push_back(seen);
    }

    pub(crate) fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Option<&Value> {
        self.objects.get(&resource.key(namespace, name))
    }

    /// All objects of a kind; of one namespace where one is given.
    pub(crate) fn all<'a>(
        &'a self,
        resource: &'static Resource,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = (&'a Key, &'a Value)> {
        self.objects
            .iter()
            .filter(move |(key, _)| key.resource == resource.id && namespace.is_none_or(|ns| key.namespace == ns))
    }

    pub(crate) fn in_namespace<'a>(
        &'a self,
        resource: &'static Resource,
        namespace: &'a str,
    ) -> impl Iterator<Item = &'a Value> {
        self.all(resource, Some(namespace)).map(|(_, object)| object)
    }

    /// Writes an object. Gives it a uid, a creation time and a resource version; gives it back as it is stored.
    pub(crate) fn put(&mut self, resource: &'static Resource, namespace: &str, name: &str, mut object: Value) -> Value {
        let key = resource.key(namespace, name);
        let old = self.objects.get(&key).cloned();
        self.revision += 1;
        if !object["metadata"].is_object() {
            object["metadata"] = json!({});
        }
        let metadata = &mut object["metadata"];
        metadata["name"] = json!(name);
        if resource.namespaced {
            metadata["namespace"] = json!(namespace);
        }
        match &old {
            Some(old) => {
                metadata["uid"] = old["metadata"]["uid"].clone();
                metadata["creationTimestamp"] = old["metadata"]["creationTimestamp"].clone();
            }
            None => {
                metadata["uid"] = json!(uid());
                metadata["creationTimestamp"] = json!(self.clock.stamp());
            }
        }
        metadata["resourceVersion"] = json!(self.revision.to_string());
        if let Some(map) = object.as_object_mut() {
            map.remove("kind");
            map.remove("apiVersion");
        }
        self.objects.insert(key.clone(), object.clone());
        self.remember(Event { revision: self.revision, key, old, new: Some(object.clone()) });
        object
    }

    /// Changes an object that is there by a merge patch.
    pub(crate) fn merge(&mut self, resource: &'static Resource, namespace: &str, name: &str, patch: &Value) {
        if let Some(mut object) = self.get(resource, namespace, name).cloned() {
            json_patch::merge(&mut object, patch);
            self.put(resource, namespace, name, object);
        }
    }

    pub(crate) fn remove(&mut self, resource: &'static Resource, namespace: &str, name: &str) -> Option<Value> {
        let key = resource.key(namespace, name);
        let mut old = self.objects.remove(&key)?;
        self.revision += 1;
        old["metadata"]["resourceVersion"] = json!(self.revision.to_string());
        if resource.id == "pods" {
            self.logs.remove(&(namespace.to_owned(), name.to_owned()));
        }
        self.remember(Event { revision: self.revision, key, old: Some(old.clone()), new: None });
        Some(old)
    }

    /// Removes what an object owns, and what that owns.
    pub(crate) fn collect(&mut self, owner: &str) {
        let owned: Vec<Key> =
            self.objects.iter().filter(|(_, object)| is_owned(object, owner)).map(|(key, _)| key.clone()).collect();
        for key in owned {
            if let Some(resource) = resource_of(key.resource)
                && let Some(gone) = self.remove(resource, &key.namespace, &key.name)
            {
                self.collect(&text(&gone["metadata"]["uid"]));
            }
        }
    }

    /// Lets go of what an object owns, without removing it.
    pub(crate) fn orphan(&mut self, owner: &str) {
        let owned: Vec<Key> =
            self.objects.iter().filter(|(_, object)| is_owned(object, owner)).map(|(key, _)| key.clone()).collect();
        for key in owned {
            if let (Some(resource), Some(object)) = (resource_of(key.resource), self.objects.get(&key).cloned()) {
                let mut free = object;
                if let Some(metadata) = free["metadata"].as_object_mut() {
                    metadata.remove("ownerReferences");
                }
                self.put(resource, &key.namespace, &key.name, free);
            }
        }
    }

    fn remember(&mut self, event: Event) {
        if self.events.len() == HISTORY
            && let Some(gone) = self.events.pop_front()
        {
            self.oldest = gone.revision;
        }
        self.events.push_back(event);
    }

    /// All objects, and which version that is.
    pub(crate) fn backup(&self) -> Backup {
        Backup { objects: self.objects.clone(), revision: self.revision }
    }

    /// Makes it as it was then: what comes next has versions that were given before.
    pub(crate) fn restore(&mut self, backup: &Backup) {
        self.objects.clone_from(&backup.objects);
        self.revision = backup.revision;
        self.compact();
    }

    pub(crate) fn compact(&mut self) {
        self.events.clear();
        self.oldest = self.revision;
    }
}

fn is_owned(object: &Value, owner: &str) -> bool {
    object["metadata"]["ownerReferences"]
        .as_array()
        .is_some_and(|all| all.iter().any(|reference| reference["uid"] == owner))
}

/// The text of a value that should be one; empty otherwise.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A new uid.
pub(crate) fn uid() -> String {
    let bytes: [u8; 16] = rand::random();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}
