//! Personal access tokens.

use alm_domain::{PersonalToken, PersonalTokenId, ProjectId};
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use secrecy::ExposeSecret;

use crate::{
    app::{Action, CreatePersonalToken},
    graphql::{
        context::ContextExt,
        ids,
        scalars::Instant,
        user_error::{UserError, outcome},
    },
};

/// What a personal access token may be used for. Each allows all that the ones before it do, and none more than its owner may.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "alm_domain::TokenScope")]
pub(crate) enum TokenScope {
    /// To see what its owner sees.
    Read,
    /// To start, cancel and decide.
    Write,
    /// To change projects, build services and members.
    Manage,
    /// To administrate the instance.
    Admin,
}

/// A token that a person has made for a program. The token itself is never shown again.
pub(crate) struct PersonalTokenNode(pub(crate) PersonalToken);

/// A token that a person has made for a program. The token itself is never shown again.
#[Object(name = "PersonalToken")]
impl PersonalTokenNode {
    /// Global id.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// What its owner calls it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it may be used for; at most 4.
    #[graphql(complexity = "4")]
    async fn scopes(&self) -> Vec<TokenScope> {
        self.0.scopes.iter().copied().map(TokenScope::from).collect()
    }

    /// The projects beyond which it sees nothing, at most 100; null for all that its owner sees.
    #[graphql(complexity = "10")]
    async fn project_ids(&self) -> Option<Vec<ID>> {
        self.0.projects.as_ref().map(|ids| ids.iter().map(|id| id.to_string().into()).collect())
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        self.0.created_at.into()
    }

    /// When it ends.
    async fn expires_at(&self) -> Instant {
        self.0.expires_at.into()
    }

    /// When it was used last, to the minute; null while it was not.
    async fn last_used_at(&self) -> Option<Instant> {
        self.0.last_used_at.map(Instant::from)
    }
}

/// Input of `createPersonalToken`.
#[derive(InputObject)]
pub(crate) struct CreatePersonalTokenInput {
    /// What you call it.
    name: String,
    /// What it may be used for. It never allows more than you may yourself.
    scopes: Vec<TokenScope>,
    /// The projects beyond which it sees nothing; all of yours if it is left out.
    project_ids: Option<Vec<ID>>,
    /// When it ends: at most a year from now.
    expires_at: Instant,
}

/// Result of `createPersonalToken`.
#[derive(SimpleObject)]
pub(crate) struct CreatePersonalTokenPayload {
    /// What is kept of it.
    personal_token: Option<PersonalTokenNode>,
    /// The token itself: shown this once, and never again.
    token: Option<String>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

/// Input of `revokePersonalToken`.
#[derive(InputObject)]
pub(crate) struct RevokePersonalTokenInput {
    /// The token.
    personal_token_id: ID,
}

/// Result of `revokePersonalToken`.
#[derive(SimpleObject)]
pub(crate) struct RevokePersonalTokenPayload {
    /// What it was.
    personal_token: Option<PersonalTokenNode>,
    /// What the caller can correct; empty on success.
    #[graphql(complexity = "5 * child_complexity")]
    user_errors: Vec<UserError>,
}

#[derive(Default)]
pub(crate) struct PersonalTokenMutation;

#[Object]
impl PersonalTokenMutation {
    /// Make a token for a program. Whoever asks with such a token cannot make another.
    async fn create_personal_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: CreatePersonalTokenInput,
    ) -> Result<Option<CreatePersonalTokenPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let made = async {
            let ids = input.project_ids.as_ref().map(|ids| {
                ids.iter().map(|id| ids::input::<ProjectId>(id, "projectIds")).collect::<Result<Vec<_>, _>>()
            });
            let request = CreatePersonalToken {
                name: input.name,
                scopes: input.scopes.into_iter().map(Into::into).collect(),
                projects: ids.transpose()?,
                expires_at: input.expires_at.0,
            };
            app.create_personal_token(principal, request).await
        };
        let (made, user_errors) = outcome(ctx, made.await, Action::Edit)?;
        let (kept, token) = made.unzip();
        Ok(Some(CreatePersonalTokenPayload {
            personal_token: kept.map(PersonalTokenNode),
            token: token.map(|token| token.expose_secret().to_owned()),
            user_errors,
        }))
    }

    /// Take a token back, for ever.
    async fn revoke_personal_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Everything the operation needs.")] input: RevokePersonalTokenInput,
    ) -> Result<Option<RevokePersonalTokenPayload>> {
        let (app, principal) = (ctx.app()?, ctx.principal()?);
        let revoked = async {
            let id: PersonalTokenId = ids::input(&input.personal_token_id, "personalTokenId")?;
            app.revoke_personal_token(principal, id).await
        };
        let (revoked, user_errors) = outcome(ctx, revoked.await, Action::Remove)?;
        Ok(Some(RevokePersonalTokenPayload { personal_token: revoked.map(PersonalTokenNode), user_errors }))
    }
}
