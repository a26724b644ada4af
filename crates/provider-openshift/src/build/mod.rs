//! Builds of the cluster, as runs.

mod decisions;
mod picture;
mod snippet;
mod status;
mod steps;
mod view;

pub(crate) use decisions::Decisions;
pub(crate) use picture::{Asked, Open, Picture, ended_stages, open_inputs};
pub(crate) use snippet::snippet;
pub(crate) use status::{has_succeeded, observation};
pub(crate) use view::{BUILD_ID, Build, Phase, SECRET_PREFIX, TOKEN_PREFIX, WITHHELD, variable_named};
