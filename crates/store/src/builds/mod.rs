//! Builds: starting, following, listing.

mod append;
mod external;
mod follow;
mod history;
mod journal;
mod lift;
mod list;
mod parts;
mod retire;
mod round;
mod start;
mod state;
mod update;
mod usage;

pub use append::Append;
pub use external::ExternalRun;
pub use follow::{Epoch, Fence, RunRecord};
pub use history::FinishedBuild;
pub use lift::Lift;
pub use list::{BuildFilter, BuildOwners, ProviderLoad};
pub use start::{Idempotency, NewBuild, StartOutcome};
pub(crate) use state::load;
pub use update::Committed;

/// How often a transaction is run again when PostgreSQL asks for it.
const MOST_RETRIES: u32 = 5;
