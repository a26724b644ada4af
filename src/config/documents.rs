//! Section `documents`.

use std::path::PathBuf;

use alm_domain::Role;

use super::{Fallback, Problem, macros::section};

section! {
    /// GraphQL documents that the server knows before a client asks for them.
    pub struct Documents in "documents" {
        /// Manifest of trusted documents: a JSON file with an object from the SHA-256 of each document (64 hexadecimal digits,
        /// in lower case) to its text, as graphql-codegen writes it with `hashAlgorithm: "sha256"`. Clients then send the hash
        /// alone. Read when the server starts; each hash is checked.
        pub manifest: Option<PathBuf> = Fallback::Unset("none: clients send the text of their documents");

        /// Roles that may send no other documents than those of the manifest, which `alm build` and GraphiQL do not keep to.
        pub only_for: Vec<Role> = Fallback::Unset("none: everybody may send any document that is within the limits");
    }
}

/// Without a manifest those roles could do nothing at all.
pub(super) fn only_without_any(documents: &Documents) -> Option<Problem> {
    (documents.manifest.is_none() && !documents.only_for.is_empty()).then(|| {
        Problem(
            "documents.only_for restricts roles to the documents of a manifest, but there is none: set documents.manifest \
             (ALM_DOCUMENTS_MANIFEST), or unset documents.only_for"
                .to_owned(),
        )
    })
}
