//! The shapes of values, as JSON Schema.

use serde_json::{Value, json};

pub(super) const DURATION: &str = r"^\s*(?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?\s*$";
pub(super) const STAGE_KEY: &str = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$";
pub(super) const VARIABLE: &str = r"^(?!ALM_)[A-Za-z_][A-Za-z0-9_]{0,127}$";

fn named(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

pub(super) fn line() -> Value {
    json!({ "type": ["string", "number", "boolean"], "minLength": 1 })
}

pub(super) fn text() -> Value {
    json!({ "type": ["string", "number", "boolean"] })
}

pub(super) fn scalar() -> Value {
    json!({ "type": ["string", "number", "boolean"] })
}

pub(super) fn boolean() -> Value {
    json!({ "type": "boolean" })
}

pub(super) fn script() -> Value {
    json!({ "type": ["string", "number", "boolean"], "minLength": 1 })
}

pub(super) fn duration() -> Value {
    json!({ "type": "string", "pattern": DURATION, "examples": ["90s", "10m", "1h30m"] })
}

pub(super) fn stage_key() -> Value {
    json!({ "type": ["string", "integer", "number", "boolean"], "pattern": STAGE_KEY })
}

pub(super) fn variable() -> Value {
    json!({ "type": "string", "pattern": VARIABLE })
}

pub(super) fn image() -> Value {
    json!({ "type": "string", "pattern": r"^\s*[A-Za-z0-9][A-Za-z0-9._/:@-]{0,511}\s*$", "examples": ["docker.io/library/rust:1"] })
}

pub(super) fn environment() -> Value {
    json!({ "type": ["string", "number", "boolean"], "minLength": 1 })
}

pub(super) fn url() -> Value {
    json!({ "type": "string", "pattern": r"^\s*https?://\S+\s*$", "examples": ["https://staging.example.org"] })
}

pub(super) fn attempts() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": 10 })
}

pub(super) fn choices() -> Value {
    json!({ "type": "array", "items": scalar(), "minItems": 1, "maxItems": 500 })
}

pub(super) fn kind() -> Value {
    json!({ "enum": super::parameter::KINDS.map(|(name, _)| name) })
}

pub(super) fn result() -> Value {
    json!({ "enum": super::condition::RESULTS.map(|(name, _)| name) })
}

pub(super) fn keep() -> Value {
    json!({ "enum": ["always", "success"] })
}

pub(super) fn globs() -> Value {
    let one = json!({ "type": ["string", "number", "boolean"], "minLength": 1, "maxLength": 256 });
    json!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
}

pub(super) fn needs() -> Value {
    let one = json!({ "type": ["string", "number", "boolean"] });
    json!({ "anyOf": [one, { "type": "array", "items": one, "maxItems": 200 }] })
}

pub(super) fn expected() -> Value {
    json!({ "type": "object", "additionalProperties": { "anyOf": [scalar(), { "type": "array", "items": scalar(), "minItems": 1 }] } })
}

pub(super) fn env() -> Value {
    named("env")
}

pub(super) fn run() -> Value {
    named("run")
}

pub(super) fn stages() -> Value {
    named("stages")
}

pub(super) fn parameters() -> Value {
    named("parameters")
}

pub(super) fn when() -> Value {
    named("when")
}

pub(super) fn retry() -> Value {
    named("retry")
}

pub(super) fn input() -> Value {
    named("input")
}

pub(super) fn artifacts() -> Value {
    named("artifacts")
}
