//! What a build without stages is made of, as far as its engine tells.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, clean_text};

/// The longest name, in characters.
const LONGEST_NAME: usize = 200;

/// A part of a plain build, to look at: nothing is decided, repeated or stopped by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What the engine calls it, such as `DockerBuild`. Names may come again.
    pub name: String,
    /// What it belongs to, where the engine puts its steps into groups.
    pub group: Option<String>,
    /// When work began; `None` where the engine does not say.
    pub started_at: Option<Timestamp>,
    /// When it ended. A step that began and has no end is at work.
    pub finished_at: Option<Timestamp>,
    /// With what its command ended, where the engine says so; 0 is well.
    pub exit_code: Option<i32>,
}

impl Step {
    /// Steps as they are kept, whatever an engine tells: in the order of their beginning, those that do not say behind the one before;
    /// at most so many, the first ones; names without control characters, and cut; none that ends before it begins.
    pub(crate) fn kept(told: &[Self], most: usize) -> Vec<Self> {
        let mut newest = None;
        let mut ordered: Vec<(Option<Timestamp>, &Self)> = told
            .iter()
            .map(|step| {
                newest = step.started_at.or(newest);
                (newest, step)
            })
            .collect();
        ordered.sort_by_key(|(at, _)| *at);
        ordered.into_iter().take(most).map(|(_, step)| step.tidied()).collect()
    }

    /// Ends it where it is at work.
    pub(crate) fn end(&mut self, at: Timestamp) {
        if let (Some(began), None) = (self.started_at, self.finished_at) {
            self.finished_at = Some(at.max(began));
        }
    }

    fn tidied(&self) -> Self {
        Self {
            name: tidy(&self.name),
            group: self.group.as_deref().map(tidy),
            started_at: self.started_at,
            finished_at: self.finished_at.max(self.started_at.filter(|_| self.finished_at.is_some())),
            exit_code: self.exit_code,
        }
    }
}

fn tidy(name: &str) -> String {
    let cut: String = name.chars().take(LONGEST_NAME).collect();
    clean_text(cut.replace('\t', " "))
}
