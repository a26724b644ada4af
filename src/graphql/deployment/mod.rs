//! Deployments, and the board of a project.

mod board;
mod mutation;
mod types;

pub(crate) use board::{PromotionBoard, PromotionCell};
pub(crate) use mutation::DeploymentMutation;
pub(crate) use types::{DeploymentNode, connected};
