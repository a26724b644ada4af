//! Image streams and their tags. Tags are a view on the streams; writing one is *documented, unrecorded* (OpenShift's API
//! reference, `ImageStreamTag`).

use serde_json::{Value, json};

use super::{World, resource_of, text};

/// Where the cluster's own registry is.
pub(crate) const REGISTRY: &str = "image-registry.openshift-image-registry.svc:5000";

impl World {
    /// Brings an image into a stream, which comes to be if need be. `tag` is `STREAM:TAG`.
    pub(crate) fn tag_image(&mut self, namespace: &str, tag: &str, digest: &str) {
        let (Some(streams), Some((stream, tag))) =
            (resource_of("imagestreams.image.openshift.io"), tag.split_once(':'))
        else {
            return;
        };
        let (repository, outside) = self.repositories(namespace, stream);
        let now = self.clock.stamp();
        let mut object = self.get(streams, namespace, stream).cloned().unwrap_or_else(|| {
            json!({"metadata": {"generation": 1}, "spec": {"lookupPolicy": {"local": false}},
                "status": {"dockerImageRepository": repository}})
        });
        let item = json!({"created": now, "dockerImageReference": format!("{repository}@{digest}"), "image": digest,
            "generation": 1});
        let mut tags = object["status"]["tags"].as_array().cloned().unwrap_or_default();
        match tags.iter_mut().find(|known| known["tag"] == tag) {
            Some(known) => {
                let mut items = known["items"].as_array().cloned().unwrap_or_default();
                items.insert(0, item);
                known["items"] = Value::Array(items);
            }
            None => tags.push(json!({"tag": tag, "items": [item]})),
        }
        object["status"]["tags"] = Value::Array(tags);
        if let Some(outside) = outside {
            object["status"]["publicDockerImageRepository"] = json!(outside);
        }
        self.put(streams, namespace, stream, object);
    }

    /// The newest image of a tag, as an image stream tag.
    pub(crate) fn image_stream_tag(&self, namespace: &str, tag: &str) -> Option<Value> {
        let (stream, name) = tag.split_once(':')?;
        let object = self.get(resource_of("imagestreams.image.openshift.io")?, namespace, stream)?;
        let known = object["status"]["tags"].as_array()?.iter().find(|known| known["tag"] == name)?;
        let item = known["items"].as_array()?.first()?;
        let spec = object["spec"]["tags"].as_array().and_then(|all| all.iter().find(|spec| spec["name"] == name));
        Some(json!({
            "metadata": {
                "name": tag, "namespace": namespace, "uid": object["metadata"]["uid"],
                "resourceVersion": object["metadata"]["resourceVersion"], "creationTimestamp": item["created"],
            },
            "tag": spec.cloned().unwrap_or(Value::Null),
            "generation": item["generation"],
            "lookupPolicy": {"local": false},
            "image": {
                "metadata": {"name": item["image"], "creationTimestamp": item["created"]},
                "dockerImageReference": item["dockerImageReference"],
            },
        }))
    }

    /// The digest that a reference stands for: of another tag, of an image of a stream, or of a name with a digest.
    pub(crate) fn digest_of(&self, namespace: &str, from: &Value) -> Option<String> {
        let name = text(&from["name"]);
        let place = from["namespace"].as_str().unwrap_or(namespace);
        match from["kind"].as_str()? {
            "ImageStreamTag" => Some(text(&self.image_stream_tag(place, &name)?["image"]["metadata"]["name"])),
            "ImageStreamImage" => {
                let (stream, digest) = name.split_once('@')?;
                self.has_image(place, stream, digest).then(|| digest.to_owned())
            }
            "DockerImage" => name.split_once('@').map(|(_, digest)| digest.to_owned()),
            _ => None,
        }
    }
}
