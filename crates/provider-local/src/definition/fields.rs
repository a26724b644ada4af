//! A map whose keys are known.

use alm_domain::shorten;

use super::{
    foreign,
    keys::Object,
    node::{Entry, Node, Value},
    problem::{Path, Problems},
    text::did_you_mean,
};

/// The entries of a map, known keys with a value only.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    entries: Vec<&'a Entry>,
    /// Something was there that had to be told, and may be what seems to be missing.
    pub(super) had_strangers: bool,
}

impl<'a> Fields<'a> {
    /// Takes a map apart, and tells every key that does not belong there.
    pub(super) fn read(node: &'a Node, object: &Object, path: &Path<'_>, problems: &mut Problems) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            problems.add(node.at, path, format!("is {}: {}", node.kind(), object.instead));
            return None;
        };
        let mut known = Vec::new();
        let mut had_strangers = false;
        for entry in entries {
            if object.ignores_hidden && (entry.key.starts_with("x-") || entry.key.starts_with('.')) {
                continue; // a place for anchors
            }
            let path = path.key(&entry.key);
            if !object.keys.iter().any(|spec| spec.name == entry.key) {
                had_strangers = true;
                problems.add(entry.at, &path, unknown(entry, object));
            } else if matches!(entry.node.value, Value::Null) {
                had_strangers = true;
                problems.add(entry.at, &path, "has no value: give it one, or take the line out");
            } else {
                known.push(entry);
            }
        }
        Some(Self { entries: known, had_strangers })
    }

    pub(super) fn entry(&self, key: &str) -> Option<&'a Entry> {
        self.entries.iter().find(|entry| entry.key == key).copied()
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().copied()
    }
}

fn unknown(entry: &Entry, object: &Object) -> String {
    let key = entry.key.as_str();
    let spelt: String = key.trim().to_lowercase().replace(['_', ' '], "-");
    if let Some(remedy) = foreign::remedy(&spelt, object.foreign) {
        return format!("is not a key of {}: {remedy}", object.name);
    }
    let names = object.keys.iter().map(|spec| spec.name);
    match did_you_mean(key, names.clone()) {
        Some(meant) => format!("is not a key of {}: did you mean `{meant}`?", object.name),
        None if object.ignores_hidden && matches!(entry.node.value, Value::Map(_)) => {
            format!("is not a key of {}: if it is a stage, write it under `stages`", object.name)
        }
        None => {
            let known = names.collect::<Vec<_>>().join(", ");
            format!("is not a key of {} ({:?} is unknown): use one of {known}", object.name, shorten(key))
        }
    }
}
