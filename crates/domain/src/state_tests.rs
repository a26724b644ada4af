//! Stories and properties of [`BuildState`].

use proptest::prelude::*;

use super::*;
use crate::{
    Approval, AwaitedCredential, BuildId, DeploymentId, DeploymentStatus, Deploys, EnvironmentId, ManualClock,
    ParameterDefinition, ParameterKind, Principal, ProjectId, ProviderId, SequentialIds, ServiceId, StageKind, Trigger,
    TriggerKind,
};
use crate::{Clock, LogLine, LogStream, Output, OutputKind, Step};

fn now() -> Timestamp {
    ManualClock::at(Timestamp::UNIX_EPOCH).now()
}

fn queued() -> BuildState {
    let ids = SequentialIds::new(1);
    BuildState::new(Build {
        id: BuildId::generate(&ids),
        project: ProjectId::generate(&ids),
        service: ServiceId::generate(&ids),
        provider: ProviderId::generate(&ids),
        number: 1,
        revision: EventSeq(1),
        status: RunStatus::Queued,
        reason: None,
        shape: BuildShape::Unknown,
        reference: Some("main".into()),
        commit: None,
        trigger: Trigger { kind: TriggerKind::Manual, actor: Principal::single_user().actor },
        parameters: vec![],
        rerun_of: None,
        deploys: None,
        targets: vec![],
        queued_at: now(),
        started_at: None,
        finished_at: None,
        external_url: None,
        degraded_since: None,
        degraded_reason: None,
        degraded_code: None,
        hold: None,
        cancel: None,
        artifacts: vec![],
        outputs: vec![],
        steps: vec![],
        warnings: vec![],
        without: vec![],
        is_complete: false,
    })
}

fn stage(key: &str, status: RunStatus) -> StageObservation {
    StageObservation {
        key: key.into(),
        name: key.into(),
        kind: StageKind::Work,
        status,
        reason: None,
        parent: None,
        depends_on: vec![],
        position: 0,
        queued_at: None,
        started_at: (status != RunStatus::Planned).then(now),
        finished_at: status.is_terminal().then(now),
        paused: None,
        attempts: vec![],
        environment: None,
        namespace: None,
        url: None,
        agent: None,
    }
}

fn question(status: ApprovalStatus) -> ApprovalObservation {
    ApprovalObservation {
        key: "ship".into(),
        stage: None,
        status,
        message: "Ship it?".into(),
        proceed_label: "Ship".into(),
        parameters: vec![ParameterDefinition {
            name: "n".into(),
            label: "n".into(),
            help: None,
            kind: ParameterKind::Integer,
            required: false,
            default: Some(1.into()),
            choices: vec![],
        }],
        requested_at: now(),
        expires_at: None,
    }
}

fn run(status: RunStatus) -> Observation {
    Observation::Run(RunObservation::status(status))
}

#[test]
fn outputs_are_told_as_a_whole_and_bounded() {
    let output = |n: usize| Output {
        name: format!("image-{n}"),
        kind: OutputKind::Image,
        stage: None,
        value: "registry.example.test/app".into(),
        digest: Some("sha256:0".into()),
        provenance: None,
    };
    let mut state = queued();
    state.observe(&Observation::Outputs((0..300).map(output).collect()), now());
    assert_eq!(state.build.outputs.len(), MOST_OUTPUTS);
    state.observe(&Observation::Outputs(vec![output(7)]), now());
    assert_eq!(state.build.outputs, [output(7)]);
}

fn step(name: &str, from: Option<i64>, to: Option<i64>) -> Step {
    let at = |second: Option<i64>| second.map(|second| now() + chrono::TimeDelta::seconds(second));
    Step { name: name.into(), group: None, started_at: at(from), finished_at: at(to), exit_code: None }
}

#[test]
fn steps_are_told_as_a_whole_and_kept_in_the_order_of_their_beginning() {
    let mut state = queued();
    let told = vec![
        step("push", Some(9), None),
        step("fetch", Some(1), Some(3)),
        step("unpack", None, None),
        step("build", Some(3), Some(2)),
    ];
    state.observe(&Observation::Steps(told), now());
    let kept = [
        step("fetch", Some(1), Some(3)),
        step("unpack", None, None),
        step("build", Some(3), Some(3)),
        step("push", Some(9), None),
    ];
    assert_eq!(state.build.steps, kept, "none ends before it begins, and who says nothing stays where it was told");
    let named = |name: &str| Observation::Steps(vec![Step { group: Some(name.into()), ..step(name, None, None) }]);
    state.observe(&named(&format!("a\u{1b}[2J\tb{}", "x".repeat(500))), now());
    let [only] = state.build.steps.as_slice() else { panic!("the newest list is the whole: {:?}", state.build.steps) };
    assert!(only.name.starts_with("a bx") && only.name.chars().count() <= 200, "{only:?}");
    assert_eq!(only.group.as_ref(), Some(&only.name));
    assert!(state.build.warnings.is_empty());
    state.observe(&Observation::Steps((0..300).rev().map(|n| step(&n.to_string(), Some(n), None)).collect()), now());
    assert_eq!((state.build.steps.len(), state.build.steps[0].name.as_str()), (MOST_STEPS, "0"), "the first ones");
    assert_eq!(state.build.warnings[0].code, "TOO_MANY_STEPS");
}

#[test]
fn no_step_is_at_work_in_a_build_that_has_ended() {
    let steps = Observation::Steps(vec![step("fetch", Some(1), Some(2)), step("build", Some(2), None)]);
    let end = Observation::Run(RunObservation {
        finished_at: Some(now() + chrono::TimeDelta::seconds(5)),
        ..RunObservation::status(RunStatus::Failed)
    });
    let ended = [step("fetch", Some(1), Some(2)), step("build", Some(2), Some(5))];
    for told in [vec![&steps, &end], vec![&end, &steps], vec![&end, &steps, &Observation::Complete]] {
        let mut state = queued();
        told.iter().for_each(|observation| state.observe(observation, now()));
        assert_eq!(state.build.steps, ended, "{told:?}");
    }
    let mut lost = queued();
    lost.observe(&steps, now());
    lost.observe(&Observation::Complete, now() + chrono::TimeDelta::seconds(5));
    assert_eq!(lost.build.steps, ended, "an engine that never said how it ended");
    let mut early = queued();
    early.observe(&steps, now());
    early.finish(RunStatus::Errored, StatusReason::new(ReasonCode::Lost, "it is gone"), now());
    assert_eq!(early.build.steps[1], step("build", Some(2), Some(2)), "clocks differ");
}

#[test]
fn an_engine_that_has_not_heard_of_the_cancel_does_not_undo_it() {
    let mut state = queued();
    state.observe(&run(RunStatus::Running), now());
    let by = Principal::single_user().actor;
    assert_eq!(state.request_cancel(&by, None, now()), CancelOutcome::Cancelling);
    state.observe(&run(RunStatus::Running), now());
    assert_eq!(state.build.status, RunStatus::Cancelling);
    assert!(state.build.warnings.is_empty(), "an old picture is no oddity");
    state.observe(&run(RunStatus::Succeeded), now());
    assert_eq!(state.build.status, RunStatus::Succeeded, "the build may win the race");
    assert_eq!(state.request_cancel(&by, None, now()), CancelOutcome::AlreadyFinished);
}

#[test]
fn why_somebody_stopped_a_build_stays_known_when_its_engine_says_that_it_has_stopped() {
    let mut state = queued();
    state.observe(&run(RunStatus::Running), now());
    state.request_cancel(&Principal::single_user().actor, Some("the wrong branch".to_owned()), now());
    let stopped = StatusReason::new(ReasonCode::CancelledByUser, "a person asked the build to stop");
    let ended = RunObservation { reason: Some(stopped.clone()), ..RunObservation::status(RunStatus::Cancelled) };
    state.observe(&Observation::Run(ended.clone()), now());
    assert_eq!(state.build.reason.unwrap().message, "the wrong branch");

    let mut elsewhere = queued();
    elsewhere.observe(&run(RunStatus::Cancelling), now());
    elsewhere.observe(&Observation::Run(ended), now());
    assert_eq!(elsewhere.build.reason, Some(stopped), "whoever stopped it at the engine said why there");
}

#[test]
fn a_move_that_does_not_exist_is_a_warning_and_changes_nothing_else() {
    let mut state = queued();
    state.observe(&run(RunStatus::Failed), now());
    state.observe(&run(RunStatus::Running), now());
    assert_eq!(state.build.status, RunStatus::Failed);
    assert_eq!(state.build.warnings.len(), 1);
    state.observe(&run(RunStatus::Running), now());
    assert_eq!(state.build.warnings.len(), 1, "the same oddity is noted once");
}

#[test]
fn a_decision_is_taken_once_and_is_delivered_by_the_receipt() {
    let mut state = queued();
    state.observe(&Observation::Approval(question(ApprovalStatus::Pending)), now());
    let id = state.approvals.values().next().unwrap().id;
    let by = Principal::single_user().actor;
    state.decide(id, &by, Verdict::Approve, None, &[], now()).unwrap();
    let approval = state.approvals.values().next().unwrap();
    assert_eq!(approval.status, ApprovalStatus::Delivering);
    assert_eq!(approval.decisions[0].parameters[0].value, 1, "defaults are filled in");
    assert!(matches!(
        state.decide(id, &by, Verdict::Reject, None, &[], now()),
        Err(DecideError::NotPending(ApprovalStatus::Delivering))
    ));
    state.observe(&Observation::Approval(question(ApprovalStatus::Pending)), now());
    assert_eq!(state.approvals.values().next().unwrap().status, ApprovalStatus::Delivering);
    state.observe(&Observation::Approval(question(ApprovalStatus::Approved)), now());
    let approval = state.approvals.values().next().unwrap();
    assert_eq!((approval.status, approval.delivered_at.is_some()), (ApprovalStatus::Approved, true));
}

#[test]
fn the_end_of_a_build_is_the_end_of_all_that_belongs_to_it() {
    let mut state = queued();
    state.observe(&Observation::Stages(vec![stage("a", RunStatus::Running), stage("b", RunStatus::Planned)]), now());
    state.observe(&Observation::Approval(question(ApprovalStatus::Pending)), now());
    state.finish(RunStatus::Errored, StatusReason::new(ReasonCode::Interrupted, "the machine went away"), now());
    assert!(state.build.is_complete && state.stages.values().all(|s| s.status.is_terminal()));
    assert_eq!(state.stages[&StageKey::from("b")].status, RunStatus::Skipped);
    assert_eq!(state.approvals.values().next().unwrap().status, ApprovalStatus::Withdrawn);
}

#[test]
fn stages_are_told_anew_when_their_build_ends_since_more_can_be_done_with_them_then() {
    let mut state = queued();
    let stages = vec![stage("a", RunStatus::Succeeded), stage("b", RunStatus::Running)];
    state.observe(&Observation::Stages(stages), now());
    state.take_change(&queued(), EventSeq(2));
    let told = |state: &mut BuildState, observation: &Observation, seq| {
        let before = state.clone();
        state.observe(observation, now());
        let change = state.take_change(&before, EventSeq(seq));
        change.stages.iter().map(|stage| (stage.key.to_string(), stage.revision.0)).collect::<Vec<_>>()
    };
    let ended = Observation::Stages(vec![stage("b", RunStatus::Succeeded)]);
    assert_eq!(told(&mut state, &run(RunStatus::Running), 3), [], "nothing of theirs has changed");
    assert_eq!(told(&mut state, &ended, 4), [("b".to_owned(), 4)]);
    let both = |seq| vec![("a".to_owned(), seq), ("b".to_owned(), seq)];
    assert_eq!(told(&mut state, &run(RunStatus::Succeeded), 5), both(5));
    assert_eq!(told(&mut state, &Observation::Complete, 6), [], "it had ended before");
}

fn any_observation() -> impl Strategy<Value = Observation> {
    let status = prop::sample::select(RunStatus::ALL.to_vec());
    let key = prop::sample::select(vec!["a", "b", "c"]);
    let settled = prop::sample::select(vec![
        ApprovalStatus::Pending,
        ApprovalStatus::Approved,
        ApprovalStatus::Rejected,
        ApprovalStatus::Expired,
        ApprovalStatus::Withdrawn,
    ]);
    prop_oneof![
        4 => status.clone().prop_map(run),
        6 => (key.clone(), status).prop_map(|(key, status)| Observation::Stages(vec![stage(key, status)])),
        1 => key.prop_map(|key| Observation::StagesRemoved(vec![key.into()])),
        2 => settled.prop_map(|status| Observation::Approval(question(status))),
        1 => prop::collection::vec((0i64..9, prop::option::of(0i64..9)), 0..4).prop_map(|steps| {
            Observation::Steps(steps.into_iter().map(|(from, to)| step("x", Some(from), to)).collect())
        }),
        1 => Just(Observation::CancelDelivered),
        1 => Just(Observation::Complete),
        1 => Just(Observation::Lines(vec![LogLine {
            stage: None, attempt: 0, stream: LogStream::Stdout, at: None, text: "x".into(), continued: false,
        }])),
    ]
}

proptest! {
    #[test]
    fn hearing_the_same_again_changes_nothing(observations in prop::collection::vec(any_observation(), 0..30)) {
        let mut state = queued();
        for observation in &observations {
            state.observe(observation, now());
            let once = state.clone();
            state.observe(observation, now());
            prop_assert_eq!(&state, &once);
        }
    }

    #[test]
    fn the_fold_of_the_changes_is_the_state(observations in prop::collection::vec(any_observation(), 0..40)) {
        let mut state = queued();
        let mut folded = state.clone();
        let mut seq = EventSeq(1);
        for observation in &observations {
            let before = state.clone();
            state.observe(observation, now());
            let change = state.take_change(&before, seq.next());
            if change.is_empty() {
                prop_assert_eq!(&state, &before);
            } else {
                seq = seq.next();
                folded.apply(&change);
            }
            prop_assert_eq!(&folded, &state);
        }
    }

    #[test]
    fn what_has_ended_stays_as_it_ended(observations in prop::collection::vec(any_observation(), 0..40)) {
        let mut state = queued();
        for observation in &observations {
            let before = state.clone();
            state.observe(observation, now());
            if before.build.status.is_terminal() {
                prop_assert_eq!(state.build.status, before.build.status);
            }
            for (key, stage) in &before.stages {
                if stage.status.is_terminal() {
                    prop_assert_eq!(state.stages[key].status, stage.status);
                }
            }
        }
    }
}

fn awaiting() -> Hold {
    Hold::Credential {
        awaited: vec![AwaitedCredential {
            environment: EnvironmentId::generate(&SequentialIds::new(9)),
            name: "staging".into(),
            message: "staging is not connected: connect it".into(),
        }],
        service_revision: 1,
        since: now(),
        deadline: now() + chrono::TimeDelta::days(1),
    }
}

#[test]
fn a_held_build_waits_for_its_account_and_goes_on_once() {
    let mut state = queued();
    assert!(state.hold(awaiting()));
    assert_eq!(state.build.status, RunStatus::WaitingForCredential);
    let reason = state.build.reason.clone().unwrap();
    assert_eq!(
        (reason.code, reason.message.as_str()),
        (ReasonCode::Credential, "staging is not connected: connect it")
    );
    assert!(state.lift());
    assert_eq!((state.build.status, &state.build.reason), (RunStatus::Queued, &None));
    assert!(!state.lift());
}

#[test]
fn a_held_build_that_is_cancelled_is_over_at_once() {
    let mut state = queued();
    state.hold(awaiting());
    assert_eq!(state.request_cancel(&Principal::single_user().actor, None, now()), CancelOutcome::Cancelling);
    assert_eq!(state.build.status, RunStatus::Cancelled);
    assert!(state.build.is_complete && state.build.hold.is_none());
    assert!(!state.lift());
}

#[test]
fn a_build_that_works_or_is_over_is_not_held() {
    let mut working = queued();
    working.observe(
        &Observation::Run(RunObservation { started_at: Some(now()), ..RunObservation::status(RunStatus::Running) }),
        now(),
    );
    let mut cancelling = queued();
    cancelling.request_cancel(&Principal::single_user().actor, None, now());
    for mut state in [working, cancelling] {
        let before = state.clone();
        assert!(!state.hold(awaiting()));
        assert_eq!(state, before);
    }
}

/// What the stages of a build that deploys to `prod` amount to.
fn progress(state: &BuildState) -> Option<DeploymentStatus> {
    let stages: Vec<_> = state.stages.values().collect();
    crate::deployment_progress(&state.build, "prod", &stages, None).map(|(status, _)| status)
}

fn to_prod(status: RunStatus, code: Option<ReasonCode>) -> StageObservation {
    StageObservation {
        environment: Some("prod".into()),
        reason: code.map(|code| StatusReason::new(code, "so")),
        ..stage("ship", status)
    }
}

#[test]
fn a_deployment_is_what_its_stage_is() {
    use DeploymentStatus as To;
    for (status, code, amounts_to) in [
        (RunStatus::Planned, None, None),
        (RunStatus::Queued, None, Some(To::Queued)),
        (RunStatus::WaitingForCredential, None, Some(To::Queued)),
        (RunStatus::WaitingForApproval, None, Some(To::WaitingForApproval)),
        (RunStatus::Running, None, Some(To::Running)),
        (RunStatus::Cancelling, None, Some(To::Running)),
        (RunStatus::Succeeded, None, Some(To::Active)),
        (RunStatus::Succeeded, Some(ReasonCode::Reused), None),
        (RunStatus::Unstable, None, Some(To::Active)),
        (RunStatus::Unstable, Some(ReasonCode::CommandFailed), Some(To::Failed)),
        (RunStatus::Failed, Some(ReasonCode::CommandFailed), Some(To::Failed)),
        (RunStatus::Errored, Some(ReasonCode::Interrupted), Some(To::Failed)),
        (RunStatus::Cancelled, Some(ReasonCode::CancelledByUser), Some(To::Cancelled)),
        (RunStatus::Skipped, Some(ReasonCode::ConditionNotMet), None),
    ] {
        let mut state = queued();
        state.observe(&Observation::Stages(vec![to_prod(status, code)]), now());
        assert_eq!(progress(&state), amounts_to, "{status} {code:?}");
        assert_eq!(state.build.targets, ["prod"]);
    }
}

#[test]
fn a_build_that_only_deploys_is_on_its_way_from_its_beginning_to_its_end() {
    let mut state = queued();
    state.build.deploys = Some(Deploys {
        build: BuildId::generate(&SequentialIds::new(3)),
        number: 4,
        version: "main-4".into(),
        environment: EnvironmentId::generate(&SequentialIds::new(5)),
        environment_name: "prod".into(),
        takes_back: None,
        comment: None,
    });
    assert_eq!(progress(&state), Some(DeploymentStatus::Queued));
    let mut refused = state.clone();
    refused.finish(RunStatus::Failed, StatusReason::new(ReasonCode::StartRefused, "no"), now());
    assert_eq!(progress(&refused), Some(DeploymentStatus::Failed));
    let skipped = to_prod(RunStatus::Skipped, Some(ReasonCode::ConditionNotMet));
    state.observe(&Observation::Stages(vec![skipped]), now());
    assert_eq!(progress(&state), Some(DeploymentStatus::Failed), "it was to go there, and did not");
}

#[test]
fn a_deployment_that_nobody_approves_lapses_and_its_build_ends() {
    let mut state = queued();
    let environment = EnvironmentId::generate(&SequentialIds::new(5));
    let key = crate::deployment_approval(environment);
    state.hold(Hold::Approval { since: now(), deadline: None });
    state.ask_for_deployment(Approval {
        id: ApprovalId::of(state.build.id, &key),
        build: state.build.id,
        key: key.clone(),
        stage: None,
        deployment: Some(DeploymentId::of(state.build.id, environment)),
        required: 1,
        self_approval: false,
        revision: EventSeq(1),
        status: ApprovalStatus::Pending,
        message: "Deploy?".into(),
        proceed_label: "Deploy".into(),
        parameters: vec![],
        decisions: vec![],
        awaits: None,
        requested_at: now(),
        expires_at: Some(now()),
        delivered_at: None,
    });
    for _ in 0..2 {
        state.lapse(&key, &Principal::system("deployments").actor, now());
        let reason = state.build.reason.clone().map(|reason| reason.code);
        assert_eq!((state.build.status, reason), (RunStatus::Cancelled, Some(ReasonCode::ApprovalExpired)));
        assert_eq!(state.approvals[&key].status, ApprovalStatus::Expired);
        assert!(state.build.is_complete);
    }
}
