//! Deployments: what the stages of builds bring to environments.

mod ask;
mod begin;
mod board;
mod clearance;
mod fold;
mod list;
mod place;
mod read;
mod recheck;

pub(crate) use ask::ask;
pub(crate) use begin::begin;
pub use clearance::Clearance;
pub(crate) use fold::{Concerned, fold, write};
pub use list::DeploymentOwners;
pub(crate) use place::place;
pub use read::PromotionFacts;
pub(crate) use read::is_open;
pub(crate) use recheck::recheck;
