//! The audit trail: added to in the transaction of what it tells of, and never changed.

use std::collections::HashSet;

use alm_domain::{
    AnyId, AuditEvent, AuditEventId, AuditOutcome, AuditSeq, Principal, ProjectId, ProjectRole, Timestamp,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};

use crate::{
    Page, PageRequest, Store, StoreError,
    entity::{audit_event, audit_head},
    page::{Keyset, page},
    projects::MOST_ENTRIES,
    value::{column, counter, millis, storable},
    visibility::administrator,
    writer::WriteTx,
};

const LONGEST_SUMMARY: usize = 500;
const LONGEST_SUBJECT: usize = 200;

/// Something that somebody did.
#[derive(Debug)]
pub(crate) struct Act {
    /// What, as a dotted verb such as `build.start`.
    pub(crate) verb: &'static str,
    /// In which project; `None` for what concerns the whole instance.
    pub(crate) project: Option<ProjectId>,
    /// To what: a global id.
    pub(crate) subject: String,
    /// One sentence.
    pub(crate) summary: String,
    /// Particulars; never a secret.
    pub(crate) details: Option<serde_json::Value>,
}

impl Act {
    /// An act in a project.
    pub(crate) fn within(
        project: ProjectId,
        verb: &'static str,
        subject: impl std::fmt::Display,
        summary: impl Into<String>,
    ) -> Self {
        Self { verb, project: Some(project), subject: subject.to_string(), summary: summary.into(), details: None }
    }

    /// An act that concerns the whole instance.
    pub(crate) fn instance(verb: &'static str, subject: impl std::fmt::Display, summary: impl Into<String>) -> Self {
        Self { verb, project: None, subject: subject.to_string(), summary: summary.into(), details: None }
    }

    /// The same with particulars.
    pub(crate) fn with(mut self, details: serde_json::Value) -> Self {
        self.details = Some(details);
        self
    }
}

/// Something that is done to a build, for the audit trail.
#[derive(Debug, Clone, PartialEq)]
pub struct Deed {
    /// What, as a dotted verb such as `build.cancel`.
    pub verb: &'static str,
    /// To what: the global id of the build or of a part of it.
    pub subject: String,
    /// One sentence.
    pub summary: String,
    /// Particulars; never a secret.
    pub details: Option<serde_json::Value>,
}

impl Deed {
    pub(crate) fn within(self, project: ProjectId) -> Act {
        let Self { verb, subject, summary, details } = self;
        Act { verb, project: Some(project), subject, summary, details }
    }
}

/// Something that was asked for and not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What, as a dotted verb.
    pub verb: String,
    /// To what, as it was asked for; there may be no such thing.
    pub subject: Option<String>,
    /// Why, in one sentence.
    pub summary: String,
    /// [`AuditOutcome::Denied`] or [`AuditOutcome::Failed`].
    pub outcome: AuditOutcome,
}

/// Which records are wanted; all conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// Of this project; `None` for all of the instance.
    pub project: Option<ProjectId>,
    /// Verbs that begin with this.
    pub verb_prefix: Option<String>,
    /// Of this actor only, by its [`key`](alm_domain::Actor::key).
    pub actor_key: Option<String>,
    /// About this subject only: a global id.
    pub subject: Option<String>,
    /// Of this outcome only.
    pub outcome: Option<AuditOutcome>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Not after.
    pub until: Option<Timestamp>,
}

const BY_NUMBER: Keyset<audit_event::Entity> = Keyset {
    columns: &[audit_event::Column::Seq],
    descending: true,
    encode: |row| row.seq.to_be_bytes().to_vec(),
    decode: |position| Some(vec![i64::from_be_bytes(position.try_into().ok()?).into()]),
};

impl Store {
    /// Notes in this transaction that somebody did something. To be the last statement before the commit: records are numbered in
    /// the order in which they are committed, so from here on other acts wait.
    pub(crate) async fn note(&self, tx: &WriteTx, principal: &Principal, act: Act) -> Result<(), StoreError> {
        self.add_record(
            tx,
            principal,
            Record {
                verb: act.verb.to_owned(),
                project: act.project,
                subject: Some(act.subject),
                summary: act.summary,
                outcome: AuditOutcome::Done,
                details: act.details,
            },
        )
        .await
    }

    /// Records that something was asked for and not done. The project is found by the subject, if the principal may see it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn record_refusal(&self, principal: &Principal, refusal: Refusal) -> Result<(), StoreError> {
        let project = match refusal.subject.as_deref().and_then(|subject| subject.parse().ok()) {
            Some(id) => self.project_of(principal, id).await?,
            None => None,
        };
        let Refusal { verb, subject, summary, outcome } = refusal;
        let tx = self.begin().await?;
        self.add_record(&tx, principal, Record { verb, project, subject, summary, outcome, details: None }).await?;
        tx.commit().await
    }

    /// A page of the trail, the newest record first.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] for the whole instance, unless the principal is an administrator, and for a project, unless it is
    /// an owner of it; [`StoreError::NotFound`] when the project is not visible; [`StoreError::BadPosition`].
    pub async fn audit_events(
        &self,
        principal: &Principal,
        filter: &AuditFilter,
        request: &PageRequest,
    ) -> Result<Page<AuditEvent>, StoreError> {
        let wanted = self.readable(principal, filter.project).await?.add(conditions(filter)?);
        page(self.reader(), audit_event::Entity::find().filter(wanted), &BY_NUMBER, request).await
    }

    /// The records with these ids that the principal may read: an administrator all, an owner those of its projects.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn audit_events_by_id(
        &self,
        principal: &Principal,
        ids: &[AuditEventId],
    ) -> Result<Vec<AuditEvent>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(crate::among::BATCH) {
            let rows = audit_event::Entity::find()
                .filter(audit_event::Column::Id.is_in(ids.iter().map(|id| id.as_uuid())))
                .all(self.reader())
                .await?;
            for row in rows {
                found.push(AuditEvent::try_from(row)?);
            }
        }
        if administrator(principal).is_err() {
            let projects: Vec<ProjectId> = found.iter().filter_map(|event| event.project).collect();
            let owned: HashSet<ProjectId> = self
                .roles_in(principal, &projects)
                .await?
                .into_iter()
                .filter_map(|(project, role)| (role >= ProjectRole::Owner).then_some(project))
                .collect();
            found.retain(|event| event.project.is_some_and(|project| owned.contains(&project)));
        }
        Ok(found)
    }

    /// The records behind this one, oldest first; at most 10,000 at once.
    ///
    /// # Errors
    /// As for [`audit_events`](Self::audit_events).
    pub async fn audit_after(
        &self,
        principal: &Principal,
        project: Option<ProjectId>,
        after: AuditSeq,
        limit: usize,
    ) -> Result<Vec<AuditEvent>, StoreError> {
        let wanted = self.readable(principal, project).await?.add(audit_event::Column::Seq.gt(column(after.0)));
        audit_event::Entity::find()
            .filter(wanted)
            .order_by_asc(audit_event::Column::Seq)
            .limit(limit.min(MOST_ENTRIES) as u64)
            .all(self.reader())
            .await?
            .into_iter()
            .map(AuditEvent::try_from)
            .collect()
    }

    /// The number of the newest record of the instance.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn audit_head(&self) -> Result<AuditSeq, StoreError> {
        let head = audit_head::Entity::find_by_id(THE_ROW).one(self.reader()).await?;
        head.map_or(Ok(AuditSeq(0)), |head| counter(head.seq).map(AuditSeq))
    }

    /// The records that the principal may read; it is told why if there are none.
    async fn readable(&self, principal: &Principal, project: Option<ProjectId>) -> Result<Condition, StoreError> {
        let Some(project) = project else {
            administrator(principal)?;
            return Ok(Condition::all());
        };
        self.require(principal, project, ProjectRole::Owner).await?;
        Ok(Condition::all().add(audit_event::Column::ProjectId.eq(project.as_uuid())))
    }

    async fn add_record(&self, tx: &WriteTx, principal: &Principal, record: Record) -> Result<(), StoreError> {
        let head = audit_head::Entity::update_many()
            .col_expr(audit_head::Column::Seq, Expr::col(audit_head::Column::Seq).add(1))
            .filter(audit_head::Column::Id.eq(THE_ROW))
            .exec_with_returning(tx.db())
            .await?
            .pop()
            .ok_or_else(|| StoreError::corrupt("the head of the audit trail", "there is no row"))?;
        let event = AuditEvent {
            id: AuditEventId::generate(self.ids()),
            seq: AuditSeq(counter(head.seq)?),
            at: self.now(),
            actor: principal.actor.clone(),
            verb: record.verb,
            project: record.project,
            subject: record.subject.map(|subject| text(&subject, LONGEST_SUBJECT)),
            summary: text(&record.summary, LONGEST_SUMMARY),
            outcome: record.outcome,
            origin: principal.origin().cloned(),
            details: record.details,
        };
        let row = audit_event::Model::of(&event)?.into_active_model();
        audit_event::Entity::insert(row).exec_without_returning(tx.db()).await?;
        Ok(())
    }

    /// The project that a visible subject belongs to.
    async fn project_of(&self, principal: &Principal, id: AnyId) -> Result<Option<ProjectId>, StoreError> {
        Ok(match id {
            AnyId::ProjectId(id) => self.projects(principal, &[id]).await?.pop().map(|project| project.id),
            AnyId::ServiceId(id) => self.services(principal, &[id]).await?.pop().map(|service| service.project),
            AnyId::BuildId(id) => self.builds(principal, &[id]).await?.pop().map(|build| build.project),
            AnyId::StageId(id) => match self.stages(principal, &[id]).await?.pop() {
                Some(stage) => self.builds(principal, &[stage.build]).await?.pop().map(|build| build.project),
                None => None,
            },
            AnyId::ApprovalId(id) => match self.approvals(principal, &[id]).await?.pop() {
                Some(approval) => self.builds(principal, &[approval.build]).await?.pop().map(|build| build.project),
                None => None,
            },
            _ => None,
        })
    }
}

/// What is to be added.
struct Record {
    verb: String,
    project: Option<ProjectId>,
    subject: Option<String>,
    summary: String,
    outcome: AuditOutcome,
    details: Option<serde_json::Value>,
}

/// The one row of the counter.
const THE_ROW: i64 = 1;

/// A text as it may be stored: without control characters, and cut.
fn text(text: &str, longest: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(longest).collect()
}

fn conditions(filter: &AuditFilter) -> Result<Condition, StoreError> {
    let mut wanted = Condition::all();
    if let Some(prefix) = &filter.verb_prefix {
        storable("verbPrefix", prefix)?;
        let beyond = format!("{prefix}\u{10ffff}");
        wanted = wanted.add(audit_event::Column::Verb.gte(prefix)).add(audit_event::Column::Verb.lt(beyond));
    }
    if let Some(actor) = &filter.actor_key {
        storable("actorId", actor)?;
        wanted = wanted.add(audit_event::Column::ActorKey.eq(actor));
    }
    if let Some(subject) = &filter.subject {
        storable("subjectId", subject)?;
        wanted = wanted.add(audit_event::Column::Subject.eq(subject));
    }
    if let Some(outcome) = filter.outcome {
        wanted = wanted.add(audit_event::Column::Outcome.eq(outcome.name()));
    }
    if let Some(since) = filter.since {
        wanted = wanted.add(audit_event::Column::At.gte(millis(since)));
    }
    if let Some(until) = filter.until {
        wanted = wanted.add(audit_event::Column::At.lte(millis(until)));
    }
    Ok(wanted)
}
