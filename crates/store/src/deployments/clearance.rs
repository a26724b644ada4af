//! Whether a run may have the token of an environment.

use alm_domain::{
    ApprovalStatus, BuildId, BuildState, Deployment, DeploymentId, Environment, EnvironmentId, EnvironmentRole,
    Principal, deployment_approval,
};
use sea_orm::{ConnectionTrait, EntityTrait};

use super::{
    fold::{lock, write},
    read::facts,
};
use crate::{
    Store, StoreError,
    builds::load,
    entity::{deployment, environment},
    visibility::visible,
};

/// Whether a run may have the token of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clearance {
    /// It may.
    Given,
    /// It may not yet, for this reason.
    Later(String),
    /// It may not any more, for this reason: its deployment is not to happen.
    Never(String),
}

impl Store {
    /// Whether a build may have the token of an environment now: people have said yes, the version is where it must be first,
    /// no other one is on its way there, and no newer one runs there.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such build or environment.
    pub async fn clearance(
        &self,
        principal: &Principal,
        build: BuildId,
        environment: EnvironmentId,
    ) -> Result<Clearance, StoreError> {
        let db = self.snapshot().await?;
        let state = load(&db, visible(principal), build).await?.ok_or(StoreError::NotFound)?;
        judge(&db, &state, named(&db, environment).await?).await
    }

    /// The same; and where the answer is [`Clearance::Given`] the deployment of this build has the way to the environment for
    /// itself from now until it has ended. Whoever else asks meanwhile is told [`Clearance::Later`]. Safe to repeat.
    ///
    /// # Errors
    /// As [`clearance`](Self::clearance).
    pub async fn give_way(
        &self,
        principal: &Principal,
        build: BuildId,
        environment: EnvironmentId,
    ) -> Result<Clearance, StoreError> {
        let tx = self.begin().await?;
        let environment = named(tx.db(), environment).await?;
        lock(tx.db(), environment.project.as_uuid()).await?;
        let state = load(tx.db(), visible(principal), build).await?.ok_or(StoreError::NotFound)?;
        let own = DeploymentId::of(build, environment.id);
        let clearance = judge(tx.db(), &state, environment).await?;
        if clearance != Clearance::Given {
            return Ok(clearance);
        }
        let own = deployment::Entity::find_by_id(own.as_uuid()).one(tx.db()).await?;
        if let Some(own) = own.map(Deployment::try_from).transpose()?
            && own.status.is_pending()
            && own.cleared_at.is_none()
        {
            let cleared = Deployment { cleared_at: Some(self.now()), ..own };
            write(tx.db(), &[cleared]).await?;
            tx.commit().await?;
        }
        Ok(clearance)
    }
}

async fn named(db: &impl ConnectionTrait, id: EnvironmentId) -> Result<Environment, StoreError> {
    let row = environment::Entity::find_by_id(id.as_uuid()).one(db).await?;
    row.ok_or(StoreError::NotFound)?.try_into()
}

async fn judge(
    db: &impl ConnectionTrait,
    state: &BuildState,
    environment: Environment,
) -> Result<Clearance, StoreError> {
    if environment.role != EnvironmentRole::Target {
        return Ok(Clearance::Given);
    }
    let (number, made, takes_back) = match &state.build.deploys {
        Some(deploys) => (deploys.number, deploys.build, deploys.takes_back.is_some()),
        None => (state.build.number, state.build.id, false),
    };
    let own = DeploymentId::of(state.build.id, environment.id);
    let facts = facts(db, environment, state.build.service, made, Some(own)).await?;
    let promotion = facts.promotion(number, takes_back);
    if let Some(why) = promotion.overtaken() {
        return Ok(Clearance::Never(why));
    }
    if let Some(why) = promotion.out_of_order() {
        return Ok(Clearance::Later(why));
    }
    if let Some(ahead) = promotion.pending.filter(|ahead| ahead.has_the_way()) {
        let place = &facts.environment.name;
        return Ok(Clearance::Later(format!("the version {} is just being brought to {place}", ahead.version)));
    }
    let required = facts.environment.protection.required_approvals;
    if required == 0 {
        return Ok(Clearance::Given);
    }
    let approval = state.approvals.get(&deployment_approval(facts.environment.id));
    let carried = approval.is_some_and(|approval| {
        approval.status == ApprovalStatus::Approved && approval.decisions.len() >= required as usize
    });
    Ok(match carried {
        true => Clearance::Given,
        false => Clearance::Later("people must approve the deployment".to_owned()),
    })
}
