//! What runs an image: a Deployment, or a DeploymentConfig.

use std::fmt;

use alm_domain::shorten;
use alm_kubernetes::is_name;
use kube::core::ApiResource;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::kinds;

/// The annotation by which a cluster sets the image of a Deployment when a tag moves.
const TRIGGERS: &str = "/metadata/annotations/image.openshift.io~1triggers";
/// Where the containers are, in both kinds.
const CONTAINERS: &str = "/spec/template/spec/containers";

/// The kinds of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// A Deployment of Kubernetes.
    Deployment,
    /// A DeploymentConfig of OpenShift.
    Config,
}

/// What runs an image, and in which of its containers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Workload {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    /// Needed where there is more than one.
    container: Option<String>,
}

impl Workload {
    /// The workload of a setting, `deployment/NAME` or `dc/NAME`; `None` for what is none.
    pub(crate) fn parse(text: &str, container: Option<&str>) -> Option<Self> {
        let (kind, name) = text.split_once('/')?;
        let kind = match kind.to_ascii_lowercase().as_str() {
            "deployment" | "deploy" => Kind::Deployment,
            "dc" | "deploymentconfig" => Kind::Config,
            _ => return None,
        };
        let container = container.map(str::to_owned);
        is_name(name).then(|| Self { kind, name: name.to_owned(), container })
    }

    /// Whether it can stand in a path: one that was read from a record need not have been parsed.
    pub(crate) fn is_sound(&self) -> bool {
        is_name(&self.name)
    }

    pub(crate) fn resource(&self) -> ApiResource {
        match self.kind {
            Kind::Deployment => kinds::deployments(),
            Kind::Config => kinds::deployment_configs(),
        }
    }

    /// The container that is given the image, and the image that it has.
    ///
    /// # Errors
    /// Why there is none, with the remedy.
    pub(crate) fn container<'a>(&self, object: &'a Value) -> Result<(&'a str, &'a str), String> {
        let all = object.pointer(CONTAINERS).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let named = |one: &'a Value| Some((one.get("name")?.as_str()?, one.get("image").and_then(Value::as_str)));
        let mut known = all.iter().filter_map(named);
        let found = match &self.container {
            Some(wanted) => known.find(|(name, _)| name == wanted),
            None if all.len() == 1 => known.next(),
            None => {
                let names: Vec<_> = known.map(|(name, _)| shorten(name)).take(10).collect();
                let names = names.join(", ");
                return Err(format!(
                    "{self} has several containers: say by deploy.container which one it is of {names}"
                ));
            }
        };
        let (name, image) = found.ok_or_else(|| match &self.container {
            Some(wanted) => format!("{self} has no container {wanted}: correct deploy.container"),
            None => format!("{self} has no container"),
        })?;
        Ok((name, image.unwrap_or_default()))
    }

    /// Why it cannot be given images of this tag (`NAME:TAG` in its namespace), with the remedy; `None` when it can.
    pub(crate) fn obstacle(&self, object: &Value, namespace: &str, tag: &str) -> Option<String> {
        let container = match self.container(object) {
            Ok((name, _)) => name,
            Err(why) => return Some(why),
        };
        if object.pointer("/spec/paused").and_then(Value::as_bool) == Some(true) {
            return Some(format!("{self} is paused: resume it first"));
        }
        let other = self.tags(object, namespace, container).into_iter().find(|known| known != tag)?;
        Some(format!(
            "the cluster itself sets the image of {self} to {}, whenever that moves: let its image trigger name {tag}, or take it out",
            shorten(&other)
        ))
    }

    /// Whether the cluster begins a rollout by itself when the image is changed.
    pub(crate) fn rolls_out_by_itself(&self, object: &Value) -> bool {
        let is_config_change = |one: &Value| one.get("type").and_then(Value::as_str) == Some("ConfigChange");
        self.kind == Kind::Deployment || triggers(object).iter().any(is_config_change)
    }

    /// The tags that the cluster sets the container's image by. One of another namespace is told with it.
    fn tags(&self, object: &Value, namespace: &str, container: &str) -> Vec<String> {
        let tag = |from: &Value| {
            let is_tag = from.get("kind").and_then(Value::as_str) == Some("ImageStreamTag");
            let name = from.get("name").and_then(Value::as_str).filter(|_| is_tag)?;
            match from.get("namespace").and_then(Value::as_str) {
                Some(other) if !other.is_empty() && other != namespace => Some(format!("{other}/{name}")),
                _ => Some(name.to_owned()),
            }
        };
        match self.kind {
            Kind::Deployment => {
                let text = object.pointer(TRIGGERS).and_then(Value::as_str).unwrap_or_default();
                let all: Vec<Value> = serde_json::from_str(text).unwrap_or_default();
                let is_off = |one: &Value| match one.get("paused") {
                    Some(Value::Bool(paused)) => *paused,
                    Some(Value::String(paused)) => paused == "true",
                    _ => false,
                };
                let field = format!("@.name==\"{container}\"");
                let is_of = |one: &&Value| {
                    let path = one.get("fieldPath").and_then(Value::as_str).unwrap_or_default();
                    // Both ways of writing it are in use.
                    !is_off(one) && (path.replace('\'', "\"").contains(&field) || path.contains("containers[0]"))
                };
                all.iter().filter(is_of).filter_map(|one| tag(one.get("from")?)).collect()
            }
            Kind::Config => {
                let parameters = triggers(object).iter().filter_map(|one| one.get("imageChangeParams"));
                let is_of = |one: &&Value| {
                    let names =
                        one.get("containerNames").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                    one.get("automatic").and_then(Value::as_bool) == Some(true)
                        && names.iter().any(|name| name == container)
                };
                parameters.filter(is_of).filter_map(|one| tag(one.get("from")?)).collect()
            }
        }
    }

    /// The change that gives the container an image, as a strategic merge patch: other containers stay as they are.
    pub(crate) fn patch(container: &str, image: &str) -> Value {
        json!({ "spec": { "template": { "spec": { "containers": [{ "name": container, "image": image }] } } } })
    }
}

/// The triggers of a DeploymentConfig.
fn triggers(object: &Value) -> &[Value] {
    object.pointer("/spec/triggers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Deployment => "deployment",
            Kind::Config => "dc",
        };
        write!(f, "{kind}/{}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(containers: &[&str], more: &Value) -> Value {
        let containers: Vec<_> = containers.iter().map(|name| json!({ "name": name, "image": "old" })).collect();
        let mut object = json!({ "spec": { "template": { "spec": { "containers": containers } } } });
        for (key, value) in more.as_object().unwrap() {
            object[key.as_str()]["x"] = Value::Null;
            for (inner, value) in value.as_object().unwrap() {
                object[key.as_str()][inner.as_str()] = value.clone();
            }
        }
        object
    }

    #[test]
    fn only_the_two_kinds_are_workloads() {
        for text in ["deployment/web", "dc/web", "DeploymentConfig/web"] {
            assert!(Workload::parse(text, None).is_some(), "{text}");
        }
        for text in ["", "web", "pod/web", "deployment/", "deployment/../x", "dc/A"] {
            assert_eq!(Workload::parse(text, None), None, "{text}");
        }
    }

    #[test]
    fn which_container_is_meant_must_be_said_where_there_are_several() {
        let (any, web) = (Workload::parse("dc/a", None).unwrap(), Workload::parse("dc/a", Some("web")).unwrap());
        let (one, two) = (object(&["web"], &json!({})), object(&["web", "proxy"], &json!({})));
        assert_eq!(any.container(&one), Ok(("web", "old")));
        assert_eq!(web.container(&two), Ok(("web", "old")));
        assert!(any.container(&two).unwrap_err().contains("deploy.container which one it is of web, proxy"));
        assert!(web.container(&object(&["app"], &json!({}))).unwrap_err().contains("no container web"));
        assert!(any.container(&json!({ "spec": 7 })).is_err());
    }

    #[test]
    fn a_trigger_on_another_tag_is_an_obstacle_and_one_on_ours_is_none() {
        let deployment = Workload::parse("deployment/a", None).unwrap();
        let with = |tag: &str| {
            let trigger = json!([{ "from": { "kind": "ImageStreamTag", "name": tag },
                "fieldPath": "spec.template.spec.containers[?(@.name==\"web\")].image" }]);
            object(
                &["web"],
                &json!({ "metadata": { "annotations": { "image.openshift.io/triggers": trigger.to_string() } } }),
            )
        };
        assert_eq!(deployment.obstacle(&with("web:prod"), "shop", "web:prod"), None);
        assert!(deployment.obstacle(&with("web:latest"), "shop", "web:prod").unwrap().contains("web:latest"));
        let config = Workload::parse("dc/a", None).unwrap();
        let with = |namespace: &str, automatic: bool| {
            let from = json!({ "kind": "ImageStreamTag", "name": "web:prod", "namespace": namespace });
            let change = json!({ "automatic": automatic, "containerNames": ["web"], "from": from });
            object(
                &["web"],
                &json!({ "spec": { "triggers": [{ "type": "ImageChange", "imageChangeParams": change }] } }),
            )
        };
        assert_eq!(config.obstacle(&with("shop", true), "shop", "web:prod"), None);
        assert!(config.obstacle(&with("demo", true), "shop", "web:prod").unwrap().contains("demo/web:prod"));
        assert_eq!(config.obstacle(&with("demo", false), "shop", "web:prod"), None);
        assert!(!config.rolls_out_by_itself(&with("shop", true)) && deployment.rolls_out_by_itself(&json!({})));
        let paused = object(&["web"], &json!({ "spec": { "paused": true } }));
        assert!(config.obstacle(&paused, "shop", "web:prod").unwrap().contains("paused"));
    }
}
