//! How and what to log.

use figment::value::Value;
use tracing_subscriber::EnvFilter;

use super::text::{quoted, text};
use crate::config::Setting;

/// The form of the server's own log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line, for programs.
    Json,
}

/// What is logged; known to be understood by [`EnvFilter`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter(String);

impl LogFilter {
    /// As a filter.
    #[must_use]
    pub fn filter(&self) -> EnvFilter {
        EnvFilter::new(&self.0)
    }
}

impl Setting for LogFormat {
    const KIND: &'static str = "`text` or `json`";

    fn read(value: &Value) -> Result<Self, String> {
        match text(value)?.to_ascii_lowercase().as_str() {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            other => Err(format!("is {}: write text or json", quoted(other))),
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Text => "\"text\"".to_owned(),
            Self::Json => "\"json\"".to_owned(),
        }
    }
}

impl Setting for LogFilter {
    const KIND: &'static str = "levels, such as `info,alm=debug`";

    fn read(value: &Value) -> Result<Self, String> {
        let text = text(value)?;
        // A bare word that is no level would be taken for the name of a module, and silence everything.
        let misread = text.split(',').map(str::trim).find(|part| {
            let level = ["off", "error", "warn", "info", "debug", "trace"].iter().any(|l| l.eq_ignore_ascii_case(part));
            !level && !part.contains(['=', '['])
        });
        match (EnvFilter::try_new(&text), misread) {
            (Ok(_), None) => Ok(Self(text)),
            _ => Err(format!("is {}: write levels such as info or info,alm=debug", quoted(&text))),
        }
    }

    fn show(&self) -> String {
        format!("{:?}", self.0)
    }
}
