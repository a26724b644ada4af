//! What is stored is no finer than a millisecond.

use alm_domain::{BuildState, Hold, Paused, Timestamp};
use chrono::SubsecRound;

/// Brings every instant of a state to the millisecond, so that what is read back is what was written: otherwise a provider
/// that repeats itself would seem to report a change each time. Takes NUL characters out of what is a column of text.
pub(super) fn round(state: &mut BuildState) {
    let build = &mut state.build;
    build.queued_at = build.queued_at.trunc_subsecs(3);
    for at in [&mut build.started_at, &mut build.finished_at, &mut build.degraded_since] {
        maybe(at);
    }
    for step in &mut build.steps {
        maybe(&mut step.started_at);
        maybe(&mut step.finished_at);
    }
    match &mut build.hold {
        Some(Hold::Credential { since, deadline, .. }) => {
            *since = since.trunc_subsecs(3);
            *deadline = deadline.trunc_subsecs(3);
        }
        Some(Hold::Approval { since, deadline }) => {
            *since = since.trunc_subsecs(3);
            maybe(deadline);
        }
        None => {}
    }
    if let Some(cancel) = &mut build.cancel {
        cancel.at = cancel.at.trunc_subsecs(3);
        maybe(&mut cancel.delivered_at);
    }
    for text in [build.commit.as_mut().map(|commit| &mut commit.sha), build.reference.as_mut()].into_iter().flatten() {
        if text.contains('\0') {
            *text = text.replace('\0', "\u{fffd}");
        }
    }
    for stage in state.stages.values_mut() {
        for at in [&mut stage.queued_at, &mut stage.started_at, &mut stage.finished_at] {
            maybe(at);
        }
        if let Some(Paused::Since(since)) = &mut stage.paused {
            *since = since.trunc_subsecs(3);
        }
        for attempt in &mut stage.attempts {
            maybe(&mut attempt.started_at);
            maybe(&mut attempt.finished_at);
        }
    }
    for approval in state.approvals.values_mut() {
        approval.requested_at = approval.requested_at.trunc_subsecs(3);
        maybe(&mut approval.expires_at);
        maybe(&mut approval.delivered_at);
        for decision in &mut approval.decisions {
            decision.at = decision.at.trunc_subsecs(3);
        }
    }
}

fn maybe(at: &mut Option<Timestamp>) {
    *at = at.map(|at| at.trunc_subsecs(3));
}
