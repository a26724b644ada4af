//! One record of the audit trail.

use alm_domain::{AnyId, AuditEvent, Cursor, CursorKind};
use async_graphql::{
    Context, Enum, ID, Object, Result,
    connection::{Edge, EmptyFields},
    types::Json,
};
use uuid::Uuid;

use crate::graphql::{
    node::{self, Node},
    scalars::Instant,
    viewer::Actor,
};

/// A record that cannot be changed.
pub(crate) struct AuditEventNode(pub(crate) AuditEvent);

/// Outcomes of an audited act.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "alm_domain::AuditOutcome")]
pub(crate) enum AuditOutcome {
    /// Done.
    Done,
    /// Refused: whoever asked may not, or may not even know of the subject.
    Denied,
    /// Tried, and failed for a reason that is not the caller's.
    Failed,
}

/// A record that cannot be changed.
#[Object(name = "AuditEvent")]
impl AuditEventNode {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// When.
    async fn at(&self) -> Instant {
        self.0.at.into()
    }

    /// Who, as known at that time.
    async fn actor(&self) -> Actor {
        (&self.0.actor).into()
    }

    /// What, as a dotted verb such as build.start.
    async fn verb(&self) -> &str {
        &self.0.verb
    }

    /// To what; null once it is gone, or where the caller may not see it. Depends on who asks.
    #[graphql(directive = crate::graphql::live::depends_on_viewer::apply())]
    async fn subject(&self, ctx: &Context<'_>) -> Result<Option<Node>> {
        match self.0.subject.as_deref().and_then(|subject| subject.parse::<AnyId>().ok()) {
            Some(id) => node::load(ctx, id).await,
            None => Ok(None),
        }
    }

    /// Id of what it was done to, or asked of; it may be gone, and of a refused act there may never have been such a thing.
    async fn subject_id(&self) -> Option<ID> {
        self.0.subject.as_deref().map(ID::from)
    }

    /// Id of the project that it happened in; null for what concerns the whole instance.
    async fn project_id(&self) -> Option<ID> {
        self.0.project.map(|project| project.to_string().into())
    }

    /// One sentence.
    async fn summary(&self) -> &str {
        &self.0.summary
    }

    /// Whether it was allowed and worked.
    async fn outcome(&self) -> AuditOutcome {
        self.0.outcome.into()
    }

    /// Pairs it with the server's log; null for what the service did by itself.
    async fn request_id(&self) -> Option<&str> {
        self.0.origin.as_ref().map(|origin| origin.request_id.as_str())
    }

    /// Network address that the request came from, as far as the server can tell.
    async fn address(&self) -> Option<String> {
        self.0.origin.as_ref().and_then(|origin| origin.address).map(|address| address.to_string())
    }

    /// Particulars; never a secret.
    async fn details(&self) -> Option<Json<&serde_json::Value>> {
        self.0.details.as_ref().map(Json)
    }
}

impl AuditEventNode {
    /// The event as part of the list of this project (nil: of the instance).
    pub(crate) fn into_edge(self, owner: Uuid) -> Edge<String, Self, EmptyFields> {
        Edge::new(Cursor::at(CursorKind::Audit, owner, self.0.seq.0).encode(), self)
    }
}
