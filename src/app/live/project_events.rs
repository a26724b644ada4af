//! The stream of what happens in a project.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use alm_domain::{
    BuildId, DeploymentId, EnvironmentId, Principal, ProjectEventKind, ProjectId, ProjectSeq, ServiceId, Timestamp,
};
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
    /// An environment was added or changed.
    EnvironmentChanged {
        /// Resume point.
        seq: ProjectSeq,
        /// Which.
        environment: EnvironmentId,
    },
    /// A deployment was asked for, or moved on.
    DeploymentChanged {
        /// Resume point.
        seq: ProjectSeq,
        /// Which.
        deployment: DeploymentId,
    },
    /// An environment was removed.
    EnvironmentRemoved {
        /// Resume point.
        seq: ProjectSeq,
        /// Which.
        environment: EnvironmentId,
    },
    /// Nothing happened; the stream lives.
    Heartbeat {
        /// Resume point.
        seq: ProjectSeq,
    },
    /// The last event of a stream that was to go so far; it may have begun behind that.
    Reached {
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

/// An event of a project's stream, on its way.
#[derive(Debug)]
pub struct ProjectTold {
    /// When.
    pub at: Timestamp,
    /// All that happened up to here has been told. Events that are told together settle with the last of them.
    pub settled: ProjectSeq,
    /// Where the last of those events settles that are told together with this one.
    pub together: ProjectSeq,
    /// What happened.
    pub update: ProjectUpdate,
}

impl Hub {
    /// What happens in a project: a snapshot first (or, behind `after`, nothing until something is newer), then events,
    /// coalesced per subject, in order, for ever or until `until` is reached.
    pub(in crate::app) fn project_updates(
        &self,
        principal: Principal,
        project: ProjectId,
        after: Option<ProjectSeq>,
        until: Option<ProjectSeq>,
    ) -> impl Stream<Item = Result<ProjectTold, AppError>> + Send + 'static + use<> {
        let shared = Arc::clone(&self.shared);
        let channel = self.shared.projects.listen(project);
        try_stream! {
            let mut rung = channel.subscribe();
            let now = || shared.clock.now();
            let whole = |settled, update| ProjectTold { at: now(), settled, together: settled, update };
            let store = &shared.store;
            let head = store
                .project_head(&principal, project)
                .await?
                .ok_or_else(|| AppError::not_found("projectId", "project"))?;
            let mut seq = match after {
                Some(after) if after <= head && head.0 - after.0 <= FURTHEST => after,
                _ => {
                    yield whole(head, ProjectUpdate::Snapshot { seq: head, reset: after.is_some() });
                    head
                }
            };
            let mut last_told: Option<Instant> = None;
            loop {
                loop {
                    let mut events = store.project_journal(&principal, project, seq, PAGE).await?;
                    let full = events.len() == PAGE;
                    events.retain(|event| until.is_none_or(|until| event.seq <= until));
                    let page: Vec<_> = events.iter().map(|event| (event.seq, event.kind)).collect();
                    let end = events.last().map_or(seq, |event| event.seq);
                    for (at, kind) in coalesce(&page, end) {
                        last_told = Some(Instant::now());
                        let settled = if at == end { end } else { seq };
                        yield ProjectTold { at: now(), settled, together: end, update: named(kind, at) };
                    }
                    seq = end;
                    if !full || until.is_some_and(|until| seq >= until) {
                        break;
                    }
                }
                if until.is_some_and(|until| seq >= until) {
                    yield whole(seq, ProjectUpdate::Reached { seq });
                    return;
                }
                loop {
                    match wait(&mut rung, shared.heartbeat, &shared.stop).await {
                        Woken::Silence => yield whole(seq, ProjectUpdate::Heartbeat { seq }),
                        Woken::Stopping => {
                            yield whole(seq, ProjectUpdate::Ended { seq, reason: StreamEnd::Shutdown });
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

/// What happened, each subject once, with where to resume behind it: a subject that changed several times is told where it
/// changed last, a build that was added and then changed as added. The last of them is told at `end`, for it is all.
fn coalesce(events: &[(ProjectSeq, ProjectEventKind)], end: ProjectSeq) -> Vec<(ProjectSeq, ProjectEventKind)> {
    let mut added: BTreeSet<BuildId> = BTreeSet::new();
    let mut gone: BTreeSet<BuildId> = BTreeSet::new();
    let mut removed: BTreeSet<ServiceId> = BTreeSet::new();
    let mut left: BTreeSet<EnvironmentId> = BTreeSet::new();
    let mut last: HashMap<ProjectEventKind, ProjectSeq> = HashMap::new();
    for (seq, kind) in events {
        last.insert(*kind, *seq);
        match kind {
            ProjectEventKind::BuildAdded(build) => _ = added.insert(*build),
            ProjectEventKind::BuildRemoved(build) => _ = gone.insert(*build),
            ProjectEventKind::ServiceRemoved(service) => _ = removed.insert(*service),
            ProjectEventKind::EnvironmentRemoved(environment) => _ = left.insert(*environment),
            _ => {}
        }
    }
    let is_told = |(seq, kind): &&(ProjectSeq, ProjectEventKind)| match kind {
        ProjectEventKind::BuildAdded(build) | ProjectEventKind::BuildChanged(build) if gone.contains(build) => false,
        ProjectEventKind::BuildChanged(build) if added.contains(build) => false,
        ProjectEventKind::ServiceChanged(service) if removed.contains(service) => false,
        ProjectEventKind::EnvironmentChanged(environment) if left.contains(environment) => false,
        kind => last.get(kind) == Some(seq),
    };
    let mut told: Vec<_> = events.iter().filter(is_told).copied().collect();
    if let Some((seq, _)) = told.last_mut() {
        *seq = end;
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
        ProjectEventKind::EnvironmentChanged(environment) => ProjectUpdate::EnvironmentChanged { seq, environment },
        ProjectEventKind::DeploymentChanged(deployment) => ProjectUpdate::DeploymentChanged { seq, deployment },
        ProjectEventKind::EnvironmentRemoved(environment) => ProjectUpdate::EnvironmentRemoved { seq, environment },
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
        let happened = [
            BuildChanged(two),
            BuildAdded(one),
            BuildChanged(one),
            ProjectChanged,
            BuildChanged(two),
            BuildChanged(one),
            ProjectChanged,
            BuildChanged(one),
        ];
        let events: Vec<_> = (1..).map(ProjectSeq).zip(happened).collect();
        let told = coalesce(&events, ProjectSeq(8));
        let expected = [(2, BuildAdded(one)), (5, BuildChanged(two)), (8, ProjectChanged)];
        assert_eq!(told, expected.map(|(seq, kind)| (ProjectSeq(seq), kind)));
        // Whoever is cut off behind any of them is told the rest, and no build's beginning again.
        for (seen, (cursor, _)) in told.iter().enumerate() {
            let rest: Vec<_> = events.iter().filter(|(seq, _)| seq > cursor).copied().collect();
            let again = coalesce(&rest, ProjectSeq(8));
            assert!(told[seen + 1..].iter().all(|(_, kind)| again.iter().any(|(_, k)| k == kind)), "{again:?}");
            assert!(again.iter().all(|(_, kind)| !matches!(kind, BuildAdded(_))), "{again:?}");
        }
    }
}
