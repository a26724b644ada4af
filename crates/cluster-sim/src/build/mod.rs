//! Build configurations, builds, and the controller that carries Docker and Source builds out.

mod by_strategy;
mod config;
mod controller;
mod instantiate;
mod log;
mod mount;
mod phase;
mod run;

pub(crate) use by_strategy::check as check_strategy;
pub(crate) use config::admit as admit_config;
pub(crate) use controller::controller;
pub(crate) use instantiate::{clone, instantiate, webhook};
pub(crate) use log::log;
pub(crate) use mount::drop_volumes;
pub(crate) use phase::{admit as admit_build, is_over, set as set_phase};
pub(crate) use run::{Outcome, Place, run_script};

use serde_json::Value;

use crate::world::{Resource, resource_of, text};

/// The kind of builds.
pub(crate) fn builds() -> Option<&'static Resource> {
    resource_of("builds.build.openshift.io")
}

/// The environment of a build, by name.
pub(crate) fn environment(spec: &Value) -> std::collections::BTreeMap<String, String> {
    let strategy = &spec["strategy"];
    let of = ["jenkinsPipelineStrategy", "dockerStrategy", "sourceStrategy", "customStrategy"];
    let listed = of.iter().filter_map(|kind| strategy[*kind]["env"].as_array()).flatten();
    let arguments = strategy["dockerStrategy"]["buildArgs"].as_array().into_iter().flatten();
    listed.chain(arguments).map(|pair| (text(&pair["name"]), text(&pair["value"]))).collect()
}
