//! What a path names.

use super::{
    reply::{self, Reply},
    status::Failure,
};
use crate::{
    Options,
    people::Wish,
    world::{Home, RESOURCES, Resource},
};

/// What a path names.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) resource: &'static Resource,
    pub(crate) version: &'static str,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) subresource: Option<String>,
    /// What comes behind the subresource.
    pub(crate) rest: Vec<String>,
}

impl Target {
    pub(crate) fn wish<'a>(&'a self, verb: &'a str) -> Wish<'a> {
        Wish {
            verb,
            group: self.resource.group,
            plural: self.resource.plural,
            subresource: self.subresource.as_deref(),
            namespace: self.namespace.as_deref(),
            name: self.name.as_deref(),
        }
    }

    pub(crate) fn api_version(&self) -> String {
        self.resource.api_version(self.version)
    }

    pub(crate) fn place(&self) -> &str {
        self.namespace.as_deref().unwrap_or_default()
    }

    pub(crate) fn named(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }
}

/// Whether a cluster like this has the kind in this version.
pub(crate) fn is_served(options: &Options, resource: &Resource, version: &str) -> bool {
    match resource.home {
        Home::Core => true,
        Home::OpenShift => options.openshift,
        Home::Custom if resource.kind == "ApprovalTask" => options.tekton && options.approvals,
        Home::Custom => options.tekton && (options.tekton_v1 || version != "v1"),
    }
}

/// What is said of a kind that the cluster does not serve. Whoever has rights on certain kinds alone is told that they may not; a path
/// that nobody handles is answered as plain text. *Documented, unrecorded* (kontena/pharos-cluster#523).
pub(crate) fn unserved(path: &str, user: &str) -> Result<Reply, Failure> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let known = match parts.as_slice() {
        ["apis", group, _, "namespaces", _, plural, ..] | ["apis", group, _, plural, ..] => {
            RESOURCES.iter().find(|known| known.group == *group && known.plural == *plural)
        }
        _ => None,
    };
    match known {
        Some(resource) => {
            Err(Failure::forbidden_because(resource, "", &format!("User \"{user}\" has no rights on it")))
        }
        None => Ok(reply::text(404, "404 page not found\n", &[])),
    }
}

/// Nothing where the cluster has no such kind.
pub(crate) fn parse(options: &Options, path: &str) -> Option<Target> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let (group, version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return None,
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, plural, rest @ ..] => (Some(*namespace), [&[*plural], rest].concat()),
        rest => (None, rest.to_vec()),
    };
    let (plural, rest) = rest.split_first()?;
    let resource = RESOURCES.iter().find(|known| known.group == group && known.plural == *plural)?;
    let version = *resource.versions.iter().find(|known| **known == version)?;
    if !is_served(options, resource, version) || (namespace.is_some() && !resource.namespaced) {
        return None;
    }
    let at = |n: usize| rest.get(n).map(|&part| part.to_owned());
    Some(Target {
        resource,
        version,
        namespace: namespace.map(str::to_owned),
        name: at(0),
        subresource: at(1),
        rest: rest.iter().skip(2).map(|&part| part.to_owned()).collect(),
    })
}
