//! Live streams, as the layers above take them.

use alm_domain::{BuildId, EventSeq, Principal, ProjectId, ProjectSeq, Timestamp};
use futures::Stream;

use super::{App, AppError, BuildUpdate, LogOptions, LogUpdate, ProjectTold};

/// What a live stream is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The changes of a build.
    Build(BuildId),
    /// The log of a build.
    Log(BuildId),
    /// What happens in a project.
    Project(ProjectId),
}

/// How far the stream of a subject reaches at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Number of the last event or line; 0 while there is none.
    pub head: u64,
    /// Whether nothing more can come.
    pub is_over: bool,
}

impl App {
    /// A build's changes, live; see [`BuildUpdate`].
    pub fn build_updates(
        &self,
        principal: Principal,
        build: BuildId,
        after: Option<EventSeq>,
        until: Option<EventSeq>,
    ) -> impl Stream<Item = Result<(Timestamp, BuildUpdate), AppError>> + Send + 'static + use<> {
        self.inner.hub.build_updates(principal, build, after, until)
    }

    /// A build's log lines, live; see [`LogUpdate`].
    pub fn log_lines(
        &self,
        principal: Principal,
        build: BuildId,
        options: LogOptions,
    ) -> impl Stream<Item = Result<(Timestamp, LogUpdate), AppError>> + Send + 'static + use<> {
        self.inner.hub.log_lines(principal, build, options)
    }

    /// What happens in a project, live; see [`super::ProjectUpdate`].
    pub fn project_updates(
        &self,
        principal: Principal,
        project: ProjectId,
        after: Option<ProjectSeq>,
        until: Option<ProjectSeq>,
    ) -> impl Stream<Item = Result<ProjectTold, AppError>> + Send + 'static + use<> {
        self.inner.hub.project_updates(principal, project, after, until)
    }

    /// How far a subject reaches; `None` where there is none that this principal may see.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn reach(&self, principal: &Principal, subject: Subject) -> Result<Option<Reach>, AppError> {
        let store = self.store();
        Ok(match subject {
            Subject::Build(build) | Subject::Log(build) => store.heads(principal, build).await?.map(|heads| {
                let head = if matches!(subject, Subject::Log(_)) { heads.line.0 } else { heads.event.0 };
                Reach { head, is_over: heads.is_complete }
            }),
            Subject::Project(project) => {
                store.project_head(principal, project).await?.map(|head| Reach { head: head.0, is_over: false })
            }
        })
    }

    /// Runs this beside everything else; shutting down waits for it, so it must end when the live streams do.
    pub fn beside(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.inner.changes.spawn(work);
    }
}
