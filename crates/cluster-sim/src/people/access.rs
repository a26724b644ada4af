//! Who may do what.

use super::{Caller, Role};
use crate::{
    api::status::Failure,
    world::{Resource, World},
};

/// What somebody wants to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish<'a> {
    pub(crate) verb: &'a str,
    pub(crate) group: &'a str,
    pub(crate) plural: &'a str,
    pub(crate) subresource: Option<&'a str>,
    pub(crate) namespace: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
}

/// To fetch the images of a stream.
pub(crate) const fn layers<'a>(namespace: &'a str, stream: &'a str) -> Wish<'a> {
    Wish {
        verb: "get",
        group: "image.openshift.io",
        plural: "imagestreams",
        subresource: Some("layers"),
        namespace: Some(namespace),
        name: Some(stream),
    }
}

const READS: [&str; 3] = ["get", "list", "watch"];

/// Whether they may.
pub(crate) fn may(world: &World, caller: &Caller, wish: &Wish<'_>) -> bool {
    if caller.is_anonymous() {
        return wish.subresource == Some("webhooks");
    }
    let whole = wish.subresource.map(|subresource| format!("{}/{subresource}", wish.plural));
    let is_denied = |kind: &str| world.people.denied.contains(kind);
    if wish.verb == "create" && (is_denied(wish.plural) || whole.as_deref().is_some_and(is_denied)) {
        return false;
    }
    if world.people.hidden.contains(&(caller.name.clone(), wish.plural.to_owned())) {
        return false;
    }
    let full = caller.scopes.iter().any(|scope| scope == "user:full");
    match (wish.group, wish.plural) {
        ("user.openshift.io", "users") => return wish.verb == "get" && wish.name == Some("~"),
        ("authorization.k8s.io", _) => return wish.verb == "create",
        ("oauth.openshift.io", "useroauthaccesstokens") => {
            return full && ["get", "list", "watch", "delete"].contains(&wish.verb);
        }
        ("project.openshift.io", "projectrequests") => return full && ["create", "list"].contains(&wish.verb),
        ("project.openshift.io", "projects") if wish.name.is_none() => return wish.verb == "list",
        _ => {}
    }
    let place = match (wish.group, wish.plural) {
        ("project.openshift.io", "projects") | ("", "namespaces") => wish.name,
        _ => wish.namespace,
    };
    let Some((place, role)) = place.and_then(|place| Some((place, world.people.role(&caller.name, place)?))) else {
        return false;
    };
    // Scopes are enforced by a real cluster, though the recorded one did not.
    if full {
        return in_project(role, wish);
    }
    let scoped = caller.scopes.iter().filter_map(|scope| scoped(scope, place));
    scoped.into_iter().any(|(most, with_secrets)| {
        in_project(role.min(most), wish) && (with_secrets || !["secrets", "rolebindings"].contains(&wish.plural))
    })
}

/// The role that a scope (`role:NAME:NAMESPACE`) lets a token have in a project, and whether that holds for secrets too, as it does
/// with `:!` at its end. *Documented, unrecorded* (OpenShift's documentation, "Scoping tokens").
fn scoped(scope: &str, place: &str) -> Option<(Role, bool)> {
    let (name, rest) = scope.strip_prefix("role:")?.split_once(':')?;
    let (namespace, with_secrets) = match rest.strip_suffix(":!") {
        Some(namespace) => (namespace, true),
        None => (rest, false),
    };
    let role = match name {
        "view" => Role::View,
        "edit" => Role::Edit,
        "admin" => Role::Admin,
        _ => return None,
    };
    (namespace == place || namespace == "*").then_some((role, with_secrets))
}

fn in_project(role: Role, wish: &Wish<'_>) -> bool {
    let reads = READS.contains(&wish.verb);
    match wish.plural {
        "namespaces" => return wish.verb == "get",
        "projects" => {
            return wish.verb == "get" || (role == Role::Admin && ["delete", "update", "patch"].contains(&wish.verb));
        }
        "events" | "resourcequotas" => return reads,
        "rolebindings" => return role == Role::Admin,
        "secrets" if role == Role::View => return false,
        _ => {}
    }
    match wish.subresource {
        None => reads || role > Role::View,
        Some("log" | "layers") => wish.verb == "get",
        Some("instantiate" | "clone" | "webhooks" | "instantiatebinary" | "docker" | "source" | "jenkinspipeline") => {
            wish.verb == "create" && role > Role::View
        }
        Some("scale" | "rollback") => role > Role::View,
        Some(_) => false,
    }
}

/// Fails as a cluster does where they may not.
pub(crate) fn authorize(world: &World, caller: &Caller, resource: &Resource, wish: &Wish<'_>) -> Result<(), Failure> {
    if may(world, caller, wish) { Ok(()) } else { Err(Failure::forbidden(&caller.name, resource, wish)) }
}
