//! Every field of every type, for everybody: made from the schema, so that a new field is tried too.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    selection::Schema,
    world::{Ids, KINDS, Kind, World, mark},
};

/// The id of the thing of this type in a project; `None` for what belongs to no project.
fn id_of(ids: &Ids, ty: &str) -> Option<String> {
    Some(match ty {
        "Project" => ids.project.clone(),
        "BuildService" => ids.service.clone(),
        "Build" => ids.build.clone(),
        "Stage" => ids.stage.clone(),
        "Approval" => ids.approval.clone(),
        "Environment" => ids.environment.clone(),
        "AuditEvent" => ids.audited.clone(),
        // There is none here; that nobody sees an account of somebody else is told by the stories about accounts.
        "OAuthGrant" => format!("grt_{}", "0".repeat(32)),
        // There is none here; the fake engine brings nothing anywhere.
        "Deployment" => format!("dep_{}", "0".repeat(32)),
        // Everybody who has signed in may know who else has, and which providers there are.
        "User" | "Provider" => return None,
        other => panic!("{other} is new: say here where the matrix finds one of each project"),
    })
}

/// Arguments of the fields of `Query`; `$` stands for the project that is asked about.
fn arguments(field: &str, ids: &Ids) -> String {
    let Ids { slug, project, build, environment, .. } = ids;
    match field {
        "node" => format!("(id: {project:?})"),
        "nodes" => format!("(ids: [{project:?}, {build:?}, {environment:?}])"),
        "project" => format!("(by: {{slug: {slug:?}}})"),
        "build" => format!("(by: {{address: {{project: {slug:?}, service: {:?}, number: 1}}}})", mark(slug)),
        "environment" => format!("(by: {{address: {{projectSlug: {slug:?}, name: {:?}}}}})", mark(slug)),
        "log" => format!("(buildId: {build:?}, window: {{from: 1}})"),
        "logSearch" => format!("(buildId: {build:?}, search: {{pattern: \"o\"}})"),
        "canStart" => format!("(serviceId: {:?})", ids.service),
        "users" => "(search: \"\")".to_owned(),
        _ => String::new(),
    }
}

/// What is not read by queries: payloads of mutations, which are tried with them, and events of streams, which are tried with
/// those. All that stands in them is made of types that are tried here.
fn is_read_elsewhere(ty: &str) -> bool {
    let events = [
        "AuditEventRecorded",
        "BuildAdded",
        "BuildChanged",
        "BuildServiceChanged",
        "BuildSnapshot",
        "ConnectionChanged",
        "DeploymentChanged",
        "ViewerSnapshot",
        "EntityRemoved",
        "EnvironmentChanged",
        "Heartbeat",
        "LogBatch",
        "LogGap",
        "ProjectChanged",
        "ProjectSnapshot",
        "ProviderChanged",
        "ProviderSnapshot",
        "StagesChanged",
        "StreamEnded",
        "Subscription",
    ];
    ty == "Mutation" || ty.ends_with("Payload") || ty.ends_with("Error") || events.contains(&ty)
}

fn codes(reply: &Value) -> Vec<&str> {
    let errors = reply["errors"].as_array().map_or(&[][..], Vec::as_slice);
    errors.iter().map(|error| error["extensions"]["code"].as_str().unwrap_or("none")).collect()
}

/// What of a foreign project stands in a reply.
fn leaks(reply: &Value, foreign: &Ids) -> Vec<String> {
    let text = reply.to_string();
    let Ids { slug, project, service, build, stage, approval, environment, audited, .. } = foreign;
    let mut secret = vec![project, service, build, stage, approval, environment, audited];
    let mark = mark(slug);
    secret.push(&mark);
    secret.into_iter().filter(|secret| text.contains(secret.as_str())).cloned().collect()
}

#[tokio::test]
async fn every_field_is_seen_by_those_who_may_and_by_nobody_else() {
    let (world, schema) = (World::new().await, Schema::read());
    let mut tried = BTreeSet::new();
    for ty in schema.nodes() {
        let document = format!(
            "query($id: ID!) {{ node(id: $id) {{ __typename ... on {ty} {{ {} }} }} }}",
            schema.everything(ty, &mut tried)
        );
        for kind in KINDS {
            for (ids, is_own) in [(&world.own, true), (&world.foreign, false)] {
                // What was done in a project is for its owners to know.
                let least = if ty == "AuditEvent" { Kind::Owner } else { Kind::Reader };
                let is_member = is_own && kind >= least;
                let is_public = id_of(ids, ty).is_none();
                let id = match ty.as_str() {
                    "User" => ids.member.clone(),
                    "Provider" => world.app.provider.clone(),
                    _ => id_of(ids, ty).unwrap(),
                };
                let reply = world.ask(kind, &document, json!({ "id": id })).await;
                if kind == Kind::Anonymous {
                    assert_eq!(codes(&reply), ["UNAUTHENTICATED"], "{ty}: {reply}");
                    assert!(reply["data"].is_null(), "{ty}: {reply}");
                } else if !matches!(ty.as_str(), "OAuthGrant" | "Deployment")
                    && (is_public || is_member || kind == Kind::Admin)
                {
                    assert_eq!(codes(&reply), Vec::<&str>::new(), "{kind:?} {ty}: {reply}");
                    assert_eq!(reply["data"]["node"]["__typename"], ty.as_str(), "{kind:?}");
                } else {
                    assert_eq!(codes(&reply), Vec::<&str>::new(), "{kind:?} {ty}: {reply}");
                    assert!(reply["data"]["node"].is_null(), "{kind:?} sees a foreign {ty}: {reply}");
                }
                if !matches!(kind, Kind::Admin) && ty != "User" {
                    assert_eq!(leaks(&reply, &world.foreign), Vec::<String>::new(), "{kind:?} {ty}: {reply}");
                }
                if kind < Kind::Reader && ty != "User" {
                    assert_eq!(leaks(&reply, &world.own), Vec::<String>::new(), "{kind:?} {ty}: {reply}");
                }
            }
        }
    }
    for field in schema.fields("Query") {
        let name = field.name.node.as_str();
        tried.insert(("Query".to_owned(), name.to_owned()));
        let selection = selection(&schema, name, &mut tried);
        for kind in KINDS {
            for ids in [&world.own, &world.foreign] {
                let document = format!("{{ it: {name}{}{selection} }}", arguments(name, ids));
                let reply = world.ask(kind, &document, json!({})).await;
                if kind == Kind::Anonymous {
                    assert_eq!(codes(&reply), ["UNAUTHENTICATED"], "{name}: {reply}");
                } else if ["auditEvents", "oauthClients"].contains(&name) && kind < Kind::Admin {
                    assert_eq!(codes(&reply), ["FORBIDDEN"], "{name}: {reply}");
                } else if !matches!(codes(&reply).as_slice(), [] | ["NOT_FOUND"]) {
                    panic!("{kind:?} {name}: {reply}");
                }
                // The login of a person is for everybody to know.
                let text: Value = reply.to_string().replace("of-canary-of-", "of-").into();
                if kind != Kind::Admin {
                    assert_eq!(leaks(&text, &world.foreign), Vec::<String>::new(), "{kind:?} {name}: {reply}");
                }
                if kind < Kind::Reader {
                    assert_eq!(leaks(&text, &world.own), Vec::<String>::new(), "{kind:?} {name}: {reply}");
                }
                if kind == Kind::Admin && matches!(name, "project" | "build" | "environment" | "log" | "node") {
                    assert!(!reply["data"]["it"].is_null(), "the matrix asks {name} for what is there: {reply}");
                }
            }
        }
    }
    let missing: Vec<_> =
        schema.all().into_iter().filter(|field| !is_read_elsewhere(&field.0) && !tried.contains(field)).collect();
    assert_eq!(missing, [], "fields that nobody has tried: give their type a row");
    println!("{} fields of {} kinds of people, own and foreign: 0 leaks", tried.len(), KINDS.len());
}

/// What follows a field of `Query`: everything, and of things with ids those ids.
fn selection(schema: &Schema, field: &str, tried: &mut BTreeSet<(String, String)>) -> String {
    match field {
        "node" | "nodes" => " { id __typename }".to_owned(),
        "project" | "build" | "environment" | "users" => " { id }".to_owned(),
        other => {
            let object = match other {
                "viewer" => "Viewer",
                "serverInfo" => "ServerInfo",
                "projects" => "ProjectConnection",
                "providers" => "ProviderConnection",
                "auditEvents" => "AuditEventConnection",
                "canStart" => "StartCheck",
                "oauthClients" => "OAuthClient",
                "log" => "LogWindow",
                "logSearch" => "LogSearchResult",
                "providerKinds" => "ProviderKindInfo",
                "samples" => "Sample",
                new => panic!("Query.{new} is new: say here what it gives, and above which arguments it takes"),
            };
            format!(" {{ {} }}", schema.everything(object, tried))
        }
    }
}
