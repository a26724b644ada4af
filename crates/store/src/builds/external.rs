//! Builds that their engine began by itself: each run becomes a build once, whoever finds it and however often.

use std::collections::HashSet;

use alm_domain::{Build, BuildId, Principal, ServiceId, Timestamp};
use chrono::TimeDelta;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::{Expr, Query},
};
use uuid::Uuid;

use super::{
    MOST_RETRIES, NewBuild, StartOutcome,
    start::{Refused, checked},
};
use crate::{
    Store, StoreError,
    among::BATCH,
    entity::{build, external_run},
    error::is_collision,
    grants::service_itself,
    value::{millis, storable},
};

/// For how long a run is known whose build is gone.
const REMEMBERED: TimeDelta = TimeDelta::days(30);
/// The longest name of a run, in bytes.
const LONGEST_NAME: usize = 1_024;

/// A run that an engine has, and that nobody here has started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalRun {
    /// The engine's own name for it.
    pub name: String,
    /// When it was asked for over there.
    pub began_at: Timestamp,
}

impl Store {
    /// Makes a build of a run that its engine began by itself: numbered, journalled and audited as one that was started here. `None`
    /// where it was made before, also by another server, and also if that build was removed since; that is known for 30 days after
    /// the run began. Only for the service itself.
    ///
    /// # Errors
    /// As [`start_build`](Self::start_build); [`StoreError::Invalid`] for a run whose name is too long.
    pub async fn import_build(
        &self,
        principal: &Principal,
        new: NewBuild,
        run: &ExternalRun,
    ) -> Result<Option<Build>, StoreError> {
        service_itself(principal)?;
        checked(&new)?;
        storable("run", &run.name)?;
        if run.name.is_empty() || run.name.len() > LONGEST_NAME {
            let problem = format!("must have 1 to {LONGEST_NAME} bytes");
            return Err(StoreError::Invalid { field: "run", problem });
        }
        let mut retries = 0;
        loop {
            match self.try_start(principal, &new, None, Some(run)).await {
                Ok(StartOutcome::Started(build)) => return Ok(Some(build)),
                Ok(_) | Err(Refused::RunKnown) => return Ok(None),
                Err(Refused::Error(e)) if is_collision(&e) && retries < MOST_RETRIES => retries += 1,
                Err(Refused::Error(e)) => return Err(e),
                Err(Refused::KeyTaken) => return Err(StoreError::Unavailable("no key was given".into())),
            }
        }
    }

    /// Those of these runs of a build service that were never made a build. Only for the service itself.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for anybody else.
    pub async fn unknown_runs(
        &self,
        principal: &Principal,
        service: ServiceId,
        runs: Vec<ExternalRun>,
    ) -> Result<Vec<ExternalRun>, StoreError> {
        service_itself(principal)?;
        let mut known = HashSet::new();
        for part in runs.chunks(BATCH) {
            let names: Vec<String> = external_run::Entity::find()
                .filter(external_run::Column::ServiceId.eq(service.as_uuid()))
                .filter(external_run::Column::Run.is_in(part.iter().map(|run| run.name.as_str())))
                .select_only()
                .column(external_run::Column::Run)
                .into_tuple()
                .all(self.reader())
                .await?;
            known.extend(names);
        }
        Ok(runs.into_iter().filter(|run| !known.contains(&run.name)).collect())
    }
}

/// Notes that a run becomes this build; `false` where it did before. The row of its build service is locked. What is remembered no
/// longer goes.
pub(super) async fn note_run(
    db: &impl ConnectionTrait,
    service: Uuid,
    run: &ExternalRun,
    id: BuildId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if external_run::Entity::find_by_id((service, run.name.clone())).one(db).await?.is_some() {
        return Ok(false);
    }
    let row = external_run::Model {
        service_id: service,
        run: run.name.clone(),
        build_id: id.as_uuid(),
        began_at: millis(run.began_at),
    };
    external_run::Entity::insert(row.into_active_model()).exec_without_returning(db).await?;
    let kept = Query::select()
        .column(build::Column::Id)
        .from(build::Entity)
        .and_where(Expr::col(build::Column::ServiceId).eq(service))
        .to_owned();
    external_run::Entity::delete_many()
        .filter(external_run::Column::ServiceId.eq(service))
        .filter(external_run::Column::BeganAt.lt(millis(now - REMEMBERED)))
        .filter(external_run::Column::BuildId.ne(id.as_uuid()))
        .filter(external_run::Column::BuildId.not_in_subquery(kept))
        .exec(db)
        .await?;
    Ok(true)
}
