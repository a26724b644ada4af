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

    /// Whether the cluster itself gives it the images of this tag (`NAME:TAG` in its namespace): then nobody else has to, and whoever
    /// does so all the same is set right by the cluster.
    pub(crate) fn follows(&self, object: &Value, namespace: &str, tag: &str) -> bool {
        let container = self.container(object).map(|(name, _)| name);
        container.is_ok_and(|name| self.tags(object, namespace, name).iter().any(|known| known == tag))
    }

    /// The triggers of a DeploymentConfig, those of this tag without what they gave it last: by that they would go on where the tag is no
    /// more (`UpdateDeploymentConfigImages` of openshift-controller-manager). Nothing for a Deployment, whose triggers remember nothing.
    pub(crate) fn forgetful_triggers(&self, object: &Value, namespace: &str, tag: &str) -> Option<Value> {
        if self.kind == Kind::Deployment {
            return None;
        }
        let mut all = triggers(object).to_vec();
        for parameters in all.iter_mut().filter_map(|trigger| trigger.get_mut("imageChangeParams")) {
            let is_ours = parameters.get("from").and_then(|from| tag_of(from, namespace)).as_deref() == Some(tag);
            if let Some(fields) = parameters.as_object_mut().filter(|_| is_ours) {
                fields.remove("lastTriggeredImage");
            }
        }
        Some(Value::Array(all))
    }

    /// Whether the cluster begins a rollout by itself when the image is changed. The first one of a DeploymentConfig waits until all of
    /// its image triggers have given it something (`triggerActivated` of openshift-controller-manager).
    pub(crate) fn rolls_out_by_itself(&self, object: &Value) -> bool {
        let is = |one: &Value, kind: &str| one.get("type").and_then(Value::as_str) == Some(kind);
        let is_first = object.pointer("/status/latestVersion").and_then(Value::as_i64).unwrap_or(0) == 0;
        let waits = |one: &Value| {
            let last = one.pointer("/imageChangeParams/lastTriggeredImage").and_then(Value::as_str);
            is(one, "ImageChange") && last.is_none_or(str::is_empty)
        };
        self.kind == Kind::Deployment
            || triggers(object).iter().any(|one| is(one, "ConfigChange"))
                && !(is_first && triggers(object).iter().any(waits))
    }

    /// The tags that the cluster sets the container's image by. One of another namespace is told with it.
    fn tags(&self, object: &Value, namespace: &str, container: &str) -> Vec<String> {
        let tag = |from: &Value| tag_of(from, namespace);
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
                let containers = object.pointer(CONTAINERS).and_then(Value::as_array).into_iter().flatten();
                let mut names = containers.map(|one| one.get("name").and_then(Value::as_str));
                let numbered = names.position(|name| name == Some(container)).map(|at| format!(".containers[{at}]"));
                let is_of = |one: &&Value| {
                    let path = one.get("fieldPath").and_then(Value::as_str).unwrap_or_default();
                    // Both ways of writing it are in use.
                    let is_numbered = numbered.as_ref().is_some_and(|numbered| path.contains(numbered));
                    !is_off(one) && (path.replace('\'', "\"").contains(&field) || is_numbered)
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

/// The tag that a trigger names. One of another namespace is told with it.
fn tag_of(from: &Value, namespace: &str) -> Option<String> {
    let is_tag = from.get("kind").and_then(Value::as_str) == Some("ImageStreamTag");
    let name = from.get("name").and_then(Value::as_str).filter(|_| is_tag)?;
    match from.get("namespace").and_then(Value::as_str) {
        Some(other) if !other.is_empty() && other != namespace => Some(format!("{other}/{name}")),
        _ => Some(name.to_owned()),
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
    fn a_real_deployment_config_is_read() {
        let real = crate::recorded::answer("fabric8-deploymentconfig");
        let workload = Workload { kind: Kind::Config, name: "myDeploy".to_owned(), container: None };
        let (name, image) = workload.container(&real).unwrap();
        assert!(name == "myDeploy" && image.starts_with("127.0.0.1:5000/my-run/myDeploy@sha256:98ea6e"), "{image}");
        assert!(workload.follows(&real, "my-run", "myDeploy:1.0.2") && workload.rolls_out_by_itself(&real));
        assert_eq!(workload.obstacle(&real, "my-run", "myDeploy:1.0.2"), None);
        assert!(workload.obstacle(&real, "my-run", "myDeploy:prod").unwrap().contains("myDeploy:1.0.2"));
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
        assert!(deployment.follows(&with("web:prod"), "shop", "web:prod"));
        for (path, follows) in [
            ("spec.template.spec.containers[0].image", [true, false]),
            ("spec.template.spec.containers[1].image", [false, true]),
            ("spec.template.spec.initContainers[0].image", [false, false]),
            ("spec.template.spec.containers[?(@.name=='proxy')].image", [false, true]),
        ] {
            let trigger = json!([{ "from": { "kind": "ImageStreamTag", "name": "web:prod" }, "fieldPath": path }]);
            let annotations = json!({ "image.openshift.io/triggers": trigger.to_string() });
            let two = object(&["web", "proxy"], &json!({ "metadata": { "annotations": annotations } }));
            let of = |name| Workload::parse("deployment/a", Some(name)).unwrap().follows(&two, "shop", "web:prod");
            assert_eq!(["web", "proxy"].map(of), follows, "{path}");
        }
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
        assert!(config.follows(&with("shop", true), "shop", "web:prod"));
        for (namespace, automatic, tag) in
            [("shop", false, "web:prod"), ("demo", true, "web:prod"), ("shop", true, "web:test")]
        {
            assert!(!config.follows(&with(namespace, automatic), "shop", tag), "{namespace} {automatic} {tag}");
        }
        let mut both = with("shop", false);
        both["spec"]["triggers"].as_array_mut().unwrap().push(json!({ "type": "ConfigChange" }));
        assert!(!config.rolls_out_by_itself(&both), "the first rollout waits for the image");
        both["status"]["latestVersion"] = json!(1);
        assert!(config.rolls_out_by_itself(&both));
        let paused = object(&["web"], &json!({ "spec": { "paused": true } }));
        assert!(config.obstacle(&paused, "shop", "web:prod").unwrap().contains("paused"));
    }
}
