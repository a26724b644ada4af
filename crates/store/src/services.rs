//! Build services.

use std::collections::HashMap;

use alm_domain::{
    Actor, BuildService, EnvironmentId, Principal, ProjectEventKind, ProjectId, ProjectRole, ProviderId, RepositoryRef,
    ServiceId, Settings, Slug,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Expr, Query},
};
use uuid::Uuid;

use crate::{
    Page, PageRequest, Store, StoreError,
    among::among,
    audit::Act,
    entity::{build, project, provider, service},
    error::is_unique_violation,
    page::{Keyset, Owned, page, page_of_each},
    projects::{add_event, expect_revision, open_project},
    secrets,
    value::{millis, read_json, storable, write_json},
    visibility::visible,
};

/// A build service to create.
#[derive(Debug, Clone, PartialEq)]
pub struct NewService {
    /// Its id; the provider may have heard of it already.
    pub id: ServiceId,
    /// The project it belongs to.
    pub project: ProjectId,
    /// The backend it runs on.
    pub provider: ProviderId,
    /// Short name, unique within the project for ever.
    pub slug: Slug,
    /// Name for display.
    pub display_name: String,
    /// Where the source is.
    pub repository: RepositoryRef,
    /// Settings added to, or replacing, the provider's.
    pub settings: Settings,
    /// The environments that its builds use; `None` for all of the project.
    pub environments: Option<Vec<EnvironmentId>>,
    /// The provider's own name for the build configuration.
    pub config_ref: Option<String>,
}

/// What to change of a build service; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ServicePatch {
    /// Name for display.
    pub display_name: Option<String>,
    /// Where the source is.
    pub repository: Option<RepositoryRef>,
    /// All of its settings.
    pub settings: Option<Settings>,
    /// The environments that its builds use; `Some(None)` for all of the project.
    pub environments: Option<Option<Vec<EnvironmentId>>>,
    /// The provider's own name for the build configuration.
    pub config_ref: Option<String>,
}

const BY_SLUG: Keyset<service::Entity> = Keyset {
    columns: &[service::Column::Slug, service::Column::Id],
    descending: false,
    encode: |row| [row.slug.as_bytes(), row.id.as_bytes()].concat(),
    decode: |position| {
        let (slug, id) = position.split_last_chunk()?;
        let slug = std::str::from_utf8(slug).ok()?.parse::<Slug>().ok()?;
        Some(vec![slug.to_string().into(), Uuid::from_bytes(*id).into()])
    },
};

const OF_PROVIDERS: Owned<service::Entity> =
    Owned { owner: service::Column::ProviderId, id: service::Column::Id, owner_of: |row| row.provider_id };

impl Store {
    /// Creates a build service.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the project has, or ever had, one of this slug; [`StoreError::NotFound`] when there is no
    /// such project or provider; [`StoreError::WrongState`] when the project is archived.
    pub async fn create_service(&self, principal: &Principal, new: NewService) -> Result<BuildService, StoreError> {
        storable("displayName", &new.display_name)?;
        new.config_ref.as_deref().map_or(Ok(()), |text| storable("configRef", text))?;
        let now = self.now();
        let document = service::Document {
            repository: new.repository,
            settings: new.settings,
            environments: new.environments,
            removed_by: None,
        };
        let row = service::Model {
            id: new.id.as_uuid(),
            project_id: new.project.as_uuid(),
            provider_id: new.provider.as_uuid(),
            slug: new.slug.to_string(),
            display_name: new.display_name,
            config_ref: new.config_ref,
            revision: 1,
            last_number: 0,
            created_at: millis(now),
            removed_at: None,
            document: write_json(&document)?,
        };
        let tx = self.begin().await?;
        open_project(tx.db(), visible(principal).at_least(ProjectRole::Owner), row.project_id).await?;
        // Held until the commit, so that the provider is not removed in between.
        provider::Entity::find_by_id(row.provider_id).lock_shared().one(tx.db()).await?.ok_or(StoreError::NotFound)?;
        service::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx.db()).await.map_err(
            |e| {
                if is_unique_violation(&e) { StoreError::Taken { field: "slug" } } else { e.into() }
            },
        )?;
        add_event(tx.db(), new.project, ProjectEventKind::ServiceChanged(new.id), now).await?;
        let act = Act::within(new.project, "buildService.create", new.id, format!("build service {}", row.slug));
        self.note(&tx, principal, act).await?;
        tx.commit().await?;
        row.try_into()
    }

    /// Changes a build service; with `expected`, only if that is its revision.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::StaleRevision`]; [`StoreError::WrongState`] when it was removed.
    pub async fn update_service(
        &self,
        principal: &Principal,
        id: ServiceId,
        patch: ServicePatch,
        expected: Option<u64>,
    ) -> Result<BuildService, StoreError> {
        patch.display_name.as_deref().map_or(Ok(()), |text| storable("displayName", text))?;
        patch.config_ref.as_deref().map_or(Ok(()), |text| storable("configRef", text))?;
        self.change_service(principal, id, expected, ProjectEventKind::ServiceChanged(id), |row| {
            let mut document: service::Document = read_json("the document of a build service", &row.document)?;
            if let Some(name) = patch.display_name {
                row.display_name = name;
            }
            if let Some(repository) = patch.repository {
                document.repository = repository;
            }
            if let Some(settings) = patch.settings {
                document.settings = settings;
            }
            if let Some(environments) = patch.environments {
                document.environments = environments;
            }
            if let Some(config_ref) = patch.config_ref {
                row.config_ref = Some(config_ref);
            }
            row.document = write_json(&document)?;
            Ok(())
        })
        .await
    }

    /// Removes a build service. Its builds stay readable, its secrets go, and its slug is not used again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::StaleRevision`]; [`StoreError::InUse`] while a build of it is not over;
    /// [`StoreError::WrongState`] when it was removed before.
    pub async fn remove_service(
        &self,
        principal: &Principal,
        id: ServiceId,
        expected: Option<u64>,
    ) -> Result<BuildService, StoreError> {
        let now = self.now();
        self.change_service(principal, id, expected, ProjectEventKind::ServiceRemoved(id), |row| {
            let mut document: service::Document = read_json("the document of a build service", &row.document)?;
            document.removed_by = Some(principal.actor.clone());
            row.document = write_json(&document)?;
            row.removed_at = Some(millis(now));
            Ok(())
        })
        .await
    }

    /// Removed build services whose configuration is at their provider still, in a fixed order behind `after`, each with whoever removed
    /// it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn services_left_at_providers(
        &self,
        principal: &Principal,
        after: Option<ServiceId>,
        limit: u64,
    ) -> Result<Vec<(BuildService, Option<Actor>)>, StoreError> {
        let rows = service::Entity::find()
            .filter(service::Column::RemovedAt.is_not_null())
            .filter(service::Column::ConfigRef.is_not_null())
            .filter(visible(principal).projects(service::Column::ProjectId))
            .filter(service::Column::Id.gt(after.map(|id| id.as_uuid()).unwrap_or_default()))
            .order_by_asc(service::Column::Id)
            .limit(limit)
            .all(self.reader())
            .await?;
        let with_remover = |row: service::Model| {
            let document: service::Document = read_json("the document of a build service", &row.document)?;
            Ok((row.try_into()?, document.removed_by))
        };
        rows.into_iter().map(with_remover).collect()
    }

    /// Notes that the configuration of a removed build service is at its provider no more. Does nothing for others.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn forget_config(&self, principal: &Principal, id: ServiceId) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        service::Entity::update_many()
            .col_expr(service::Column::ConfigRef, Expr::value(None::<String>))
            .filter(service::Column::Id.eq(id.as_uuid()))
            .filter(service::Column::RemovedAt.is_not_null())
            .filter(visible(principal).projects(service::Column::ProjectId))
            .exec(tx.db())
            .await?;
        tx.commit().await
    }

    /// The build services with these ids, removed ones too, in any order; those that there are not are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn services(&self, principal: &Principal, ids: &[ServiceId]) -> Result<Vec<BuildService>, StoreError> {
        let rows = service::Entity::find().filter(visible(principal).projects(service::Column::ProjectId));
        let ids = ids.iter().map(|id| id.as_uuid());
        among(self.reader(), rows, service::Column::Id, ids).await
    }

    /// The build services of these projects that were not removed, by slug.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn services_of_projects(
        &self,
        principal: &Principal,
        projects: &[ProjectId],
    ) -> Result<Vec<BuildService>, StoreError> {
        let rows = service::Entity::find()
            .filter(service::Column::RemovedAt.is_null())
            .filter(visible(principal).projects(service::Column::ProjectId));
        let ids = projects.iter().map(|id| id.as_uuid());
        let mut found: Vec<BuildService> = among(self.reader(), rows, service::Column::ProjectId, ids).await?;
        found.sort_by(|a, b| a.slug.cmp(&b.slug).then(a.id.cmp(&b.id)));
        Ok(found)
    }

    /// The build service at this address, also one that was removed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn service_by_address(
        &self,
        principal: &Principal,
        project_slug: &str,
        service_slug: &str,
    ) -> Result<Option<BuildService>, StoreError> {
        if project_slug.parse::<Slug>().is_err() || service_slug.parse::<Slug>().is_err() {
            return Ok(None);
        }
        let row = service::Entity::find()
            .filter(service::Column::ProjectId.in_subquery(project_named(project_slug)))
            .filter(service::Column::Slug.eq(service_slug))
            .filter(visible(principal).projects(service::Column::ProjectId))
            .one(self.reader())
            .await?;
        row.map(BuildService::try_from).transpose()
    }

    /// A page of the build services of a provider that were not removed, by slug.
    ///
    /// # Errors
    /// [`StoreError::BadPosition`].
    pub async fn services_of_provider(
        &self,
        principal: &Principal,
        provider: ProviderId,
        request: &PageRequest,
    ) -> Result<Page<BuildService>, StoreError> {
        let select = service::Entity::find()
            .filter(service::Column::ProviderId.eq(provider.as_uuid()))
            .filter(service::Column::RemovedAt.is_null())
            .filter(visible(principal).projects(service::Column::ProjectId));
        page(self.reader(), select, &BY_SLUG, request).await
    }

    /// The first page of build services of each of these providers, as [`services_of_provider`](Self::services_of_provider) has it;
    /// each has a page, if an empty one. `request` must not go on from a position.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn services_of_each_provider(
        &self,
        principal: &Principal,
        providers: &[ProviderId],
        request: &PageRequest,
    ) -> Result<HashMap<Uuid, Page<BuildService>>, StoreError> {
        let wanted = Condition::all()
            .add(service::Column::RemovedAt.is_null())
            .add(visible(principal).projects(service::Column::ProjectId));
        let ids: Vec<Uuid> = providers.iter().map(|id| id.as_uuid()).collect();
        page_of_each(self.reader(), &OF_PROVIDERS, &ids, &wanted, &BY_SLUG, request).await
    }

    async fn change_service(
        &self,
        principal: &Principal,
        id: ServiceId,
        expected: Option<u64>,
        kind: ProjectEventKind,
        change: impl FnOnce(&mut service::Model) -> Result<(), StoreError> + Send,
    ) -> Result<BuildService, StoreError> {
        let tx = self.begin().await?;
        let mut row = service::Entity::find_by_id(id.as_uuid())
            .filter(visible(principal).projects(service::Column::ProjectId))
            .lock_exclusive()
            .one(tx.db())
            .await?
            .ok_or(StoreError::NotFound)?;
        visible(principal).at_least(ProjectRole::Owner).permit(tx.db(), row.project_id).await?;
        expect_revision(row.revision, expected)?;
        if row.removed_at.is_some() {
            return Err(StoreError::WrongState(format!("the build service {} was removed", row.slug)));
        }
        row.revision += 1;
        change(&mut row)?;
        if row.removed_at.is_some() {
            let running = build::Entity::find()
                .filter(build::Column::ServiceId.eq(row.id))
                .filter(build::Column::IsComplete.eq(false))
                .count(tx.db())
                .await?;
            if running > 0 {
                return Err(StoreError::InUse(format!(
                    "{running} builds of the build service {} are not over: cancel them, or wait for them",
                    row.slug
                )));
            }
            secrets::remove_all_of(tx.db(), id).await?;
        }
        service::Entity::update(row.clone().into_active_model().reset_all()).exec_without_returning(tx.db()).await?;
        let project = ProjectId::from_uuid(row.project_id);
        add_event(tx.db(), project, kind, self.now()).await?;
        let verb = if row.removed_at.is_some() { "buildService.remove" } else { "buildService.update" };
        self.note(&tx, principal, Act::within(project, verb, id, format!("build service {}", row.slug))).await?;
        tx.commit().await?;
        row.try_into()
    }
}

/// The id of the project with this slug.
pub(crate) fn project_named(slug: &str) -> sea_orm::sea_query::SelectStatement {
    Query::select()
        .column(project::Column::Id)
        .from(project::Entity)
        .and_where(project::Column::Slug.eq(slug))
        .to_owned()
}
