//! What every resolver finds in its context.

use alm_domain::Principal;
use async_graphql::{Context, Result, dataloader::DataLoader};

use super::{error::internal, loaders::Batches};
use crate::app::App;

/// Shorthands for what the executor put into the request.
pub(crate) trait ContextExt {
    /// The application.
    fn app(&self) -> Result<&App>;
    /// Who asks.
    fn principal(&self) -> Result<&Principal>;
    /// The loaders of this execution; they carry the principal.
    fn loader(&self) -> Result<&DataLoader<Batches>>;
}

impl ContextExt for Context<'_> {
    fn app(&self) -> Result<&App> {
        self.data::<App>().map_err(|_| internal("no application in the context"))
    }

    fn principal(&self) -> Result<&Principal> {
        self.data::<Principal>().map_err(|_| super::error::unauthenticated())
    }

    fn loader(&self) -> Result<&DataLoader<Batches>> {
        self.data::<DataLoader<Batches>>().map_err(|_| internal("no loaders in the context"))
    }
}
