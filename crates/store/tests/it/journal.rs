//! The journal: the rows are its fold.

use alm_domain::{
    ApprovalObservation, ApprovalStatus, Artifact, Build, BuildState, Commit, EventSeq, Observation, Output,
    OutputKind, ParameterDefinition, ParameterKind, Paused, RunObservation, RunStatus, StageAttempt, StageKey,
    StageKind, StageObservation, Step, Warning,
};
use alm_store::{Append, Fence};
use chrono::TimeDelta;
use proptest::prelude::*;
use tokio::runtime::Runtime;

use crate::support::{World, check, noon};

properties! { the_rows_are_the_fold_of_a_journal_without_holes }
stories! { a_provider_that_repeats_itself_changes_nothing, concurrent_writers_leave_no_hole, a_large_change_is_journalled }

/// Instants finer than a millisecond, as engines tell them.
fn instant() -> impl Strategy<Value = Option<alm_domain::Timestamp>> {
    proptest::option::of((0i64..10_000_000_000).prop_map(|nanos| noon() + TimeDelta::nanoseconds(nanos)))
}

fn status() -> impl Strategy<Value = RunStatus> {
    (0..RunStatus::ALL.len()).prop_map(|n| RunStatus::ALL[n])
}

fn stage() -> impl Strategy<Value = StageObservation> {
    let key = || "[a-d\0]".prop_map(StageKey::from);
    (
        key(),
        status(),
        proptest::option::of(key()),
        0u32..5,
        instant(),
        instant(),
        proptest::collection::vec(key(), 0..3),
        proptest::option::of(prop_oneof![
            any::<u64>().prop_map(Paused::Millis),
            (0i64..10_000_000_000).prop_map(|nanos| Paused::Since(noon() + TimeDelta::nanoseconds(nanos))),
        ]),
    )
        .prop_map(|(key, status, parent, position, started_at, finished_at, depends_on, paused)| {
            StageObservation {
                name: format!("Stage {key}"),
                key,
                kind: StageKind::Work,
                status,
                reason: None,
                parent,
                depends_on,
                position,
                queued_at: None,
                started_at,
                finished_at,
                paused,
                attempts: vec![StageAttempt { number: 1, status, reason: None, started_at, finished_at }],
                environment: None,
                namespace: Some("a\0b".to_owned()),
                url: None,
                agent: None,
            }
        })
}

fn step() -> impl Strategy<Value = Step> {
    let parts = ("[a-c\0]", proptest::option::of("[A-B]"), instant(), instant(), proptest::option::of(0..3));
    parts.prop_map(|(name, group, started_at, finished_at, exit_code)| Step {
        name,
        group,
        started_at,
        finished_at,
        exit_code,
    })
}

fn observation() -> impl Strategy<Value = Observation> {
    let run = (status(), instant(), proptest::option::of("[0-9a-f]{8}")).prop_map(|(status, started_at, sha)| {
        let commit = sha.map(|sha| Commit { sha, title: Some("a\0title".into()), author: None });
        Observation::Run(RunObservation { started_at, commit, ..RunObservation::status(status) })
    });
    let approval = ("[a-b]", prop_oneof![Just(ApprovalStatus::Pending), Just(ApprovalStatus::Approved)], instant())
        .prop_map(|(key, status, expires_at)| {
            Observation::Approval(ApprovalObservation {
                key: key.into(),
                stage: None,
                status,
                message: "Go?".into(),
                proceed_label: "Go".into(),
                parameters: vec![ParameterDefinition {
                    name: "to".into(),
                    label: "To".into(),
                    help: None,
                    kind: ParameterKind::String,
                    required: true,
                    default: None,
                    choices: vec![],
                }],
                requested_at: noon() + TimeDelta::nanoseconds(1),
                expires_at,
            })
        });
    prop_oneof![
        4 => run,
        6 => proptest::collection::vec(stage(), 1..4).prop_map(Observation::Stages),
        1 => "[a-d]".prop_map(|key| Observation::StagesRemoved(vec![StageKey::from(key)])),
        2 => approval,
        1 => "[a-z]{1,8}".prop_map(|path| Observation::Artifact(Artifact { path, stage: None, size: 1, sha256: "0".into() })),
        1 => "[a-z]{1,8}".prop_map(|code| Observation::Warning(Warning { code, message: "odd".into() })),
        1 => "[a-z]{1,8}".prop_map(|name| Observation::Outputs(vec![Output {
            name,
            kind: OutputKind::Image,
            stage: None,
            value: "registry.example.test/app".into(),
            digest: Some("sha256:0".into()),
            provenance: None,
        }])),
        1 => proptest::collection::vec(step(), 0..4).prop_map(Observation::Steps),
    ]
}

fn the_rows_are_the_fold_of_a_journal_without_holes(runtime: &Runtime, world: &World) {
    let batches = proptest::collection::vec(proptest::collection::vec(observation(), 0..4), 0..8);
    check(24, (batches, any::<bool>()), |(batches, complete)| {
        runtime.block_on(async {
            let World { store, me, .. } = world;
            let build = world.build().await;
            for observations in &batches {
                let before = store.heads(me, build.id).await.unwrap().unwrap();
                let committed = world.observe(build.id, observations).await;
                let step = committed.heads.event.0 - before.event.0;
                prop_assert_eq!(step, u64::from(!committed.change.is_empty()));
            }
            if complete {
                world.observe(build.id, &[Observation::Complete]).await;
            }
            let (rows, heads) = store.build_state(me, build.id).await.unwrap().unwrap();
            let journal = store.journal(me, build.id, EventSeq::ZERO, 1000).await.unwrap();
            prop_assert!(journal.iter().zip(1..).all(|(entry, seq)| entry.seq == EventSeq(seq)));
            prop_assert_eq!(journal.len() as u64, heads.event.0);
            let first: Build = journal[0].change.build.clone().unwrap();
            let mut fold = BuildState::new(first);
            for entry in &journal {
                fold.apply(&entry.change);
                let then = store.build_at(me, build.id, entry.seq).await.unwrap();
                prop_assert_eq!(then.as_ref(), Some(&fold.build), "at {}", entry.seq);
            }
            prop_assert_eq!(&fold, &rows);
            let mut stages: Vec<_> = rows.stages.into_values().collect();
            stages.sort_by_key(|stage| (stage.position, stage.id));
            prop_assert_eq!(store.stages_of_builds(me, &[build.id]).await.unwrap(), stages);
            Ok(())
        })
    });
}

async fn a_provider_that_repeats_itself_changes_nothing(world: &World) {
    let build = world.build().await.id;
    let run = RunObservation {
        started_at: Some(noon() + TimeDelta::nanoseconds(1_234_567)),
        ..RunObservation::status(RunStatus::Running)
    };
    let once = world.observe(build, &[Observation::Run(run.clone())]).await;
    assert!(once.change.build.is_some() && once.project_event.is_some());
    let again = world.observe(build, &[Observation::Run(run)]).await;
    assert!(again.change.is_empty() && again.project_event.is_none());
    assert_eq!(again.heads, once.heads);
}

async fn concurrent_writers_leave_no_hole(world: &World) {
    let World { store, me, .. } = world;
    let build = world.build().await.id;
    let writers = (0..20).map(|n| {
        let (store, me) = (store.clone(), me.clone());
        tokio::spawn(async move {
            let artifact = Artifact { path: format!("f{n}"), stage: None, size: n, sha256: "0".into() };
            store
                .update_build(&me, build, Fence::Bystander, Append::default(), |state| {
                    state.observe(&Observation::Artifact(artifact.clone()), noon());
                })
                .await
                .unwrap()
                .heads
                .event
                .0
        })
    });
    let mut seqs: Vec<u64> = futures::future::join_all(writers).await.into_iter().map(Result::unwrap).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (2..=21).collect::<Vec<_>>());
    assert_eq!(store.builds(me, &[build]).await.unwrap()[0].artifacts.len(), 20);
    let page = store.journal(me, build, EventSeq(5), 3).await.unwrap();
    assert_eq!(page.iter().map(|entry| entry.seq.0).collect::<Vec<_>>(), [6, 7, 8]);
}

async fn a_large_change_is_journalled(world: &World) {
    let World { store, me, .. } = world;
    let build = world.build().await.id;
    let stages: Vec<_> = (0..1200)
        .map(|n| StageObservation {
            key: StageKey::from(format!("stage-{n}")),
            name: "A stage".into(),
            kind: StageKind::Work,
            status: RunStatus::Planned,
            reason: None,
            parent: None,
            depends_on: vec![],
            position: n,
            queued_at: None,
            started_at: None,
            finished_at: None,
            paused: None,
            attempts: vec![],
            environment: None,
            namespace: None,
            url: None,
            agent: None,
        })
        .collect();
    let committed = world.observe(build, &[Observation::Stages(stages)]).await;
    assert_eq!(committed.change.stages.len(), 1200);
    let entry = store.journal(me, build, EventSeq(1), 1).await.unwrap().pop().unwrap();
    assert_eq!(entry.change, committed.change);
    let stages = store.stages_of_builds(me, &[build]).await.unwrap();
    assert_eq!(stages, committed.change.stages);
    let ids: Vec<_> = stages.iter().map(|stage| stage.id).collect();
    assert_eq!(store.stages(me, &ids).await.unwrap().len(), 1200);
}
