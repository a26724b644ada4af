//! Builds, their stages and approvals.

mod approval;
mod filter;
mod hold;
mod mutation;
mod parameter;
mod query;
mod stage;
mod status;
mod step;
mod subscription;
mod types;

pub(crate) use approval::ApprovalNode;
pub(crate) use filter::BuildFilter;
pub(crate) use mutation::BuildMutation;
pub(crate) use parameter::ParameterDefinition;
pub(crate) use query::BuildQuery;
pub(crate) use stage::StageNode;
pub(crate) use status::RunStatus;
pub(crate) use subscription::{BuildChanged, BuildSnapshot, BuildSubscription, StagesChanged};
pub(crate) use types::{BuildNode, Commit};
