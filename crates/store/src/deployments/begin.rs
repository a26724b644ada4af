//! The beginning of a deployment that somebody asked for.

use alm_domain::{BuildState, Deployment, DeploymentStatus, Environment, Hold, Timestamp};
use sea_orm::{ConnectionTrait, EntityTrait};

use super::{ask::question, fold::begun, read::facts};
use crate::{StoreError, entity::environment};

/// What is to be stored with a build that brings a version somewhere: its deployment. Where people must approve it, the build is
/// held, and asks them. The project is locked.
///
/// # Errors
/// [`StoreError::WrongState`] when the version may not be brought there now, whatever was so when it was asked for.
pub(crate) async fn begin(
    db: &impl ConnectionTrait,
    state: &mut BuildState,
    now: Timestamp,
) -> Result<Option<Deployment>, StoreError> {
    let Some(deploys) = state.build.deploys.clone() else { return Ok(None) };
    let row = environment::Entity::find_by_id(deploys.environment.as_uuid()).one(db).await?;
    let environment = Environment::try_from(row.ok_or(StoreError::NotFound)?)?;
    if environment.project != state.build.project {
        return Err(StoreError::NotFound);
    }
    let facts = facts(db, environment, state.build.service, deploys.build, None).await?;
    if let Some(why) = facts.promotion(deploys.number, deploys.takes_back.is_some()).blocked() {
        return Err(StoreError::WrongState(why));
    }
    if deploys.takes_back.is_some() && facts.current.as_ref().map(|current| current.id) != deploys.takes_back {
        let why = "what is to be taken back does not run there any more: read it again, then decide";
        return Err(StoreError::WrongState(why.to_owned()));
    }
    let mut deployment = Deployment { revision: 1, ..begun(&state.build, &facts.environment, now) };
    if facts.environment.protection.required_approvals > 0 {
        let question = question(&state.build, &facts.environment, now);
        state.hold(Hold::Approval { since: now, deadline: question.expires_at });
        deployment.status = DeploymentStatus::WaitingForApproval;
        deployment.lapses_at = question.expires_at;
        state.ask_for_deployment(question);
    }
    Ok(Some(deployment))
}
