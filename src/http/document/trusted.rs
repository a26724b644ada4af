//! Documents that the server knows before anybody asks for them.

use std::{collections::HashMap, fmt, sync::Arc};

use alm_domain::Role;
use async_graphql::parser::types::ExecutableDocument;

use super::{DocumentHash, Problem};
use crate::http::Code;

/// The documents of a manifest, parsed and checked, by the SHA-256 of their text; and who may send no others. Without a manifest
/// there are none, and everybody may send what they like.
#[derive(Default)]
pub struct TrustedDocuments {
    pub(super) documents: HashMap<DocumentHash, Arc<Document>>,
    only_for: Vec<Role>,
}

/// A document that is parsed and within the limits.
pub(super) struct Document {
    pub(super) text: String,
    pub(super) parsed: ExecutableDocument,
}

impl TrustedDocuments {
    /// The same documents; whoever has one of these roles may send no others. The text of one of them does as well as its name.
    #[must_use]
    pub fn only_for(mut self, roles: Vec<Role>) -> Self {
        self.only_for = roles;
        self
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.documents.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// The document of this name.
    pub(super) fn named(&self, hash: DocumentHash) -> Result<Arc<Document>, Problem> {
        let unknown = || {
            Problem::new(
                Code::PersistedQueryNotFound,
                "the server knows no document with this hash: send its text, or have it added to the server's manifest",
            )
        };
        self.documents.get(&hash).cloned().ok_or_else(unknown)
    }

    /// The document with this text, where one of this role may send no others; `None` to whoever may send anything.
    pub(super) fn required(&self, role: Role, text: &str) -> Result<Option<Arc<Document>>, Problem> {
        if !self.only_for.contains(&role) {
            return Ok(None);
        }
        let foreign = || {
            Problem::new(
                Code::PersistedQueryRequired,
                "your role may send only documents that the server knows: this one is not in the server's manifest",
            )
        };
        self.documents.get(&DocumentHash::of(text)).cloned().map(Some).ok_or_else(foreign)
    }
}

impl fmt::Debug for TrustedDocuments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustedDocuments")
            .field("documents", &self.documents.len())
            .field("only_for", &self.only_for)
            .finish()
    }
}
