//! Environments of projects.

use alm_domain::{
    Environment, EnvironmentId, EnvironmentName, EnvironmentRole, MOST_ENVIRONMENTS, OAuthClient, Principal,
    ProjectEventKind, ProjectId, ProjectRole, Protection, Sealed, TokenMode, UserId,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::{
    Store, StoreError,
    among::among,
    audit::Act,
    entity::environment,
    grants::{forget_environment, look_again},
    oauth_clients,
    projects::{add_event, expect_revision, open_project},
    services::project_named,
    value::storable,
    visibility::visible,
};

/// An environment to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEnvironment {
    /// Its id.
    pub id: EnvironmentId,
    /// The project.
    pub project: ProjectId,
    /// Unique in the project.
    pub name: EnvironmentName,
    /// Name for display.
    pub display_name: String,
    /// Address of the cluster, in normal form.
    pub url: String,
    /// The part of the cluster that is meant.
    pub namespace: Option<String>,
    /// Use.
    pub role: EnvironmentRole,
    /// Place among the targets, from 1 on; the last one when absent.
    pub position: Option<u32>,
    /// What must happen before a deployment.
    pub protection: Protection,
    /// Certificates, in PEM.
    pub ca_bundle: Option<String>,
    /// Host of the registry.
    pub registry_host: Option<String>,
    /// Where its token comes from.
    pub token_mode: TokenMode,
    /// The OAuth client that is for it alone, with its sealed secret.
    pub client: Option<(OAuthClient, Option<Sealed>)>,
}

/// What to change of an environment; `None` leaves a field as it is, `Some(None)` takes it away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EnvironmentPatch {
    /// Name for display.
    pub display_name: Option<String>,
    /// The part of the cluster that is meant.
    pub namespace: Option<Option<String>>,
    /// Place among the targets, from 1 on.
    pub position: Option<u32>,
    /// What must happen before a deployment.
    pub protection: Option<Protection>,
    /// Certificates, in PEM.
    pub ca_bundle: Option<Option<String>>,
    /// Host of the registry.
    pub registry_host: Option<Option<String>>,
    /// Where its token comes from.
    pub token_mode: Option<TokenMode>,
}

/// An environment that was removed, and whose connections went with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedEnvironment {
    /// The environment.
    pub environment: Environment,
    /// Those who had connected an account to it.
    pub disconnected: Vec<UserId>,
}

impl Store {
    /// Adds an environment to a project; the targets at its place and behind move back.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such project; [`StoreError::Taken`] when it has an environment of this name;
    /// [`StoreError::Invalid`] for a second build environment, for one too many, and for a place that there is not.
    pub async fn add_environment(&self, principal: &Principal, new: NewEnvironment) -> Result<Environment, StoreError> {
        check(Some(&new.display_name), Some(&new.url), [&new.namespace, &new.ca_bundle, &new.registry_host])?;
        let tx = self.begin().await?;
        open_project(tx.db(), visible(principal).at_least(ProjectRole::Owner), new.project.as_uuid()).await?;
        let mut others = living(tx.db(), new.project).await?;
        if others.iter().any(|other| other.name == new.name) {
            return Err(StoreError::Taken { field: "name" });
        }
        if others.len() >= MOST_ENVIRONMENTS {
            let problem = format!("has {MOST_ENVIRONMENTS} environments, which is the most: remove one first");
            return Err(StoreError::Invalid { field: "projectId", problem });
        }
        if new.role == EnvironmentRole::Build && others.iter().any(|other| other.role == EnvironmentRole::Build) {
            let problem = "BUILD is taken: a project has one build environment; remove it first, or use TARGET".into();
            return Err(StoreError::Invalid { field: "role", problem });
        }
        let position = place(new.role, new.position, &others, 1)?;
        let now = self.now();
        let added = Environment {
            id: new.id,
            project: new.project,
            revision: 1,
            name: new.name,
            display_name: new.display_name,
            url: new.url,
            namespace: new.namespace,
            role: new.role,
            position,
            protection: new.protection,
            ca_bundle: new.ca_bundle,
            registry_host: new.registry_host,
            token_mode: new.token_mode,
            created_at: now,
            removed_at: None,
        };
        environment::Entity::insert(environment::Model::of(&added)?.into_active_model())
            .exec_without_returning(tx.db())
            .await?;
        if let Some((client, secret)) = &new.client {
            oauth_clients::insert(tx.db(), client, secret.as_ref(), now).await?;
        }
        add_event(tx.db(), added.project, ProjectEventKind::EnvironmentChanged(added.id), now).await?;
        others.push(added.clone());
        self.renumber(tx.db(), others, added.id, position).await?;
        let act = Act::within(added.project, "environment.add", added.id, format!("environment {}", added.name));
        self.note(&tx, principal, act).await?;
        tx.commit().await?;
        Ok(added)
    }

    /// Changes an environment; with `expected`, only if that is its revision. Where it is moved, the targets in between move too.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::StaleRevision`]; [`StoreError::WrongState`] when it was removed;
    /// [`StoreError::Invalid`] for a place that there is not.
    pub async fn update_environment(
        &self,
        principal: &Principal,
        id: EnvironmentId,
        patch: EnvironmentPatch,
        expected: Option<u64>,
    ) -> Result<Environment, StoreError> {
        let text = |value: &Option<Option<String>>| value.clone().flatten();
        check(
            patch.display_name.as_deref(),
            None,
            [&text(&patch.namespace), &text(&patch.ca_bundle), &text(&patch.registry_host)],
        )?;
        let tx = self.begin().await?;
        let mut changed = self.locked_environment(tx.db(), principal, id, expected).await?;
        let mut all = living(tx.db(), changed.project).await?;
        if let Some(name) = patch.display_name {
            changed.display_name = name;
        }
        if let Some(namespace) = patch.namespace {
            changed.namespace = namespace;
        }
        if let Some(protection) = patch.protection {
            changed.protection = protection;
        }
        if let Some(ca_bundle) = patch.ca_bundle {
            changed.ca_bundle = ca_bundle;
        }
        if let Some(registry_host) = patch.registry_host {
            changed.registry_host = registry_host;
        }
        if let Some(token_mode) = patch.token_mode {
            changed.token_mode = token_mode;
            let this = Condition::all().add(environment::Column::Id.eq(id.as_uuid()));
            look_again(tx.db(), this, self.now()).await?;
        }
        if patch.position.is_some() {
            changed.position = place(changed.role, patch.position, &all, 0)?;
        }
        changed.revision += 1;
        write(tx.db(), &changed).await?;
        add_event(tx.db(), changed.project, ProjectEventKind::EnvironmentChanged(id), self.now()).await?;
        all.retain(|other| other.id != id);
        all.push(changed.clone());
        self.renumber(tx.db(), all, id, changed.position).await?;
        let act = Act::within(changed.project, "environment.update", id, format!("environment {}", changed.name));
        self.note(&tx, principal, act).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Removes an environment, and forgets what people have connected to it; the targets behind it move up.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::StaleRevision`]; [`StoreError::WrongState`] when it was removed before.
    pub async fn remove_environment(
        &self,
        principal: &Principal,
        id: EnvironmentId,
        expected: Option<u64>,
    ) -> Result<RemovedEnvironment, StoreError> {
        let tx = self.begin().await?;
        let mut removed = self.locked_environment(tx.db(), principal, id, expected).await?;
        let now = self.now();
        removed.revision += 1;
        removed.removed_at = Some(now);
        write(tx.db(), &removed).await?;
        oauth_clients::remove_of(tx.db(), id).await?;
        let disconnected = forget_environment(tx.db(), id).await?;
        add_event(tx.db(), removed.project, ProjectEventKind::EnvironmentRemoved(id), now).await?;
        let left = living(tx.db(), removed.project).await?;
        self.renumber(tx.db(), left, id, 0).await?;
        let act = Act::within(removed.project, "environment.remove", id, format!("environment {}", removed.name));
        self.note(&tx, principal, act).await?;
        tx.commit().await?;
        Ok(RemovedEnvironment { environment: removed, disconnected })
    }

    /// The environments with these ids, removed ones too, in any order; those that there are not are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn environments(
        &self,
        principal: &Principal,
        ids: &[EnvironmentId],
    ) -> Result<Vec<Environment>, StoreError> {
        let rows = environment::Entity::find().filter(visible(principal).projects(environment::Column::ProjectId));
        let ids = ids.iter().map(|id| id.as_uuid());
        among(self.reader(), rows, environment::Column::Id, ids).await
    }

    /// The environments of this project that were not removed, in the order of promotion.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn environments_of_project(
        &self,
        principal: &Principal,
        project: ProjectId,
    ) -> Result<Vec<Environment>, StoreError> {
        self.environments_of_projects(principal, &[project]).await
    }

    /// The environments of these projects that were not removed, in the order of promotion.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn environments_of_projects(
        &self,
        principal: &Principal,
        projects: &[ProjectId],
    ) -> Result<Vec<Environment>, StoreError> {
        let rows = environment::Entity::find()
            .filter(environment::Column::RemovedAt.is_null())
            .filter(visible(principal).projects(environment::Column::ProjectId))
            .order_by_asc(environment::Column::Position);
        let ids = projects.iter().map(|id| id.as_uuid());
        among(self.reader(), rows, environment::Column::ProjectId, ids).await
    }

    /// Those environments of a project that were chosen, or all of them, in the order of promotion; removed ones are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn environments_used(
        &self,
        principal: &Principal,
        project: ProjectId,
        chosen: Option<&[EnvironmentId]>,
    ) -> Result<Vec<Environment>, StoreError> {
        let mut found = self.environments_of_project(principal, project).await?;
        found.retain(|environment| chosen.is_none_or(|chosen| chosen.contains(&environment.id)));
        Ok(found)
    }

    /// The environment with this name, if it was not removed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn environment_by_address(
        &self,
        principal: &Principal,
        project_slug: &str,
        name: &str,
    ) -> Result<Option<Environment>, StoreError> {
        if project_slug.parse::<alm_domain::Slug>().is_err() || name.parse::<EnvironmentName>().is_err() {
            return Ok(None);
        }
        let row = environment::Entity::find()
            .filter(environment::Column::ProjectId.in_subquery(project_named(project_slug)))
            .filter(environment::Column::Name.eq(name))
            .filter(environment::Column::RemovedAt.is_null())
            .filter(visible(principal).projects(environment::Column::ProjectId))
            .one(self.reader())
            .await?;
        row.map(Environment::try_from).transpose()
    }

    /// The environment, its project locked until the transaction ends.
    async fn locked_environment(
        &self,
        db: &impl ConnectionTrait,
        principal: &Principal,
        id: EnvironmentId,
        expected: Option<u64>,
    ) -> Result<Environment, StoreError> {
        let find = || {
            environment::Entity::find_by_id(id.as_uuid())
                .filter(visible(principal).projects(environment::Column::ProjectId))
        };
        let row = find().one(db).await?.ok_or(StoreError::NotFound)?;
        open_project(db, visible(principal).at_least(ProjectRole::Owner), row.project_id).await?;
        // Read again: it may have changed before the project was locked.
        let row = find().lock_exclusive().one(db).await?.ok_or(StoreError::NotFound)?;
        expect_revision(row.revision, expected)?;
        if row.removed_at.is_some() {
            return Err(StoreError::WrongState(format!("the environment {} was removed", row.name)));
        }
        row.try_into()
    }

    /// Gives the targets the places 1, 2 and so on, with `moved` at this one, and notes whose place is another now.
    async fn renumber(
        &self,
        db: &impl ConnectionTrait,
        mut all: Vec<Environment>,
        moved: EnvironmentId,
        position: u32,
    ) -> Result<(), StoreError> {
        all.retain(|environment| environment.role == EnvironmentRole::Target);
        all.sort_by_key(|environment| environment.position);
        let at = all.iter().position(|environment| environment.id == moved);
        if let Some(environment) = at.map(|at| all.remove(at)) {
            all.insert((position.saturating_sub(1) as usize).min(all.len()), environment);
        }
        for (place, mut environment) in (1..).zip(all) {
            if environment.position != place {
                environment.position = place;
                environment.revision += 1;
                write(db, &environment).await?;
                let kind = ProjectEventKind::EnvironmentChanged(environment.id);
                add_event(db, environment.project, kind, self.now()).await?;
            }
        }
        Ok(())
    }
}

/// The environments of a project, within a transaction that holds the project.
async fn living(db: &impl ConnectionTrait, project: ProjectId) -> Result<Vec<Environment>, StoreError> {
    environment::Entity::find()
        .filter(environment::Column::ProjectId.eq(project.as_uuid()))
        .filter(environment::Column::RemovedAt.is_null())
        .order_by_asc(environment::Column::Position)
        .all(db)
        .await?
        .into_iter()
        .map(Environment::try_from)
        .collect()
}

async fn write(db: &impl ConnectionTrait, environment: &Environment) -> Result<(), StoreError> {
    let row = environment::Model::of(environment)?;
    environment::Entity::update(row.into_active_model().reset_all()).exec_without_returning(db).await?;
    Ok(())
}

/// The place that is asked for; `more` targets than there are now may have one.
fn place(role: EnvironmentRole, wanted: Option<u32>, others: &[Environment], more: usize) -> Result<u32, StoreError> {
    let targets = others.iter().filter(|other| other.role == EnvironmentRole::Target).count() + more;
    let last = u32::try_from(targets).unwrap_or(u32::MAX);
    match (role, wanted) {
        (EnvironmentRole::Build, None | Some(0)) => Ok(0),
        (EnvironmentRole::Build, Some(other)) => Err(StoreError::Invalid {
            field: "position",
            problem: format!("{other} is not the place of the build environment, which is 0: leave it out"),
        }),
        (EnvironmentRole::Target, None) => Ok(last),
        (EnvironmentRole::Target, Some(place)) if (1..=last).contains(&place) => Ok(place),
        (EnvironmentRole::Target, Some(other)) => Err(StoreError::Invalid {
            field: "position",
            problem: format!("{other} is not a place of a target: use 1 to {last}, or leave it out for the last"),
        }),
    }
}

fn check(
    display_name: Option<&str>,
    url: Option<&str>,
    [namespace, ca_bundle, registry_host]: [&Option<String>; 3],
) -> Result<(), StoreError> {
    let texts = [
        ("displayName", display_name),
        ("url", url),
        ("namespace", namespace.as_deref()),
        ("caBundle", ca_bundle.as_deref()),
        ("registryHost", registry_host.as_deref()),
    ];
    texts.into_iter().try_for_each(|(field, text)| text.map_or(Ok(()), |text| storable(field, text)))
}
