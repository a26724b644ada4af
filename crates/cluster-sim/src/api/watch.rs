//! Watching: what is there, then what changes, as lines.

use std::{collections::VecDeque, io, sync::Arc, time::Duration};

use async_stream::stream;
use bytes::Bytes;
use serde_json::{Value, json};

use super::{ask::Ask, list::shown, reply, reply::Reply, selector::Selector, status::Failure, target::Target};
use crate::{
    faults::{Fault, State},
    shared::Shared,
    world::{Event, Home, World},
};

/// How long a watch lives that does not say so.
const LIFE: Duration = Duration::from_secs(1800);

pub(crate) fn watch(shared: &Arc<Shared>, ask: &Ask, target: &Target) -> Result<Reply, Failure> {
    let selector = Selector::of(ask, target.resource)?;
    let asked = ask.query("resourceVersion").unwrap_or_default();
    let from = match asked.as_str() {
        "" | "0" => None,
        asked => Some(asked.parse::<u64>().map_err(|_| {
            Failure::rubbish(format!(
                "resourceVersion: Invalid value: \"{asked}\": strconv.ParseUint: parsing \"{asked}\": invalid syntax"
            ))
        })?),
    };
    let life =
        ask.number("timeoutSeconds").and_then(|seconds| u64::try_from(seconds).ok()).map_or(LIFE, Duration::from_secs);
    let life = shared.clock.wait(life);
    let bookmarks = ask.flag("allowWatchBookmarks");
    let (shared, target) = (shared.clone(), target.clone());
    let lines = stream! {
        let mut bell = shared.listen();
        let mut state = shared.faults.listen();
        state.borrow_and_update();
        let cuts = state.borrow().cuts;
        let end = tokio::time::sleep(life);
        tokio::pin!(end);
        let mut ready: VecDeque<Value> = VecDeque::new();
        let mut cursor = match from {
            Some(from) => from,
            None => shared.read(|world| {
                let all = world.all(target.resource, target.namespace.as_deref()).filter(|(_, object)| selector.matches(object));
                ready.extend(all.map(|(_, object)| event("ADDED", &target, object)));
                world.revision
            }),
        };
        loop {
            bell.borrow_and_update();
            let expired = shared.read(|world| {
                if cursor < world.oldest {
                    return Some(Failure::expired(cursor, world.oldest));
                }
                ready.extend(news(world, &target, &selector, &mut cursor));
                None
            });
            while let Some(line) = ready.pop_front() {
                wait_until_unhung(&mut state).await;
                yield Ok(Bytes::from(format!("{line}\n")));
            }
            if let Some(failure) = expired {
                yield Ok(Bytes::from(format!("{}\n", json!({"type": "ERROR", "object": failure.body()}))));
                return;
            }
            tokio::select! {
                () = shared.stop.cancelled() => return,
                changed = bell.changed() => if changed.is_err() { return },
                changed = state.changed() => {
                    if changed.is_err() { return }
                    if state.borrow().cuts > cuts {
                        let whole = json!({"type": "MODIFIED", "object": {"kind": target.resource.kind}}).to_string();
                        yield Ok(Bytes::from(whole[..whole.len() / 2].to_owned()));
                        // What was yielded is sent before the connection breaks.
                        tokio::time::sleep(Duration::from_millis(5)).await;
                        yield Err(io::Error::other("cut off on purpose"));
                        return;
                    }
                }
                () = &mut end => {
                    // Who asks from a version of the future is not told how far the present is.
                    if bookmarks && shared.read(|world| cursor <= world.revision) {
                        yield Ok(Bytes::from(format!("{}\n", bookmark(&target, cursor))));
                    }
                    return;
                }
            }
        }
    };
    Ok(reply::stream("application/json", lines))
}

async fn wait_until_unhung(state: &mut tokio::sync::watch::Receiver<State>) {
    let _ = state.wait_for(|state| state.fault != Fault::Hang).await;
}

fn event(kind: &str, target: &Target, object: &Value) -> Value {
    json!({"type": kind, "object": shown(target, object)})
}

/// What changed behind the cursor, which is moved to the present.
fn news(world: &World, target: &Target, selector: &Selector, cursor: &mut u64) -> Vec<Value> {
    let seen = *cursor;
    // One from the future stays where it is: until the present has caught up nothing is told (kubernetes issue 107457).
    *cursor = seen.max(world.revision);
    let mine = |event: &&Event| {
        event.revision > seen
            && event.key.resource == target.resource.id
            && target.namespace.as_deref().is_none_or(|namespace| event.key.namespace == namespace)
    };
    let start = world.events.partition_point(|event| event.revision <= seen);
    let told = |change: &Event| {
        let was = change.old.as_ref().filter(|old| selector.matches(old));
        let is = change.new.as_ref().filter(|new| selector.matches(new));
        match (was, is, &change.old) {
            (None, Some(new), _) => Some(event("ADDED", target, new)),
            (Some(_), Some(new), _) => Some(event("MODIFIED", target, new)),
            (Some(_), None, Some(old)) => {
                // Who leaves the selection is told as it was, under the revision of the change.
                let mut gone = old.clone();
                gone["metadata"]["resourceVersion"] = json!(change.revision.to_string());
                Some(event("DELETED", target, &gone))
            }
            _ => None,
        }
    };
    world.events.range(start..).filter(mine).filter_map(told).collect()
}

fn bookmark(target: &Target, revision: u64) -> Value {
    let mut object = json!({"kind": target.resource.kind, "apiVersion": target.api_version(),
        "metadata": {"resourceVersion": revision.to_string()}});
    if target.resource.home != Home::Custom {
        object["metadata"]["creationTimestamp"] = Value::Null;
    }
    if target.resource.kind == "Build" {
        object["spec"] = json!({"source": {"type": "None"}, "strategy": {}, "output": {}, "resources": {}, "postCommit": {},
            "nodeSelector": null});
        object["status"] = json!({"phase": "", "output": {}});
    }
    json!({"type": "BOOKMARK", "object": object})
}
