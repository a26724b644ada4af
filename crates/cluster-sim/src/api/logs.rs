//! Logs of pods.

use std::{io, sync::Arc};

use async_stream::stream;
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use futures::Stream;

use super::{ask::Ask, list::found, reply, reply::Reply, status::Failure, target::Target};
use crate::{faults::Fault, shared::Shared, world::Container};

/// What of a log is wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    follow: bool,
    timestamps: bool,
    since: Option<DateTime<Utc>>,
    tail: Option<usize>,
}

impl Wanted {
    pub(crate) fn of(ask: &Ask, now: DateTime<Utc>) -> Result<Self, Failure> {
        let since = match (ask.query("sinceTime"), ask.number("sinceSeconds")) {
            (Some(time), _) => Some(
                DateTime::parse_from_rfc3339(&time)
                    .map_err(|_| {
                        Failure::bad_request(format!(
                            "parsing time \"{time}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse"
                        ))
                    })?
                    .to_utc(),
            ),
            (None, Some(seconds)) => Some(now - chrono::TimeDelta::seconds(seconds)),
            (None, None) => None,
        };
        let tail = ask.number("tailLines").and_then(|lines| usize::try_from(lines).ok());
        Ok(Self { follow: ask.flag("follow"), timestamps: ask.flag("timestamps"), since, tail })
    }
}

/// The log of one container.
pub(crate) fn pod_log(shared: &Arc<Shared>, ask: &Ask, target: &Target) -> Result<Reply, Failure> {
    let wanted = Wanted::of(ask, shared.clock.now())?;
    let (place, pod) = (target.place().to_owned(), target.named().to_owned());
    let container = shared.read(|world| {
        found(world, target)?;
        let all = world.logs.get(&(place.clone(), pod.clone())).map(Vec::as_slice).unwrap_or_default();
        let container = match (ask.query("container"), all) {
            (Some(name), _) => all
                .iter()
                .find(|container| container.name == name)
                .ok_or_else(|| Failure::bad_request(format!("container {name} is not valid for pod {pod}")))?,
            (None, [only]) => only,
            (None, _) => {
                let names: Vec<&str> = all.iter().map(|container| container.name.as_str()).collect();
                return Err(Failure::bad_request(format!(
                    "a container name must be specified for pod {pod}, choose one of: [{}]",
                    names.join(" ")
                )));
            }
        };
        if world.silent_pods.contains(&(place.clone(), pod.clone())) {
            let (node, name) = ("10.0.0.9:10250", &container.name);
            let path = format!("https://{node}/containerLogs/{place}/{pod}/{name}");
            return Err(Failure::rubbish(format!("Get \"{path}\": dial tcp {node}: i/o timeout")));
        }
        if !container.started {
            return Err(Failure::bad_request(format!(
                "container \"{}\" in pod \"{pod}\" is waiting to start: PodInitializing",
                container.name
            )));
        }
        Ok(container.name.clone())
    })?;
    Ok(reply::stream("text/plain", stream_lines(shared.clone(), place, pod, vec![container], wanted)))
}

/// The lines of these containers, one after another.
pub(crate) fn stream_lines(
    shared: Arc<Shared>,
    namespace: String,
    pod: String,
    containers: Vec<String>,
    wanted: Wanted,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream! {
        let mut bell = shared.listen();
        let mut state = shared.faults.listen();
        let cuts = state.borrow_and_update().cuts;
        for name in containers {
            let mut next: Option<usize> = None;
            loop {
                bell.borrow_and_update();
                let (text, ended) = shared.read(|world| {
                    let all = world.logs.get(&(namespace.clone(), pod.clone()));
                    let container = all.and_then(|all| all.iter().find(|container| container.name == name));
                    // A pod that is gone ends its log.
                    container.map_or((String::new(), true), |container| {
                        let from = next.unwrap_or_else(|| first(container, &wanted));
                        next = Some(container.dropped + container.lines.len());
                        (render(container, from, &wanted), container.ended)
                    })
                });
                if !text.is_empty() {
                    let _ = state.wait_for(|state| state.fault != Fault::Hang).await;
                    yield Ok(Bytes::from(text));
                }
                if ended || !wanted.follow {
                    break;
                }
                tokio::select! {
                    () = shared.stop.cancelled() => return,
                    changed = bell.changed() => if changed.is_err() { return },
                    changed = state.changed() => {
                        if changed.is_err() { return }
                        if state.borrow().cuts > cuts {
                            yield Err(io::Error::other("cut off on purpose"));
                            return;
                        }
                    }
                }
            }
        }
    }
}

fn first(container: &Container, wanted: &Wanted) -> usize {
    let skipped = wanted.tail.map_or(0, |tail| container.lines.len().saturating_sub(tail));
    container.dropped + skipped
}

fn render(container: &Container, from: usize, wanted: &Wanted) -> String {
    let mut text = String::new();
    for (time, line) in container.lines.iter().skip(from.saturating_sub(container.dropped)) {
        if wanted.since.is_some_and(|since| *time < since) {
            continue;
        }
        if wanted.timestamps {
            text.push_str(&time.to_rfc3339_opts(SecondsFormat::Nanos, true));
            text.push(' ');
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}
