//! What the manual approval gate asks people.
//!
//! Where more than one must say yes, each yes is a question of its own: it is settled as soon as one more person has said so, here or
//! on the cluster, and then the next one is asked.

use std::collections::BTreeSet;

use alm_domain::{
    ApprovalKey, ApprovalObservation, ApprovalStatus, ReasonCode, RunStatus, StageKey, Timestamp, clean_text,
};
use alm_kubernetes::timestamp;
use kube::core::DynamicObject;
use serde_json::Value;

use crate::{
    child::task_of,
    standing::{Standing, time},
};

/// Of so many people a question may want a yes here.
const MOST: usize = 50;
/// The longest question that is told, in characters.
const LONGEST: usize = 1_000;

/// How the entry of somebody stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    None,
    Yes,
    No,
}

impl Answer {
    pub(crate) fn of(entry: &Value) -> Self {
        match entry["input"].as_str() {
            Some("approve") => Self::Yes,
            Some("reject") => Self::No,
            _ => Self::None,
        }
    }
}

/// A question of the gate.
pub(crate) struct Asked<'a> {
    object: &'a DynamicObject,
    task: &'a str,
}

impl<'a> Asked<'a> {
    pub(crate) fn of(object: &'a DynamicObject) -> Option<Self> {
        Some(Self { object, task: task_of(object)? })
    }

    /// The task of the pipeline that asks.
    pub(crate) const fn task(&self) -> &'a str {
        self.task
    }

    /// The entries of people and groups.
    pub(crate) fn approvers(&self) -> &'a [Value] {
        self.object.data["spec"]["approvers"].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    fn required(&self) -> usize {
        let number = self.object.data["spec"]["numberOfApprovalsRequired"].as_u64().unwrap_or(1);
        usize::try_from(number).unwrap_or(MOST).clamp(1, MOST)
    }

    /// How many have said yes, each counted once.
    fn approved(&self) -> usize {
        let mut names = BTreeSet::new();
        for entry in self.approvers().iter().filter(|entry| Answer::of(entry) == Answer::Yes) {
            if entry["type"] == "Group" {
                let users = entry["users"].as_array().into_iter().flatten();
                names.extend(
                    users.filter(|user| Answer::of(user) == Answer::Yes).filter_map(|user| user["name"].as_str()),
                );
            } else {
                names.extend(entry["name"].as_str());
            }
        }
        names.len()
    }

    fn is_rejected(&self) -> bool {
        let is_no = |entry: &Value| {
            let mut users = entry["users"].as_array().into_iter().flatten();
            Answer::of(entry) == Answer::No || users.any(|user| Answer::of(user) == Answer::No)
        };
        self.approvers().iter().any(is_no)
    }

    /// Whether nobody has answered in time. The gate calls that a rejection, of nobody.
    pub(crate) fn is_expired(&self) -> bool {
        self.object.data["status"]["state"] == "rejected" && !self.is_rejected()
    }

    /// Since when it is asked.
    pub(crate) fn asked_at(&self) -> Option<Timestamp> {
        let created = || self.object.metadata.creation_timestamp.as_ref().and_then(timestamp);
        time(&self.object.data["status"]["startTime"]).or_else(created)
    }

    /// Whether it still wants an answer.
    pub(crate) fn is_open(&self) -> bool {
        let state = &self.object.data["status"]["state"];
        state != "approved" && state != "rejected" && !self.is_rejected() && self.approved() < self.required()
    }

    /// Who is asked, for people.
    pub(crate) fn who(&self) -> String {
        let name = |entry: &Value| {
            let name = clean_text(entry["name"].as_str().unwrap_or_default().chars().take(100).collect::<String>());
            if entry["type"] == "Group" { format!("a member of {name}") } else { name }
        };
        self.approvers().iter().take(20).map(name).collect::<Vec<_>>().join(", ")
    }

    /// The name of its question of this number.
    fn key(&self, number: usize) -> ApprovalKey {
        match self.required() {
            1 => ApprovalKey::from(self.task),
            _ => ApprovalKey::from(format!("{}/{number}", self.task)),
        }
    }

    /// The number of one of its questions.
    pub(crate) fn number(&self, key: &ApprovalKey) -> Option<usize> {
        (1..=self.required()).find(|number| self.key(*number) == *key)
    }

    /// Whether its question of this number was asked, and whether it is settled.
    pub(crate) fn state(&self, number: usize) -> Option<ApprovalStatus> {
        let approved =
            if self.object.data["status"]["state"] == "approved" { self.required() } else { self.approved() };
        match number {
            0 => None,
            _ if number <= approved => Some(ApprovalStatus::Approved),
            _ if number > approved + 1 => None,
            _ if self.is_rejected() => Some(ApprovalStatus::Rejected),
            _ if self.is_expired() => Some(ApprovalStatus::Expired),
            _ => Some(ApprovalStatus::Pending),
        }
    }

    /// Its questions. `end` is how the custom run that waits for it has ended, if it has, and `late` whether the time of the whole run
    /// was over; `expires_at` is until when an answer counts.
    pub(crate) fn questions(
        &self,
        end: Option<&Standing>,
        late: bool,
        expires_at: Option<Timestamp>,
    ) -> Vec<ApprovalObservation> {
        let required = self.required();
        let description = self.object.data["spec"]["description"].as_str().unwrap_or_default().trim();
        let asked_at = self.asked_at().unwrap_or_default();
        let ended = end.map(|end| match end.reason.as_ref().map(|reason| reason.code) {
            _ if end.status == RunStatus::Succeeded => ApprovalStatus::Approved,
            Some(ReasonCode::TimedOut) => ApprovalStatus::Expired,
            _ if late => ApprovalStatus::Expired,
            _ => ApprovalStatus::Withdrawn,
        });
        let all = (1..=required).filter_map(|number| Some((number, self.state(number)?)));
        all.map(|(number, state)| {
            let question = match description {
                "" => format!("May {} go on?", self.task),
                description => description.chars().take(LONGEST).collect(),
            };
            ApprovalObservation {
                key: self.key(number),
                stage: Some(StageKey::from(self.task)),
                status: if state == ApprovalStatus::Pending { ended.unwrap_or(state) } else { state },
                message: if required == 1 { question } else { format!("{question} ({number} of {required})") },
                proceed_label: "Approve".to_owned(),
                parameters: Vec::new(),
                requested_at: asked_at,
                expires_at,
            }
        })
        .collect()
    }
}
