//! What the engine has of a build configuration, as the API shows it.

use alm_domain::{BuildService, Provider, ServiceId};
use async_graphql::{Context, Result, SimpleObject};

use super::RepositoryRef;
use crate::{
    app::AtEngine,
    graphql::{
        context::ContextExt,
        loaders::{AtEngineOf, LoadError},
    },
};

/// A build configuration as its engine has it.
#[derive(SimpleObject)]
pub(crate) struct ConfigurationAtEngine {
    /// Whether it was there before the build service, which adopted it: what the engine keeps of it is changed there alone.
    is_adopted: bool,
    /// Why the engine could not be asked, as a sentence for people; null when it was. `configuration` is then as this service wrote it
    /// last; nothing is known of one that was adopted.
    problem: Option<String>,
    /// Where the engine has the source, if that is another place than the build service's; null otherwise.
    repository: Option<RepositoryRef>,
}

impl ConfigurationAtEngine {
    pub(super) fn new(there: &AtEngine, service: &BuildService) -> Self {
        let elsewhere = there.repository().filter(|repository| **repository != service.repository);
        Self {
            is_adopted: there.is_adopted(),
            problem: there.problem().map(str::to_owned),
            repository: elsewhere.map(RepositoryRef::from),
        }
    }
}

/// What the engine has of the configuration of a build service; `None` where it keeps none.
pub(super) async fn read(ctx: &Context<'_>, service: ServiceId, provider: &Provider) -> Result<Option<AtEngine>> {
    // Most engines keep nothing that others can change: nothing is read for them.
    if !ctx.app()?.keeps_configurations(provider) {
        return Ok(None);
    }
    ctx.loader()?.load_one(AtEngineOf(service)).await.map_err(LoadError::fault)
}
