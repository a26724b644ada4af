//! Every mutation, for everybody.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    selection::Schema,
    world::{Ids, KINDS, Kind, World, mark},
};

/// Who may at least, and on what.
fn row(name: &str, ids: &Ids, provider: &str) -> (Kind, Value) {
    let Ids { project, service, build, approval, environment, member, .. } = ids;
    match name {
        "createProject" => (Kind::Outsider, json!({"slug": "own", "displayName": "x"})),
        // There are none here, which is told to those who may ask.
        "prepareSample" => (Kind::Outsider, json!({"name": "parallel"})),
        "updateProject" => (Kind::Owner, json!({"projectId": project, "expectedRevision": 999_999})),
        "createBuildService" => (
            Kind::Owner,
            json!({"projectId": project, "providerId": provider, "slug": "made", "displayName": "Made",
                "repository": {"url": "https://git.example.org/made.git", "ref": "main"}, "validateOnly": true}),
        ),
        "updateBuildService" => (Kind::Owner, json!({"serviceId": service, "validateOnly": true})),
        "removeBuildService" => (Kind::Owner, json!({"serviceId": service, "expectedRevision": 999_999})),
        "setSecret" => (
            Kind::Developer,
            json!({"serviceId": service, "secret": {"name": "NPM_TOKEN", "value": "0123456789abcdef"}}),
        ),
        "removeSecret" => (Kind::Developer, json!({"serviceId": service, "name": "NPM_TOKEN"})),
        "startBuild" => (Kind::Developer, json!({"serviceId": service, "idempotencyKey": ""})),
        "rerunBuild" => (Kind::Developer, json!({"buildId": build, "start": {"beginning": true}})),
        "decideApproval" => {
            (Kind::Developer, json!({"approvalId": approval, "verdict": "APPROVE", "expectedRevision": 999_999}))
        }
        "cancelBuild" => (Kind::Developer, json!({"buildId": build})),
        "addMember" => (Kind::Owner, json!({"projectId": project, "userId": member, "role": "VIEWER"})),
        "changeMember" => (Kind::Owner, json!({"projectId": project, "userId": member, "role": "VIEWER"})),
        "removeMember" => (Kind::Owner, json!({"projectId": project, "userId": member})),
        "addEnvironment" => (
            Kind::Owner,
            json!({"projectId": project, "displayName": "E", "role": "TARGET",
                "endpoint": {"url": "https://e.example.org", "name": mark(&ids.slug)}}),
        ),
        "updateEnvironment" => (Kind::Owner, json!({"environmentId": environment, "expectedRevision": 999_999})),
        "removeEnvironment" => (Kind::Owner, json!({"environmentId": environment, "expectedRevision": 999_999})),
        "registerProvider" => {
            (Kind::Admin, json!({"slug": "p", "displayName": "P", "kind": "REMOTE", "validateOnly": true}))
        }
        "updateProvider" => (Kind::Admin, json!({"providerId": provider, "expectedRevision": 999_999})),
        "probeProvider" => (Kind::Admin, json!({"providerId": provider})),
        "removeProvider" => (Kind::Admin, json!({"providerId": provider, "expectedRevision": 999_999})),
        "createPersonalToken" => {
            (Kind::Outsider, json!({"name": "t", "scopes": ["READ"], "expiresAt": "2001-01-01T00:00:00.000Z"}))
        }
        "revokePersonalToken" => (Kind::Outsider, json!({"personalTokenId": missing("tok")})),
        "startOAuthConnection" => (Kind::Viewer, json!({"environmentId": environment, "returnTo": "/"})),
        "completeOAuthConnection" => (Kind::Outsider, json!({"state": "none", "code": "none"})),
        "renewOAuthConnection" | "disconnectOAuthConnection" => {
            (Kind::Outsider, json!({"connectionId": missing("grt")}))
        }
        "registerOAuthClient" => (Kind::Admin, json!({"origin": "https://x.example.org", "clientId": "x"})),
        "updateOAuthClient" | "removeOAuthClient" => (Kind::Admin, json!({"id": missing("oac")})),
        "promoteBuild" => (Kind::Developer, json!({"buildId": build, "environmentId": environment})),
        "rollBackDeployment" | "cancelDeployment" => (Kind::Outsider, json!({"deploymentId": missing("dep")})),
        new => {
            panic!("the mutation {new} is new: say here who may use it, with an input that changes as little as can be")
        }
    }
}

/// An id of something that there is not.
fn missing(prefix: &str) -> String {
    format!("{prefix}_{}", "0".repeat(32))
}

/// Mutations about what belongs to one person alone, or is not there: nobody finds it.
const NOBODYS: [&str; 7] = [
    "rollBackDeployment",
    "cancelDeployment",
    "revokePersonalToken",
    "renewOAuthConnection",
    "disconnectOAuthConnection",
    "updateOAuthClient",
    "removeOAuthClient",
];
/// Mutations for those who have signed in themselves, never for their tokens.
const PERSONAL: [&str; 6] = [
    "createPersonalToken",
    "revokePersonalToken",
    "startOAuthConnection",
    "completeOAuthConnection",
    "renewOAuthConnection",
    "disconnectOAuthConnection",
];

/// What stood in the way of somebody: nothing of rights, or what.
fn refusal(reply: &Value, name: &str) -> Option<String> {
    let codes = |list: &Value, code: fn(&Value) -> &Value| -> Vec<String> {
        let list = list.as_array().map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(|error| code(error).as_str().map(str::to_owned)).collect()
    };
    let mut found = codes(&reply["errors"], |error| &error["extensions"]["code"]);
    found.extend(codes(&reply["data"][name]["userErrors"], |error| &error["code"]));
    found.into_iter().find(|code| ["UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND"].contains(&code.as_str()))
}

/// Everything of a project, but for what moves by itself.
async fn state(world: &World, ids: &Ids) -> Value {
    let document = "query($p: ID!, $b: ID!) {
        project(by: {id: $p}) { revision displayName isArchived services { id revision } environments { id revision }
            members { user { id } role } builds { edges { node { id revision status } } } }
        build(by: {id: $b}) { revision status approvals { status revision } } }";
    let reply = world.ask(Kind::Admin, document, json!({"p": ids.project, "b": ids.build})).await;
    assert!(reply.get("errors").is_none_or(Value::is_null), "{reply}");
    reply["data"].clone()
}

#[tokio::test]
async fn every_mutation_is_for_those_who_may_and_refused_to_all_others() {
    let (world, schema) = (World::new().await, Schema::read());
    let mut tried = 0;
    // What ends something comes last.
    let mut names: Vec<_> = schema.fields("Mutation").map(|field| field.name.node.to_string()).collect();
    names.sort_by_key(|name| ["cancelBuild", "removeMember"].contains(&name.as_str()));
    for name in &names {
        let document = format!(
            "mutation($input: {}Input!) {{ {name}(input: $input) {{ userErrors {{ code message }} }} }}",
            name[..1].to_uppercase() + &name[1..]
        );
        for ids in [&world.foreign, &world.own] {
            let is_own = ids.project == world.own.project;
            let (least, input) = row(name, ids, &world.app.provider);
            for kind in KINDS {
                if kind == Kind::Admin && !is_own {
                    continue;
                }
                let is_of_projects = !matches!(least, Kind::Outsider | Kind::Admin);
                let is_first = ["createProject", "prepareSample"].contains(&name.as_str());
                let by_token = kind == Kind::Reader && (PERSONAL.contains(&name.as_str()) || is_first);
                let is_allowed = kind >= least && (is_own || !is_of_projects) && !by_token;
                let may = is_allowed && !NOBODYS.contains(&name.as_str());
                let before = if may { Value::Null } else { state(&world, ids).await };
                let reply = world.ask(kind, &document, json!({ "input": input })).await;
                let refused = refusal(&reply, name);
                assert_eq!(refused.is_none(), may, "{name} by {kind:?}, own: {is_own}: {reply}");
                if !may {
                    assert_eq!(state(&world, ids).await, before, "{name} by {kind:?} changed something");
                    let expected = match kind {
                        Kind::Anonymous => "UNAUTHENTICATED",
                        _ if by_token => "FORBIDDEN",
                        // What is invisible is not there.
                        _ if is_allowed || is_of_projects && (!is_own || kind == Kind::Outsider) => "NOT_FOUND",
                        _ => "FORBIDDEN",
                    };
                    assert_eq!(refused.as_deref(), Some(expected), "{name} by {kind:?}, own: {is_own}: {reply}");
                }
                if may && name == "removeMember" {
                    let back = json!({"projectId": ids.project, "userId": ids.member, "role": "VIEWER"});
                    world.app.done("addMember", "member { role }", back).await;
                }
                if may && name == "removeSecret" {
                    let (_, input) = row("setSecret", ids, &world.app.provider);
                    world.app.done("setSecret", "service { id }", input).await;
                }
                tried += 1;
            }
        }
    }
    println!("{} mutations, {tried} tries", names.len());
}

/// What the first-run page asks: whether an address is good, before anything is made for it.
#[tokio::test]
async fn a_first_build_service_is_checked_for_those_who_may_create_its_project_and_nothing_is_made() {
    let world = World::new().await;
    let document = "mutation($input: CreateBuildServiceInput!) { createBuildService(input: $input) {
        service { id } userErrors { code message path } } }";
    let input = |change: Value| {
        let mut input = json!({"providerId": world.app.provider, "slug": "first", "displayName": "First",
            "repository": {"url": "https://git.example.org/first.git", "ref": "main"}, "validateOnly": true});
        for (key, value) in change.as_object().unwrap() {
            input[key] = value.clone();
        }
        json!({ "input": input })
    };
    let everything = "query { projects(first: 100, includeArchived: true) { edges { node { id revision } } } }";
    let before = world.ask(Kind::Admin, everything, json!({})).await;
    for kind in KINDS {
        let reply = world.ask(kind, document, input(json!({}))).await;
        let expected = match kind {
            Kind::Anonymous => Some("UNAUTHENTICATED"),
            Kind::Reader => Some("FORBIDDEN"),
            _ => None,
        };
        assert_eq!(refusal(&reply, "createBuildService").as_deref(), expected, "{kind:?}: {reply}");
        if expected.is_none() {
            let fits = json!({"service": null, "userErrors": []});
            assert_eq!(reply["data"]["createBuildService"], fits, "{kind:?}: {reply}");
        }
    }
    for (change, path, why) in [
        (json!({"repository": {"url": "", "ref": "main"}}), json!(["repository", "url"]), "clone from"),
        (json!({"displayName": ""}), json!(["displayName"]), "1 to"),
        (json!({"environmentIds": [world.own.environment]}), json!(["environmentIds"]), "leave them out"),
        (json!({"validateOnly": false}), json!(["projectId"]), "name the project"),
    ] {
        let reply = world.ask(Kind::Outsider, document, input(change)).await;
        let error = &reply["data"]["createBuildService"]["userErrors"][0];
        assert_eq!((&error["code"], &error["path"]), (&json!("INVALID"), &path), "{reply}");
        assert!(error["message"].as_str().unwrap().contains(why), "{reply}");
    }
    assert_eq!(world.ask(Kind::Admin, everything, json!({})).await, before);
}

#[tokio::test]
async fn a_button_is_blocked_for_want_of_a_role_when_and_only_when_its_mutation_is() {
    let world = World::new().await;
    let Ids { project, service, build, approval, environment, stage, .. } = &world.own;
    let mut verbs = BTreeSet::new();
    for kind in [Kind::Reader, Kind::Viewer, Kind::Developer, Kind::Owner, Kind::Admin] {
        for id in [project, service, build, stage, approval, environment] {
            let fields = ["Project", "BuildService", "Build", "Stage", "Approval", "Environment"]
                .map(|ty| format!("... on {ty} {{ actions {{ action allowed reasonCode }} }}"));
            let document = format!("query($id: ID!) {{ node(id: $id) {{ __typename {} }} }}", fields.join(" "));
            let reply = world.ask(kind, &document, json!({ "id": id })).await;
            let node = &reply["data"]["node"];
            for action in node["actions"].as_array().unwrap() {
                let verb = action["action"].as_str().unwrap();
                let least = match verb {
                    "EDIT" | "REMOVE" => Kind::Owner,
                    _ => Kind::Developer,
                };
                let blocked = action["reasonCode"] == "NOT_PERMITTED";
                assert_eq!(blocked, kind < least, "{kind:?} {node}: {action}");
                assert!(!blocked || action["allowed"] == false);
                verbs.insert(format!("{} {verb}", node["__typename"]));
            }
        }
        let role = world.ask(kind, "query($id: ID!) { project(by: {id: $id}) { viewerRole } }", json!({"id": project}));
        let expected = match kind {
            Kind::Reader | Kind::Viewer => "VIEWER",
            Kind::Developer => "DEVELOPER",
            _ => "OWNER",
        };
        assert_eq!(role.await["data"]["project"]["viewerRole"], expected, "{kind:?}");
    }
    assert!(verbs.len() >= 8, "{verbs:?}");
}
