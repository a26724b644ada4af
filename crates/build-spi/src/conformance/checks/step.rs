//! Steps of plain builds.

use crate::conformance::{
    Scenario,
    stand::{Stand, Stop, Verdict, ensure, skip},
};

pub(super) async fn steps_are_parts_of_plain_builds(stand: &Stand<'_>) -> Verdict {
    let mut are_told = false;
    for (scenario, is_plain) in
        [(Scenario::PlainSuccess, true), (Scenario::PlainFailure, true), (Scenario::Pipeline, false)]
    {
        let told = match stand.through(scenario).await {
            Ok((_, told)) => told,
            Err(Stop::Skip(_)) => continue,
            Err(stop) => return Err(stop),
        };
        for step in told.steps() {
            are_told = true;
            ensure(is_plain, || format!("{scenario:?}: a pipeline has the step {:?} beside its stages", step.name))?;
            ensure(!step.name.is_empty(), || format!("{scenario:?}: a step has no name: {step:?}"))?;
            let is_backwards = step.finished_at.is_some_and(|end| step.started_at.is_some_and(|began| end < began));
            ensure(!is_backwards, || format!("{scenario:?}: a step ends before it begins: {step:?}"))?;
        }
    }
    if are_told { Ok(()) } else { skip("it tells no steps") }
}
