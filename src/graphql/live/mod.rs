//! Live executions: what many subscribers ask for alike is executed once and written once.
//!
//! A subscription of this API is a journey along the positions of a journal or a log. So an execution can begin at any position
//! and end at any other ([`leg`]), and a subscriber can be told by several of them, one after the other: by one of its own for
//! what lies behind it, then by the one that it shares ([`shared`]), by one of its own again if it falls behind ([`feed`]). Who
//! may share is decided by the document, the variables and the rights ([`plan`]).
//!
//! **Architecture Invariant:** nobody waits for a slow subscriber, and no queue grows for one: it falls behind, and catches up
//! from the store.

mod audience;
mod feed;
mod hub;
mod leg;
mod normal;
mod payload;
mod plan;
mod ring;
mod shared;
mod viewer;

use std::sync::Arc;

use async_graphql::{Executor, ObjectType, Request, Schema, SubscriptionType};
use futures::{StreamExt, stream::BoxStream};

pub(in crate::graphql) use feed::feed;
pub(in crate::graphql) use hub::Hub;
pub(crate) use leg::Leg;
pub use payload::{Payload, Tap, Told};
pub(crate) use viewer::depends_on_viewer;

/// An executor whose subscriptions may be shared among those who ask for the same.
pub trait Live: Executor {
    /// Runs a subscription. It does work only as fast as its responses are taken; dropping it ends it. Where there is a tap,
    /// responses may go through it instead of the stream as long as the stream is polled whenever it asks for it; the stream's
    /// own response never overtakes one in the tap, nor the other way round, if each is sent before the stream is polled again.
    fn subscribe(&self, request: Request, tap: Option<Arc<dyn Tap>>) -> BoxStream<'static, Told>;
}

/// A schema by itself shares nothing.
impl<Q, M, S> Live for Schema<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    fn subscribe(&self, request: Request, _: Option<Arc<dyn Tap>>) -> BoxStream<'static, Told> {
        Executor::execute_stream(self, request, None).map(Told::Response).boxed()
    }
}
