//! Running an operation, and telling whether it ran.

use std::{sync::Arc, time::Duration};

use async_graphql::{Executor, Response, ServerError, Value, parser::types::OperationType};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};

use crate::{
    graphql::{Live, Payload, Tap, Told},
    http::{
        Code,
        document::{Prepared, Problem, brief},
    },
};

/// What came of an operation.
pub(in crate::http) enum Outcome {
    /// It was executed; the response may hold errors of fields.
    Executed(Response),
    /// It was not executed.
    Refused(Vec<ServerError>),
    /// It was cut off.
    TimedOut(Vec<ServerError>),
}

/// What an operation says, told as a stream.
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
    match tokio::time::timeout(limit, executor.execute(prepared.request)).await {
        Ok(response) => outcome(response),
        Err(_) => {
            let message = format!("the execution was cut off after {} s: ask for less at a time", limit.as_secs());
            Outcome::TimedOut(vec![Problem::new(Code::Timeout, message).into_error()])
        }
    }
}

/// How long operations that are told as streams may go on when the server goes: they say by themselves why they end.
pub(in crate::http) const LAST_WORDS: Duration = Duration::from_secs(3);

/// Runs an operation of any kind, a query or mutation for at most so long. It is polled, and so does work, only as fast as what
/// it says is taken; what goes through the tap does not come out here.
pub(in crate::http) fn run<E: Live>(
    executor: &E,
    prepared: Prepared,
    limit: Duration,
    tap: Option<Arc<dyn Tap>>,
) -> BoxStream<'static, Said> {
    match prepared.kind {
        OperationType::Subscription => subscribe(executor, prepared, tap),
        OperationType::Query | OperationType::Mutation => {
            let executor = executor.clone();
            stream::once(async move { Said::Alone(execute(&executor, prepared, limit).await) }).boxed()
        }
    }
}

fn subscribe<E: Live>(executor: &E, prepared: Prepared, tap: Option<Arc<dyn Tap>>) -> BoxStream<'static, Said> {
    let mut first = true;
    executor
        .subscribe(prepared.request, tap)
        .map(move |told| match told {
            Told::Response(response) if std::mem::take(&mut first) => Said::Alone(outcome(response)),
            Told::Response(response) => Said::Alone(Outcome::Executed(response)),
            Told::Shared(payload) => Said::Shared(payload),
            Told::Refused(error) => Said::Alone(Outcome::Refused(vec![error])),
        })
        .boxed()
}

/// What is wrong with a request has no path, as what is wrong in a field has. A fault of the service has none either, and is no
/// fault of the request. (An extension of the schema could tell whether anything was executed, but is asked about every field.)
fn outcome(response: Response) -> Outcome {
    let is_fault = |error: &ServerError| {
        let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
        code.is_some_and(|code| *code == Value::from(Code::Internal.as_str()))
    };
    let refused = response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty() && !is_fault(error));
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
