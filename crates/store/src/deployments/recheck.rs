//! What was allowed when a deployment was asked for is asked again when it is to happen.

use alm_domain::{
    ApprovalStatus, BuildState, DeploymentId, EnvironmentId, ReasonCode, RunStatus, StatusReason, Timestamp,
    deployment_approval,
};
use sea_orm::ConnectionTrait;

use super::{fold::Concerned, read::facts};
use crate::StoreError;

/// Looks again at a deployment that is let go on to its engine: where the rules have become stricter it is held again, where
/// nothing lets it happen any more it ends.
pub(crate) async fn recheck(
    db: &impl ConnectionTrait,
    concerned: &Concerned,
    before: &BuildState,
    after: &mut BuildState,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (Some(deploys), Some(hold)) = (after.build.deploys.clone(), before.build.hold.clone()) else { return Ok(()) };
    if after.build.hold.is_some() || after.build.status.is_terminal() {
        return Ok(());
    }
    let environment = concerned.environments.iter().find(|one| one.id == deploys.environment).cloned();
    let environment = environment.ok_or(StoreError::NotFound)?;
    let required = environment.protection.required_approvals;
    let own = DeploymentId::of(after.build.id, environment.id);
    let facts = facts(db, environment, after.build.service, deploys.build, Some(own)).await?;
    let takes_back = deploys.takes_back.is_some();
    let gone = facts.current.as_ref().map(|current| current.id) != deploys.takes_back;
    let blocked = match takes_back && gone {
        true => Some("what was to be taken back does not run there any more".to_owned()),
        false => facts.promotion(deploys.number, takes_back).blocked(),
    };
    if let Some(why) = blocked {
        after.finish(RunStatus::Cancelled, StatusReason::new(ReasonCode::Other, why), now);
        return Ok(());
    }
    if reopened(after, deploys.environment, required) {
        after.hold(hold);
    }
    Ok(())
}

/// Opens the question again where more people must say yes now than did.
fn reopened(state: &mut BuildState, environment: EnvironmentId, required: u32) -> bool {
    let Some(approval) = state.approvals.get_mut(&deployment_approval(environment)) else { return false };
    if approval.decisions.len() >= required as usize {
        return false;
    }
    (approval.required, approval.status, approval.delivered_at) = (required, ApprovalStatus::Pending, None);
    true
}
