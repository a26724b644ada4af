//! What a build says that it made, where it is kept elsewhere.

use serde::{Deserialize, Serialize};

use crate::StageKey;

/// Something that a build made, or found out, and that is kept elsewhere or is nothing but a value: an image in a registry, a result
/// of the pipeline. Files that the provider keeps are [`Artifact`](crate::Artifact)s.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// What the pipeline calls it, such as `IMAGE`. Unique among the outputs of its stage, or of the build as a whole.
    pub name: String,
    /// What it is.
    pub kind: OutputKind,
    /// The stage that told it; `None` for the build as a whole.
    pub stage: Option<StageKey>,
    /// Where it is kept (an image's address, a URI), or the value.
    pub value: String,
    /// What is kept there, as `ALGORITHM:HEX`; always there for an image.
    pub digest: Option<String>,
    /// How it was made, where somebody has vouched for that.
    pub provenance: Option<Provenance>,
}

/// What an output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OutputKind {
    /// An image in a registry.
    Image,
    /// Another thing that is kept elsewhere under a digest.
    Object,
    /// A value.
    Result,
}

/// That the engine has signed how something was made. It is what the engine says; nobody here has checked the signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Who says so, such as `Tekton Chains`.
    pub by: String,
    /// The entry in a transparency log, where there is one.
    pub log_url: Option<String>,
}
