//! A step as the API shows it.

use alm_domain::Step;
use async_graphql::SimpleObject;

use crate::graphql::scalars::Instant;

/// Part of a build that has no stages, to look at: nothing is decided, repeated or stopped by it.
#[derive(SimpleObject)]
pub(crate) struct BuildStep {
    /// What the engine calls it. Names may come again.
    name: String,
    /// What it belongs to, where the engine puts its steps into groups.
    group: Option<String>,
    /// When work began; null where the engine does not say.
    started_at: Option<Instant>,
    /// When it ended; null while it is at work, and where startedAt is null.
    finished_at: Option<Instant>,
    /// With what its command ended, 0 if well; null while it is at work, and where the engine does not say.
    exit_code: Option<i32>,
}

impl From<&Step> for BuildStep {
    fn from(step: &Step) -> Self {
        Self {
            name: step.name.clone(),
            group: step.group.clone(),
            started_at: step.started_at.map(Instant::from),
            finished_at: step.finished_at.map(Instant::from),
            exit_code: step.exit_code,
        }
    }
}
