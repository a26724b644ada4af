//! Live streams, as the layers above take them.

use std::time::Duration;

use alm_domain::{
    AuditSeq, BuildId, EventSeq, Principal, ProjectId, ProjectRole, ProjectSeq, Timestamp, UserId, ViewerSeq,
};
use async_stream::stream;
use futures::{Stream, StreamExt};
use tokio::time::Instant;

use super::{
    App, AppError, AuditUpdate, BuildUpdate, LogOptions, LogUpdate, ProjectTold, ProviderUpdate, ViewerUpdate,
};

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

impl Subject {
    fn missing(self) -> AppError {
        match self {
            Self::Build(_) | Self::Log(_) => AppError::not_found("buildId", "build"),
            Self::Project(_) => AppError::not_found("projectId", "project"),
        }
    }
}

/// How far the stream of a subject reaches at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Number of the last event or line; 0 while there is none.
    pub head: u64,
    /// Whether nothing more can come.
    pub is_over: bool,
    /// The project that it belongs to.
    pub project: ProjectId,
    /// What the principal may do there.
    pub role: ProjectRole,
}

/// For how long a right that was asked for is taken to last.
const TRUSTED: Duration = Duration::from_secs(4);

impl App {
    /// A build's changes, live; see [`BuildUpdate`].
    pub fn build_updates(
        &self,
        principal: Principal,
        build: BuildId,
        after: Option<EventSeq>,
        until: Option<EventSeq>,
    ) -> impl Stream<Item = Result<(Timestamp, BuildUpdate), AppError>> + Send + 'static + use<> {
        let told = self.inner.hub.build_updates(principal.clone(), build, after, until);
        self.clone().while_visible(principal, Subject::Build(build), told)
    }

    /// A build's log lines, live; see [`LogUpdate`].
    pub fn log_lines(
        &self,
        principal: Principal,
        build: BuildId,
        options: LogOptions,
    ) -> impl Stream<Item = Result<(Timestamp, LogUpdate), AppError>> + Send + 'static + use<> {
        let told = self.inner.hub.log_lines(principal.clone(), build, options);
        self.clone().while_visible(principal, Subject::Log(build), told)
    }

    /// What happens in a project, live; see [`super::ProjectUpdate`].
    pub fn project_updates(
        &self,
        principal: Principal,
        project: ProjectId,
        after: Option<ProjectSeq>,
        until: Option<ProjectSeq>,
    ) -> impl Stream<Item = Result<ProjectTold, AppError>> + Send + 'static + use<> {
        let told = self.inner.hub.project_updates(principal.clone(), project, after, until);
        self.clone().while_visible(principal, Subject::Project(project), told)
    }

    /// The audit trail of a project or of the instance, live; see [`AuditUpdate`].
    pub fn audit_updates(
        &self,
        principal: Principal,
        project: Option<ProjectId>,
        after: Option<AuditSeq>,
    ) -> impl Stream<Item = Result<(Timestamp, AuditUpdate), AppError>> + Send + 'static + use<> {
        self.inner.hub.audit_updates(principal, project, after)
    }

    /// What a person has connected, live; see [`ViewerUpdate`].
    pub fn viewer_updates(
        &self,
        principal: Principal,
        user: UserId,
        after: Option<ViewerSeq>,
    ) -> impl Stream<Item = Result<(Timestamp, ViewerUpdate), AppError>> + Send + 'static + use<> {
        self.inner.hub.viewer_updates(principal, user, after)
    }

    /// The providers, live; see [`ProviderUpdate`].
    pub fn provider_updates(
        &self,
        principal: Principal,
        after: Option<u64>,
    ) -> impl Stream<Item = Result<(Timestamp, ProviderUpdate), AppError>> + Send + 'static + use<> {
        self.inner.hub.provider_updates(self.inner.probes.clone(), principal, after)
    }

    /// How far a subject reaches; `None` where there is none that this principal may see.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn reach(&self, principal: &Principal, subject: Subject) -> Result<Option<Reach>, AppError> {
        let store = self.store();
        Ok(match subject {
            Subject::Build(build) | Subject::Log(build) => {
                let (Some(heads), Some((project, role))) =
                    (store.heads(principal, build).await?, store.role_on_build(principal, build).await?)
                else {
                    return Ok(None);
                };
                let head = if matches!(subject, Subject::Log(_)) { heads.line.0 } else { heads.event.0 };
                Some(Reach { head, is_over: heads.is_complete, project, role })
            }
            Subject::Project(project) => {
                let Some(head) = store.project_head(principal, project).await? else { return Ok(None) };
                let role = store.roles_in(principal, &[project]).await?.pop();
                role.map(|(project, role)| Reach { head: head.0, is_over: false, project, role })
            }
        })
    }

    /// What this principal may do where the subject is; `None` where there is none that it may see.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn role_on(&self, principal: &Principal, subject: Subject) -> Result<Option<ProjectRole>, AppError> {
        Ok(self.reach(principal, subject).await?.map(|reach| reach.role))
    }

    /// The same stream for as long as its subject may be seen. What is told comes also from memory, which knows nothing of
    /// rights: so they are asked for again when something is told and the last answer is old.
    fn while_visible<T: Send + 'static, S: Stream<Item = Result<T, AppError>> + Send + 'static>(
        self,
        principal: Principal,
        subject: Subject,
        told: S,
    ) -> impl Stream<Item = Result<T, AppError>> + Send + 'static {
        stream! {
            // Every stream begins with a look at the store, as this principal.
            let mut trusted_until = Instant::now() + TRUSTED;
            let mut told = Box::pin(told);
            while let Some(item) = told.next().await {
                let now = Instant::now();
                if now >= trusted_until {
                    match self.role_on(&principal, subject).await {
                        Ok(Some(_)) => trusted_until = now + TRUSTED,
                        Ok(None) => {
                            yield Err(subject.missing());
                            return;
                        }
                        Err(error) => {
                            yield Err(error);
                            return;
                        }
                    }
                }
                yield item;
            }
        }
    }

    /// Runs this beside everything else; shutting down waits for it, so it must end when the live streams do.
    pub fn beside(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.inner.changes.spawn(work);
    }
}
