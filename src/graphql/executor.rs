//! What runs documents: the schema, with the loaders of each execution.

use std::{any::TypeId, sync::Arc, time::Duration};

use alm_domain::Principal;
use async_graphql::{
    Data, Executor, Request, Response, ServerError, dataloader::DataLoader, extensions::ExtensionFactory,
    parser::types::OperationType,
};
use futures::{StreamExt, stream::BoxStream};

use super::{
    error::ErrorCode,
    loaders::Batches,
    schema::{AlmSchema, Limits, schema},
};
use crate::app::{App, Timing};

/// The API over an application. Cheap to clone. Every request must carry a [`Principal`] in its data; one without is refused.
#[derive(Clone)]
pub struct Api {
    app: App,
    schema: AlmSchema,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").finish_non_exhaustive()
    }
}

impl Api {
    /// The API over this application. `extension` is the transport's own: it learns from it when an execution has begun.
    #[must_use]
    pub fn new(app: App, limits: Limits, timing: Timing, extension: impl ExtensionFactory) -> Self {
        Self { schema: schema(app.clone(), limits, timing, extension), app }
    }

    /// Puts the loaders of one execution into a request; they carry the principal. `None` for a request without one.
    fn prepare(&self, request: Request) -> Option<Request> {
        let principal = request.data.get(&TypeId::of::<Principal>())?.downcast_ref::<Principal>()?.clone();
        let batches = Batches { app: self.app.clone(), principal };
        // The loader's task lives no longer than the execution that waits for it.
        Some(request.data(DataLoader::new(batches, tokio::spawn).delay(Duration::ZERO)))
    }
}

/// Whether what is asked for is a mutation. A document that does not parse is none.
fn is_mutation(request: &mut Request) -> bool {
    let name = request.operation_name.clone();
    let Ok(document) = request.parsed_query() else { return false };
    document
        .operations
        .iter()
        .filter(|(operation, _)| name.is_none() || operation.map(async_graphql::Name::as_str) == name.as_deref())
        .any(|(_, operation)| operation.node.ty == OperationType::Mutation)
}

fn refused() -> Response {
    let mut error = ServerError::new("sign in first", None);
    error.extensions.get_or_insert_default().set("code", ErrorCode::Unauthenticated.name());
    Response::from_errors(vec![error])
}

impl Executor for Api {
    async fn execute(&self, request: Request) -> Response {
        let Some(mut request) = self.prepare(request) else { return refused() };
        if !is_mutation(&mut request) {
            return coded(self.schema.execute(request).await);
        }
        // A client that goes away, or a time limit, must not leave half of a change behind.
        let schema = self.schema.clone();
        match self.app.finish(async move { schema.execute(request).await }).await {
            Ok(response) => coded(response),
            Err(_) => Response::from_errors(vec![ServerError::new("the service failed: quote the request id", None)]),
        }
    }

    fn execute_stream(&self, request: Request, session_data: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        match self.prepare(request) {
            Some(request) => Executor::execute_stream(&self.schema, request, session_data).map(coded).boxed(),
            None => futures::stream::once(std::future::ready(refused())).boxed(),
        }
    }
}

/// Gives every error that has no code of its own (validation, limits) the code that it deserves.
fn coded(mut response: Response) -> Response {
    for error in &mut response.errors {
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            let code = if error.message.contains("too complex") || error.message.contains("too deep") {
                ErrorCode::QueryTooCostly
            } else if error.path.is_empty() {
                ErrorCode::GraphqlValidationFailed
            } else {
                ErrorCode::BadArgument
            };
            extensions.set("code", code.name());
        }
    }
    response
}
