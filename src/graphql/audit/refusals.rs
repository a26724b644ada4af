//! What was asked for and not done.

use std::sync::{Mutex, PoisonError};

use alm_domain::{AnyId, AuditOutcome};
use alm_store::{Refusal, StoreError};
use async_graphql::{Context, Value};

use crate::app::AppError;

/// Verbs of more than one word, as mutations are named by them.
const PHRASES: [&str; 1] = ["rollBack"];

/// What the mutations of one request were refused; written to the audit trail when the request is over.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<Vec<Refusal>>);

impl Refusals {
    /// Takes the refusals out.
    pub(crate) fn take(&self) -> Vec<Refusal> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keeps an error in mind if it is of interest to who looks after the instance: somebody asked for what it may not do or
    /// know, or something failed. A mistake in a form is neither.
    pub(crate) fn note(ctx: &Context<'_>, error: &AppError) {
        let Some(outcome) = outcome_of(error) else { return };
        let Ok(refusals) = ctx.data::<std::sync::Arc<Self>>() else { return };
        let field = ctx.field();
        let arguments = field.arguments().unwrap_or_default();
        let subject = arguments.iter().find_map(|(_, value)| subject_in(value));
        let verb = verb(field.name());
        let refusal = Refusal { verb, subject, summary: error.to_string(), outcome };
        refusals.0.lock().unwrap_or_else(PoisonError::into_inner).push(refusal);
    }
}

fn outcome_of(error: &AppError) -> Option<AuditOutcome> {
    match error {
        AppError::Forbidden(_) | AppError::NotFound(_) | AppError::Store(StoreError::Forbidden(_)) => {
            Some(AuditOutcome::Denied)
        }
        AppError::Provider(_) | AppError::Store(_) => Some(AuditOutcome::Failed),
        _ => None,
    }
}

/// The first id in the input of a mutation: what it is about.
fn subject_in(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.parse::<AnyId>().ok().map(|_| text.clone()),
        Value::Object(fields) => fields.values().find_map(subject_in),
        _ => None,
    }
}

/// The verb of the audit trail for a mutation: `build.start` for `startBuild`.
pub(crate) fn verb(mutation: &str) -> String {
    let phrase = PHRASES.into_iter().find(|phrase| mutation.starts_with(phrase)).map(str::len);
    let end = phrase.or_else(|| mutation.find(|c: char| c.is_ascii_uppercase())).unwrap_or(mutation.len());
    let (verb, noun) = mutation.split_at(end);
    let mut letters = noun.chars();
    match letters.next() {
        Some(first) => format!("{}{}.{verb}", first.to_ascii_lowercase(), letters.as_str()),
        None => verb.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_is_the_noun_and_what_is_done_to_it() {
        for (mutation, expected) in [
            ("startBuild", "build.start"),
            ("createBuildService", "buildService.create"),
            ("rollBackDeployment", "deployment.rollBack"),
            ("startOAuthConnection", "oAuthConnection.start"),
            ("ping", "ping"),
        ] {
            assert_eq!(verb(mutation), expected);
        }
    }

    #[test]
    fn the_subject_is_the_first_id() {
        let input = Value::from_json(serde_json::json!({"input": {
            "name": "x", "projectId": "prj_00000000000000000000000000000001", "userId": "usr_00000000000000000000000000000002",
        }}));
        assert_eq!(subject_in(&input.unwrap()).as_deref(), Some("prj_00000000000000000000000000000001"));
        assert_eq!(subject_in(&Value::from("no id")), None);
    }
}
