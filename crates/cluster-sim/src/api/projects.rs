//! Kinds that are views: users, tokens, projects, image stream tags.

use serde_json::{Value, json};

use super::{
    ask::Ask,
    body,
    list::shown,
    reply,
    reply::Reply,
    status::{Cause, Failure},
    target::Target,
};
use crate::{
    people::{self, Caller},
    world::{World, projects::project_of, resource_of, text},
};

type Answer = Result<Reply, Failure>;

pub(crate) fn who_am_i(world: &mut World, caller: &Caller) -> Answer {
    let made =
        world.people.made.get_or_insert_with(|| world.clock.now()).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let mut groups = world.people.groups(&caller.name).to_vec();
    groups.extend(["system:authenticated", "system:authenticated:oauth"].map(str::to_owned));
    let user = world.people.user(&caller.name);
    Ok(reply::json(
        200,
        &json!({
            "kind": "User", "apiVersion": "user.openshift.io/v1",
            "metadata": {"name": caller.name, "uid": user.uid, "resourceVersion": user.revision.to_string(), "creationTimestamp": made},
            "identities": [format!("htpasswd:{}", caller.name)],
            "groups": groups,
        }),
    ))
}

pub(crate) fn tokens(world: &World, caller: &Caller, name: Option<&str>) -> Answer {
    let version = "oauth.openshift.io/v1";
    let Some(name) = name else {
        let items = people::list_tokens(world, &caller.name);
        return Ok(reply::json(
            200,
            &json!({"kind": "UserOAuthAccessTokenList", "apiVersion": version,
                "metadata": {"resourceVersion": world.revision.to_string()}, "items": items}),
        ));
    };
    let (bearer, token) = people::own_token(world, &caller.name, name)
        .ok_or_else(|| Failure::not_found("useroauthaccesstokens", "oauth.openshift.io", name))?;
    let mut shown = people::show_token(world, bearer, token);
    shown["kind"] = json!("UserOAuthAccessToken");
    shown["apiVersion"] = json!(version);
    Ok(reply::json(200, &shown))
}

/// Asking for a project, and whether one may.
pub(crate) fn request(world: &mut World, caller: &Caller, ask: &Ask) -> Answer {
    if ask.method == "GET" {
        return Ok(reply::json(
            200,
            &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}),
        ));
    }
    let asked = body::object(ask, "ProjectRequest")?;
    let name = text(&asked["metadata"]["name"]);
    if name.starts_with("openshift-") || name.starts_with("kube-") {
        return Err(Failure::reserved(&name));
    }
    let label = name.len() <= 63
        && !name.is_empty()
        && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-')
        && !name.starts_with('-')
        && !name.ends_with('-');
    if !label {
        let message = format!(
            "Invalid value: \"{name}\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
        );
        let cause = Cause::value("metadata.name", message);
        return Err(Failure::invalid(
            "ProjectRequest.project.openshift.io",
            "project.openshift.io",
            "ProjectRequest",
            &name,
            &[cause],
        ));
    }
    let namespaces = resource_of("namespaces").ok_or_else(Failure::no_such_path)?;
    if world.get(namespaces, "", &name).is_some() {
        return Err(Failure::exists("project.project.openshift.io", "project.openshift.io", "project", &name));
    }
    let made = world.make_project(&name, &caller.name, &text(&asked["displayName"]), &text(&asked["description"]));
    // Its service accounts come a moment later on a real cluster: building before that is answered 500.
    Ok(reply::json(201, &project(&made, true)))
}

fn project(namespace: &Value, whole: bool) -> Value {
    let mut shown = project_of(namespace);
    if whole {
        shown["kind"] = json!("Project");
        shown["apiVersion"] = json!("project.openshift.io/v1");
    }
    shown
}

pub(crate) fn projects(world: &mut World, caller: &Caller, ask: &Ask, name: Option<&str>) -> Answer {
    let namespaces = resource_of("namespaces").ok_or_else(Failure::no_such_path)?;
    let Some(name) = name else {
        let mine = world.all(namespaces, None).filter(|(key, _)| world.people.role(&caller.name, &key.name).is_some());
        let items: Vec<Value> = mine.map(|(_, namespace)| project(namespace, false)).collect();
        return Ok(reply::json(
            200,
            &json!({"kind": "ProjectList", "apiVersion": "project.openshift.io/v1", "metadata": {}, "items": items}),
        ));
    };
    let found = world
        .get(namespaces, "", name)
        .cloned()
        .ok_or_else(|| Failure::not_found("projects", "project.openshift.io", name))?;
    if ask.method == "DELETE" {
        world.remove(namespaces, "", name);
        for resource in crate::world::RESOURCES {
            let names: Vec<String> = world.all(resource, Some(name)).map(|(key, _)| key.name.clone()).collect();
            for gone in names {
                world.remove(resource, name, &gone);
            }
        }
        return Ok(reply::json(
            200,
            &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}),
        ));
    }
    Ok(reply::json(200, &project(&found, true)))
}

/// Image stream tags. Writing them is *documented, unrecorded*.
pub(crate) fn image_stream_tags(world: &mut World, caller: &Caller, ask: &Ask, target: &Target) -> Answer {
    let place = target.place().to_owned();
    let missing = |name: &str| Failure::not_found("imagestreamtags", "image.openshift.io", name);
    let send = |code: u16, world: &World, name: &str| {
        world
            .image_stream_tag(&place, name)
            .map(|tag| reply::json(code, &shown(target, &tag)))
            .ok_or_else(|| missing(name))
    };
    match (ask.method.as_str(), target.name.as_deref()) {
        ("GET", Some(name)) => send(200, world, name),
        ("DELETE", Some(name)) => {
            world.image_stream_tag(&place, name).ok_or_else(|| missing(name))?;
            untag(world, &place, name);
            Ok(reply::json(200, &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"})))
        }
        ("POST" | "PUT", named) => {
            let given = body::of_target(ask, target)?;
            let name = named.map_or_else(|| text(&given["metadata"]["name"]), str::to_owned);
            if ask.method == "POST" && world.image_stream_tag(&place, &name).is_some() {
                return Err(Failure::exists(target.resource.id, target.resource.group, target.resource.plural, &name));
            }
            let from = &given["tag"]["from"];
            // Whoever brings an image elsewhere must be allowed to fetch it.
            if let (Some(of), Some(streams)) =
                (from["namespace"].as_str(), resource_of("imagestreams.image.openshift.io"))
            {
                let source = text(&from["name"]);
                let stream = source.split(['@', ':']).next().unwrap_or_default();
                people::authorize(world, caller, streams, &people::layers(of, stream))?;
            }
            let digest = world.digest_of(&place, from).ok_or_else(|| {
                let why = format!("Invalid value: \"{}\": the image it stands for was not found", text(&from["name"]));
                Failure::invalid_object(target.resource, &name, &[Cause::value("tag.from", why)])
            })?;
            world.tag_image(&place, &name, &digest);
            send(if ask.method == "POST" { 201 } else { 200 }, world, &name)
        }
        _ => Err(Failure::no_method()),
    }
}

fn untag(world: &mut World, place: &str, name: &str) {
    let (Some(streams), Some((stream, tag))) = (resource_of("imagestreams.image.openshift.io"), name.split_once(':'))
    else {
        return;
    };
    if let Some(mut object) = world.get(streams, place, stream).cloned() {
        if let Some(tags) = object["status"]["tags"].as_array_mut() {
            tags.retain(|known| known["tag"] != tag);
        }
        world.put(streams, place, stream, object);
    }
}
