//! Families of build backends, before one of them is registered.

use alm_build_spi::ProviderDescriptor;
use alm_domain::{SettingDefinition, settings_schema};
use async_graphql::{Json, Object};
use serde_json::Value;

use super::types::{ProviderCapability, ProviderKind};

/// A family of build backends that this server has.
pub(crate) struct ProviderKindInfo {
    pub(super) descriptor: ProviderDescriptor,
    pub(super) settings: Vec<SettingDefinition>,
}

/// A family of build backends that this server has.
#[Object]
impl ProviderKindInfo {
    /// The family.
    async fn kind(&self) -> ProviderKind {
        self.descriptor.kind.into()
    }

    /// Whether a provider of it is at an address.
    async fn has_endpoint(&self) -> bool {
        self.descriptor.kind.has_endpoint()
    }

    /// Whether its builds need a token of whoever starts them, for an environment at that address.
    async fn needs_token(&self) -> bool {
        self.descriptor.needs_token
    }

    /// What its builds can do.
    async fn capabilities(&self) -> Vec<ProviderCapability> {
        self.descriptor.capabilities.iter().map(|capability| (*capability).into()).collect()
    }

    /// How well builds are kept apart from the service and from one another.
    async fn isolation(&self) -> &str {
        &self.descriptor.isolation
    }

    /// JSON Schema of the settings that a provider of it may be given; its build services inherit them.
    async fn configuration_schema(&self) -> Json<Value> {
        Json(settings_schema(&self.settings, false))
    }
}
