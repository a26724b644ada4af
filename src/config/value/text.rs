//! Plain texts: what every other type reads from.

use std::path::PathBuf;

use figment::value::{Num, Value};

use crate::config::Setting;

/// The text of a value, with numbers as they are written.
pub(super) fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(_, text) => Ok(text.trim().to_owned()),
        Value::Num(_, Num::F32(number)) => Ok(number.to_string()),
        Value::Num(_, Num::F64(number)) => Ok(number.to_string()),
        Value::Num(_, number) => number
            .to_u128()
            .map(|number| number.to_string())
            .or_else(|| number.to_i128().map(|number| number.to_string()))
            .ok_or_else(|| "is out of range".to_owned()),
        Value::Bool(_, yes) => Ok(yes.to_string()),
        _ => Err("is a table or a list, where one value is expected".to_owned()),
    }
}

/// A foreign text, fit for an error message.
pub(super) fn quoted(text: &str) -> String {
    format!("{:?}", alm_domain::shorten(text))
}

impl Setting for PathBuf {
    const KIND: &'static str = "absolute path";

    fn read(value: &Value) -> Result<Self, String> {
        let text = text(value)?;
        let path = Self::from(&text);
        if path.is_absolute() && !text.contains('\0') {
            Ok(path)
        } else {
            Err(format!("is {}, which is not an absolute path: write one that begins with /", quoted(&text)))
        }
    }

    fn show(&self) -> String {
        format!("{:?}", self.to_string_lossy())
    }
}

impl Setting for bool {
    const KIND: &'static str = "`true` or `false`";

    fn read(value: &Value) -> Result<Self, String> {
        match text(value)?.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            other => Err(format!("is {}: write true or false", quoted(other))),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}
