//! Names that other servers give to things.

use alm_credentials::sign_in::Algorithm;
use figment::value::Value;

use super::text::{quoted, text};
use crate::config::Setting;

/// Longest name, in bytes.
const LONGEST: usize = 500;

/// A name as another server writes it: not empty, without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(String);

impl Words {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for Words {
    const KIND: &'static str = "text";

    fn read(value: &Value) -> Result<Self, String> {
        let text = text(value)?;
        if text.is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
            return Err(format!(
                "is {}: write 1 to {LONGEST} characters, none of them a control character",
                quoted(&text)
            ));
        }
        Ok(Self(text))
    }

    fn show(&self) -> String {
        format!("{:?}", self.0)
    }
}

impl Setting for Algorithm {
    const KIND: &'static str = "algorithms, such as `[\"RS256\", \"ES256\"]`";

    fn read(value: &Value) -> Result<Self, String> {
        let text = text(value)?;
        text.parse().map_err(|error| format!("has {}, which is {error}", quoted(&text)))
    }

    fn show(&self) -> String {
        format!("{:?}", self.name())
    }
}
