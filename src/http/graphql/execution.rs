//! Running an operation, and telling whether it ran.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_graphql::{
    Executor, Response, ServerError, Value,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute},
};
use async_trait::async_trait;
use futures::{StreamExt, stream::BoxStream};

use crate::{
    graphql::{Live, Payload, Tap, Told},
    http::{
        Code,
        document::{Prepared, Problem, brief},
    },
};

/// An extension for the schema that tells the transport when an execution has begun, so that an error without a path (of a
/// whole operation) is not taken for one of the request. Without it such an error is a request error.
#[derive(Debug, Clone, Copy, Default)]
pub struct MarkExecution;

impl ExtensionFactory for MarkExecution {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for MarkExecution {
    async fn execute(&self, ctx: &ExtensionContext<'_>, name: Option<&str>, next: NextExecute<'_>) -> Response {
        if let Some(mark) = ctx.data_opt::<Mark>() {
            mark.0.store(true, Ordering::Relaxed);
        }
        next.run(ctx, name).await
    }
}

/// Set once execution has begun.
#[derive(Clone, Default)]
struct Mark(Arc<AtomicBool>);

/// What came of an operation.
pub(in crate::http) enum Outcome {
    /// It was executed; the response may hold errors of fields.
    Executed(Response),
    /// It was not executed.
    Refused(Vec<ServerError>),
    /// It was cut off.
    TimedOut(Vec<ServerError>),
}

/// What a subscription says.
pub(in crate::http) enum Said {
    /// Something to this client alone.
    Alone(Outcome),
    /// A response that others get too.
    Shared(Payload),
}

/// Most errors that a refused request is told; a document can be wrong in thousands of places.
const MOST_ERRORS: usize = 10;

/// Runs a query or mutation for at most so long. Dropping the future stops it.
pub(in crate::http) async fn execute<E: Executor>(executor: &E, prepared: Prepared, limit: Duration) -> Outcome {
    let mark = Mark::default();
    let request = prepared.request.data(mark.clone());
    match tokio::time::timeout(limit, executor.execute(request)).await {
        Ok(response) => outcome(response, &mark),
        Err(_) => {
            let message = format!("the execution was cut off after {} s: ask for less at a time", limit.as_secs());
            Outcome::TimedOut(vec![Problem::new(Code::Timeout, message).into_error()])
        }
    }
}

/// Runs a subscription. It is polled, and so does work, only as fast as its events are taken; what goes through the tap does not
/// come out here.
pub(in crate::http) fn subscribe<E: Live>(
    executor: &E,
    prepared: Prepared,
    tap: Option<Arc<dyn Tap>>,
) -> BoxStream<'static, Said> {
    let mark = Mark::default();
    let mut first = true;
    executor
        .subscribe(prepared.request.data(mark.clone()), tap)
        .map(move |told| match told {
            Told::Response(response) if std::mem::take(&mut first) => Said::Alone(outcome(response, &mark)),
            Told::Response(response) => Said::Alone(Outcome::Executed(response)),
            Told::Shared(payload) => Said::Shared(payload),
            Told::Refused(error) => Said::Alone(Outcome::Refused(vec![error])),
        })
        .boxed()
}

fn outcome(response: Response, mark: &Mark) -> Outcome {
    let refused = !mark.0.load(Ordering::Relaxed)
        && response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty());
    if !refused {
        return Outcome::Executed(response);
    }
    let mut errors = response.errors;
    errors.truncate(MOST_ERRORS);
    for error in &mut errors {
        error.message = brief(&error.message);
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", Code::GraphqlValidationFailed.as_str());
        }
    }
    Outcome::Refused(errors)
}
