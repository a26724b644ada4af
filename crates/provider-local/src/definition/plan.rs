//! What a pipeline would do, in the words of observations.

use alm_domain::{BuildShape, RunStatus, StageObservation};

use super::model::{Body, Pipeline};

/// All stages of a pipeline as PLANNED, in display order; none for a plain build.
#[must_use]
pub fn planned(pipeline: &Pipeline) -> Vec<StageObservation> {
    let stages = match &pipeline.body {
        Body::Plain(_) => &[][..],
        Body::Stages(stages) => stages,
    };
    stages
        .iter()
        .zip(0..)
        .map(|(stage, position)| StageObservation {
            key: stage.key.clone(),
            name: stage.name.clone(),
            kind: stage.kind,
            status: RunStatus::Planned,
            reason: None,
            parent: stage.parent.clone(),
            depends_on: stage.needs.clone(),
            position,
            queued_at: None,
            started_at: None,
            finished_at: None,
            paused: None,
            attempts: Vec::new(),
            environment: stage.environment.clone(),
            namespace: None,
            url: stage.url.clone(),
            agent: None,
        })
        .collect()
}

/// Whether a pipeline has stages.
#[must_use]
pub const fn shape(pipeline: &Pipeline) -> BuildShape {
    match pipeline.body {
        Body::Plain(_) => BuildShape::Plain,
        Body::Stages(_) => BuildShape::Pipeline,
    }
}
