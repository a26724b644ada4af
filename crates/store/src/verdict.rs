//! Projects by the verdict on them.

use alm_domain::{HealthState, RunStatus};
use sea_orm::{
    ColumnTrait, Condition, ExprTrait,
    sea_query::{Expr, Order, Query, SelectStatement, SimpleExpr},
};

use crate::entity::{build, project, service};

/// Projects on which the verdict is this one, by the newest finished build of each of their build services: FAILING where one ended
/// badly, UNKNOWN where none has finished, else HEALTHY. No project is DEGRADED.
pub(crate) fn with_verdict(state: HealthState) -> Condition {
    let finished = || project::Column::Id.in_subquery(with_a_service(newest_finished().is_not_null()));
    let bad = RunStatus::ALL.into_iter().filter(|status| status.is_bad()).map(RunStatus::name);
    let failing = || project::Column::Id.in_subquery(with_a_service(newest_finished().is_in(bad.clone())));
    match state {
        HealthState::Failing => Condition::all().add(failing()),
        HealthState::Unknown => Condition::all().add(finished().not()),
        HealthState::Healthy => Condition::all().add(finished()).add(failing().not()),
        HealthState::Degraded => Condition::all().add(Expr::val(1).eq(0)),
    }
}

/// The projects that have a build service, not a removed one, of which this holds.
pub(crate) fn with_a_service(holds: SimpleExpr) -> SelectStatement {
    Query::select()
        .column(service::Column::ProjectId)
        .from(service::Entity)
        .and_where(service::Column::RemovedAt.is_null())
        .and_where(holds)
        .to_owned()
}

/// How the newest finished build of the build service ended; null where there is none. One step in an index for each service.
fn newest_finished() -> SimpleExpr {
    let ends = RunStatus::ALL.into_iter().filter(|status| status.is_terminal()).map(RunStatus::name);
    let newest = Query::select()
        .column((build::Entity, build::Column::Status))
        .from(build::Entity)
        .and_where(Expr::col((build::Entity, build::Column::ServiceId)).equals((service::Entity, service::Column::Id)))
        .and_where(build::Column::Status.is_in(ends))
        .order_by((build::Entity, build::Column::Number), Order::Desc)
        .limit(1)
        .to_owned();
    SimpleExpr::SubQuery(None, Box::new(newest.into()))
}
