//! The store: projects, providers, build services, builds with their journal, and logs, in SQLite or PostgreSQL.
//!
//! **Architecture Invariant:** no other crate opens a transaction, and no I/O but the database's happens inside one. Entities
//! of the ORM do not leave this crate. Whatever changes a build is committed together with its journal entry, or not at all.

mod address;
mod among;
mod audit;
mod builds;
mod called;
mod connections;
mod deployments;
mod entity;
mod environments;
mod error;
mod grants;
mod logs;
mod oauth_clients;
mod page;
mod people;
mod projects;
mod providers;
mod secrets;
mod services;
mod store;
mod value;
mod verdict;
mod visibility;
mod writer;

pub use audit::{AuditFilter, Deed, Refusal};
pub use builds::{
    Append, BuildFilter, BuildOwners, Committed, Epoch, ExternalRun, Fence, FinishedBuild, Idempotency, Lift, NewBuild,
    ProviderLoad, RunRecord, StartOutcome,
};
pub use connections::{Attempt, TokenChange, token as token_binding};
pub use deployments::{Clearance, DeploymentOwners, PromotionFacts};
pub use environments::{EnvironmentPatch, NewEnvironment, RemovedEnvironment};
pub use error::{BoxError, StoreError};
pub use grants::GrantRecord;
pub use logs::{LogInfo, LogMatches, LogPage, LogPattern, LogSearch, PatternError, StageLogRange};
pub use oauth_clients::{EnvironmentClients, client_secret as client_secret_binding};
pub use page::{Page, PageRequest};
pub use people::{NewPersonalToken, SignIn};
pub use projects::{NewProject, ProjectFilter, ProjectOrder, ProjectPatch};
pub use providers::{NewProvider, ProviderPatch};
pub use secrets::{ServiceSecret, UsedKey};
pub use services::{NewService, ServicePatch};
pub use store::Store;
