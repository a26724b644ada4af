//! The key ring as a setting.

use alm_credentials::vault::KeyRing;
use figment::value::Value;

use super::text::text;
use crate::config::Setting;

/// A key ring. Never prints a key.
#[derive(Debug, Clone)]
pub struct Keys(KeyRing);

impl Keys {
    /// The ring.
    #[must_use]
    pub const fn ring(&self) -> &KeyRing {
        &self.0
    }
}

impl Setting for Keys {
    const KIND: &'static str = "keys, such as `key-1:…` or, with an older one behind, `key-2:… key-1:…`";

    fn read(value: &Value) -> Result<Self, String> {
        // The ring's own words name no part of what was given.
        KeyRing::parse(&text(value)?).map(Self).map_err(|error| format!("is no key ring: {error}"))
    }

    fn show(&self) -> String {
        "\"***\"".to_owned()
    }
}
