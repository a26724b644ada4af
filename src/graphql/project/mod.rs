//! Projects.

mod mutation;
mod query;
mod subscription;
mod types;

pub(crate) use mutation::{ProjectMutation, expected, slug};
pub(crate) use query::ProjectQuery;
pub(crate) use subscription::{
    BuildAdded, BuildServiceChanged, DeploymentChanged, EntityRemoved, EnvironmentChanged, ProjectChanged,
    ProjectSnapshot, ProjectSubscription,
};
pub(crate) use types::ProjectNode;
