//! Tekton: its kinds in both versions, its admission, and its controller.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    api::status::Failure,
    shared::Shared,
    world::{Resource, World},
};

/// Brings an object into the version that was asked for.
pub(crate) fn convert(_resource: &Resource, _version: &str, _object: &mut Value) {}

/// Brings an object into the version that is stored.
pub(crate) fn store_version(_resource: &Resource, _object: &mut Value) {}

/// Fails where an object cannot be.
pub(crate) fn admit(
    _world: &World,
    _namespace: &str,
    _resource: &Resource,
    _object: &mut Value,
    _old: Option<&Value>,
) -> Result<(), Failure> {
    Ok(())
}

/// Carries pipeline runs out.
pub(crate) async fn controller(shared: Arc<Shared>) {
    shared.stop.cancelled().await;
}
