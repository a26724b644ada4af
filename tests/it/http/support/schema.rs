//! The schema of the tests.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use alm::http::RequestId;
use alm_domain::Principal;
use async_graphql::{Context, Object, Schema, Subscription};
use futures::{Stream, StreamExt, stream};

pub(crate) type TestSchema = Schema<Query, Mutation, Live>;

/// What the tests can see of the work that the schema does.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    /// Mutations that ran.
    pub(crate) mutations: AtomicI64,
    /// Streams that are alive.
    pub(crate) streams: AtomicUsize,
    /// Events that were pulled from a stream.
    pub(crate) pulled: AtomicUsize,
}

pub(crate) fn schema(traces: Arc<Traces>) -> TestSchema {
    Schema::build(Query, Mutation, Live).data(traces).finish()
}

fn traces<'a>(ctx: &'a Context<'_>) -> &'a Arc<Traces> {
    ctx.data_unchecked()
}

pub(crate) struct Query;

#[Object]
impl Query {
    async fn hello(&self, #[graphql(default_with = "\"world\".to_owned()")] name: String) -> String {
        format!("Hello, {name}")
    }

    async fn me(&self, ctx: &Context<'_>) -> async_graphql::Result<String> {
        let _: &RequestId = ctx.data()?;
        Ok(ctx.data::<Principal>()?.key())
    }

    async fn viewer(&self) -> Viewer {
        Viewer
    }

    async fn forbidden(&self) -> async_graphql::Result<bool> {
        Err(async_graphql::Error::new("not for you"))
    }

    async fn slow(&self) -> bool {
        std::future::pending().await
    }

    /// A text of so many bytes.
    async fn long(&self, bytes: usize) -> String {
        "x".repeat(bytes)
    }

    async fn itself(&self) -> Query {
        Query
    }
}

/// Who asks, as the pages ask for it.
pub(crate) struct Viewer;

#[Object]
impl Viewer {
    async fn user(&self) -> Option<User> {
        Some(User)
    }
}

pub(crate) struct User;

#[Object]
impl User {
    async fn display_name(&self) -> &'static str {
        "Tess"
    }
}

pub(crate) struct Mutation;

#[Object]
impl Mutation {
    async fn add(&self, ctx: &Context<'_>, #[graphql(default = 1)] by: i64) -> i64 {
        traces(ctx).mutations.fetch_add(by, Ordering::SeqCst) + by
    }
}

pub(crate) struct Live;

#[Subscription]
impl Live {
    /// 1, 2, … `to`.
    async fn count(&self, ctx: &Context<'_>, to: usize) -> impl Stream<Item = usize> {
        traced(ctx, stream::iter(1..=to))
    }

    /// Says nothing, for ever.
    async fn silence(&self, ctx: &Context<'_>) -> impl Stream<Item = usize> {
        traced(ctx, stream::pending())
    }

    /// 1, 2, … with pauses, for ever.
    async fn ticks(&self, ctx: &Context<'_>, #[graphql(default = 20)] pause: u64) -> impl Stream<Item = usize> {
        let ticks = stream::unfold(0, move |n| async move {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            Some((n + 1, n + 1))
        });
        traced(ctx, ticks)
    }

    /// Large texts, as fast as they are taken, for ever.
    async fn flood(&self, ctx: &Context<'_>) -> impl Stream<Item = String> {
        traced(ctx, stream::repeat("x".repeat(16 << 10)))
    }

    async fn refused(&self) -> async_graphql::Result<impl Stream<Item = usize>> {
        Err::<stream::Empty<usize>, _>(async_graphql::Error::new("not for you"))
    }
}

struct Alive(Arc<Traces>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::SeqCst);
    }
}

fn traced<T>(ctx: &Context<'_>, events: impl Stream<Item = T>) -> impl Stream<Item = T> {
    let alive = Alive(Arc::clone(traces(ctx)));
    alive.0.streams.fetch_add(1, Ordering::SeqCst);
    events.inspect(move |_| {
        alive.0.pulled.fetch_add(1, Ordering::SeqCst);
    })
}
