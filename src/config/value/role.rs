//! Roles.

use alm_domain::Role;
use figment::value::Value;

use super::text::{quoted, text};
use crate::config::Setting;

impl Setting for Role {
    const KIND: &'static str = "roles: `admin`, `member`, such as `[\"member\"]`";

    fn read(value: &Value) -> Result<Self, String> {
        match text(value)?.to_ascii_lowercase().as_str() {
            "admin" => Ok(Self::Admin),
            "member" => Ok(Self::Member),
            other => Err(format!("has {}, which is no role: write admin or member", quoted(other))),
        }
    }

    fn show(&self) -> String {
        let name = match self {
            Self::Admin => "admin",
            Self::Member => "member",
            Self::System => "system",
        };
        format!("{name:?}")
    }
}
