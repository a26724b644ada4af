//! Providers.

mod configuration;
mod kind;
mod mutation;
mod query;
mod subscription;
mod types;

pub(crate) use configuration::{ConfigurationEntry, ConfigurationInput, changes};
pub(crate) use mutation::ProviderMutation;
pub(crate) use query::ProviderQuery;
pub(crate) use subscription::{ProviderChanged, ProviderSnapshot, ProviderSubscription};
pub(crate) use types::{HealthState, ProviderCapability, ProviderNode};
