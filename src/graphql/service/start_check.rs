//! Whether a build could begin now.

use alm_domain::ServiceId;
use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};

use crate::{
    app::{self, AppError},
    graphql::{context::ContextExt, environment::EnvironmentNode, error::fault, ids, scalars::Instant},
};

/// What a build would find that the caller started now. Start is never disabled for it: a build that lacks a token is held, and
/// goes on by itself.
#[derive(SimpleObject)]
pub(crate) struct StartCheck {
    /// Whether the build would begin at once; otherwise it is held until the caller has connected what is missing.
    is_ready: bool,
    /// Until when a build is likely to need its tokens, from the last builds with a margin; null where it needs none.
    needed_until: Option<Instant>,
    /// The caller's token for each environment that a build needs one of, in the order of promotion; at most 50.
    #[graphql(complexity = "5 * child_complexity")]
    environments: Vec<TokenCheck>,
}

/// The caller's token for one environment.
#[derive(SimpleObject)]
pub(crate) struct TokenCheck {
    /// The environment.
    environment: EnvironmentNode,
    /// What can be said of the token.
    state: TokenState,
    /// Whether a build is held for it.
    blocks: bool,
    /// When it stops; null when that is not known, or it does not.
    expires_at: Option<Instant>,
    /// What is wrong, and what to do, as a sentence for people; null when all is well.
    message: Option<String>,
}

/// What can be said of a token.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "app::TokenState")]
pub(crate) enum TokenState {
    /// It works for as long as it is needed.
    Ok,
    /// It works, and stops before the build is likely to be over.
    ExpiresDuring,
    /// It worked once.
    Expired,
    /// There never was one, or it was withdrawn.
    NotConnected,
    /// It cannot be checked now.
    Unknown,
}

impl From<app::StartCheck> for StartCheck {
    fn from(check: app::StartCheck) -> Self {
        let blocking: Vec<_> = check.missing().map(|checked| checked.environment.id).collect();
        let environment = |checked: app::Checked| TokenCheck {
            blocks: blocking.contains(&checked.environment.id),
            state: checked.state.into(),
            expires_at: checked.expires_at.map(Instant::from),
            message: (checked.state != app::TokenState::Ok).then(|| checked.sentence()),
            environment: EnvironmentNode(checked.environment),
        };
        Self {
            is_ready: check.is_ready(),
            needed_until: check.needed_until.map(Instant::from),
            environments: check.environments.into_iter().map(environment).collect(),
        }
    }
}

#[derive(Default)]
pub(crate) struct StartCheckQuery;

#[Object]
impl StartCheckQuery {
    /// Whether a build of this service could begin now, with the caller's own accounts; null when there is no such build service.
    /// What can be renewed without the caller is renewed first.
    #[graphql(directive = crate::graphql::live::depends_on_viewer::apply())]
    async fn can_start(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The build service.")] service_id: ID,
    ) -> Result<Option<StartCheck>> {
        let id: ServiceId = ids::argument(&service_id, "serviceId")?;
        match ctx.app()?.can_start(ctx.principal()?, id).await {
            Ok(check) => Ok(Some(check.into())),
            Err(AppError::NotFound(_)) => Ok(None),
            Err(error) => Err(fault(&error)),
        }
    }
}
