//! How an issuer is asked for tokens with an audience.

use figment::value::Value;

use super::text::{quoted, text};
use crate::config::Setting;

/// The parameter with which an issuer is told for whom a token shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AudienceParameter {
    /// `resource`, an address (RFC 8707).
    Resource,
    /// `audience`, as some issuers have it.
    Audience,
}

impl AudienceParameter {
    /// The name of the parameter.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::Audience => "audience",
        }
    }
}

impl Setting for AudienceParameter {
    const KIND: &'static str = "`resource` or `audience`";

    fn read(value: &Value) -> Result<Self, String> {
        match text(value)?.to_ascii_lowercase().as_str() {
            "resource" => Ok(Self::Resource),
            "audience" => Ok(Self::Audience),
            other => Err(format!("is {}: write resource or audience", quoted(other))),
        }
    }

    fn show(&self) -> String {
        format!("{:?}", self.name())
    }
}
