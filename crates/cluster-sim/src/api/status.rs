//! How a cluster says no.

use serde_json::{Value, json};

use crate::{people::Wish, world::Resource};

/// An answer that is no success.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) code: u16,
    reason: &'static str,
    message: String,
    details: Option<Value>,
    pub(crate) retry_after: Option<u64>,
}

impl Failure {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: None, retry_after: None }
    }

    fn about(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    pub(crate) fn unauthorized_because(message: impl Into<String>) -> Self {
        Self::new(401, "Unauthorized", message)
    }

    pub(crate) fn forbidden(user: &str, resource: &Resource, wish: &Wish<'_>) -> Self {
        let full = wish.subresource.map_or_else(|| wish.plural.to_owned(), |sub| format!("{}/{sub}", wish.plural));
        let place = match (wish.group, wish.plural, wish.namespace) {
            ("", "namespaces", _) if wish.name.is_some() => {
                format!("in the namespace \"{}\"", wish.name.unwrap_or_default())
            }
            (_, _, Some(namespace)) => format!("in the namespace \"{namespace}\""),
            _ => "at the cluster scope".to_owned(),
        };
        let named = wish.name.map_or_else(String::new, |name| format!(" \"{name}\""));
        let message = format!(
            "{}{named} is forbidden: User \"{user}\" cannot {} resource \"{full}\" in API group \"{}\" {place}",
            resource.id, wish.verb, wish.group
        );
        Self::new(403, "Forbidden", message).about(details(wish.name, wish.group, wish.plural))
    }

    pub(crate) fn forbidden_because(resource: &Resource, name: &str, why: &str) -> Self {
        Self::new(403, "Forbidden", format!("{} \"{name}\" is forbidden: {why}", resource.id)).about(details(
            Some(name),
            resource.group,
            resource.plural,
        ))
    }

    /// A review that the API server does not know: nobody has been given the right to it, which is looked at first.
    pub(crate) fn forbidden_review(user: &str, plural: &str) -> Self {
        let group = "authentication.k8s.io";
        let message = format!(
            "{plural}.{group} is forbidden: User \"{user}\" cannot create resource \"{plural}\" in API group \"{group}\" at the cluster scope"
        );
        Self::new(403, "Forbidden", message).about(details(None, group, plural))
    }

    /// More than an API server reads.
    pub(crate) fn request_too_large() -> Self {
        Self::new(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728").about(json!({}))
    }

    /// More than the store takes. Its client, which sends no more than 2 MiB, says it in other words.
    pub(crate) fn too_large_to_store(size: usize) -> Self {
        Self::rubbish(match size {
            0..2_097_152 => "etcdserver: request is too large".to_owned(),
            _ => format!(
                "rpc error: code = ResourceExhausted desc = trying to send message larger than max ({size} vs. 2097152)"
            ),
        })
    }

    /// As [`forbidden_because`](Self::forbidden_because), by names that no kind of the table has.
    pub(crate) fn reserved(name: &str) -> Self {
        Self::new(
            403,
            "Forbidden",
            format!(
                "project.project.openshift.io \"{name}\" is forbidden: cannot request a project starting with \"openshift-\""
            ),
        )
        .about(details(Some(name), "project.openshift.io", "project"))
    }

    pub(crate) fn forbidden_path(user: &str, path: &str) -> Self {
        Self::new(403, "Forbidden", format!("forbidden: User \"{user}\" cannot get path \"{path}\"")).about(json!({}))
    }

    pub(crate) fn not_found(plural: &str, group: &str, name: &str) -> Self {
        let id = if group.is_empty() { plural.to_owned() } else { format!("{plural}.{group}") };
        Self::new(404, "NotFound", format!("{id} \"{name}\" not found")).about(details(Some(name), group, plural))
    }

    pub(crate) fn no_such_path() -> Self {
        Self::new(404, "NotFound", "the server could not find the requested resource").about(json!({}))
    }

    pub(crate) fn no_method() -> Self {
        Self::new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
            .about(json!({}))
    }

    pub(crate) fn not_acceptable() -> Self {
        Self::new(406, "NotAcceptable", "406: Not Acceptable").about(json!({}))
    }

    pub(crate) fn exists(id: &str, group: &str, kind: &str, name: &str) -> Self {
        Self::new(409, "AlreadyExists", format!("{id} \"{name}\" already exists")).about(details(
            Some(name),
            group,
            kind,
        ))
    }

    pub(crate) fn conflict(resource: &Resource, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", resource.id);
        Self::new(409, "Conflict", message).about(details(Some(name), resource.group, resource.plural))
    }

    /// A quota that others count at the same moment. *Documented, unrecorded* (helm/helm#9710).
    pub(crate) fn quota() -> Self {
        let message = "Operation cannot be fulfilled on resourcequotas \"quota\": the object has been modified; please apply your changes to the latest version and try again";
        Self::new(409, "Conflict", message).about(details(Some("quota"), "", "resourcequotas"))
    }

    pub(crate) fn expired(asked: u64, oldest: u64) -> Self {
        Self::new(410, "Expired", format!("too old resource version: {asked} ({oldest})"))
    }

    pub(crate) fn continue_expired() -> Self {
        Self::new(
            410,
            "Expired",
            "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.",
        )
    }

    pub(crate) fn media_type(message: &str, with_details: bool) -> Self {
        let failure = Self::new(415, "UnsupportedMediaType", message);
        if with_details { failure.about(json!({})) } else { failure }
    }

    /// `kind` is the qualified one; the causes are (reason, message, field).
    pub(crate) fn invalid(kind: &str, group: &str, short: &str, name: &str, causes: &[Cause]) -> Self {
        let mut told: Vec<String> = causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
        let message = match told.len() {
            1 => told.remove(0),
            _ => format!("[{}]", told.join(", ")),
        };
        let listed: Vec<Value> = causes
            .iter()
            .map(|cause| json!({"reason": cause.reason, "message": cause.message, "field": cause.field}))
            .collect();
        let mut about = details(Some(name), group, short);
        if name.is_empty()
            && let Some(map) = about.as_object_mut()
        {
            map.remove("name");
        }
        about["causes"] = Value::Array(listed);
        Self::new(422, "Invalid", format!("{kind} \"{name}\" is invalid: {message}")).about(about)
    }

    /// An object of this kind that cannot be.
    pub(crate) fn invalid_object(resource: &Resource, name: &str, causes: &[Cause]) -> Self {
        Self::invalid(&resource.qualified_kind(), resource.group, resource.kind, name, causes)
    }

    /// A tag that a build begins with, and that is not there.
    pub(crate) fn unresolved(namespace: &str, tag: &str) -> Self {
        let stream = tag.split(':').next().unwrap_or_default();
        let message = format!(
            "Error resolving ImageStreamTag {tag} in namespace {namespace}: imagestreams.image.openshift.io \"{stream}\" not found"
        );
        let causes = json!([{"message": message, "field": "from"}]);
        Self::new(422, "Invalid", message).about(json!({"name": tag, "kind": "ImageStreamTag", "causes": causes}))
    }

    pub(crate) fn too_many(seconds: u64) -> Self {
        let mut failure = Self::new(
            429,
            "TooManyRequests",
            "the server has received too many requests and has asked us to try again later",
        )
        .about(json!({"retryAfterSeconds": seconds}));
        failure.retry_after = Some(seconds);
        failure
    }

    pub(crate) fn internal(why: &str) -> Self {
        Self::new(500, "InternalError", format!("Internal error occurred: {why}"))
            .about(json!({"causes": [{"message": why}]}))
    }

    /// A 500 without a reason, as the recorded server answers a resource version that is none.
    pub(crate) fn rubbish(message: String) -> Self {
        Self::new(500, "", message)
    }

    pub(crate) fn too_large(asked: u64, current: u64) -> Self {
        let mut failure =
            Self::new(504, "Timeout", format!("Timeout: Too large resource version: {asked}, current: {current}"))
                .about(
                    json!({"causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
                    "retryAfterSeconds": 1}),
                );
        failure.retry_after = Some(1);
        failure
    }

    pub(crate) fn body(&self) -> Value {
        let mut body = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": self.message, "code": self.code,
        });
        if !self.reason.is_empty() {
            body["reason"] = json!(self.reason);
        }
        if let Some(details) = &self.details {
            body["details"] = details.clone();
        }
        body
    }
}

/// Why an object cannot be.
#[derive(Debug, Clone)]
pub(crate) struct Cause {
    reason: &'static str,
    message: String,
    field: String,
}

impl Cause {
    pub(crate) fn value(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { reason: "FieldValueInvalid", message: message.into(), field: field.into() }
    }

    pub(crate) fn required(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { reason: "FieldValueRequired", message: message.into(), field: field.into() }
    }
}

fn details(name: Option<&str>, group: &str, kind: &str) -> Value {
    let mut details = json!({"kind": kind});
    if let Some(name) = name {
        details["name"] = json!(name);
    }
    if !group.is_empty() {
        details["group"] = json!(group);
    }
    details
}
