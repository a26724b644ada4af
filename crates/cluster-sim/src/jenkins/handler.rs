//! Jenkins over HTTP.

use std::{collections::BTreeMap, sync::Arc};

use hyper::{Request, body::Incoming};
use serde_json::Value;

use super::sync;
use crate::{
    api::{self, ask::Ask, reply, reply::Reply},
    people,
    shared::Shared,
    world::{World, text},
};

/// Answers one request. Nothing where the connection is to be closed without an answer.
pub(crate) async fn handle(shared: Arc<Shared>, request: Request<Incoming>) -> Option<Reply> {
    let ask = Ask::read(request).await?;
    api::note(&shared, &ask, true);
    let fault = shared.jenkins_faults.fault_of(&ask.method, &ask.uri);
    if let Some(trouble) = api::in_trouble(fault, &shared.jenkins_faults).await? {
        return Some(trouble);
    }
    api::spoiled(fault, shared.change(|world| answer(world, &ask)))
}

fn answer(world: &mut World, ask: &Ask) -> Reply {
    if world.jenkins.idle {
        return reply::text(503, "Jenkins is getting ready to work", &[]);
    }
    let caller = match people::authenticate(world, ask.bearer()) {
        Ok(caller) if !caller.is_anonymous() => caller,
        _ => return reply::text(401, "Authentication required", &[]),
    };
    // With `//` at its beginning, as the plugin writes it, too.
    let path = ask.path.trim_start_matches('/');
    let found = world
        .jenkins
        .runs
        .keys()
        .find(|run| path.strip_prefix(run.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    let Some(run) = found.cloned() else { return reply::text(404, "Not Found", &[]) };
    let rest = path[run.len()..].trim_matches('/').to_owned();
    let Some(namespace) = world.jenkins.runs.get(&run).map(|run| run.namespace.clone()) else {
        return reply::text(404, "Not Found", &[]);
    };
    let role = world.people.role(&caller.name, &namespace);
    if role.is_none() {
        return reply::text(403, &format!("{} is missing the Job/Read permission", caller.name), &[]);
    }
    if ask.method == "POST" && role == Some(people::Role::View) {
        return reply::text(403, &format!("{} is missing the Job/Build permission", caller.name), &[]);
    }
    act(world, ask, &run, &rest)
}

fn act(world: &mut World, ask: &Ask, path: &str, rest: &str) -> Reply {
    let now = world.clock.now().timestamp_millis();
    let uri = format!("{}/{path}/", world.jenkins.url);
    let Some(run) = world.jenkins.runs.get_mut(path) else { return reply::text(404, "Not Found", &[]) };
    let parts: Vec<&str> = rest.split('/').collect();
    match (ask.method.as_str(), parts.as_slice()) {
        ("GET", ["logText", "progressiveText"]) => {
            let start = ask.number("start").and_then(|start| usize::try_from(start).ok()).unwrap_or(0);
            // A start behind the end is taken for a log that was begun anew.
            let start = if start > run.log.len() { 0 } else { start };
            let size = run.log.len().to_string();
            let text = run.log.get(start..).unwrap_or_default().to_owned();
            let mut headers = vec![("x-text-size", size.as_str())];
            if !run.over {
                headers.push(("x-more-data", "true"));
            }
            reply::text(200, &text, &headers)
        }
        ("GET", ["consoleText"]) => reply::text(200, &run.log, &[]),
        ("GET", ["wfapi", "describe"]) => reply::json(200, &sync::describe(run, path, &uri, now)),
        ("GET", ["wfapi", "pendingInputActions"]) => {
            let open = run.inputs.iter().filter(|input| input.settled.is_none());
            let ids: Vec<Value> =
                open.map(|input| serde_json::json!({"id": input.id, "message": input.question})).collect();
            reply::json(200, &Value::Array(ids))
        }
        ("POST", ["wfapi", "inputSubmit"]) => {
            let given: Value =
                ask.form().get("json").and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
            settle(run, &ask.query("inputId").unwrap_or_default(), true, &values(&given))
        }
        ("POST", ["input", id, "proceedEmpty"]) => settle(run, id, true, &BTreeMap::new()),
        ("POST", ["input", id, "submit"]) => {
            let form = ask.form();
            let given: Value = form.get("json").and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
            settle(run, id, !form.contains_key("abort"), &values(&given))
        }
        ("POST", ["input", id, "abort"]) => settle(run, id, false, &BTreeMap::new()),
        ("POST", ["stop" | "term" | "kill"]) => {
            run.stopped = true;
            reply::redirect(&uri, &[])
        }
        _ => reply::text(404, "Not Found", &[]),
    }
}

fn values(given: &Value) -> BTreeMap<String, String> {
    let listed = given["parameter"].as_array().cloned().unwrap_or_default();
    listed.iter().map(|pair| (text(&pair["name"]), text(&pair["value"]))).collect()
}

fn settle(run: &mut super::Run, id: &str, proceed: bool, given: &BTreeMap<String, String>) -> Reply {
    let Some(input) = run.inputs.iter_mut().find(|input| input.id == id && input.settled.is_none()) else {
        return reply::text(404, "Not Found", &[]);
    };
    let mut told: BTreeMap<String, String> = input.parameters.iter().cloned().collect();
    for (name, value) in given {
        if !told.contains_key(name) {
            return reply::text(400, &format!("There is no parameter {name}"), &[]);
        }
        told.insert(name.clone(), value.clone());
    }
    input.settled = Some((proceed, told));
    reply::empty(200, &[])
}
