//! Figures over recent builds as the API shows them.

use alm_domain::BuildId;
use async_graphql::{ID, SimpleObject};

use crate::{
    app::{ServiceStats, duration_ms},
    graphql::{build::RunStatus, scalars::Millis},
};

/// Figures over a window of finished builds.
#[derive(SimpleObject)]
pub(crate) struct BuildStats {
    /// Builds in the window, cancelled ones too.
    count: usize,
    /// Share that succeeded of those that were not cancelled, 0 to 1; null when there are none.
    success_rate: Option<f64>,
    /// Median duration of those that were not cancelled.
    median_duration: Option<Millis>,
    /// Duration that 95 of 100 of them stay below.
    p95_duration: Option<Millis>,
    /// One bar per build, oldest first, at most 100: enough to draw without loading builds.
    #[graphql(complexity = "30 * child_complexity")]
    bars: Vec<BuildBar>,
}

/// One bar of a sparkline.
#[derive(SimpleObject)]
pub(crate) struct BuildBar {
    /// Number of the build.
    number: u32,
    /// How it ended.
    status: RunStatus,
    /// How long it took; the height of the bar.
    duration: Option<Millis>,
    /// The build, for its address.
    build_id: ID,
}

impl From<ServiceStats> for BuildStats {
    fn from(stats: ServiceStats) -> Self {
        Self {
            count: stats.builds.len(),
            success_rate: stats.success_rate,
            median_duration: stats.median_ms.map(Millis),
            p95_duration: stats.p95_ms.map(Millis),
            bars: stats
                .builds
                .iter()
                .map(|build| BuildBar {
                    number: build.number,
                    status: build.status.into(),
                    duration: duration_ms(build).map(Millis),
                    build_id: BuildId::to_string(&build.id).into(),
                })
                .collect(),
        }
    }
}
