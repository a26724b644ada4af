//! Who works on which project.

use alm_domain::{Membership, Principal, Project, ProjectEventKind, ProjectId, ProjectRole, Timestamp, UserId};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    among::among,
    audit::Act,
    entity::{membership, project, user},
    projects::{add_event, locked_project},
    value::{column, millis},
    visibility::visible,
};

/// No project has more members.
const MOST_MEMBERS: u64 = 200;

impl Store {
    /// Makes a person a member of a project.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Forbidden`]; [`StoreError::Taken`] for one who is a member;
    /// [`StoreError::Invalid`] where there is no such person, or the project is full.
    pub async fn add_member(
        &self,
        principal: &Principal,
        id: ProjectId,
        user: UserId,
        role: ProjectRole,
    ) -> Result<(Project, Membership), StoreError> {
        self.change_members(principal, id, "member.add", async |db, now| {
            if membership::Entity::find_by_id((id.as_uuid(), user.as_uuid())).one(db).await?.is_some() {
                return Err(StoreError::Taken { field: "userId" });
            }
            if user::Entity::find_by_id(user.as_uuid()).one(db).await?.is_none() {
                let problem = "names nobody who has signed in here: ask this person to sign in first".to_owned();
                return Err(StoreError::Invalid { field: "userId", problem });
            }
            let members = membership::Entity::find().filter(membership::Column::ProjectId.eq(id.as_uuid()));
            if members.count(db).await? >= MOST_MEMBERS {
                let problem = format!("has {MOST_MEMBERS} members, and no project has more: remove one first");
                return Err(StoreError::Invalid { field: "projectId", problem });
            }
            insert(db, id, user, role, now).await
        })
        .await
    }

    /// Gives a member another role.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] also where this person is no member; [`StoreError::Forbidden`]; [`StoreError::WrongState`] for
    /// the last owner.
    pub async fn change_member(
        &self,
        principal: &Principal,
        id: ProjectId,
        user: UserId,
        role: ProjectRole,
    ) -> Result<(Project, Membership), StoreError> {
        self.change_members(principal, id, "member.change", async |db, _| {
            let row = member(db, id, user).await?;
            if role < ProjectRole::Owner {
                not_the_last_owner(db, &row).await?;
            }
            let row = membership::Model { role: membership::rank(role), ..row };
            let changed = membership::ActiveModel {
                project_id: Unchanged(row.project_id),
                user_id: Unchanged(row.user_id),
                role: Set(row.role),
                ..Default::default()
            };
            membership::Entity::update(changed).exec_without_returning(db).await?;
            Ok(row)
        })
        .await
    }

    /// Takes a member out of a project.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] also where this person is no member; [`StoreError::Forbidden`]; [`StoreError::WrongState`] for
    /// the last owner.
    pub async fn remove_member(
        &self,
        principal: &Principal,
        id: ProjectId,
        user: UserId,
    ) -> Result<(Project, Membership), StoreError> {
        self.change_members(principal, id, "member.remove", async |db, _| {
            let row = member(db, id, user).await?;
            not_the_last_owner(db, &row).await?;
            membership::Entity::delete_by_id((row.project_id, row.user_id)).exec(db).await?;
            Ok(row)
        })
        .await
    }

    /// The members of these projects: project after project, owners first, then by when they came.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn members_of_projects(
        &self,
        principal: &Principal,
        projects: &[ProjectId],
    ) -> Result<Vec<Membership>, StoreError> {
        let rows = membership::Entity::find()
            .filter(visible(principal).projects(membership::Column::ProjectId))
            .order_by_asc(membership::Column::ProjectId)
            .order_by_desc(membership::Column::Role)
            .order_by_asc(membership::Column::Since)
            .order_by_asc(membership::Column::UserId);
        let ids = projects.iter().map(|id| id.as_uuid());
        among(self.reader(), rows, membership::Column::ProjectId, ids).await
    }

    /// A change of the members is one of the project: whoever follows it is told.
    async fn change_members(
        &self,
        principal: &Principal,
        id: ProjectId,
        verb: &'static str,
        change: impl AsyncFnOnce(&sea_orm::DatabaseTransaction, Timestamp) -> Result<membership::Model, StoreError>,
    ) -> Result<(Project, Membership), StoreError> {
        let tx = self.begin().await?;
        // Locked, so that two owners cannot remove each other at the same moment.
        let row = locked_project(tx.db(), visible(principal).at_least(ProjectRole::Owner), id.as_uuid()).await?;
        let now = self.now();
        let membership = change(tx.db(), now).await?;
        let event = add_event(tx.db(), id, ProjectEventKind::ProjectChanged, now).await?;
        let revision = column(event.seq.0);
        let changed = project::ActiveModel { id: Unchanged(row.id), revision: Set(revision), ..Default::default() };
        project::Entity::update(changed).exec_without_returning(tx.db()).await?;
        let user = UserId::from_uuid(membership.user_id);
        let act = Act::within(id, verb, user, format!("a member of project {}", row.slug))
            .with(serde_json::json!({"role": membership::role(membership.role)?.name()}));
        self.note(&tx, principal, act).await?;
        tx.commit().await?;
        Ok((project::Model { revision, ..row }.try_into()?, membership.try_into()?))
    }
}

/// Makes the one who creates a project its owner. The service itself owns nothing.
pub(crate) async fn first_owner(
    db: &impl ConnectionTrait,
    principal: &Principal,
    project: ProjectId,
    now: Timestamp,
) -> Result<(), StoreError> {
    if let Some(user) = principal.user() {
        insert(db, project, user, ProjectRole::Owner, now).await?;
    }
    Ok(())
}

async fn insert(
    db: &impl ConnectionTrait,
    project: ProjectId,
    user: UserId,
    role: ProjectRole,
    now: Timestamp,
) -> Result<membership::Model, StoreError> {
    let row = membership::Model {
        project_id: project.as_uuid(),
        user_id: user.as_uuid(),
        role: membership::rank(role),
        since: millis(now),
    };
    membership::Entity::insert(row.clone().into_active_model()).exec_without_returning(db).await?;
    Ok(row)
}

async fn member(db: &impl ConnectionTrait, project: ProjectId, user: UserId) -> Result<membership::Model, StoreError> {
    let key: (Uuid, Uuid) = (project.as_uuid(), user.as_uuid());
    membership::Entity::find_by_id(key).one(db).await?.ok_or(StoreError::NotFound)
}

/// Refuses to leave a project without anybody who may change it.
async fn not_the_last_owner(db: &impl ConnectionTrait, row: &membership::Model) -> Result<(), StoreError> {
    let owner = membership::rank(ProjectRole::Owner);
    if row.role != owner {
        return Ok(());
    }
    let others = membership::Entity::find()
        .filter(membership::Column::ProjectId.eq(row.project_id))
        .filter(membership::Column::UserId.ne(row.user_id))
        .filter(membership::Column::Role.eq(owner))
        .count(db)
        .await?;
    if others == 0 {
        return Err(StoreError::WrongState(
            "this is the last owner of the project: make somebody else one first".to_owned(),
        ));
    }
    Ok(())
}
