//! Running the checks.

use tokio::time::timeout;

use super::{
    Check, Harness, Outcome, Report,
    stand::{Stand, Stop},
};

/// Puts a provider through every check, one after another. Each check has its own builds and its own time limit
/// ([`Harness::patience`]); one that fails or hangs does not keep the others from being run.
pub async fn run(harness: &dyn Harness) -> Report {
    run_checks(harness, Check::ALL).await
}

/// Puts a provider through these checks only.
pub async fn run_checks(harness: &dyn Harness, checks: &[Check]) -> Report {
    let mut outcomes = Vec::new();
    for check in checks {
        let stand = Stand::new(harness);
        let outcome = match timeout(harness.patience(), check.run(&stand)).await {
            Ok(Ok(())) => Outcome::Passed,
            Ok(Err(Stop::Skip(why))) => Outcome::Skipped(why),
            Ok(Err(Stop::Fail(why))) => Outcome::Failed(why),
            Err(_) => Outcome::Failed(format!("did not come to an end within {:?}", harness.patience())),
        };
        let outcome = match outcome {
            Outcome::Failed(why) => Outcome::Failed(why + &stand.ends().await),
            outcome => outcome,
        };
        let healed = timeout(harness.patience(), stand.tidy_up()).await;
        let outcome = match (outcome, healed) {
            (Outcome::Passed, Err(_)) => Outcome::Failed("what the check left running could not be stopped".to_owned()),
            (outcome, _) => outcome,
        };
        outcomes.push((*check, outcome));
    }
    Report { outcomes }
}
