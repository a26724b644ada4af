//! The board of a project as the API shows it.

use async_graphql::{ID, Object, SimpleObject};

use super::DeploymentNode;
use crate::{
    app::{Board, Cell, Row},
    graphql::{
        actions::ActionState, build::BuildNode, environment::EnvironmentNode, scalars::Int53, service::ServiceNode,
    },
};

/// Which version is where.
pub(crate) struct PromotionBoard(pub(crate) Board);

/// Which version is where.
#[Object]
impl PromotionBoard {
    /// Columns, the targets in the order of promotion; at most 50.
    #[graphql(complexity = "5 * child_complexity")]
    async fn columns(&self) -> Vec<EnvironmentNode> {
        self.0.columns.iter().cloned().map(EnvironmentNode).collect()
    }

    /// Rows, one per build service; at most 100.
    #[graphql(complexity = "10 * child_complexity")]
    async fn rows(&self) -> Vec<PromotionRow> {
        self.0.rows.iter().cloned().map(PromotionRow::from).collect()
    }
}

/// One row of the board.
#[derive(SimpleObject)]
pub(crate) struct PromotionRow {
    /// Id of the build service.
    service_id: ID,
    /// The build service.
    service: ServiceNode,
    /// One cell per column, in the same order.
    #[graphql(complexity = "5 * child_complexity")]
    cells: Vec<PromotionCell>,
}

impl From<Row> for PromotionRow {
    fn from(row: Row) -> Self {
        let service_id = row.service.id.to_string().into();
        Self {
            service_id,
            service: ServiceNode(row.service),
            cells: row.cells.into_iter().map(PromotionCell).collect(),
        }
    }
}

/// One cell of the board.
pub(crate) struct PromotionCell(pub(crate) Cell);

/// One cell of the board.
#[Object]
impl PromotionCell {
    /// Names the cell among those of all boards: build service and environment. Not an id of `node`.
    async fn key(&self) -> String {
        format!("{}:{}", self.0.service, self.0.environment.id)
    }

    /// The column.
    async fn environment(&self) -> EnvironmentNode {
        EnvironmentNode(self.0.environment.clone())
    }

    /// What runs; null for nothing.
    async fn current(&self) -> Option<DeploymentNode> {
        self.0.current.clone().map(DeploymentNode)
    }

    /// What is on its way; null for nothing.
    async fn pending(&self) -> Option<DeploymentNode> {
        self.0.pending.clone().map(DeploymentNode)
    }

    /// What failed to come there, where nothing has been tried since; null otherwise.
    async fn failed(&self) -> Option<DeploymentNode> {
        self.0.failed.clone().map(DeploymentNode)
    }

    /// The build that Promote would bring: what runs in the target before, where the order counts, else the newest that made a
    /// version; null for nothing newer.
    async fn candidate(&self) -> Option<BuildNode> {
        self.0.candidate.clone().map(BuildNode)
    }

    /// How many builds made a version after the one that runs, up to the candidate; null where nothing runs.
    async fn behind_by(&self) -> Option<Int53> {
        self.0.behind_by.map(Int53)
    }

    /// Whether Promote may be pressed. Depends on who asks.
    #[graphql(directive = crate::graphql::live::depends_on_viewer::apply())]
    async fn promote(&self) -> ActionState {
        self.0.promote.clone().into()
    }
}
