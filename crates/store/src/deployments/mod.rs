//! Deployments: what the stages of builds bring to environments.

mod ask;
mod begin;
mod board;
mod fold;
mod list;
mod read;
mod recheck;

pub(crate) use ask::ask;
pub(crate) use begin::begin;
pub(crate) use fold::{Concerned, fold, write};
pub use list::DeploymentOwners;
pub(crate) use read::is_open;
pub use read::{Clearance, PromotionFacts};
pub(crate) use recheck::recheck;
