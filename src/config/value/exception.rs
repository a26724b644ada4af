//! Where the server may connect to.

use alm_credentials::outbound::Exception;
use figment::value::Value;

use super::text::text;
use crate::config::Setting;

impl Setting for Exception {
    const KIND: &'static str =
        "networks, addresses and hosts, such as `[\"10.0.0.0/8\", \"sso.intern\", \"*.apps.intern\"]`";

    fn read(value: &Value) -> Result<Self, String> {
        text(value)?.parse().map_err(|error: alm_credentials::outbound::ExceptionError| {
            format!(
                "has {:?}, which is none: write networks (10.0.0.0/8), addresses or hosts (sso.intern, *.intern)",
                error.value
            )
        })
    }

    fn show(&self) -> String {
        format!("{:?}", self.to_string())
    }
}
