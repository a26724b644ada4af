//! The caller.

mod subscription;

use alm_domain::{Actor as DomainActor, Principal, User, UserId};
use async_graphql::{Context, ID, Object, Result, SimpleObject, Union};

use super::{
    context::ContextExt, environment::GrantNode, error::store_fault, people::PersonalTokenNode, scalars::Instant,
};
pub(crate) use subscription::{ConnectionChanged, ViewerSnapshot, ViewerSubscription};

/// Whoever did something.
#[derive(Union)]
pub(crate) enum Actor {
    User(UserNode),
    SystemActor(SystemActor),
}

impl From<&DomainActor> for Actor {
    fn from(actor: &DomainActor) -> Self {
        match actor {
            DomainActor::User { id, login, display_name } => {
                Self::User(UserNode { id: *id, login: login.clone(), display_name: display_name.clone() })
            }
            DomainActor::System { component } => Self::SystemActor(SystemActor { component: component.clone() }),
        }
    }
}

/// A person.
pub(crate) struct UserNode {
    pub(crate) id: UserId,
    login: String,
    display_name: String,
}

impl From<User> for UserNode {
    fn from(user: User) -> Self {
        Self { id: user.id, login: user.login, display_name: user.display_name }
    }
}

impl UserNode {
    /// The person behind a principal; `None` for the service itself.
    pub(crate) fn of(principal: &Principal) -> Option<Self> {
        match Actor::from(&principal.actor) {
            Actor::User(user) => Some(user),
            Actor::SystemActor(_) => None,
        }
    }
}

/// A person.
#[Object(name = "User")]
impl UserNode {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    /// Unique short name.
    async fn login(&self) -> &str {
        &self.login
    }

    /// Name for display.
    async fn display_name(&self) -> &str {
        &self.display_name
    }
}

/// The service itself, for example a schedule or an expiry.
#[derive(SimpleObject)]
pub(crate) struct SystemActor {
    /// Which part of the service acted.
    component: String,
}

/// The caller.
pub(crate) struct Viewer(Principal);

impl Viewer {
    /// This caller.
    pub(crate) const fn of(principal: Principal) -> Self {
        Self(principal)
    }
}

/// The caller.
#[Object]
impl Viewer {
    /// Global id.
    async fn id(&self) -> ID {
        self.0.key().into()
    }

    /// The person; null when the caller is a part of the service itself.
    async fn user(&self) -> Option<UserNode> {
        UserNode::of(&self.0)
    }

    /// Connected accounts, the most urgent first; at most 200.
    #[graphql(complexity = "10 * child_complexity")]
    async fn connections(&self, ctx: &Context<'_>) -> Result<Vec<GrantNode>> {
        let grants = ctx.app()?.store().connections(&self.0).await.map_err(store_fault)?;
        Ok(grants.into_iter().map(GrantNode).collect())
    }

    /// The caller's own personal access tokens, newest first, at most 100, those that have ended too. Whoever asks with one sees
    /// none.
    #[graphql(complexity = "10 * child_complexity")]
    async fn personal_tokens(&self, ctx: &Context<'_>) -> Result<Vec<PersonalTokenNode>> {
        let own = ctx.app()?.store().personal_tokens(&self.0).await.map_err(store_fault)?;
        Ok(own.into_iter().map(PersonalTokenNode).collect())
    }

    /// When the caller's sign-in ends, where that is known: sign in again before.
    async fn signed_in_until(&self) -> Option<Instant> {
        self.0.expires_at().map(Instant::from)
    }

    /// True for administrators of providers.
    async fn is_admin(&self) -> bool {
        self.0.may_administer()
    }
}

#[derive(Default)]
pub(crate) struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// The caller.
    #[graphql(directive = crate::graphql::live::depends_on_viewer::apply())]
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Option<Viewer>> {
        Ok(Some(Viewer(ctx.principal()?.clone())))
    }
}
