//! Who may make builds of which strategy, besides all else. *Documented, unrecorded* (OpenShift's documentation, "Securing builds by
//! strategy", and the admission plugin `BuildByStrategy`).

use serde_json::Value;

use super::builds;
use crate::{
    api::{ask::Ask, body, status::Failure, target::Target},
    people::{Caller, Wish, may},
    world::{World, text},
};

const STRATEGIES: [(&str, &str, &str); 3] = [
    ("jenkinsPipelineStrategy", "jenkinspipeline", "JenkinsPipeline"),
    ("dockerStrategy", "docker", "Docker"),
    ("sourceStrategy", "source", "Source"),
];

/// Fails where the caller may not make builds of the strategy that this request is about.
pub(crate) fn check(world: &World, caller: &Caller, verb: &str, ask: &Ask, target: &Target) -> Result<(), Failure> {
    let stored = || world.get(target.resource, target.place(), target.named()).cloned();
    let object = match (target.resource.id, target.subresource.as_deref(), verb) {
        ("buildconfigs.build.openshift.io" | "builds.build.openshift.io", None, "create" | "update") => {
            Some(body::of_target(ask, target)?)
        }
        ("buildconfigs.build.openshift.io", Some("instantiate"), _)
        | ("builds.build.openshift.io", Some("clone"), _) => stored(),
        _ => None,
    };
    let Some(object) = object else { return Ok(()) };
    let is_it = |(field, ..): &&(&str, &str, &str)| object["spec"]["strategy"][*field].is_object();
    let (Some((_, subresource, word)), Some(kind)) = (STRATEGIES.iter().find(is_it), builds()) else { return Ok(()) };
    let wish = Wish {
        verb: "create",
        group: kind.group,
        plural: kind.plural,
        subresource: Some(subresource),
        namespace: target.namespace.as_deref(),
        name: None,
    };
    if may(world, caller, &wish) {
        return Ok(());
    }
    let name: Value = object["metadata"]["name"].clone();
    let why = format!("build strategy {word} is not allowed");
    Err(Failure::forbidden_because(target.resource, &text(&name), &why))
}
