//! The latest builds of build services.

use std::collections::BTreeMap;

use alm_domain::{Build, BuildId, Principal, RunStatus, ServiceId, Timestamp};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, FromQueryResult, Order, QueryFilter,
    sea_query::{Expr, Query},
};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    among::BATCH,
    entity::build,
    value::{counter, instant, maybe_instant, status, storable},
    visibility::visible,
};

/// No history is longer, whatever is asked for.
const LONGEST_WINDOW: u32 = 100;
/// How many good builds an expectation is drawn from.
const EXPECTATION: u32 = 20;

/// A build that is over, in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FinishedBuild {
    /// The build service.
    pub service: ServiceId,
    /// The build.
    pub id: BuildId,
    /// Its number.
    pub number: u32,
    /// How it ended.
    pub status: RunStatus,
    /// When it was asked for.
    pub queued_at: Timestamp,
    /// When work began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

#[derive(FromQueryResult)]
struct Row {
    service_id: Uuid,
    id: Uuid,
    number: i64,
    status: String,
    queued_at: i64,
    started_at: Option<i64>,
    finished_at: Option<i64>,
}

impl Store {
    /// The newest build of each of these build services; at most one for each.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn latest_builds(&self, principal: &Principal, services: &[ServiceId]) -> Result<Vec<Build>, StoreError> {
        let mut found = Vec::with_capacity(services.len());
        for ids in services.chunks(BATCH) {
            let newest = Query::select()
                .column(build::Column::ServiceId)
                .expr(build::Column::Number.max())
                .from(build::Entity)
                .and_where(build::Column::ServiceId.is_in(ids.iter().map(|id| id.as_uuid())))
                .group_by_col(build::Column::ServiceId)
                .to_owned();
            let address = Expr::tuple([Expr::col(build::Column::ServiceId), Expr::col(build::Column::Number)]);
            let rows = build::Entity::find()
                .filter(address.in_subquery(newest))
                .filter(visible(principal).projects(build::Column::ProjectId))
                .all(self.reader())
                .await?;
            for row in rows {
                found.push(row.try_into()?);
            }
        }
        Ok(found)
    }

    /// The last builds of each of these build services that are over: newest first per build service, at most `window` (and
    /// never more than 100) each; with `reference`, only those for which exactly that was asked for.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn recent_finished(
        &self,
        principal: &Principal,
        services: &[ServiceId],
        window: u32,
        reference: Option<&str>,
    ) -> Result<Vec<FinishedBuild>, StoreError> {
        let ends = RunStatus::ALL.into_iter().filter(|status| status.is_terminal()).map(RunStatus::name);
        let mut wanted = Condition::all().add(build::Column::Status.is_in(ends));
        if let Some(reference) = reference {
            storable("reference", reference)?;
            wanted = wanted.add(build::Column::Reference.eq(reference));
        }
        let rows = self.last_of_each(principal, services, Ord::min(window, LONGEST_WINDOW), &wanted).await?;
        rows.into_iter()
            .map(|row| {
                Ok(FinishedBuild {
                    service: ServiceId::from_uuid(row.service_id),
                    id: BuildId::from_uuid(row.id),
                    number: counter(row.number)?,
                    status: status(&row.status)?,
                    queued_at: instant(row.queued_at)?,
                    started_at: maybe_instant(row.started_at)?,
                    finished_at: maybe_instant(row.finished_at)?,
                })
            })
            .collect()
    }

    /// How long a build is likely to take, in milliseconds: the median of the last up to 20 that succeeded. Build services
    /// without one are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn expected_durations(
        &self,
        principal: &Principal,
        services: &[ServiceId],
    ) -> Result<Vec<(ServiceId, i64)>, StoreError> {
        let wanted = Condition::all()
            .add(build::Column::Status.eq(RunStatus::Succeeded.name()))
            .add(build::Column::StartedAt.is_not_null())
            .add(build::Column::FinishedAt.is_not_null());
        let mut durations: BTreeMap<Uuid, Vec<i64>> = BTreeMap::new();
        for row in self.last_of_each(principal, services, EXPECTATION, &wanted).await? {
            if let (Some(started), Some(finished)) = (row.started_at, row.finished_at) {
                durations.entry(row.service_id).or_default().push(Ord::max(finished.saturating_sub(started), 0));
            }
        }
        Ok(durations
            .into_iter()
            .map(|(service, durations)| (ServiceId::from_uuid(service), median(durations)))
            .collect())
    }

    async fn last_of_each(
        &self,
        principal: &Principal,
        services: &[ServiceId],
        window: u32,
        wanted: &Condition,
    ) -> Result<Vec<Row>, StoreError> {
        const SHOWN: [build::Column; 7] = [
            build::Column::ServiceId,
            build::Column::Id,
            build::Column::Number,
            build::Column::Status,
            build::Column::QueuedAt,
            build::Column::StartedAt,
            build::Column::FinishedAt,
        ];
        let mut found = Vec::new();
        for ids in services.chunks(BATCH) {
            let ranked = Query::select()
                .columns(SHOWN)
                .expr_as(Expr::cust("ROW_NUMBER() OVER (PARTITION BY service_id ORDER BY number DESC)"), "place")
                .from(build::Entity)
                .and_where(build::Column::ServiceId.is_in(ids.iter().map(|id| id.as_uuid())))
                .cond_where(wanted.clone())
                .cond_where(visible(principal).projects(build::Column::ProjectId))
                .to_owned();
            let select = Query::select()
                .columns(SHOWN)
                .from_subquery(ranked, "ranked")
                .and_where(Expr::col("place").lte(window))
                .order_by(build::Column::ServiceId, Order::Asc)
                .order_by(build::Column::Number, Order::Desc)
                .to_owned();
            for row in self.reader().query_all(&select).await? {
                found.push(Row::from_query_result(&row, "")?);
            }
        }
        Ok(found)
    }
}

fn median(mut durations: Vec<i64>) -> i64 {
    durations.sort_unstable();
    let middle = durations.len() / 2;
    match durations.as_slice() {
        [] => 0,
        all if all.len() % 2 == 1 => all[middle],
        all => i64::midpoint(all[middle - 1], all[middle]),
    }
}
