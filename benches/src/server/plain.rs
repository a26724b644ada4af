//! async-graphql-axum as it comes, with a schema of the same shape as ours, over a broadcast channel: each subscriber's document
//! is executed for each line.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Context, EmptyMutation, Enum, ID, Interface, Object, Result, Schema, SimpleObject, Subscription, Union,
};
use async_graphql_axum::GraphQLSubscription;
use axum::Router;
use futures::{Stream, StreamExt, stream};
use tokio::{net::TcpListener, sync::broadcast};

use super::{
    Keep,
    source::{self, Line},
};
use crate::{
    pace::Commands,
    process::{Content, Ready, Setup},
};

/// Lines that a channel keeps for those who are behind.
const KEPT: usize = 1_024;

struct Builds {
    places: HashMap<String, usize>,
    channels: Arc<[broadcast::Sender<Arc<Line>>]>,
}

/// The schema must have a query.
struct Query;

#[Object]
impl Query {
    async fn is_there(&self) -> bool {
        true
    }
}

#[expect(clippy::duplicated_attributes, reason = "both fields have this type")]
#[derive(Interface)]
#[graphql(field(name = "cursor", ty = "&String"), field(name = "at", ty = "&String"))]
enum StreamEvent {
    LogBatch(LogBatch),
    StreamEnded(StreamEnded),
}

#[derive(Union)]
enum LogEvent {
    LogBatch(LogBatch),
    StreamEnded(StreamEnded),
}

#[derive(SimpleObject)]
struct LogBatch {
    cursor: String,
    at: String,
    last_seq: u64,
    lines: Vec<LogLine>,
}

#[derive(SimpleObject)]
struct StreamEnded {
    cursor: String,
    at: String,
    reason: String,
}

#[derive(SimpleObject)]
struct LogLine {
    seq: u64,
    at: Option<String>,
    text: String,
    stream: LogStream,
    level: Option<String>,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum LogStream {
    Stdout,
    Stderr,
}

struct Subscriptions;

#[Subscription]
impl Subscriptions {
    #[expect(unused_variables, reason = "the same arguments as ours, so that the same document can be sent")]
    async fn build_log(
        &self,
        ctx: &Context<'_>,
        build_id: ID,
        after: Option<String>,
        max_lines: Option<i32>,
        max_delay: Option<i32>,
    ) -> Result<impl Stream<Item = LogEvent> + use<>> {
        let builds = ctx.data::<Arc<Builds>>()?;
        let place = builds.places.get(build_id.as_str()).ok_or("no such build")?;
        let lines = stream::unfold(builds.channels[*place].subscribe(), |mut lines| async move {
            loop {
                match lines.recv().await {
                    Ok(line) => return Some((line, lines)),
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        });
        Ok(lines.map(|line| {
            let (number, at) = (line.number, source::now());
            let line = LogLine {
                seq: number,
                at: Some(at.clone()),
                text: line.text.clone(),
                stream: LogStream::Stdout,
                level: None,
            };
            LogEvent::LogBatch(LogBatch { cursor: source::cursor(number), at, last_seq: number, lines: vec![line] })
        }))
    }
}

pub(super) async fn start(setup: Setup, commands: Commands) -> crate::Result<(Ready, Keep)> {
    let Content::Running(count) = setup.content else { return Err("this server has running builds only".into()) };
    let (builds, places) = source::ids(count);
    let channels: Arc<[_]> = (0..count).map(|_| broadcast::channel(KEPT).0).collect();
    let outlets = Arc::clone(&channels);
    source::write(count, &commands, move |build, line| {
        // Nobody may be listening.
        let _ = outlets[build].send(Arc::new(line));
    });
    let schema = Schema::build(Query, EmptyMutation, Subscriptions)
        .register_output_type::<StreamEvent>()
        .data(Arc::new(Builds { places, channels }))
        .finish();
    let router = Router::new().route_service("/graphql", GraphQLSubscription::new(schema));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        axum::serve(axum::serve::ListenerExt::tap_io(listener, |stream| _ = stream.set_nodelay(true)), router).await
    });
    Ok((Ready { address, builds }, Box::new(())))
}
