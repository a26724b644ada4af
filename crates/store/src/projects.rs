//! Projects and their coarse events.

use alm_domain::{
    HealthState, Principal, Project, ProjectEvent, ProjectEventKind, ProjectId, ProjectRole, ProjectSeq, Slug,
    Timestamp,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    Page, PageRequest, Store, StoreError,
    among::among,
    audit::Act,
    called::called,
    entity::{project, project_event},
    error::is_unique_violation,
    page::{Keyset, page},
    people::first_owner,
    value::{column, counter, millis, storable},
    verdict::with_verdict,
    visibility::{Scope, visible},
};

/// How many entries of a journal are read at once, whatever is asked for.
pub(crate) const MOST_ENTRIES: usize = 10_000;

/// A project to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProject {
    /// Unique short name.
    pub slug: Slug,
    /// Name for display.
    pub display_name: String,
    /// What it is about.
    pub description: Option<String>,
}

/// What to change of a project; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProjectPatch {
    /// Name for display.
    pub display_name: Option<String>,
    /// What it is about; `Some(None)` takes the description away.
    pub description: Option<Option<String>>,
    /// Whether it is kept for reference only.
    pub is_archived: Option<bool>,
}

/// Which projects are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProjectFilter {
    /// Words, each of them a part of the short name or the name of the project or of one of its build services, in any case (where the
    /// database knows that of the letter); the first sixteen count.
    pub search: Option<String>,
    /// Whether archived ones are wanted too.
    pub include_archived: bool,
    /// Only those on which the verdict is this one.
    pub health: Option<HealthState>,
}

/// How projects are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProjectOrder {
    /// By name.
    #[default]
    Name,
    /// The one in which something happened last comes first. Such a list moves while it is read.
    Activity,
}

const BY_NAME: Keyset<project::Entity> = Keyset {
    columns: &[project::Column::SortName, project::Column::Id],
    descending: false,
    encode: |row| [&[1], row.sort_name.as_bytes(), row.id.as_bytes()].concat(),
    decode: |position| {
        let (id, name) = position.strip_prefix(&[1])?.split_last_chunk().map(|(name, id)| (id, name))?;
        Some(vec![std::str::from_utf8(name).ok()?.into(), Uuid::from_bytes(*id).into()])
    },
};

const BY_ACTIVITY: Keyset<project::Entity> = Keyset {
    columns: &[project::Column::ActiveAt, project::Column::Id],
    descending: true,
    encode: |row| [&[2], row.active_at.to_be_bytes().as_slice(), row.id.as_bytes()].concat(),
    decode: |position| {
        let (at, id) = position.strip_prefix(&[2])?.split_first_chunk()?;
        Some(vec![i64::from_be_bytes(*at).into(), Uuid::from_slice(id).ok()?.into()])
    },
};

impl Store {
    /// Creates a project; whoever does is its first owner.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`], [`StoreError::Taken`] when another project has the slug.
    pub async fn create_project(&self, principal: &Principal, new: NewProject) -> Result<Project, StoreError> {
        if !principal.may_create_projects() {
            return Err(StoreError::Forbidden(
                "this token does not allow it: use one with the scope MANAGE that is not bound to projects",
            ));
        }
        check(Some(&new.display_name), new.description.as_deref())?;
        let now = self.now();
        let row = project::Model {
            id: ProjectId::generate(self.ids()).as_uuid(),
            slug: new.slug.to_string(),
            sort_name: project::sort_name(&new.display_name),
            search_text: project::search_text(new.slug.as_str(), &new.display_name),
            display_name: new.display_name,
            description: new.description,
            is_archived: false,
            revision: 1,
            event_head: 1,
            active_at: millis(now),
            created_at: millis(now),
        };
        let created = Project::try_from(row.clone())?;
        let event =
            ProjectEvent { project: created.id, seq: ProjectSeq(1), at: now, kind: ProjectEventKind::ProjectChanged };
        let tx = self.begin().await?;
        project::Entity::insert(row.into_active_model())
            .exec_without_returning(tx.db())
            .await
            .map_err(|e| if is_unique_violation(&e) { StoreError::Taken { field: "slug" } } else { e.into() })?;
        first_owner(tx.db(), principal, created.id, now).await?;
        insert_event(tx.db(), &event).await?;
        let summary = format!("project {}", created.slug);
        self.note(&tx, principal, Act::within(created.id, "project.create", created.id, summary)).await?;
        tx.commit().await?;
        Ok(created)
    }

    /// Changes a project; with `expected`, only if that is its revision.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Forbidden`], [`StoreError::StaleRevision`].
    pub async fn update_project(
        &self,
        principal: &Principal,
        id: ProjectId,
        patch: ProjectPatch,
        expected: Option<ProjectSeq>,
    ) -> Result<Project, StoreError> {
        check(patch.display_name.as_deref(), patch.description.as_ref().and_then(Option::as_deref))?;
        let tx = self.begin().await?;
        let row = locked_project(tx.db(), visible(principal).at_least(ProjectRole::Owner), id.as_uuid()).await?;
        expect_revision(row.revision, expected.map(|seq| seq.0))?;
        let event = add_event(tx.db(), id, ProjectEventKind::ProjectChanged, self.now()).await?;
        let mut row = project::Model { revision: column(event.seq.0), ..row };
        if let Some(name) = patch.display_name {
            row.sort_name = project::sort_name(&name);
            row.search_text = project::search_text(&row.slug, &name);
            row.display_name = name;
        }
        if let Some(description) = patch.description {
            row.description = description;
        }
        if let Some(is_archived) = patch.is_archived {
            row.is_archived = is_archived;
        }
        project::ActiveModel {
            id: sea_orm::ActiveValue::Unchanged(row.id),
            sort_name: Set(row.sort_name.clone()),
            search_text: Set(row.search_text.clone()),
            display_name: Set(row.display_name.clone()),
            description: Set(row.description.clone()),
            is_archived: Set(row.is_archived),
            revision: Set(row.revision),
            ..Default::default()
        }
        .update(tx.db())
        .await?;
        self.note(&tx, principal, Act::within(id, "project.update", id, format!("project {}", row.slug))).await?;
        tx.commit().await?;
        row.try_into()
    }

    /// The projects with these ids, in any order; those that there are not are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn projects(&self, principal: &Principal, ids: &[ProjectId]) -> Result<Vec<Project>, StoreError> {
        let rows = project::Entity::find().filter(visible(principal).projects(project::Column::Id));
        let ids = ids.iter().map(|id| id.as_uuid());
        among(self.reader(), rows, project::Column::Id, ids).await
    }

    /// The project with this slug.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn project_by_slug(&self, principal: &Principal, slug: &str) -> Result<Option<Project>, StoreError> {
        if slug.parse::<Slug>().is_err() {
            return Ok(None);
        }
        project::Entity::find()
            .filter(project::Column::Slug.eq(slug))
            .filter(visible(principal).projects(project::Column::Id))
            .one(self.reader())
            .await?
            .map(Project::try_from)
            .transpose()
    }

    /// A page of projects.
    ///
    /// # Errors
    /// [`StoreError::BadPosition`].
    pub async fn list_projects(
        &self,
        principal: &Principal,
        filter: &ProjectFilter,
        order: ProjectOrder,
        request: &PageRequest,
    ) -> Result<Page<Project>, StoreError> {
        let mut wanted = Condition::all().add(visible(principal).projects(project::Column::Id));
        if !filter.include_archived {
            wanted = wanted.add(project::Column::IsArchived.eq(false));
        }
        if let Some(search) = filter.search.as_deref() {
            storable("search", search)?;
            wanted = wanted.add(called(search));
        }
        if let Some(state) = filter.health {
            wanted = wanted.add(with_verdict(state));
        }
        let keyset = match order {
            ProjectOrder::Name => &BY_NAME,
            ProjectOrder::Activity => &BY_ACTIVITY,
        };
        page(self.reader(), project::Entity::find().filter(wanted), keyset, request).await
    }

    /// The coarse events of a project after this one, oldest first; at most 10,000 at once.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn project_journal(
        &self,
        principal: &Principal,
        id: ProjectId,
        after: ProjectSeq,
        limit: usize,
    ) -> Result<Vec<ProjectEvent>, StoreError> {
        project_event::Entity::find()
            .filter(project_event::Column::ProjectId.eq(id.as_uuid()))
            .filter(visible(principal).projects(project_event::Column::ProjectId))
            .filter(project_event::Column::Seq.gt(column(after.0)))
            .order_by_asc(project_event::Column::Seq)
            .limit(limit.min(MOST_ENTRIES) as u64)
            .all(self.reader())
            .await?
            .into_iter()
            .map(ProjectEvent::try_from)
            .collect()
    }

    /// The last coarse event of a project.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn project_head(&self, principal: &Principal, id: ProjectId) -> Result<Option<ProjectSeq>, StoreError> {
        let head: Option<i64> = project::Entity::find_by_id(id.as_uuid())
            .filter(visible(principal).projects(project::Column::Id))
            .select_only()
            .column(project::Column::EventHead)
            .into_tuple()
            .one(self.reader())
            .await?;
        head.map(|head| counter(head).map(ProjectSeq)).transpose()
    }
}

/// Refuses a change that was decided on an older revision.
pub(crate) fn expect_revision(current: i64, expected: Option<u64>) -> Result<(), StoreError> {
    let current = counter(current)?;
    if expected.is_some_and(|expected| expected != current) {
        return Err(StoreError::StaleRevision { current });
    }
    Ok(())
}

/// Counts the project up and notes what happened.
pub(crate) async fn add_event(
    db: &impl ConnectionTrait,
    project: ProjectId,
    kind: ProjectEventKind,
    at: Timestamp,
) -> Result<ProjectEvent, StoreError> {
    let row = project::Entity::update_many()
        .col_expr(project::Column::EventHead, Expr::col(project::Column::EventHead).add(1))
        .col_expr(project::Column::ActiveAt, Expr::value(millis(at)))
        .filter(project::Column::Id.eq(project.as_uuid()))
        .exec_with_returning(db)
        .await?
        .pop()
        .ok_or(StoreError::NotFound)?;
    let event = ProjectEvent { project, seq: ProjectSeq(counter(row.event_head)?), at, kind };
    insert_event(db, &event).await?;
    Ok(event)
}

/// The project, locked until the transaction ends, if the caller has the role there.
pub(crate) async fn locked_project(
    db: &impl ConnectionTrait,
    scope: Scope<'_>,
    id: Uuid,
) -> Result<project::Model, StoreError> {
    let row = project::Entity::find_by_id(id)
        .filter(scope.projects(project::Column::Id))
        .lock_exclusive()
        .one(db)
        .await?
        .ok_or(StoreError::NotFound)?;
    scope.permit(db, row.id).await?;
    Ok(row)
}

/// The project, locked until the transaction ends, if something may be started or made in it by the caller.
pub(crate) async fn open_project(
    db: &impl ConnectionTrait,
    scope: Scope<'_>,
    id: Uuid,
) -> Result<project::Model, StoreError> {
    let row = locked_project(db, scope, id).await?;
    if row.is_archived {
        return Err(StoreError::WrongState(format!(
            "the project {} is archived: take it out of the archive first",
            row.slug
        )));
    }
    Ok(row)
}

async fn insert_event(db: &impl ConnectionTrait, event: &ProjectEvent) -> Result<(), StoreError> {
    let row = project_event::Model::of(event).into_active_model();
    project_event::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

fn check(display_name: Option<&str>, description: Option<&str>) -> Result<(), StoreError> {
    display_name.map_or(Ok(()), |text| storable("displayName", text))?;
    description.map_or(Ok(()), |text| storable("description", text))
}
