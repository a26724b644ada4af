//! Letting a held build go on, at most once, and only if it would be started now.

use alm_domain::{
    Actor, Build, BuildId, Hold, Principal, ProjectRole, ReasonCode, RunStatus, StatusReason, User, UserId,
};
use sea_orm::{ConnectionTrait, EntityTrait};

use super::{Append, Committed, Fence};
use crate::{
    Store, StoreError,
    entity::{project, provider, service, user},
    value::counter,
    visibility::visible,
};

/// What letting a held build go on came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lift {
    /// It goes on to its engine from here.
    Lifted,
    /// Nothing holds it: it went on before, or is over.
    NotHeld,
    /// It may not go on any more, and has ended.
    Ended,
}

/// What is asked of the database before a build is changed, in the same transaction.
#[derive(Debug, Clone, Copy)]
pub(super) enum Guard {
    /// Nothing.
    Open,
    /// Whether whoever started the build could start it now.
    Starter,
}

impl Guard {
    /// Why not; `None` if it may be.
    pub(super) async fn ask(
        self,
        db: &impl ConnectionTrait,
        build: &Build,
    ) -> Result<Option<StatusReason>, StoreError> {
        match self {
            Self::Open => Ok(None),
            Self::Starter => refusal(db, build).await,
        }
    }
}

impl Store {
    /// Lets a held build go on to its engine. In the same transaction it is checked whether whoever started it may still start
    /// builds here, and whether the build service is still the one that was asked to build; if not, the build ends as CANCELLED.
    /// However many call this, one is told [`Lift::Lifted`].
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when another follower has claimed the build; [`StoreError::NotFound`].
    pub async fn lift_hold(
        &self,
        principal: &Principal,
        id: BuildId,
        fence: Fence,
    ) -> Result<Committed<Lift>, StoreError> {
        let now = self.now();
        self.change_build(principal, id, fence, Append::default(), Guard::Starter, |state, refused| {
            match (&state.build.hold, refused) {
                (None, _) => Lift::NotHeld,
                (Some(_), Some(why)) => {
                    state.finish(RunStatus::Cancelled, why, now);
                    Lift::Ended
                }
                (Some(_), None) => {
                    state.lift();
                    Lift::Lifted
                }
            }
        })
        .await
    }
}

async fn refusal(db: &impl ConnectionTrait, build: &Build) -> Result<Option<StatusReason>, StoreError> {
    let Some(hold) = &build.hold else { return Ok(None) };
    let why = |code, message: &str| Ok(Some(StatusReason::new(code, message)));
    let row = service::Entity::find_by_id(build.service.as_uuid()).one(db).await?.ok_or(StoreError::NotFound)?;
    if row.removed_at.is_some() {
        return why(ReasonCode::ConfigurationChanged, "the build service was removed while the build waited");
    }
    if let Hold::Credential { service_revision, .. } = hold
        && *service_revision != counter::<u64>(row.revision)?
    {
        let message = "the build service was changed while the build waited: start a new build";
        return why(ReasonCode::ConfigurationChanged, message);
    }
    let project = project::Entity::find_by_id(build.project.as_uuid()).one(db).await?.ok_or(StoreError::NotFound)?;
    if project.is_archived {
        return why(ReasonCode::ConfigurationChanged, "the project was archived while the build waited");
    }
    let provider = provider::Entity::find_by_id(build.provider.as_uuid()).one(db).await?.ok_or(StoreError::NotFound)?;
    if !provider.enabled {
        return why(ReasonCode::ConfigurationChanged, "the provider was switched off while the build waited");
    }
    let lost = "whoever started the build may not start builds here any more";
    let Actor::User { id, .. } = &build.trigger.actor else { return Ok(None) };
    let Some(starter) = person(db, *id).await? else { return why(ReasonCode::PermissionLost, lost) };
    let starter = Principal::person(&starter, starter.is_admin);
    match visible(&starter).at_least(ProjectRole::Developer).permit(db, build.project.as_uuid()).await {
        Ok(()) => Ok(None),
        Err(StoreError::NotFound | StoreError::Forbidden(_)) => why(ReasonCode::PermissionLost, lost),
        Err(error) => Err(error),
    }
}

async fn person(db: &impl ConnectionTrait, id: UserId) -> Result<Option<User>, StoreError> {
    user::Entity::find_by_id(id.as_uuid()).one(db).await?.map(User::try_from).transpose()
}
