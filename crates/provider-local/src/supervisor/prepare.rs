//! From a request to a plan: the source, the definition, the inputs.

use alm_domain::{Commit, ReasonCode, RunStatus, StatusReason, check_parameters};

use super::board::Board;
use crate::{
    definition::{Pipeline, parse},
    git::{Fetched, GitErrorKind},
    source::{Source, block_on, definition_path},
    spool::{RunDir, RunRequest},
};

/// What is needed before anything can run.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) source: Source,
    pub(crate) fetched: Fetched,
    pub(crate) pipeline: Pipeline,
    pub(crate) parameters: Vec<alm_domain::ParameterValue>,
}

/// How a build ends that never got to work.
pub(crate) type Stopped = (RunStatus, StatusReason);

/// Fetches the source and reads the definition; tells the commit as soon as it is known.
///
/// # Errors
/// How the build ends, when it cannot go on.
pub(crate) fn prepare(run: &RunDir, request: &RunRequest, board: &Board) -> Result<Prepared, Stopped> {
    let unwanted = || run.control().join("cancel.json").exists();
    let cancelled = || (RunStatus::Cancelled, super::conductor::cancelled());
    let source = Source::new(&request.places, &request.options.git, &request.spec.repository.url).map_err(no_source)?;
    // A repetition builds the commit that was built before, wherever the branch is now.
    let wanted = request.rerun.as_ref().and_then(|rerun| rerun.commit.as_ref()).map(|commit| commit.sha.as_str());
    let reference = wanted.unwrap_or(&request.reference);
    if let (Some(deploys), Some(made)) = (&request.deploys, &request.rerun) {
        let text = format!("deploying {} of build {} to {}", deploys.version, made.of_build, deploys.environment);
        board.say(None, 0, &text);
    }
    board.say(None, 0, &format!("fetching {} of {}", alm_domain::shorten(reference), request.spec.repository.url));
    let (fetched, commit) = block_on(source.fetch(reference), unwanted).map_err(no_source)?.ok_or_else(cancelled)?;
    tell_commit(board, &commit);
    let path = definition_path(request.spec.repository.directory.as_deref(), &request.options.pipeline_path);
    let invalid = |message: String| (RunStatus::Failed, StatusReason::new(ReasonCode::DefinitionInvalid, message));
    let text = block_on(source.definition(&fetched, &path), unwanted)
        .map_err(|cause| match cause.kind {
            GitErrorKind::TooLarge | GitErrorKind::Refused => invalid(cause.message),
            _ => no_source(cause),
        })?
        .ok_or_else(cancelled)?;
    let Some(text) = text else {
        return Err(invalid(format!(
            "the commit {} has no file {path}: add it, or say by the setting pipeline.path where it is",
            fetched.sha
        )));
    };
    let text = String::from_utf8(text).map_err(|_| invalid(format!("{path} is not UTF-8: save it as UTF-8")))?;
    let pipeline = parse(&text, &path).map_err(|problems| {
        for problem in &problems {
            board.say(None, 0, &problem.to_string());
        }
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        match problems.len() {
            0 | 1 => invalid(first),
            count => invalid(format!("{first} (and {} more, see the log)", count - 1)),
        }
    })?;
    let parameters = check_parameters(&pipeline.parameters, &request.parameters).map_err(|problems| {
        let told: Vec<String> = problems.iter().take(10).map(ToString::to_string).collect();
        (RunStatus::Failed, StatusReason::new(ReasonCode::ParameterInvalid, told.join("; ")))
    })?;
    Ok(Prepared { source, fetched, pipeline, parameters })
}

fn tell_commit(board: &Board, commit: &Commit) {
    let title = commit.title.as_deref().unwrap_or("");
    board.say(None, 0, &format!("building {} {}", commit.sha, alm_domain::shorten(title)));
    board.update_run(false, |run, _| run.commit = Some(commit.clone()));
}

fn no_source(cause: crate::git::GitError) -> Stopped {
    (RunStatus::Errored, StatusReason::new(ReasonCode::SourceUnavailable, cause.message))
}
