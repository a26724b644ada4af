//! The gate: what stands before every call that makes an engine do something for a person.
//!
//! **Architecture Invariant:** a build runs with the tokens of whoever started it, a decision is delivered with the token of
//! whoever decided, and nobody's token is used for anybody else, administrators included. Runs that an engine began by itself are
//! looked for and followed with the account of a member who may start builds there: they are read with it, and nothing else; whoever
//! stops one, or decides in it, does so with an account of his own.

mod outfit;
mod own;
mod reader;
mod start;
mod wallet;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock},
};

use alm_build_spi::ProviderDescriptor;
use alm_credentials::vault::Vault;
use alm_domain::{
    BuildService, Capability, Clock, Deploys, Environment, EnvironmentId, EnvironmentRole, Principal, ProjectId,
    Timestamp, UserId,
};
use alm_store::{FinishedBuild, Store};
use chrono::TimeDelta;

use super::{AppError, Checked, TokenState};
pub(super) use outfit::{Late, Unfit};
pub(super) use own::OwnWallet;
pub(super) use reader::Reader;
pub use start::StartCheck;
pub use wallet::Wallet;
pub(super) use wallet::awaited;

/// How many of the last builds tell how long the next one takes.
const WINDOW: u32 = 50;
/// How long a build is taken to need where none has ended yet.
const UNKNOWN: TimeDelta = TimeDelta::minutes(10);
/// What is added to the time that a build is likely to need, besides a quarter of it.
const MARGIN: TimeDelta = TimeDelta::minutes(1);

/// What stands before every call that makes an engine do something. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    clock: Arc<dyn Clock>,
    vault: Vault,
    wallet: OnceLock<Arc<dyn Wallet>>,
    system: Principal,
    /// Until when accounts come last among those that others' runs may be read with.
    passed_over: Mutex<HashMap<(UserId, EnvironmentId), Timestamp>>,
}

impl Gate {
    pub(super) fn new(store: Store, clock: Arc<dyn Clock>, vault: Vault) -> Self {
        let system = Principal::system("gate");
        Self {
            shared: Arc::new(Shared {
                store,
                clock,
                vault,
                wallet: OnceLock::new(),
                system,
                passed_over: Mutex::default(),
            }),
        }
    }

    /// Says where tokens come from. Only the first one counts; as long as there is none, no token is asked for.
    pub(super) fn use_wallet(&self, wallet: Arc<dyn Wallet>) {
        let _ = self.shared.wallet.set(wallet);
    }

    fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    fn wallet(&self) -> Option<&Arc<dyn Wallet>> {
        self.shared.wallet.get()
    }

    /// The environments whose tokens builds that use these ones need on a provider like this: the build environment where the
    /// engine is called with the rights of a person, and the targets where it takes secrets; of a build that
    /// only deploys somewhere, that target alone.
    async fn needed(
        &self,
        descriptor: &ProviderDescriptor,
        project: ProjectId,
        chosen: Option<&[EnvironmentId]>,
        deploys: Option<&Deploys>,
    ) -> Result<Vec<Environment>, AppError> {
        if self.wallet().is_none() {
            return Ok(Vec::new());
        }
        let mut needed = self.shared.store.environments_used(&self.shared.system, project, chosen).await?;
        let takes_secrets = descriptor.capabilities.contains(&Capability::Secrets);
        needed.retain(|environment| match environment.role {
            EnvironmentRole::Build => descriptor.needs_token,
            EnvironmentRole::Target => {
                takes_secrets && deploys.is_none_or(|deploys| deploys.environment == environment.id)
            }
        });
        Ok(needed)
    }

    /// Until when a build that is started now is likely to need its tokens: 95 of 100 builds of its service were over after
    /// such a time, their wait included.
    async fn needed_until(&self, service: &BuildService) -> Result<Timestamp, AppError> {
        let builds = self.shared.store.recent_finished(&self.shared.system, &[service.id], WINDOW, None).await?;
        Ok(self.now() + likely(&builds))
    }
}

fn likely(builds: &[FinishedBuild]) -> TimeDelta {
    let mut times: Vec<TimeDelta> =
        builds.iter().filter_map(|build| Some((build.finished_at? - build.queued_at).max(TimeDelta::zero()))).collect();
    times.sort_unstable();
    let Some(last) = times.len().checked_sub(1) else { return UNKNOWN };
    let most = times.get((times.len() * 95 / 100).min(last)).copied().unwrap_or(UNKNOWN);
    most + most / 4 + MARGIN
}
