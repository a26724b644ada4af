//! How runs end.

use alm_domain::RunStatus;

use crate::conformance::{
    Scenario,
    stand::{Stand, Stop, Verdict, ensure},
};

pub(super) async fn runs_end_as_their_work_did(stand: &Stand<'_>) -> Verdict {
    for (scenario, end) in [
        (Scenario::PlainSuccess, RunStatus::Succeeded),
        (Scenario::PlainFailure, RunStatus::Failed),
        (Scenario::Pipeline, RunStatus::Succeeded),
    ] {
        let told = match stand.through(scenario).await {
            Ok((_, told)) => told,
            Err(Stop::Skip(_)) => continue,
            Err(stop) => return Err(stop),
        };
        let last = told.runs().last().copied().cloned();
        let status = last.as_ref().map(|run| run.status);
        ensure(status == Some(end), || format!("{scenario:?} ended as {status:?}, not {end}"))?;
        let Some(last) = last else { continue };
        ensure(!end.is_bad() || last.reason.is_some(), || format!("{scenario:?} ended badly, without a reason"))?;
        for stage in told.stages() {
            let over = stage.status.is_terminal();
            ensure(over, || format!("{scenario:?} is complete, but stage {} is {}", stage.key, stage.status))?;
        }
    }
    Ok(())
}
