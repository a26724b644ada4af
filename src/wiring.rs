//! The composition root: the only file that names a concrete provider, database or transport.

use async_trait::async_trait;

use crate::{
    cli::{BoxError, Composition, Serving},
    config::Config,
};

/// The service as it is shipped.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wiring;

/// A part of the service that this build of the program does not have.
#[derive(Debug, thiserror::Error)]
#[error("this build of alm is without its {0}")]
struct Missing(&'static str);

#[async_trait]
impl Composition for Wiring {
    fn schema(&self) -> Result<String, BoxError> {
        Err(Missing("GraphQL schema").into())
    }

    async fn migrate(&self, _config: &Config) -> Result<(), BoxError> {
        Err(Missing("store").into())
    }

    async fn serve(&self, _serving: Serving) -> Result<(), BoxError> {
        Err(Missing("server").into())
    }
}
