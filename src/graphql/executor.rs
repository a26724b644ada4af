//! What runs documents: the schema, with the loaders of each execution.

use std::{any::TypeId, sync::Arc, time::Duration};

use alm_domain::Principal;
use async_graphql::{
    Data, Executor, Request, Response, ServerError, dataloader::DataLoader, extensions::ExtensionFactory,
    parser::types::OperationType,
};
use futures::{StreamExt, stream::BoxStream};

use super::{
    audit::Refusals,
    error::ErrorCode,
    live::{Hub, Leg, Live, Tap, Told, feed},
    loaders::Batches,
    operation::chosen,
    schema::{AlmSchema, Limits, schema},
};
use crate::app::{App, Timing};

/// The API over an application. Cheap to clone. Every request must carry a [`Principal`] in its data; one without is refused.
#[derive(Clone)]
pub struct Api {
    pub(super) app: App,
    schema: AlmSchema,
    pub(super) hub: Arc<Hub>,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").finish_non_exhaustive()
    }
}

impl Api {
    /// The API over this application.
    #[must_use]
    pub fn new(app: App, limits: Limits, timing: Timing) -> Self {
        Self { schema: schema(app.clone(), limits, timing).finish(), app, hub: Arc::default() }
    }

    /// The same with an extension, which slows down every field: for what is to be found out about the schema itself.
    #[must_use]
    pub fn extended(app: App, limits: Limits, timing: Timing, extension: impl ExtensionFactory) -> Self {
        let schema = schema(app.clone(), limits, timing).extension(extension).finish();
        Self { schema, app, hub: Arc::default() }
    }

    /// Puts the loaders of one execution into a request; they carry the principal.
    fn prepare(&self, request: Request, principal: Principal) -> Request {
        let batches = Batches { app: self.app.clone(), principal };
        // The loader's task lives no longer than the execution that waits for it.
        request.data(DataLoader::new(batches, tokio::spawn).delay(GATHER))
    }

    /// An execution of a subscription that nobody shares.
    pub(super) fn alone(&self, request: Request, principal: Principal, leg: &Leg) -> BoxStream<'static, Response> {
        let request = self.prepare(request.data(principal.clone()).data(leg.clone()), principal);
        self.schema.execute_stream(request).map(coded).boxed()
    }
}

/// Who asks, as the transport has said.
fn principal(request: &Request) -> Option<Principal> {
    request.data.get(&TypeId::of::<Principal>())?.downcast_ref::<Principal>().cloned()
}

impl Live for Api {
    fn subscribe(&self, request: Request, tap: Option<Arc<dyn Tap>>) -> BoxStream<'static, Told> {
        match principal(&request) {
            Some(principal) => feed(self.clone(), principal, request, tap),
            None => futures::stream::once(std::future::ready(Told::Response(refused()))).boxed(),
        }
    }
}

/// Whether what is asked for is a mutation. A document that does not parse is none.
fn is_mutation(request: &mut Request) -> bool {
    let name = request.operation_name.clone();
    let Ok(document) = request.parsed_query() else { return false };
    chosen(document, name.as_deref()).is_some_and(|operation| operation.ty == OperationType::Mutation)
}

fn refused() -> Response {
    failure(ErrorCode::Unauthenticated, "sign in first")
}

fn failure(code: ErrorCode, message: &str) -> Response {
    let mut error = ServerError::new(message, None);
    error.extensions.get_or_insert_default().set("code", code.name());
    Response::from_errors(vec![error])
}

impl Executor for Api {
    async fn execute(&self, request: Request) -> Response {
        let Some(principal) = principal(&request) else { return refused() };
        let mut request = self.prepare(request, principal.clone());
        if !is_mutation(&mut request) {
            return coded(self.schema.execute(request).await);
        }
        // A client that goes away, or a time limit, must not leave half of a change behind.
        let (schema, app, refusals) = (self.schema.clone(), self.app.clone(), Arc::<Refusals>::default());
        let change = async move {
            let response = schema.execute(request.data(Arc::clone(&refusals))).await;
            app.acted(&principal, refusals.take()).await;
            response
        };
        match self.app.finish(change).await {
            Ok(response) => coded(response),
            Err(_) => failure(ErrorCode::Internal, "the service failed: quote the request id"),
        }
    }

    fn execute_stream(&self, request: Request, _: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        match principal(&request) {
            Some(principal) => self.alone(request, principal, &Leg::default()),
            None => futures::stream::once(std::future::ready(refused())).boxed(),
        }
    }
}

/// How long a loader waits for more keys. The fields of a list ask one after another, on another thread than the loader's: one
/// that does not wait asks the database again and again.
const GATHER: Duration = Duration::from_millis(1);

/// Most bytes of a message that is not ours.
const LONGEST_MESSAGE: usize = 300;

/// Gives every error that has no code of its own (validation, limits, values of a wrong type) the code that it deserves. Its
/// message comes from the library, which echoes whole values: that part goes, since any value may be a secret in the wrong place, and what
/// is left is cut.
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
            forget_value(&mut error.message);
            if error.message.len() > LONGEST_MESSAGE {
                error.message.truncate(error.message.floor_char_boundary(LONGEST_MESSAGE));
                error.message.push('…');
            }
        }
    }
    response
}

/// Takes the value out of the library's words on one of a wrong type.
fn forget_value(message: &mut String) {
    let words = message.find("xpected input type \"").unwrap_or(message.len());
    if let Some(at) = message[words..].find("\", found ") {
        message.truncate(words + at + 1);
        message.push('.');
    }
}
