//! Logs of runs, pod after pod.

use std::sync::Arc;

use alm_build_spi::{Access, LineStream, LogPosition, PositionedLine, ProviderError, RunRef};
use alm_domain::{LogLine, LogStream};
use alm_kubernetes::{LogNews, Place, Session, read_pod};
use alm_masking::Masks;
use futures::StreamExt;

use super::{
    objects::{Version, parts_of, run_at},
    secrets::masks,
    tekton::Inner,
    token::MOST_PODS,
};
use crate::{child::TaskPod, picture::Picture};

/// Lines of a pod, as lines of its stage. `before` and `now` are the containers whose lines were told last, and are told now: where a pod
/// has several steps, those of each begin with a line that names it, and so do those of what runs beside the steps.
pub(super) fn of_stage(mut lines: Vec<LogLine>, pod: &TaskPod, before: &str, now: &str) -> Vec<LogLine> {
    if (pod.has_steps || !now.starts_with("step-")) && before != now && !lines.is_empty() {
        let at = lines.first().and_then(|line| line.at);
        let text = match (now.strip_prefix("step-"), now.strip_prefix("sidecar-")) {
            (Some(step), _) => format!("step {step}"),
            (None, Some(sidecar)) => format!("sidecar {sidecar}"),
            (None, None) => format!("container {now}"),
        };
        lines.insert(0, LogLine { stage: None, attempt: 0, stream: LogStream::System, at, text, continued: false });
    }
    for line in &mut lines {
        line.stage.clone_from(&pod.stage);
        line.attempt = pod.attempt;
    }
    lines
}

/// The line that stands for a log that cannot be told.
pub(super) fn withheld() -> LogLine {
    let text = "the log is withheld: the secrets that would have to be taken out of it cannot be read on the cluster"
        .to_owned();
    LogLine { stage: None, attempt: 0, stream: LogStream::Gap, at: None, text, continued: false }
}

/// Lines of the log from a position up to what there is now: of all pods, in the order in which they came to be.
pub(super) fn read(inner: Arc<Inner>, access: Access, run: RunRef, from: LogPosition) -> LineStream {
    Box::pin(async_stream::stream! {
        let (session, namespace, pods, masks) = match pods(&inner, &access, &run).await {
            Ok(found) => found,
            Err(error) => { yield Err(error); return; }
        };
        let mut position = 0;
        for pod in pods.iter().take(MOST_PODS) {
            let Some(masks) = &masks else {
                position += 1;
                if position > from.0 {
                    let lines = of_stage(vec![withheld()], pod, "", "");
                    for line in lines {
                        yield Ok(PositionedLine { next: LogPosition(position), line });
                    }
                }
                continue;
            };
            let mut news = read_pod(&session, &namespace, &pod.name, masks).boxed();
            let mut container = String::new();
            while let Some(news) = news.next().await {
                let lines = match news {
                    Ok(LogNews::Lines(lines, told)) => {
                        let before = std::mem::replace(&mut container, told.container);
                        of_stage(lines, pod, &before, &container)
                    }
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

type Pods = (Session, String, Vec<TaskPod>, Option<Masks>);

async fn pods(inner: &Inner, access: &Access, run: &RunRef) -> Result<Pods, ProviderError> {
    let session = inner.session(access)?;
    let place = Place::of_run(run)?;
    let version = Version::of(&session).await?;
    let found = run_at(&session, version, &place).await?;
    let parts = parts_of(&session, version, &place, &found).await?;
    let masks = masks(&session, &found).await?.map(|(masks, _)| masks);
    Ok((session, place.namespace, Picture::of(&found, &parts).pods, masks))
}
