//! From what a client sent to what the schema executes.

use alm_domain::Role;
use async_graphql::{
    Request,
    parser::{
        parse_query,
        types::{DocumentOperations, ExecutableDocument, OperationType},
    },
};

use super::{DocumentLimits, Problem, TrustedDocuments, expansion, tokens};
use crate::{
    graphql::chosen,
    http::{
        Code,
        graphql::{Params, Source},
    },
};

/// A request whose document is parsed and within the limits.
pub(in crate::http) struct Prepared {
    /// Holds the parsed document, so that it is not parsed again.
    pub(in crate::http) request: Request,
    /// Of the operation that is to run.
    pub(in crate::http) kind: OperationType,
}

/// Parses and checks the document of somebody with this role, or finds it among those that were parsed and checked before.
pub(in crate::http) fn prepare(
    params: Params,
    role: Role,
    trusted: &TrustedDocuments,
    limits: &DocumentLimits,
) -> Result<Prepared, Problem> {
    let (text, document) = match params.source {
        Source::Named(hash) => {
            let known = trusted.named(hash)?;
            (known.text.clone(), known.parsed.clone())
        }
        Source::Text(text) => match trusted.required(role, &text)? {
            Some(known) => (text, known.parsed.clone()),
            None => {
                let document = parsed(&text, limits)?;
                (text, document)
            }
        },
    };
    let kind = kind(&document, params.operation_name.as_deref())?;
    let mut request = Request::new(text).variables(params.variables);
    request.extensions = params.extensions;
    request.operation_name = params.operation_name;
    request.set_parsed_query(document);
    Ok(Prepared { request, kind })
}

/// Parses a document that is within the limits.
pub(super) fn parsed(text: &str, limits: &DocumentLimits) -> Result<ExecutableDocument, Problem> {
    if text.len() > limits.bytes {
        return Err(Problem::excess("bytes", limits.bytes));
    }
    tokens::check(text, limits)?;
    let document = parse_query(text).map_err(|error| Problem::syntax(&error))?;
    expansion::check(&document, limits)?;
    Ok(document)
}

fn kind(document: &ExecutableDocument, name: Option<&str>) -> Result<OperationType, Problem> {
    if let Some(operation) = chosen(document, name) {
        return Ok(operation.ty);
    }
    let message = match (&document.operations, name) {
        (DocumentOperations::Single(_), _) => {
            "`operationName` names an operation, but the only one of the document has no name".to_owned()
        }
        (DocumentOperations::Multiple(_), Some(name)) => {
            format!("`operationName`: the document has no operation {:?}", alm_domain::shorten(name))
        }
        (DocumentOperations::Multiple(_), None) => {
            "the document has several operations: say in `operationName` which one to run".to_owned()
        }
    };
    Err(Problem::new(Code::GraphqlValidationFailed, message))
}
