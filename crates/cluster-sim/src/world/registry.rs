//! From where images can be fetched: this cluster's registry, where it is exposed, those of other clusters, and such as need no
//! cluster. All of it is *documented, unrecorded* (OpenShift's documentation, "Exposing the registry", "Importing images").

use std::{
    collections::BTreeSet,
    sync::{Arc, Weak},
};

use serde_json::Value;

use super::{World, images::REGISTRY, resource_of};
use crate::shared::Shared;

/// Registries, as a cluster knows them, and what becomes of their images.
#[derive(Debug, Default)]
pub(crate) struct Registries {
    /// The host of this cluster's own one, where it is exposed.
    pub(crate) host: Option<String>,
    /// Those of other clusters, by host.
    pub(crate) others: Vec<(String, Weak<Shared>)>,
    /// Repositories that everybody may fetch from and push to.
    pub(crate) open: BTreeSet<String>,
    /// Digests of images that do not start.
    pub(crate) broken: BTreeSet<String>,
    /// Digests of images that start when the gate of their digest is open.
    pub(crate) held: BTreeSet<String>,
}

/// What becomes of a pod with an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    Starts,
    Waits,
    Never,
}

impl World {
    /// Whether a stream holds an image.
    pub(crate) fn has_image(&self, namespace: &str, stream: &str, digest: &str) -> bool {
        let found = resource_of("imagestreams.image.openshift.io").and_then(|kind| self.get(kind, namespace, stream));
        let tags = found.and_then(|stream| stream["status"]["tags"].as_array()).into_iter().flatten();
        tags.filter_map(|tag| tag["items"].as_array()).flatten().any(|item| item["image"] == digest)
    }

    /// The addresses of a stream's repository: within the cluster, and outside where the registry is exposed.
    pub(crate) fn repositories(&self, namespace: &str, stream: &str) -> (String, Option<String>) {
        let outside = self.registries.host.as_ref().map(|host| format!("{host}/{namespace}/{stream}"));
        (format!("{REGISTRY}/{namespace}/{stream}"), outside)
    }

    /// What becomes of pods of a namespace with this image.
    pub(crate) fn start_of(&self, namespace: &str, image: &str) -> Start {
        let Some((repository, digest)) = image.split_once('@') else { return Start::Starts };
        if let Some(path) = repository.strip_prefix(&format!("{REGISTRY}/")) {
            // Images of other namespaces are for those who were let in there.
            let own =
                path.split_once('/').filter(|(of, stream)| *of == namespace && self.has_image(of, stream, digest));
            if own.is_none() {
                return Start::Never;
            }
        }
        if self.registries.broken.contains(digest) {
            return Start::Never;
        }
        let waits = self.registries.held.contains(digest) && !self.gates.contains(digest);
        if waits { Start::Waits } else { Start::Starts }
    }
}

/// How fetching an image went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fetched {
    Yes,
    NotAllowed,
    NotFound,
    /// The registry does not answer.
    Unreachable,
}

/// Fetches an image (`REPOSITORY@DIGEST`) with the tokens that a namespace has for the registry's host. Asks another cluster, so that
/// this one's world must not be held meanwhile.
pub(crate) fn fetch(shared: &Shared, namespace: &str, image: &str) -> Fetched {
    let Some((repository, digest)) = image.split_once('@') else { return Fetched::NotFound };
    let (host, path) = repository.split_once('/').unwrap_or((repository, ""));
    let (is_open, other) = shared.read(|world| {
        let registries = &world.registries;
        let other = registries.others.iter().find(|(known, _)| known == host).and_then(|(_, other)| other.upgrade());
        (registries.open.contains(repository), other)
    });
    if is_open {
        return Fetched::Yes;
    }
    let Some(other): Option<Arc<Shared>> = other else { return Fetched::Unreachable };
    let Some((of, stream)) = path.split_once('/') else { return Fetched::NotFound };
    let tokens = shared.read(|world| passwords(world, namespace, host));
    other.read(|world| {
        let may = tokens.iter().any(|token| {
            let caller = crate::people::authenticate(world, Some(token));
            caller.is_ok_and(|caller| crate::people::may(world, &caller, &crate::people::layers(of, stream)))
        });
        match (may, world.has_image(of, stream, digest)) {
            (false, _) => Fetched::NotAllowed,
            (true, true) => Fetched::Yes,
            (true, false) => Fetched::NotFound,
        }
    })
}

/// The passwords for a host in the pull secrets of a namespace.
fn passwords(world: &World, namespace: &str, host: &str) -> Vec<String> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let Some(kind) = resource_of("secrets") else { return Vec::new() };
    let decoded = |text: &Value| STANDARD.decode(text.as_str()?).ok();
    let password = |secret: &Value| {
        let config: Value = serde_json::from_slice(&decoded(&secret["data"][".dockerconfigjson"])?).ok()?;
        let known = &config["auths"][host];
        let pair = || String::from_utf8(decoded(&known["auth"])?).ok();
        known["password"].as_str().map(str::to_owned).or_else(|| Some(pair()?.split_once(':')?.1.to_owned()))
    };
    world.in_namespace(kind, namespace).filter_map(password).collect()
}
