//! What is noted on a run when it is started: how the settings of its build service concern it. So the run is all that is needed to
//! follow it, whatever becomes of the settings.

use std::collections::BTreeMap;

use alm_domain::{BuildId, Capability, CapabilityNote, Commit, clean_text};
use kube::core::DynamicObject;
use serde::{Deserialize, Serialize};

use crate::repeating::{Drawn, checked};

/// The annotation that holds it.
pub(crate) const NOTE: &str = "alm.build/run";
/// The longest that is read.
const LONGEST: usize = 64 << 10;
/// The longest reason that is told, in characters.
const LONGEST_REASON: usize = 500;
/// The most warnings that are told.
const MOST_WARNINGS: usize = 20;
/// How runs can be stopped.
pub(crate) const MODES: [&str; 3] = ["Cancelled", "CancelledRunFinally", "StoppedRunFinally"];

/// What is noted on a run. Whoever may change the run may change it: it is data, and nothing is allowed because of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Note {
    /// The environments that tasks deploy to, by task.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) environments: BTreeMap<String, String>,
    /// How many secrets its Secrets hold: so many must be known before its logs are told.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) secrets: u32,
    /// The environments whose token comes later, and the Secret that will hold it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) withheld: BTreeMap<String, String>,
    /// How it is stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cancel: Option<String>,
    /// The commit that a deployment brings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) commit: Option<Commit>,
    /// What it repeats in part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) repeats: Option<Repeats>,
    /// What is odd about it, for people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<String>,
    /// What it cannot do although the provider can.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) without: Vec<CapabilityNote>,
}

/// What a run repeats in part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Repeats {
    /// The run.
    pub(crate) of: String,
    /// The build.
    pub(crate) build: BuildId,
    /// The whole pipeline.
    pub(crate) tasks: Vec<Drawn>,
}

impl Repeats {
    /// Whether there is room for it in a note, beside all else.
    pub(crate) fn fits(&self) -> bool {
        serde_json::json!(self).to_string().len() <= LONGEST / 2
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl Note {
    /// What is noted on this run; nothing on those that others have started.
    pub(crate) fn of(run: &DynamicObject) -> Self {
        let text = run.metadata.annotations.as_ref().and_then(|all| all.get(NOTE));
        let read = text.filter(|text| text.len() <= LONGEST).and_then(|text| serde_json::from_str(text).ok());
        let mut note: Self = read.unwrap_or_default();
        note.cancel = note.cancel.filter(|mode| MODES.contains(&mode.as_str()));
        note.commit =
            note.commit.filter(|commit| commit.sha.len() <= 64 && commit.sha.bytes().all(|b| b.is_ascii_hexdigit()));
        note.warnings.truncate(MOST_WARNINGS);
        for warning in &mut note.warnings {
            *warning = clean_text(warning.chars().take(LONGEST_REASON).collect());
        }
        if let Some(repeats) = &mut note.repeats {
            repeats.tasks = checked(std::mem::take(&mut repeats.tasks));
        }
        note.without.truncate(Capability::ALL.len());
        for without in &mut note.without {
            without.reason = clean_text(without.reason.chars().take(LONGEST_REASON).collect());
        }
        note
    }

    /// The annotation's value.
    pub(crate) fn write(&self) -> String {
        serde_json::json!(self).to_string()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Note {
        let run = json!({ "metadata": { "annotations": { NOTE: text } } });
        Note::of(&serde_json::from_value(run).unwrap())
    }

    #[test]
    fn a_note_reads_back_and_whatever_else_stands_there_is_harmless() {
        let note = Note { secrets: 2, cancel: Some("StoppedRunFinally".to_owned()), ..Note::default() };
        assert_eq!(read(&note.write()), note);
        assert_eq!(read(&Note::default().write()), Note::default());
        let long =
            json!({ "without": vec![json!({"capability": "DEPLOY", "reason": "r".repeat(900)}); 50] }).to_string();
        assert!(
            read(&long).without.len() <= Capability::ALL.len() && read(&long).without[0].reason.len() == LONGEST_REASON
        );
        let odd =
            json!({ "cancel": "PipelineRunPending", "commit": {"sha": "main; rm", "title": null, "author": null} });
        for text in ["", "[]", "{\"secrets\": -1}", &"x".repeat(LONGEST + 1), &odd.to_string()] {
            assert_eq!(read(text), Note::default(), "{:?}", text.get(..40));
        }
    }
}
