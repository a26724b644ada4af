//! The file that trusted documents come from.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use alm_domain::shorten;

use super::{DocumentHash, DocumentLimits, TrustedDocuments, parsed, trusted::Document};
use crate::http::pages::bundled_documents;

const LARGEST_FILE: u64 = 16 << 20;

/// Why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the manifest of trusted documents {path} {problem}", path = path.display())]
pub struct ManifestError {
    path: PathBuf,
    #[source]
    problem: ManifestProblem,
}

#[derive(Debug, thiserror::Error)]
enum ManifestProblem {
    #[error("cannot be read ({0}): name one that can")]
    Io(#[source] io::Error),
    #[error("is larger than 16 MiB: leave out what clients no longer use")]
    TooLarge,
    #[error("is not a JSON object from hashes to documents ({0}): write {{\"SHA-256 of the text\": \"text\", …}}")]
    Shape(#[source] serde_json::Error),
    #[error(
        "has the key {0:?}, which is no SHA-256 (64 hexadecimal digits in lower case): have it made with SHA-256 \
         (in graphql-codegen: `persistedDocuments: {{ hashAlgorithm: \"sha256\" }}`)"
    )]
    Key(String),
    #[error("has under {claimed} a document whose SHA-256 is {actual}: have the file made anew")]
    Mismatch { claimed: DocumentHash, actual: DocumentHash },
    #[error("has under {hash} a document that cannot be run: {message}")]
    Document { hash: DocumentHash, message: String },
}

impl TrustedDocuments {
    /// Reads a manifest: a JSON object from the SHA-256 of each document to its text, as graphql-codegen writes it.
    ///
    /// # Errors
    /// If the file cannot be read or is no such object, or one of its documents does not have the hash that it is kept under,
    /// does not parse, or is over the limits. Whether the documents fit the schema is told to whoever asks for them.
    pub fn load(path: &Path, limits: &DocumentLimits) -> Result<Self, ManifestError> {
        Self::read(path, limits).map_err(|problem| ManifestError { path: path.to_owned(), problem })
    }

    /// These documents, and those of the manifest that the pages of this program bring along.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn with_pages(mut self, limits: &DocumentLimits) -> Result<Self, ManifestError> {
        let Some(manifest) = bundled_documents() else { return Ok(self) };
        let of_pages = Self::parse(&manifest, limits)
            .map_err(|problem| ManifestError { path: PathBuf::from("of the pages"), problem })?;
        self.documents.extend(of_pages.documents);
        Ok(self)
    }

    fn read(path: &Path, limits: &DocumentLimits) -> Result<Self, ManifestProblem> {
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(ManifestProblem::Io)?;
        file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(ManifestProblem::Io)?;
        if bytes.len() as u64 > LARGEST_FILE {
            return Err(ManifestProblem::TooLarge);
        }
        Self::parse(&bytes, limits)
    }

    fn parse(bytes: &[u8], limits: &DocumentLimits) -> Result<Self, ManifestProblem> {
        let texts: HashMap<String, String> = serde_json::from_slice(bytes).map_err(ManifestProblem::Shape)?;
        let mut trusted = Self::default();
        for (key, text) in texts {
            let claimed: DocumentHash = key.parse().map_err(|()| ManifestProblem::Key(shorten(&key).to_string()))?;
            let actual = DocumentHash::of(&text);
            if claimed != actual {
                return Err(ManifestProblem::Mismatch { claimed, actual });
            }
            let parsed = parsed(&text, limits)
                .map_err(|problem| ManifestProblem::Document { hash: claimed, message: problem.message })?;
            trusted.documents.insert(claimed, Arc::new(Document { text, parsed }));
        }
        Ok(trusted)
    }
}
