//! The stream of what happens in a project.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use alm_domain::{BuildId, Principal, ProjectEventKind, ProjectId, ProjectSeq, ServiceId, Timestamp};
use async_stream::try_stream;
use futures::Stream;
use tokio::time::Instant;

use super::{Hub, StreamEnd, Woken, wait};
use crate::app::AppError;

/// Shortest time between two bursts of events of one busy stream. An idle one tells at once.
const GATHER: Duration = Duration::from_millis(100);
const PAGE: usize = 500;
/// Behind this many events a client is better served by a new beginning.
const FURTHEST: u64 = 5_000;

/// One event of a project's stream. Names what changed; whoever tells it reads the newest state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProjectUpdate {
    /// The project as it stands: the first event, or a new beginning where resuming was not possible.
    Snapshot {
        /// Resume point.
        seq: ProjectSeq,
        /// Whether what the client had is to be dropped.
        reset: bool,
    },
    /// The project itself changed.
    Project {
        /// Resume point.
        seq: ProjectSeq,
    },
    /// A build began its life.
    BuildAdded {
        /// Resume point.
        seq: ProjectSeq,
        /// Which.
        build: BuildId,
    },
    /// A build moved on.
    BuildChanged {
        /// Resume point.
        seq: ProjectSeq,
        /// Which.
        build: BuildId,
    },
    /// A build was removed.
    BuildRemoved {
        /// Resume point.
        seq: ProjectSeq,
        /// Which.
        build: BuildId,
    },
    /// A build service was made or changed.
    ServiceChanged {
        /// Resume point.
        seq: ProjectSeq,
        /// Which.
        service: ServiceId,
    },
    /// A build service was removed.
    ServiceRemoved {
        /// Resume point.
        seq: ProjectSeq,
        /// Which.
        service: ServiceId,
    },
    /// Nothing happened; the stream lives.
    Heartbeat {
        /// Resume point.
        seq: ProjectSeq,
    },
    /// The last event.
    Ended {
        /// Resume point.
        seq: ProjectSeq,
        /// Why.
        reason: StreamEnd,
    },
}

impl Hub {
    /// What happens in a project: a snapshot first (or, behind `after`, nothing until something is newer), then events,
    /// coalesced per subject, in order.
    pub(in crate::app) fn project_updates(
        &self,
        principal: Principal,
        project: ProjectId,
        after: Option<ProjectSeq>,
    ) -> impl Stream<Item = Result<(Timestamp, ProjectUpdate), AppError>> + Send + 'static + use<> {
        let shared = Arc::clone(&self.shared);
        let channel = self.listen_to_project(project);
        try_stream! {
            let mut rung = channel.subscribe();
            let now = || shared.clock.now();
            let store = &shared.store;
            let head = store
                .project_head(&principal, project)
                .await?
                .ok_or_else(|| AppError::not_found("projectId", "project"))?;
            let mut seq = match after {
                Some(after) if after <= head && head.0 - after.0 <= FURTHEST => after,
                _ => {
                    yield (now(), ProjectUpdate::Snapshot { seq: head, reset: after.is_some() });
                    head
                }
            };
            let mut last_told: Option<Instant> = None;
            loop {
                loop {
                    let events = store.project_journal(&principal, project, seq, PAGE).await?;
                    let full = events.len() == PAGE;
                    // Each page is told as its newest state, so that its cursor holds for all of it only once all of it was told.
                    let page: Vec<_> = events.iter().map(|event| event.kind).collect();
                    let begin = seq;
                    let end = events.last().map_or(seq, |event| event.seq);
                    let told = coalesce(&page);
                    let count = told.len();
                    for (i, kind) in told.into_iter().enumerate() {
                        let resume = if i + 1 == count { end } else { begin };
                        last_told = Some(Instant::now());
                        yield (now(), named(kind, resume));
                    }
                    seq = end;
                    if !full {
                        break;
                    }
                }
                loop {
                    match wait(&mut rung, shared.heartbeat, &shared.stop).await {
                        Woken::Silence => yield (now(), ProjectUpdate::Heartbeat { seq }),
                        Woken::Stopping => {
                            yield (now(), ProjectUpdate::Ended { seq, reason: StreamEnd::Shutdown });
                            return;
                        }
                        Woken::Rung => break,
                    }
                }
                if let Some(last) = last_told {
                    tokio::time::sleep_until(last + GATHER).await;
                    rung.mark_unchanged();
                }
            }
        }
    }
}

/// What happened, each subject once: a build that was added and then changed is told as added.
fn coalesce(kinds: &[ProjectEventKind]) -> Vec<ProjectEventKind> {
    let added: BTreeSet<BuildId> =
        kinds.iter().filter_map(|k| if let ProjectEventKind::BuildAdded(b) = k { Some(*b) } else { None }).collect();
    let removed: BTreeSet<ServiceId> = kinds
        .iter()
        .filter_map(|k| if let ProjectEventKind::ServiceRemoved(s) = k { Some(*s) } else { None })
        .collect();
    let gone: BTreeSet<BuildId> =
        kinds.iter().filter_map(|k| if let ProjectEventKind::BuildRemoved(b) = k { Some(*b) } else { None }).collect();
    let mut told = Vec::new();
    for kind in kinds {
        let skip = match kind {
            ProjectEventKind::BuildAdded(build) => gone.contains(build),
            ProjectEventKind::BuildChanged(build) => added.contains(build) || gone.contains(build),
            ProjectEventKind::ServiceChanged(service) => removed.contains(service),
            _ => false,
        };
        if !skip && !told.contains(kind) {
            told.push(*kind);
        }
    }
    told
}

const fn named(kind: ProjectEventKind, seq: ProjectSeq) -> ProjectUpdate {
    match kind {
        ProjectEventKind::ProjectChanged => ProjectUpdate::Project { seq },
        ProjectEventKind::BuildAdded(build) => ProjectUpdate::BuildAdded { seq, build },
        ProjectEventKind::BuildChanged(build) => ProjectUpdate::BuildChanged { seq, build },
        ProjectEventKind::BuildRemoved(build) => ProjectUpdate::BuildRemoved { seq, build },
        ProjectEventKind::ServiceChanged(service) => ProjectUpdate::ServiceChanged { seq, service },
        ProjectEventKind::ServiceRemoved(service) => ProjectUpdate::ServiceRemoved { seq, service },
    }
}

#[cfg(test)]
mod tests {
    use alm_domain::SequentialIds;

    use super::*;

    #[test]
    fn each_subject_is_told_once_and_an_added_build_as_added() {
        let ids = SequentialIds::new(1);
        let (one, two) = (BuildId::generate(&ids), BuildId::generate(&ids));
        use ProjectEventKind::{BuildAdded, BuildChanged, ProjectChanged};
        let told = coalesce(&[
            BuildChanged(two),
            BuildAdded(one),
            BuildChanged(one),
            ProjectChanged,
            BuildChanged(two),
            BuildChanged(one),
            ProjectChanged,
        ]);
        assert_eq!(told, [BuildChanged(two), BuildAdded(one), ProjectChanged]);
    }
}
