//! Who may see and do what: the one place that decides it.
//!
//! **Architecture Invariant:** every query of the store is filtered by a [`Scope`], and whatever writes has asked
//! [`permit`](Scope::permit) in its own transaction. What is invisible is not found; what is visible but not allowed is refused
//! with what is missing.

use alm_domain::{Principal, ProjectId, ProjectRole};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, Query, SelectStatement},
};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    entity::{build, membership},
};

/// What a principal may see, and what it is about to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    principal: &'a Principal,
    needed: ProjectRole,
}

/// The scope of a principal that reads.
pub(crate) const fn visible(principal: &Principal) -> Scope<'_> {
    Scope { principal, needed: ProjectRole::Viewer }
}

impl Scope<'_> {
    /// The scope of a principal that does something for which it needs this role. The rows are the same: whoever writes also
    /// has to call [`permit`](Self::permit).
    pub(crate) const fn at_least(self, needed: ProjectRole) -> Self {
        Self { needed, ..self }
    }

    /// Rows whose project, named by this column, the principal sees.
    pub(crate) fn projects<C: ColumnTrait>(self, project: C) -> Condition {
        let mut seen = Condition::all();
        if let Some(only) = self.principal.only_projects() {
            seen = seen.add(project.is_in(only.iter().map(|id| id.as_uuid())));
        }
        if self.principal.needs_membership() {
            seen = match self.memberships() {
                Some(of_mine) => seen.add(project.in_subquery(of_mine)),
                None => seen.add(Expr::val(1).eq(0)),
            };
        }
        seen
    }

    /// Rows whose build, named by this column, the principal sees.
    pub(crate) fn builds<C: ColumnTrait>(self, build: C) -> Condition {
        if self.sees_everything() {
            return Condition::all();
        }
        let seen = Query::select()
            .column(build::Column::Id)
            .from(build::Entity)
            .cond_where(self.projects(build::Column::ProjectId))
            .to_owned();
        Condition::all().add(build.in_subquery(seen))
    }

    /// Refuses what the principal may not do in this project: [`StoreError::NotFound`] where it does not see it,
    /// [`StoreError::Forbidden`] with what is missing where it does.
    pub(crate) async fn permit(self, db: &impl ConnectionTrait, project: Uuid) -> Result<(), StoreError> {
        let membership = self.membership(db, project).await?;
        match self.principal.role_in(ProjectId::from_uuid(project), membership) {
            None => Err(StoreError::NotFound),
            Some(role) if role >= self.needed => Ok(()),
            Some(_) if self.principal.most() < self.needed => Err(StoreError::Forbidden(match self.needed {
                ProjectRole::Owner => "this token does not allow it: use one with the scope MANAGE",
                _ => "this token does not allow it: use one with the scope WRITE",
            })),
            Some(_) => Err(StoreError::Forbidden(match self.needed {
                ProjectRole::Owner => "this needs the role OWNER in the project: ask one of its owners",
                _ => "this needs the role DEVELOPER in the project: ask one of its owners",
            })),
        }
    }

    /// The same for the project of a build.
    pub(crate) async fn permit_build(self, db: &impl ConnectionTrait, build: Uuid) -> Result<(), StoreError> {
        if self.sees_everything() && self.principal.most() >= self.needed {
            return Ok(());
        }
        let project: Option<Uuid> = build::Entity::find_by_id(build)
            .select_only()
            .column(build::Column::ProjectId)
            .into_tuple()
            .one(db)
            .await?;
        self.permit(db, project.ok_or(StoreError::NotFound)?).await
    }

    /// What the principal is in this project, where that decides anything.
    pub(crate) async fn membership(
        self,
        db: &impl ConnectionTrait,
        project: Uuid,
    ) -> Result<Option<ProjectRole>, StoreError> {
        let Some(user) = self.principal.user().filter(|_| self.principal.needs_membership()) else { return Ok(None) };
        let role: Option<i64> = membership::Entity::find_by_id((project, user.as_uuid()))
            .select_only()
            .column(membership::Column::Role)
            .into_tuple()
            .one(db)
            .await?;
        role.map(membership::role).transpose()
    }

    fn sees_everything(self) -> bool {
        !self.principal.needs_membership() && self.principal.only_projects().is_none()
    }

    /// The projects of which the principal is a member.
    fn memberships(self) -> Option<SelectStatement> {
        let user = self.principal.user()?;
        let mut of_mine = Query::select();
        of_mine
            .column(membership::Column::ProjectId)
            .from(membership::Entity)
            .and_where(membership::Column::UserId.eq(user.as_uuid()));
        Some(of_mine)
    }
}

impl Store {
    /// Refuses what a principal may not do in a project, before anything is asked of an engine for it. Whatever is then written
    /// is checked again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it does not see the project, [`StoreError::Forbidden`] where it lacks the role.
    pub async fn require(
        &self,
        principal: &Principal,
        project: ProjectId,
        needed: ProjectRole,
    ) -> Result<(), StoreError> {
        visible(principal).at_least(needed).permit(self.reader(), project.as_uuid()).await
    }

    /// What a principal may do in each of these projects; those that it does not see are left out. Whether there are such
    /// projects is not looked up.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn roles_in(
        &self,
        principal: &Principal,
        projects: &[ProjectId],
    ) -> Result<Vec<(ProjectId, ProjectRole)>, StoreError> {
        let mut memberships = std::collections::HashMap::new();
        if let Some(user) = principal.user().filter(|_| principal.needs_membership()) {
            for ids in projects.chunks(crate::among::BATCH) {
                let rows: Vec<(Uuid, i64)> = membership::Entity::find()
                    .filter(membership::Column::UserId.eq(user.as_uuid()))
                    .filter(membership::Column::ProjectId.is_in(ids.iter().map(|id| id.as_uuid())))
                    .select_only()
                    .columns([membership::Column::ProjectId, membership::Column::Role])
                    .into_tuple()
                    .all(self.reader())
                    .await?;
                for (project, role) in rows {
                    memberships.insert(ProjectId::from_uuid(project), membership::role(role)?);
                }
            }
        }
        let role = |id: &ProjectId| Some((*id, principal.role_in(*id, memberships.get(id).copied())?));
        Ok(projects.iter().filter_map(role).collect())
    }

    /// The project of a build, and what the principal may do there; `None` where it does not see it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn role_on_build(
        &self,
        principal: &Principal,
        build: alm_domain::BuildId,
    ) -> Result<Option<(ProjectId, ProjectRole)>, StoreError> {
        let project: Option<Uuid> = build::Entity::find_by_id(build.as_uuid())
            .select_only()
            .column(build::Column::ProjectId)
            .into_tuple()
            .one(self.reader())
            .await?;
        let Some(project) = project else { return Ok(None) };
        Ok(self.roles_in(principal, &[ProjectId::from_uuid(project)]).await?.pop())
    }
}

/// Refuses everybody who may not register, change and remove providers.
pub(crate) const fn administrator(principal: &Principal) -> Result<(), StoreError> {
    if principal.may_administer() { Ok(()) } else { Err(StoreError::Forbidden("this needs an administrator")) }
}
