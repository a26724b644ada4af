//! Whether two answers are the same, apart from what is different each time: times, uids, versions, secrets.

use regex::Regex;
use serde_json::{Value, json};

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) body: Value,
}

struct Mask {
    what: Regex,
    by: &'static str,
}

/// Takes out what is different each time.
pub(crate) struct Masks(Vec<Mask>);

impl Masks {
    pub(crate) fn new() -> Self {
        let of = |what: &str, by| Mask { what: Regex::new(what).unwrap(), by };
        Self(vec![
            of(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uid>"),
            of(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>"),
            of(r"resource version: (\d+) \(\d+\)", "resource version: $1 (<rv>)"),
            of(r"current: \d+", "current: <rv>"),
            of(r"sha256~[A-Za-z0-9_-]{43}", "<SECRET>"),
            of(r"<(AUTH_CODE|ACCESS_TOKEN|TOKEN_CODE_OR_HASH|SHA256_NAME_OF_TOKEN)>", "<SECRET>"),
            of(r"sha256%7E[A-Za-z0-9_-]{43}", "<SECRET>"),
            of(r"ci-gen-[a-z0-9]{5}", "ci-gen-<suffix>"),
            of(r"registry\.example\.test/(img|maven|buildah)", "registry.example.test/img"),
            of(r"https?://127\.0\.0\.1:\d+", "<host>"),
        ])
    }

    pub(crate) fn text(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, mask| mask.what.replace_all(&text, mask.by).into_owned())
    }

    fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => json!(self.text(text)),
            Value::Array(all) => all.iter().map(|item| self.value(item)).collect(),
            Value::Object(map) => map
                .iter()
                .filter(|(name, _)| *name != "managedFields")
                .map(|(name, value)| {
                    let value = match name.as_str() {
                        "resourceVersion" | "continue" if value.as_str().is_some_and(|text| !text.is_empty()) => {
                            json!("<rv>")
                        }
                        "expires_in" | "duration" => json!("<number>"),
                        _ => self.value(value),
                    };
                    (name.clone(), value)
                })
                .collect(),
            other => other.clone(),
        }
    }

    pub(crate) fn answer(&self, answer: &Answer) -> Answer {
        let body = match &answer.body {
            // A watch: a line for each event.
            Value::String(text) if text.starts_with("{\"type\"") => {
                let events = text
                    .lines()
                    .filter(|line| !line.is_empty())
                    .map(|line| serde_json::from_str::<Value>(line).unwrap());
                let mut events: Vec<Value> = events.map(|event| self.value(&event)).collect();
                // What is there at the beginning comes in any order, and a bookmark once or twice.
                let first = events.iter().position(|event| event["type"] != "ADDED").unwrap_or(events.len());
                events[..first].sort_by_key(|event| event["object"]["metadata"]["name"].to_string());
                events.dedup_by(|a, b| a["type"] == "BOOKMARK" && b["type"] == "BOOKMARK");
                Value::Array(events)
            }
            // What is labelled as text and is JSON.
            Value::String(text) if text.starts_with('{') => {
                let read: Result<Vec<Value>, _> = text.lines().map(serde_json::from_str).collect();
                read.map_or_else(|_| json!(self.text(text)), |values| self.value(&Value::Array(values)))
            }
            Value::String(text) => json!(self.text(text)),
            other => self.value(other),
        };
        Answer { status: answer.status, location: answer.location.as_deref().map(|to| self.text(to)), body }
    }
}

/// The places where they differ, at most a few. `subset`: the recorded answer may hold more.
pub(crate) fn differences(recorded: &Answer, given: &Answer, subset: bool) -> Vec<String> {
    let mut found = Vec::new();
    if recorded.status != given.status {
        found.push(format!("status: recorded {}, given {}", recorded.status, given.status));
    }
    if recorded.location != given.location {
        found.push(format!("location: recorded {:?}, given {:?}", recorded.location, given.location));
    }
    compare("", &recorded.body, &given.body, subset, &mut found);
    found.truncate(8);
    found
}

fn key(item: &Value) -> (&Value, &Value) {
    (&item["name"], &item["version"])
}

fn compare(path: &str, recorded: &Value, given: &Value, subset: bool, found: &mut Vec<String>) {
    match (recorded, given) {
        (Value::Object(one), Value::Object(other)) => {
            for name in other.keys().filter(|name| !one.contains_key(*name)) {
                found.push(format!("{path}/{name}: not recorded, given {}", other[name]));
            }
            for (name, value) in one {
                match other.get(name) {
                    Some(given) => compare(&format!("{path}/{name}"), value, given, subset, found),
                    None if subset => {}
                    None => found.push(format!("{path}/{name}: recorded {value}, not given")),
                }
            }
        }
        (Value::Array(one), Value::Array(other)) if subset => {
            for item in other.iter().filter(|item| item.is_object()) {
                match one.iter().find(|known| key(known) == key(item)) {
                    Some(known) => compare(&format!("{path}/{}", item["name"]), known, item, subset, found),
                    None => found.push(format!("{path}: not recorded, given {}", item["name"])),
                }
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            if one.len() != other.len() {
                found.push(format!("{path}: {} recorded, {} given", one.len(), other.len()));
            }
            for (at, (one, other)) in one.iter().zip(other).enumerate() {
                compare(&format!("{path}/{at}"), one, other, subset, found);
            }
        }
        (one, other) if one == other => {}
        (one, other) => found.push(format!("{path}: recorded {one}, given {other}")),
    }
}
