//! Fetching images from elsewhere: `ImageStreamImport`. *Documented, unrecorded* (OpenShift's API reference).

use serde_json::{Value, json};

use super::{ask::Ask, body, reply, reply::Reply, status::Failure, target::Target};
use crate::{
    shared::Shared,
    world::{
        registry::{Fetched, fetch},
        text,
    },
};

/// Fetches the images that are asked for, each by its digest, and says of each how that went.
pub(crate) fn import(shared: &Shared, ask: &Ask, target: &Target) -> Result<Reply, Failure> {
    let asked = body::of_target(ask, target)?;
    let (place, stream) = (target.place(), text(&asked["metadata"]["name"]));
    let images = asked["spec"]["images"].as_array().cloned().unwrap_or_default();
    let told: Vec<Value> = images
        .iter()
        .map(|image| {
            let name = text(&image["from"]["name"]);
            let tag = text(&image["to"]["name"]);
            let no = |code: u16, reason: &str, message: String| {
                json!({"tag": tag, "status": {"metadata": {}, "status": "Failure", "message": message, "reason": reason, "code": code}})
            };
            match fetch(shared, place, &name) {
                Fetched::Yes => {
                    let digest = name.split_once('@').map(|(_, digest)| digest.to_owned()).unwrap_or_default();
                    shared.change(|world| world.tag_image(place, &format!("{stream}:{tag}"), &digest));
                    json!({"tag": tag, "status": {"metadata": {}, "status": "Success"},
                        "image": {"metadata": {"name": digest}, "dockerImageReference": name}})
                }
                Fetched::NotAllowed => {
                    no(401, "Unauthorized", format!("you may not have access to the container image \"{name}\""))
                }
                Fetched::NotFound => no(404, "NotFound", format!("dockerimage.image.openshift.io \"{name}\" not found")),
                Fetched::Unreachable => {
                    no(500, "InternalError", format!("Internal error occurred: Get \"https://{name}\": no such host"))
                }
            }
        })
        .collect();
    let mut shown = asked;
    shown["metadata"]["namespace"] = json!(place);
    shown["status"] = json!({"images": told});
    Ok(reply::json(201, &shown))
}
