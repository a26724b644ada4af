//! Reading the object in a request's body.

use serde_json::Value;

use super::{ask::Ask, status::Failure, target::Target};
use crate::world::{Home, Resource};

/// The object in the body, which must be of this kind.
pub(crate) fn object(ask: &Ask, kind: &str) -> Result<Value, Failure> {
    let unreadable = |why: &str| {
        let shown =
            if ask.body.is_empty() { "<empty>".to_owned() } else { String::from_utf8_lossy(&ask.body).into_owned() };
        Failure::bad_request(format!(
            "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: {why} ({shown})"
        ))
    };
    let read: Value = serde_json::from_slice(&ask.body).map_err(|error| {
        if error.is_eof() { unreadable("unexpected end of JSON input") } else { unreadable("invalid character") }
    })?;
    let Some(given) = read["kind"].as_str() else {
        return Err(Failure::bad_request(format!(
            "Object 'Kind' is missing in '{}'",
            String::from_utf8_lossy(&ask.body)
        )));
    };
    if given != kind {
        return Err(Failure::bad_request(format!(
            "{given} in version \"v1\" cannot be handled as a {kind}: converting (v1.{given}) to (build.{kind}): unknown conversion"
        )));
    }
    Ok(read)
}

/// Whether the media type of a body that is no patch is one that is read.
pub(crate) fn readable(ask: &Ask, resource: &Resource) -> Result<(), Failure> {
    if ["", "application/json", "application/yaml"].contains(&ask.media()) {
        return Ok(());
    }
    let kinds = "application/json, application/yaml";
    let known = match resource.home {
        Home::Custom => kinds.to_owned(),
        _ => format!("{kinds}, application/vnd.kubernetes.protobuf"),
    };
    Err(Failure::media_type(
        &format!("the body of the request was in an unknown format - accepted media types include: {known}"),
        false,
    ))
}

/// The object in the body of a request about this target.
pub(crate) fn of_target(ask: &Ask, target: &Target) -> Result<Value, Failure> {
    readable(ask, target.resource)?;
    if ask.is_too_large() {
        return Err(Failure::request_too_large());
    }
    let read = object(ask, target.resource.kind)?;
    if let (Some(there), Some(here)) = (read["metadata"]["namespace"].as_str(), target.namespace.as_deref())
        && there != here
    {
        return Err(Failure::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    Ok(read)
}
