//! `builds/NAME/log`, with its oddities.

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use super::builds;
use crate::{
    api::{
        Wanted,
        ask::Ask,
        reply::{self, Reply},
        status::{Cause, Failure},
        stream_lines,
        target::Target,
    },
    shared::Shared,
    world::text,
};

/// How long a real cluster waits for the pod.
const PATIENCE: Duration = Duration::from_secs(30);

enum Next {
    /// There is none yet.
    Wait,
    Read(String),
    Refuse(Failure),
}

pub(crate) async fn log(shared: &Arc<Shared>, ask: &Ask, target: &Target) -> Result<Reply, Failure> {
    if let Some(lines) = ask.number("tailLines").filter(|lines| *lines < 0) {
        let cause = Cause::value("tailLines", format!("Invalid value: {lines}: must be greater than or equal to 0"));
        let group = "build.openshift.io";
        return Err(Failure::invalid("BuildLogOptions.build.openshift.io", group, "BuildLogOptions", "", &[cause]));
    }
    let wanted = Wanted::of(ask, shared.clock.now())?;
    let (place, name) = (target.place(), target.named());
    let look = |world: &crate::world::World| match builds().and_then(|builds| world.get(builds, place, name)) {
        None => Next::Refuse(Failure::not_found("builds", "build.openshift.io", name)),
        Some(build) => next(world, place, build),
    };
    let now = match shared.read(look) {
        Next::Wait if ask.flag("nowait") => return Ok(reply::empty(204, &[])),
        Next::Wait => {
            let ready = shared.until(|world| match look(world) {
                Next::Wait => None,
                settled => Some(settled),
            });
            tokio::time::timeout(shared.clock.wait(PATIENCE), ready).await.ok().flatten().unwrap_or(Next::Wait)
        }
        settled => settled,
    };
    let pod = match now {
        Next::Read(pod) => pod,
        Next::Refuse(failure) => return Err(failure),
        Next::Wait => {
            let why = format!("unable to wait for build {name} to run: timed out waiting for the condition");
            return Err(Failure::bad_request(why));
        }
    };
    let containers = shared.read(|world| {
        let all = world.logs.get(&(place.to_owned(), pod.clone())).map(Vec::as_slice).unwrap_or_default();
        all.iter().map(|container| container.name.clone()).collect()
    });
    Ok(reply::stream(
        "application/octet-stream",
        stream_lines(shared.clone(), place.to_owned(), pod, containers, wanted),
    ))
}

fn next(world: &crate::world::World, place: &str, build: &Value) -> Next {
    let name = text(&build["metadata"]["name"]);
    match build["status"]["phase"].as_str().unwrap_or_default() {
        "Cancelled" => {
            Next::Refuse(Failure::bad_request(format!("build {name} was cancelled. No logs are available.")))
        }
        "New" | "Pending" => Next::Wait,
        _ => {
            let pod = format!("{name}-build");
            match world.pod_is_there(place, &pod) {
                true => Next::Read(pod),
                // Jenkins' builds never have one.
                false => Next::Refuse(Failure::bad_request(format!("pod \"{pod}\" not found"))),
            }
        }
    }
}
