//! Jenkins over HTTP.

use std::{collections::BTreeMap, sync::Arc};

use hyper::{Request, body::Incoming};
use serde_json::Value;

use super::{Input, Run, sync};
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
    let (session, crumb) = (format!("JSESSIONID=of-{}", caller.name), format!("crumb-of-{}", caller.name));
    if ask.path.trim_matches('/') == "crumbIssuer/api/json" && world.jenkins.crumbs {
        let told = serde_json::json!({"crumb": crumb, "crumbRequestField": "Jenkins-Crumb"});
        return reply::text(200, &told.to_string(), &[("set-cookie", &format!("{session}; Path=/; HttpOnly"))]);
    }
    let is_given =
        ask.header("jenkins-crumb") == Some(crumb.as_str()) && ask.header("cookie") == Some(session.as_str());
    if world.jenkins.crumbs && ask.method == "POST" && !is_given {
        return reply::text(403, "No valid crumb was included in the request", &[]);
    }
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
    let Some(role) = world.people.role(&caller.name, &namespace) else {
        return reply::text(403, &format!("{} is missing the Job/Read permission", caller.name), &[]);
    };
    act(world, ask, &run, &rest, &Person { name: &caller.name, may_build: role > people::Role::View })
}

/// Whoever asks.
struct Person<'a> {
    name: &'a str,
    /// Which the login plugin ties to the role `edit`, together with Job/Cancel.
    may_build: bool,
}

fn act(world: &mut World, ask: &Ask, path: &str, rest: &str, person: &Person<'_>) -> Reply {
    let now = world.clock.now().timestamp_millis();
    let uri = format!("{}/{path}/", world.jenkins.url);
    let is_waking = world.jenkins.waking;
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
            let open = run.inputs.iter().filter(|input| !is_waking && input.settled.is_none());
            let ids: Vec<Value> =
                open.map(|input| serde_json::json!({"id": input.id, "message": input.question})).collect();
            reply::json(200, &Value::Array(ids))
        }
        // Only here a question that it does not know is an error of the server (`PendingInputActionsAPI` throws).
        ("POST", ["wfapi", "inputSubmit"]) => {
            let given: Value =
                ask.form().get("json").and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
            match open(run, &ask.query("inputId").unwrap_or_default(), is_waking) {
                Some(input) => settle(input, true, &values(&given), person),
                None => reply::text(500, "Error processing Input Submit request", &[]),
            }
        }
        ("POST", ["input", id, deed @ ("proceedEmpty" | "submit" | "abort")]) => {
            let form = ask.form();
            let given: Value = form.get("json").and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
            let proceed = *deed == "proceedEmpty" || (*deed == "submit" && !form.contains_key("abort"));
            match open(run, id, is_waking) {
                Some(input) => settle(input, proceed, &values(&given), person),
                None => reply::text(404, "Not Found", &[]),
            }
        }
        ("POST", ["stop" | "term" | "kill"]) if !person.may_build => {
            reply::text(403, &format!("{} is missing the Job/Cancel permission", person.name), &[])
        }
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

/// The question that waits under this name.
fn open<'a>(run: &'a mut Run, id: &str, is_waking: bool) -> Option<&'a mut Input> {
    run.inputs.iter_mut().find(|input| !is_waking && input.id == id && input.settled.is_none())
}

fn settle(input: &mut Input, proceed: bool, given: &BTreeMap<String, String>, person: &Person<'_>) -> Reply {
    let may = match &input.submitter {
        Some(submitter) => person.name == submitter || (!proceed && person.may_build),
        None => person.may_build,
    };
    if !may {
        return failure(&match &input.submitter {
            Some(submitter) => format!("You need to be {submitter} to submit this."),
            None => "You need to have Job/Build permissions to submit this.".to_owned(),
        });
    }
    let mut told: BTreeMap<String, String> = input.parameters.iter().cloned().collect();
    for (name, value) in given {
        if !told.contains_key(name) {
            return failure(&format!("No such parameter definition: {name}"));
        }
        told.insert(name.clone(), value.clone());
    }
    input.settled = Some((proceed, told));
    reply::empty(200, &[])
}

/// What Jenkins makes of a `hudson.model.Failure`, which an `input` throws at whoever may not answer it (`InputStepExecution`): a page,
/// and its words in a header.
fn failure(words: &str) -> Reply {
    reply::text(400, "Error", &[("x-error", words)])
}
