//! A question that is open.

use std::time::{Duration, Instant};

use alm_domain::{
    ApprovalKey, ApprovalObservation, ApprovalStatus, Paused, ReasonCode, RunStatus, StageKey, StatusReason,
};

use super::board::Board;
use crate::definition::{Input, StageDefinition};

/// A question that is open.
#[derive(Debug)]
pub(crate) struct Question {
    told: ApprovalObservation,
    stage: StageKey,
    deadline: Option<Instant>,
}

impl Question {
    /// Asks: the stage waits from now on.
    pub(crate) fn ask(board: &Board, stage: &StageDefinition, input: &Input) -> Self {
        let now = board.now();
        let lapses = input.timeout.and_then(|time| chrono::TimeDelta::from_std(time).ok());
        let told = ApprovalObservation {
            key: ApprovalKey::from(stage.key.as_str()),
            stage: Some(stage.key.clone()),
            status: ApprovalStatus::Pending,
            message: input.message.clone(),
            proceed_label: input.proceed_label.clone(),
            parameters: input.parameters.clone(),
            requested_at: now,
            expires_at: lapses.and_then(|time| now.checked_add_signed(time)),
        };
        board.tell_approval(told.clone());
        let reason = StatusReason::new(ReasonCode::WaitingForDecision, input.message.clone());
        board.update(&stage.key, |stage, now| {
            stage.status = RunStatus::WaitingForApproval;
            stage.reason = Some(reason);
            stage.queued_at.get_or_insert(now);
            stage.started_at.get_or_insert(now);
            stage.paused = Some(Paused::Since(now));
        });
        let deadline = input.timeout.and_then(|time| Instant::now().checked_add(time));
        Self { told, stage: stage.key.clone(), deadline }
    }

    pub(crate) const fn key(&self) -> &ApprovalKey {
        &self.told.key
    }

    pub(crate) fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    pub(crate) fn time_left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Somebody said yes.
    pub(crate) fn approved(self, board: &Board, by: &str) {
        board.say(Some(&self.stage), 0, &format!("approved by {}", alm_domain::shorten(by)));
        self.settle(board, ApprovalStatus::Approved);
    }

    /// Somebody said no.
    pub(crate) fn rejected(self, board: &Board) {
        self.settle(board, ApprovalStatus::Rejected);
    }

    /// Nobody said anything.
    pub(crate) fn expired(self, board: &Board) {
        self.settle(board, ApprovalStatus::Expired);
    }

    /// It need not be answered any more.
    pub(crate) fn withdrawn(self, board: &Board) {
        self.settle(board, ApprovalStatus::Withdrawn);
    }

    fn settle(self, board: &Board, status: ApprovalStatus) {
        board.update(&self.stage, |stage, now| stage.paused = stage.paused.map(|paused| paused.ended(now)));
        board.tell_approval(ApprovalObservation { status, ..self.told });
    }
}
