//! Doors for the fuzz targets: each takes foreign input, and asserts what must hold whatever it is.

use alm_domain::Role;
use async_graphql::{Extensions, Variables, parser::parse_query};
use axum::{extract::Query, http::Uri};

use super::{
    DocumentLimits, TrustedDocuments,
    document::{Problem, judge, prepare},
    graphql::{Params, Source},
    ws,
};

/// A document, from its text to what the schema executes. Whatever passes is within the limits when it is really expanded.
pub fn document(text: &str) {
    let limits = DocumentLimits::default();
    let params = Params {
        source: Source::Text(text.to_owned()),
        operation_name: None,
        variables: Variables::default(),
        extensions: Extensions::default(),
    };
    match prepare(params, Role::Admin, &TrustedDocuments::default(), &limits) {
        Ok(_) => {
            let expanded = parse_query(text).is_ok_and(|document| judge(&document, &limits));
            assert!(expanded, "a document over the limits was let through");
        }
        Err(problem) => short(problem),
    }
}

/// The body of a POST, or the payload of a websocket's `subscribe`.
pub fn body(bytes: &[u8]) {
    if let Err(problem) = Params::from_json(bytes, &DocumentLimits::default()) {
        short(problem);
    }
}

/// The query string of a GET.
pub fn query_string(text: &str) {
    let Ok(uri) = Uri::builder().path_and_query(format!("/graphql?{text}")).build() else { return };
    let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(&uri) else { return };
    if let Err(problem) = Params::from_query_string(pairs, &DocumentLimits::default()) {
        short(problem);
    }
}

/// A message of a websocket.
pub fn message(text: &str) {
    if let Some(reason) = ws::close_reason(text) {
        assert!(reason.len() <= 123, "the reason does not fit into a close frame");
    }
}

fn short(problem: Problem) {
    assert!(problem.into_error().message.len() <= 200, "a refusal is longer than 200 bytes");
}
