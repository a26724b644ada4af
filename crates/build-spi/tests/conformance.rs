//! The suite against the fake, and against every broken variant of it.

use std::{sync::Arc, time::Duration};

use alm_build_spi::{
    Access, BuildConfigSpec, BuildProvider,
    conformance::{self, Check, Harness, Outcome, Scenario, fake::FakeHarness, mutants::Mutant},
};
use alm_domain::{Capability, ServiceId};
use async_trait::async_trait;

#[tokio::test]
async fn the_fake_passes_every_check_and_none_is_skipped() {
    let report = conformance::run(&FakeHarness::new()).await;
    report.assert_passed();
    assert_eq!(report.skipped(), [], "{report}");
    assert_eq!(report.passed().len(), Check::ALL.len());
}

#[tokio::test]
async fn a_provider_that_declares_nothing_is_skipped_where_it_cannot_be_judged() {
    let report = conformance::run(&FakeHarness::without(Capability::ALL)).await;
    report.assert_passed();
    for check in [Check::CancelStopsARunningBuild, Check::ApprovalsAreAskedAndSettled, Check::ArtifactsReadAsWritten] {
        assert!(report.skipped().contains(&check), "{report}");
    }
    assert!(report.passed().contains(&Check::UndeclaredCapabilitiesAreUnsupported), "{report}");
}

#[tokio::test]
async fn every_mutant_is_caught_by_its_check_and_by_no_other() {
    let mut wrong = Vec::new();
    for mutant in Mutant::ALL {
        let report = conformance::run(&FakeHarness::broken(*mutant)).await;
        if report.failed() != [mutant.caught_by()] {
            wrong.push(format!("{mutant:?} should fail {} only:\n{report}", mutant.caught_by()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_check_has_a_mutant_and_a_name_of_its_own() {
    let names: std::collections::BTreeSet<_> = Check::ALL.iter().map(|check| check.name()).collect();
    assert_eq!(names.len(), Check::ALL.len());
    for check in Check::ALL {
        assert!(Mutant::ALL.iter().any(|mutant| mutant.caught_by() == *check), "{check} is not proved by any mutant");
        assert!(check.promise().ends_with('.'), "{check}: {}", check.promise());
    }
}

#[tokio::test]
async fn a_report_says_what_failed_and_what_was_promised() {
    let report =
        conformance::run_checks(&FakeHarness::broken(Mutant::NoComplete), &[Check::FollowEndsWithComplete]).await;
    assert!(matches!(report.outcomes.as_slice(), [(Check::FollowEndsWithComplete, Outcome::Failed(_))]));
    let text = report.to_string();
    assert!(text.contains("FAILED   follow_ends_with_complete: PlainSuccess: Complete was told 0 times"), "{text}");
    assert!(text.contains(Check::FollowEndsWithComplete.promise()), "{text}");
    // How the build ended may be all that there is to know.
    assert!(text.lines().any(|line| line.trim().starts_with("its build ") && line.contains("is SUCCEEDED")), "{text}");
    let assertion = std::panic::catch_unwind(|| report.assert_passed());
    assert!(assertion.is_err());
}

/// The fake, whose builds do the same whatever is asked for.
struct Always {
    fake: FakeHarness,
    scenario: Scenario,
    patience: Duration,
}

#[async_trait]
impl Harness for Always {
    fn provider(&self) -> Arc<dyn BuildProvider> {
        self.fake.provider()
    }
    async fn another_instance(&self) -> Arc<dyn BuildProvider> {
        self.fake.another_instance().await
    }
    fn access(&self) -> Access {
        self.fake.access()
    }
    async fn config(&self, _: Scenario, service: ServiceId, name: &str) -> Option<BuildConfigSpec> {
        self.fake.config(self.scenario, service, name).await
    }
    fn patience(&self) -> Duration {
        self.patience
    }
}

#[tokio::test]
async fn a_check_whose_build_ended_badly_says_how() {
    let failing =
        Always { fake: FakeHarness::new(), scenario: Scenario::PlainFailure, patience: Duration::from_secs(60) };
    let text = conformance::run_checks(&failing, &[Check::ResumeFromEveryTokenIsExact]).await.to_string();
    assert!(text.contains("the build wrote 200 lines; a follower was told "), "{text}");
    assert!(text.contains(" is FAILED (CommandFailed: "), "{text}");
}

#[tokio::test]
async fn a_check_that_hangs_is_failed_in_time_and_the_rest_is_run() {
    // Builds that wait for a gate that nobody opens.
    let hanging = Always { fake: FakeHarness::new(), scenario: Scenario::Gated, patience: Duration::from_millis(300) };
    let checks = [Check::FollowEndsWithComplete, Check::WhoAmINamesTheAccount];
    let report = conformance::run_checks(&hanging, &checks).await;
    assert_eq!(report.failed(), [Check::FollowEndsWithComplete], "{report}");
    assert_eq!(report.passed(), [Check::WhoAmINamesTheAccount], "{report}");
}
