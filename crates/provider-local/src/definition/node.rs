//! YAML as a tree that remembers where everything stood.

/// A place in the file; both count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mark {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// A value and its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) at: Mark,
    pub(super) value: Value,
}

/// A value by YAML 1.2's core schema. Numbers keep the text that was written, so that `1.10` does not become `1.1`.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Integer(i64, String),
    Float(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A line of a map.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) at: Mark,
    pub(super) node: Node,
}

impl Node {
    /// What it is, for messages.
    pub(super) const fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Integer(..) | Value::Float(_) => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// A scalar as text; `None` for nothing, lists and maps.
    pub(super) fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Bool(true) => Some("true"),
            Value::Bool(false) => Some("false"),
            Value::Integer(_, text) | Value::Float(text) | Value::Text(text) => Some(text),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// As JSON, for values that are compared with values of parameters.
    pub(super) fn json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Integer(value, _) => (*value).into(),
            Value::Float(text) => text.parse::<f64>().map_or_else(|_| text.as_str().into(), Into::into),
            Value::Text(text) => text.as_str().into(),
            Value::List(items) => items.iter().map(Self::json).collect(),
            Value::Map(entries) => {
                entries.iter().map(|e| (e.key.clone(), e.node.json())).collect::<serde_json::Map<_, _>>().into()
            }
        }
    }

    /// By the core schema's rules for plain scalars.
    pub(super) fn plain(at: Mark, text: &str) -> Self {
        let value = match text {
            "" | "~" | "null" | "Null" | "NULL" => Value::Null,
            "true" | "True" | "TRUE" => Value::Bool(true),
            "false" | "False" | "FALSE" => Value::Bool(false),
            _ => number(text).unwrap_or_else(|| Value::Text(text.to_owned())),
        };
        Self { at, value }
    }
}

fn number(text: &str) -> Option<Value> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    if digits.bytes().all(|b| b.is_ascii_digit()) {
        return Some(match text.parse::<i64>() {
            Ok(value) => Value::Integer(value, text.to_owned()),
            Err(_) => Value::Float(text.to_owned()),
        });
    }
    let based = digits
        .strip_prefix("0x")
        .map(|d| i64::from_str_radix(d, 16))
        .or_else(|| digits.strip_prefix("0o").map(|d| i64::from_str_radix(d, 8)));
    if let Some(Ok(value)) = based
        && digits.len() == text.len()
    {
        return Some(Value::Integer(value, text.to_owned()));
    }
    let shape = digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    (shape && text.parse::<f64>().is_ok_and(f64::is_finite)).then(|| Value::Float(text.to_owned()))
}
