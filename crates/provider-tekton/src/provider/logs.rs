//! Logs of runs, pod after pod.

use std::sync::Arc;

use alm_build_spi::{Access, LineStream, LogPosition, PositionedLine, ProviderError, RunRef};
use alm_domain::LogLine;
use alm_kubernetes::{LogNews, Place, Session, read_pod};
use alm_masking::Masks;
use futures::StreamExt;

use super::{
    objects::{Version, run_at, task_runs},
    tekton::Inner,
    token::MOST_PODS,
};
use crate::picture::{Picture, TaskPod};

/// No secret of ours is in these runs.
pub(super) fn masks() -> Masks {
    Masks::of(std::iter::empty()).0
}

/// Lines of a pod, as lines of its stage.
pub(super) fn of_stage(mut lines: Vec<LogLine>, pod: &TaskPod) -> Vec<LogLine> {
    for line in &mut lines {
        line.stage.clone_from(&pod.stage);
        line.attempt = pod.attempt;
    }
    lines
}

/// Lines of the log from a position up to what there is now: of all pods, in the order in which they came to be.
pub(super) fn read(inner: Arc<Inner>, access: Access, run: RunRef, from: LogPosition) -> LineStream {
    Box::pin(async_stream::stream! {
        let (session, namespace, pods) = match pods(&inner, &access, &run).await {
            Ok(found) => found,
            Err(error) => { yield Err(error); return; }
        };
        let mut position = 0;
        for pod in pods.iter().take(MOST_PODS) {
            let mut news = read_pod(&session, &namespace, &pod.name, &masks()).boxed();
            while let Some(news) = news.next().await {
                let lines = match news {
                    Ok(LogNews::Lines(lines, _)) => of_stage(lines, pod),
                    Ok(LogNews::End(_)) => break,
                    Err(error) => { yield Err(error); return; }
                };
                for line in lines {
                    position += 1;
                    if position > from.0 {
                        yield Ok(PositionedLine { next: LogPosition(position), line });
                    }
                }
            }
        }
    })
}

async fn pods(inner: &Inner, access: &Access, run: &RunRef) -> Result<(Session, String, Vec<TaskPod>), ProviderError> {
    let session = inner.session(access)?;
    let place = Place::of_run(run)?;
    let version = Version::of(&session).await?;
    let found = run_at(&session, version, &place).await?;
    let children = task_runs(&session, version, &place).await?;
    Ok((session, place.namespace, Picture::of(&found, &children).pods))
}
