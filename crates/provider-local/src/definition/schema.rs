//! The JSON Schema of the pipeline file, for editors and for checks before a push.

use serde_json::{Map, Value, json};

use super::{
    keys::{self, Object},
    shapes,
};

/// The schema, made of the table of keys that the parser reads by. What a schema cannot say (cycles, names that do not
/// exist, values that do not fit their parameter) only the parser tells.
#[must_use]
pub fn json_schema() -> Value {
    let stages = |object: &str| json!({ "$ref": format!("#/$defs/{object}") });
    let mut root = object(&keys::PIPELINE, &[]);
    let own = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:alm-build-service:pipeline",
        "title": "ALM pipeline",
        "description": "What a build does: stages, or one plain run.",
        "patternProperties": { "^(x-|\\.)": { "description": "Ignored: a place for YAML anchors." } },
        "oneOf": [
            { "required": ["stages"], "not": { "anyOf": [{ "required": ["image"] }, { "required": ["artifacts"] }] } },
            { "required": ["run"], "not": { "required": ["stages"] } },
        ],
        "$defs": {
            "stages": {
                "anyOf": [
                    {
                        "type": "object",
                        "minProperties": 1,
                        "maxProperties": 1000,
                        "propertyNames": { "pattern": shapes::STAGE_KEY },
                        "additionalProperties": stages("stage"),
                    },
                    { "type": "array", "minItems": 1, "maxItems": 1000, "items": stages("listedStage") },
                ],
            },
            "stage": stage(&keys::STAGE),
            "listedStage": stage(&keys::LISTED_STAGE),
            "run": {
                "anyOf": [
                    shapes::script(),
                    {
                        "type": "array",
                        "minItems": 1,
                        "items": { "anyOf": [shapes::script(), object(&keys::STEP, &["run"])] },
                    },
                ],
            },
            "env": {
                "type": "object",
                "propertyNames": { "pattern": shapes::VARIABLE },
                "additionalProperties": { "type": ["string", "number", "boolean", "null"] },
            },
            "parameters": {
                "anyOf": [
                    {
                        "type": "object",
                        "propertyNames": { "pattern": shapes::VARIABLE },
                        "additionalProperties": object(&keys::PARAMETER, &[]),
                    },
                    { "type": "array", "items": object(&keys::LISTED_PARAMETER, &["name"]) },
                ],
            },
            "when": { "anyOf": [shapes::result(), object(&keys::WHEN, &[])] },
            "retry": { "anyOf": [shapes::attempts(), object(&keys::RETRY, &["max"])] },
            "input": { "anyOf": [shapes::line(), object(&keys::INPUT, &["message"])] },
            "artifacts": { "anyOf": [shapes::globs(), object(&keys::ARTIFACTS, &["paths"])] },
        },
    });
    merge(&mut root, own);
    root
}

fn stage(object_: &Object) -> Value {
    let forbidden = |names: &[&str]| {
        let any: Vec<Value> = names.iter().map(|name| json!({ "required": [name] })).collect();
        json!({ "not": { "anyOf": any } })
    };
    let not_of_frames: Vec<&str> =
        object_.keys.iter().map(|key| key.name).filter(|name| !keys::OF_FRAMES.contains(name)).collect();
    let frame = json!({ "anyOf": [{ "required": ["parallel"] }, { "required": ["stages"] }] });
    let mut schema = object(object_, &[]);
    merge(
        &mut schema,
        json!({
            "anyOf": [
                { "required": ["run"] },
                { "required": ["input"] },
                { "required": ["parallel"] },
                { "required": ["stages"] },
            ],
            "not": { "required": ["parallel", "stages"] },
            "if": frame,
            "then": forbidden(&not_of_frames),
            "else": { "if": { "required": ["run"] }, "else": forbidden(keys::OF_WORK) },
            "dependentRequired": { "url": ["environment"] },
        }),
    );
    if object_.keys.iter().any(|key| key.name == "key") {
        merge(&mut schema, json!({ "allOf": [{ "anyOf": [{ "required": ["key"] }, { "required": ["name"] }] }] }));
    }
    schema
}

fn object(object: &Object, required: &[&str]) -> Value {
    let properties: Map<String, Value> = object
        .keys
        .iter()
        .map(|key| {
            let mut shape = (key.shape)();
            merge(&mut shape, json!({ "description": key.help }));
            (key.name.to_owned(), shape)
        })
        .collect();
    let mut schema = json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if !required.is_empty() {
        merge(&mut schema, json!({ "required": required }));
    }
    schema
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}
