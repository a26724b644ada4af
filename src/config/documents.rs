//! Section `documents`.

use std::path::PathBuf;

use alm_domain::Role;

use super::{Fallback, macros::section};

section! {
    /// GraphQL documents that the server knows before a client asks for them.
    pub struct Documents in "documents" {
        /// Manifest of trusted documents: a JSON file with an object from the SHA-256 of each document (64 hexadecimal digits,
        /// in lower case) to its text, as graphql-codegen writes it with `hashAlgorithm: "sha256"`. Clients then send the hash
        /// alone. Read when the server starts; each hash is checked. The documents of the pages need not be in it.
        pub manifest: Option<PathBuf> = Fallback::Unset("none but the documents of the pages");

        /// Roles that may send no other documents than those of the manifest and of the pages. `alm build` and GraphiQL do not keep
        /// to them.
        pub only_for: Vec<Role> = Fallback::Unset("none: everybody may send any document that is within the limits");
    }
}
