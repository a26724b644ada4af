//! Bringing an image that a build made to an environment: on the same cluster, or on another one.
//!
//! **Architecture Invariant:** a deployment is a record on the cluster of the builds, and what it says is written before anything goes
//! on from it. Whoever follows a deployment carries it on, each step as often as need be: a step that was carried out and not written
//! down is carried out again, and changes nothing then.

mod advance;
mod image;
mod kept;
mod options;
mod readiness;
mod record;
mod rights;
mod route;
mod tag;
mod target;
mod view;
mod workload;

pub(crate) use advance::{advance, give_up};
pub(crate) use image::{Image, Place as ImagePlace, of_build, public_repository};
pub(crate) use kept::Kept;
pub(crate) use options::DeployOptions;
pub(crate) use record::{Destination, Plan, Record, Step};
pub(crate) use rights::review;
pub(crate) use tag::PullSecret;
pub(crate) use target::{Target, is_same, refused};
pub(crate) use view::{Told, log, snapshot};
pub(crate) use workload::Workload;
