//! Mutations about members.

use alm_domain::{Membership, Principal, Project, ProjectId, UserId};
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::{MemberNode, ProjectRole};
use crate::{
    app::{Action, App, AppError},
    graphql::{
        context::ContextExt,
        ids,
        project::ProjectNode,
        user_error::{UserError, outcome},
    },
};

/// Input of `addMember`: the person by id or by login.
#[derive(InputObject)]
pub(crate) struct AddMemberInput {
    /// The project.
    project_id: ID,
    /// The person, by id.
    user_id: Option<ID>,
    /// The person, by login. Only who has signed in here is known by it.
    login: Option<String>,
    /// What this person may do.
    role: ProjectRole,
}

/// Input of `changeMember`.
#[derive(InputObject)]
pub(crate) struct ChangeMemberInput {
    /// The project.
    project_id: ID,
    /// The member.
    user_id: ID,
    /// What this person may do from now on.
    role: ProjectRole,
}

/// Input of `removeMember`.
#[derive(InputObject)]
pub(crate) struct RemoveMemberInput {
    /// The project.
    project_id: ID,
    /// The member.
    user_id: ID,
}

/// Result of a change of members.
#[derive(SimpleObject)]
pub(crate) struct MemberPayload {
    /// The project as it stands; null also when the caller no longer sees it.
    project: Option<ProjectNode>,
    /// The member; as it was, where it was removed.
    member: Option<MemberNode>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

impl MemberPayload {
    fn of(ctx: &Context<'_>, result: Result<(Project, Membership), AppError>) -> Result<Option<Self>> {
        let (changed, user_errors) = outcome(ctx, result, Action::Edit)?;
        let (project, member) = changed.unzip();
        Ok(Some(Self { project: project.map(ProjectNode), member: member.map(MemberNode), user_errors }))
    }
}

async fn person(app: &App, principal: &Principal, input: &AddMemberInput) -> Result<UserId, AppError> {
    match (&input.user_id, &input.login) {
        (Some(id), None) => ids::input(id, "userId"),
        (None, Some(login)) => app.person(principal, login).await,
        _ => Err(AppError::invalid(["login"], "say who: give either userId or login")),
    }
}

#[derive(Default)]
pub(crate) struct MemberMutation;

#[Object]
impl MemberMutation {
    /// Make a person a member of a project. For owners.
    async fn add_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: AddMemberInput,
    ) -> Result<Option<MemberPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let added = async {
            let project: ProjectId = ids::input(&input.project_id, "projectId")?;
            app.add_member(principal, project, person(app, principal, &input).await?, input.role.into()).await
        };
        MemberPayload::of(ctx, added.await)
    }

    /// Give a member another role. For owners; a project keeps at least one.
    async fn change_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: ChangeMemberInput,
    ) -> Result<Option<MemberPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let changed = async {
            let project: ProjectId = ids::input(&input.project_id, "projectId")?;
            let user: UserId = ids::input(&input.user_id, "userId")?;
            app.change_member(principal, project, user, input.role.into()).await
        };
        MemberPayload::of(ctx, changed.await)
    }

    /// Take a member out of a project. For owners; a project keeps at least one.
    async fn remove_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: RemoveMemberInput,
    ) -> Result<Option<MemberPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let removed = async {
            let project: ProjectId = ids::input(&input.project_id, "projectId")?;
            let user: UserId = ids::input(&input.user_id, "userId")?;
            app.remove_member(principal, project, user).await
        };
        MemberPayload::of(ctx, removed.await)
    }
}
