//! Images, as settings name them and as the cluster does.

use alm_kubernetes::{is_name, is_namespace};
use serde_json::{Value, json};

const IMAGE: &str = "docker://";

/// The reference to an image that a setting names; `None` for what is none.
pub(crate) fn reference(text: &str) -> Option<Value> {
    if let Some(image) = text.strip_prefix(IMAGE) {
        let is_plain = !image.is_empty() && image.len() <= 512 && image.bytes().all(|b| b.is_ascii_graphic());
        return is_plain.then(|| json!({ "kind": "DockerImage", "name": image }));
    }
    let (namespace, tagged) = match text.split_once('/') {
        Some((namespace, tagged)) => (Some(namespace), tagged),
        None => (None, text),
    };
    let (name, tag) = tagged.split_once(':')?;
    let is_tag = (1..=128).contains(&tag.len())
        && tag.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if !is_tag || !is_name(name) || !namespace.is_none_or(is_namespace) {
        return None;
    }
    Some(match namespace {
        Some(namespace) => json!({ "kind": "ImageStreamTag", "namespace": namespace, "name": tagged }),
        None => json!({ "kind": "ImageStreamTag", "name": tagged }),
    })
}

/// What a reference names, as a setting does; with the kind before it where that is one that no setting names.
pub(crate) fn named(reference: &Value) -> Option<String> {
    let (kind, name) = (reference.get("kind")?.as_str()?, reference.get("name")?.as_str()?);
    let namespace = reference.get("namespace").and_then(Value::as_str);
    let placed = namespace.map_or_else(|| name.to_owned(), |namespace| format!("{namespace}/{name}"));
    Some(match kind {
        "DockerImage" => format!("{IMAGE}{name}"),
        "ImageStreamTag" => placed,
        other => format!("{other} {placed}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_setting_names_reads_back() {
        for text in ["app:latest", "openshift/nodejs:14", "docker://registry.example.test/demo/node:latest"] {
            assert_eq!(named(&reference(text).unwrap()).unwrap(), text);
        }
        for text in ["", "app", "app:", "A:1", "a/b/c:1", "docker://", "docker://a b", "app:la test", "../x:1"] {
            assert_eq!(reference(text), None, "{text:?}");
        }
    }
}
