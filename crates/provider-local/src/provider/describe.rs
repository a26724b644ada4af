//! What a definition would do.

use std::{sync::Arc, time::Duration};

use alm_build_spi::{BuildConfigSpec, Description, Finding, ProviderError};

use super::{configs, local::Inner};
use crate::{
    definition::{parse, planned, shape},
    git::{GitError, GitErrorKind, check_reference},
    source::{Source, definition_path},
};

/// A call comes back within 30 s.
const PATIENCE: Duration = Duration::from_secs(25);

/// Reads the definition at a reference.
///
/// # Errors
/// [`ProviderError::Invalid`] with every finding, [`ProviderError::Unavailable`] when the source cannot be fetched now.
pub(super) async fn describe(
    inner: &Arc<Inner>,
    spec: &BuildConfigSpec,
    reference: &str,
) -> Result<Description, ProviderError> {
    let options = configs::validate(inner, spec)?;
    if let Err(problem) = check_reference(reference) {
        return Err(ProviderError::Invalid(vec![Finding::new(["reference"], problem.message())]));
    }
    let source = Source::new(&inner.places(), &options.git, &spec.repository.url).map_err(refused)?;
    let path = definition_path(spec.repository.directory.as_deref(), &options.pipeline_path);
    let reading = async {
        let (fetched, commit) = source.fetch(reference).await?;
        let text = source.definition(&fetched, &path).await?;
        Ok((commit, text))
    };
    let (commit, text) = match tokio::time::timeout(PATIENCE, reading).await {
        Ok(read) => read.map_err(refused)?,
        Err(late) => {
            return Err(ProviderError::unavailable("the repository did not answer in time: try again later", late));
        }
    };
    let missing = || {
        let message =
            format!("the commit {} has no file {path}: add it, or say by pipeline.path where it is", commit.sha);
        ProviderError::Invalid(vec![Finding::new(["definition"], message)])
    };
    let text = String::from_utf8(text.ok_or_else(missing)?).map_err(|_| {
        ProviderError::Invalid(vec![Finding::new(["definition"], format!("{path} is not UTF-8: save it as UTF-8"))])
    })?;
    let pipeline = parse(&text, &path).map_err(|problems| {
        ProviderError::Invalid(problems.iter().map(|p| Finding::new(["definition", &p.key], p.to_string())).collect())
    })?;
    Ok(Description {
        commit: Some(commit.sha),
        parameters: pipeline.parameters.clone(),
        shape: shape(&pipeline),
        stages: planned(&pipeline),
        without: Vec::new(),
    })
}

fn refused(error: GitError) -> ProviderError {
    let at = match error.kind {
        GitErrorKind::ReferenceNotFound => "reference",
        GitErrorKind::RepositoryNotFound | GitErrorKind::Refused | GitErrorKind::AuthenticationFailed => "repository",
        GitErrorKind::TooLarge => "definition",
        _ => {
            let message = error.message.clone();
            return ProviderError::unavailable(message, error);
        }
    };
    ProviderError::Invalid(vec![Finding::new([at], error.message)])
}
