//! How a client gives its document.

use async_graphql::{Extensions, Value};

use super::params::bad;
use crate::http::document::{DocumentHash, Problem};

/// A document, or what it is called.
#[derive(Debug, PartialEq)]
pub(in crate::http) enum Source {
    /// Its text.
    Text(String),
    /// The name of one that the server has.
    Named(DocumentHash),
}

impl Source {
    /// From the parameters of a request: `query`, `documentId` (GraphQL over HTTP, appendix A) and
    /// `extensions.persistedQuery` (as Apollo's clients send it). A text that comes with a hash must have it; it is not kept.
    pub(super) fn read(
        query: Option<String>,
        document_id: Option<String>,
        extensions: &Extensions,
    ) -> Result<Self, Problem> {
        let persisted = match extensions.get("persistedQuery") {
            None | Some(Value::Null) => None,
            Some(persisted) => Some(persisted_query(persisted)?),
        };
        match (query, document_id, persisted) {
            (Some(text), None, None) => Ok(Self::Text(text)),
            (Some(text), None, Some(hash)) if DocumentHash::of(&text) == hash => Ok(Self::Text(text)),
            (Some(_), None, Some(_)) => Err(bad(
                "`extensions.persistedQuery.sha256Hash` is not the SHA-256 of `query`: send the one or the other",
            )),
            (None, Some(id), None) => match id.strip_prefix("sha256:").map(str::parse) {
                Some(Ok(hash)) => Ok(Self::Named(hash)),
                _ => {
                    Err(bad("`documentId` must be `sha256:` and the 64 hexadecimal digits of the hash, in lower case"))
                }
            },
            (None, None, Some(hash)) => Ok(Self::Named(hash)),
            (None, None, None) => Err(bad("`query` is missing: it must be a string, the GraphQL document")),
            (_, Some(_), _) => Err(bad("send only one of `documentId`, `query` and `extensions.persistedQuery`")),
        }
    }
}

fn persisted_query(value: &Value) -> Result<DocumentHash, Problem> {
    let hash = match value {
        Value::Object(fields) if fields.get("version") == Some(&Value::from(1)) => match fields.get("sha256Hash") {
            Some(Value::String(hash)) => hash.parse().ok(),
            _ => None,
        },
        _ => None,
    };
    hash.ok_or_else(|| {
        bad("`extensions.persistedQuery` must be {\"version\": 1, \"sha256Hash\": the 64 hexadecimal digits, in lower case}")
    })
}
