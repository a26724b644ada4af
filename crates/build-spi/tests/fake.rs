//! The fake keeps what it promises: stories of builds that a test drives, and a property of its streams.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::sync::Arc;

use alm_build_spi::{
    Access, BuildConfigSpec, BuildProvider, CancelReceipt, CancellationToken, ConfigRef, Observation, Observed,
    ProviderError, ResumeToken, RunRef, StartBuild,
    conformance::fake::{FakeEngine, FakeProvider, Script, StageSpec},
};
use alm_domain::{BuildId, IdSource, ReasonCode, RepositoryRef, RunStatus, SequentialIds, ServiceId, StageObservation};
use futures::StreamExt;
use proptest::prelude::*;

struct World {
    engine: FakeEngine,
    provider: FakeProvider,
    ids: Arc<dyn IdSource>,
    spec: BuildConfigSpec,
    config: ConfigRef,
}

impl World {
    async fn new(script: Script) -> Self {
        let engine = FakeEngine::new();
        engine.script_default(script);
        let provider = FakeProvider::attach(&engine);
        let ids = Arc::new(SequentialIds::new(1));
        let spec = BuildConfigSpec {
            service: ServiceId::generate(ids.as_ref()),
            name: "web/main".into(),
            repository: RepositoryRef {
                url: "https://git.example.org/web".into(),
                reference: "main".into(),
                directory: None,
            },
            settings: vec![],
        };
        let config = provider.create_config(&Access::default(), &spec).await.unwrap();
        Self { engine, provider, ids, spec, config }
    }

    fn request(&self, build: BuildId) -> StartBuild {
        StartBuild {
            build,
            number: 1,
            config: self.config.clone(),
            spec: self.spec.clone(),
            reference: "main".into(),
            parameters: vec![],
            secrets: vec![],
            withheld: vec![],
        }
    }

    async fn start(&self) -> (BuildId, RunRef) {
        let build = BuildId::generate(self.ids.as_ref());
        (build, self.provider.start(&Access::default(), self.request(build)).await.unwrap())
    }

    async fn told(&self, run: &RunRef, from: Option<ResumeToken>) -> Vec<Observed> {
        let stream = self.provider.follow(&Access::default(), run, from, CancellationToken::new());
        stream.map(Result::unwrap).collect().await
    }
}

fn texts(batches: &[Observed]) -> Vec<String> {
    let lines = |o: &Observation| if let Observation::Lines(lines) = o { lines.clone() } else { vec![] };
    batches.iter().flat_map(|b| &b.observations).flat_map(lines).map(|line| line.text).collect()
}

fn stages(batches: &[Observed]) -> Vec<StageObservation> {
    let stages = |o: &Observation| if let Observation::Stages(stages) = o { stages.clone() } else { vec![] };
    batches.iter().flat_map(|b| &b.observations).flat_map(stages).collect()
}

#[tokio::test]
async fn a_build_goes_as_far_as_its_script_lets_it() {
    let world = World::new(Script::new().line("before").wait().line("after").fail("2 tests failed")).await;
    let (build, run) = world.start().await;
    world.engine.held(build).await;
    assert_eq!(world.engine.snapshot(build).unwrap().run.status, RunStatus::Running);

    world.engine.release(build);
    world.engine.ended(build).await;
    let end = world.engine.snapshot(build).unwrap().run;
    assert_eq!((end.status, end.reason.unwrap().code), (RunStatus::Failed, ReasonCode::CommandFailed));
    assert_eq!(texts(&world.told(&run, None).await), ["before", "after"]);
}

#[tokio::test]
async fn a_release_that_comes_before_the_build_is_not_lost() {
    let world = World::new(Script::new().wait()).await;
    let build = BuildId::generate(world.ids.as_ref());
    world.engine.release(build);
    world.provider.start(&Access::default(), world.request(build)).await.unwrap();
    world.engine.ended(build).await;
}

#[tokio::test]
async fn a_follower_hears_of_what_happens_while_it_listens() {
    let world = World::new(Script::new().wait().line("at last")).await;
    let (build, run) = world.start().await;
    let follower = tokio::spawn({
        let provider = world.provider.clone();
        async move {
            let stream = provider.follow(&Access::default(), &run, None, CancellationToken::new());
            stream.map(Result::unwrap).collect::<Vec<_>>().await
        }
    });
    world.engine.say(build, "by the way");
    world.engine.release(build);
    assert_eq!(texts(&follower.await.unwrap()), ["by the way", "at last"]);
}

#[tokio::test]
async fn stages_in_a_row_depend_on_each_other_and_what_never_ran_is_skipped() {
    let script = Script::new().stage("build").line("ok").stage("test").fail("no").stage("deploy");
    let world = World::new(script).await;
    let (build, _) = world.start().await;
    let seen = world.engine.snapshot(build).unwrap().stages;
    let told: Vec<_> = seen.iter().map(|s| (s.key.as_str(), s.status, s.depends_on.len())).collect();
    assert_eq!(
        told,
        [("build", RunStatus::Succeeded, 0), ("test", RunStatus::Failed, 1), ("deploy", RunStatus::Skipped, 1)]
    );
}

#[tokio::test]
async fn a_late_stage_is_not_planned() {
    let world = World::new(Script::new().stage("early").open(StageSpec::new("late").after(["early"]).late())).await;
    let (_, run) = world.start().await;
    let told = stages(&world.told(&run, None).await);
    let first_of_late = told.iter().find(|stage| stage.key.as_str() == "late").unwrap();
    assert_eq!(first_of_late.status, RunStatus::Running);
}

#[tokio::test]
async fn a_lost_answer_does_not_start_a_second_run() {
    let world = World::new(Script::new()).await;
    let build = BuildId::generate(world.ids.as_ref());
    world.engine.lose_answers(1);
    let lost = world.provider.start(&Access::default(), world.request(build)).await;
    assert!(matches!(lost, Err(ProviderError::Unavailable { .. })));
    world.provider.start(&Access::default(), world.request(build)).await.unwrap();
    assert_eq!((world.engine.start_calls(build), world.engine.runs_of(build)), (2, 1));
}

#[tokio::test]
async fn a_cancelled_build_may_take_its_time() {
    let world = World::new(Script::new().wait().lingers_when_cancelled()).await;
    let (build, run) = world.start().await;
    let receipt = world.provider.cancel(&Access::default(), &run).await.unwrap();
    assert_eq!(receipt, CancelReceipt::Accepted);
    assert_eq!(world.engine.snapshot(build).unwrap().run.status, RunStatus::Cancelling);
    world.engine.release(build);
    assert_eq!(world.engine.snapshot(build).unwrap().run.status, RunStatus::Cancelled);
}

#[tokio::test]
async fn a_question_that_lapses_fails_the_build() {
    let world = World::new(Script::new().ask("deploy", "Deploy?")).await;
    let (build, _) = world.start().await;
    world.engine.expire_approval(build, "deploy");
    let end = world.engine.snapshot(build).unwrap().run;
    assert_eq!((end.status, end.reason.unwrap().code), (RunStatus::Failed, ReasonCode::ApprovalExpired));
}

#[tokio::test]
async fn builds_of_others_are_listed_and_forgotten_ones_are_not_found() {
    let world = World::new(Script::new()).await;
    let (build, run) = world.start().await;
    let other = world.engine.start_outside(&world.config, Script::new()).unwrap();
    let listed = world.provider.list(&Access::default(), &world.config, None).await.unwrap().runs;
    assert_eq!(listed.iter().map(|r| (&r.run, r.build)).collect::<Vec<_>>(), [(&other, None), (&run, Some(build))]);

    world.engine.forget_run(build);
    let gone = world.provider.get(&Access::default(), &run).await;
    assert!(matches!(gone, Err(ProviderError::NotFound(_))));
}

#[tokio::test]
async fn a_released_run_is_no_longer_followed_and_its_build_not_started_again() {
    let world = World::new(Script::new()).await;
    let (build, run) = world.start().await;
    world.provider.release(&Access::default(), &run).await.unwrap();
    assert!(world.engine.was_released(build));
    let mut stream = world.provider.follow(&Access::default(), &run, None, CancellationToken::new());
    assert!(matches!(stream.next().await, Some(Err(ProviderError::NotFound(_)))));
    assert_eq!(world.provider.start(&Access::default(), world.request(build)).await.unwrap(), run);
}

#[tokio::test]
async fn a_token_of_somebody_else_is_invalid() {
    let world = World::new(Script::new()).await;
    let (_, run) = world.start().await;
    for rubbish in ["", "fake-", "fake-x", "tekton-3", "fake-99999999999999999999999"] {
        let from = Some(ResumeToken(rubbish.into()));
        let mut stream = world.provider.follow(&Access::default(), &run, from, CancellationToken::new());
        assert!(matches!(stream.next().await, Some(Err(ProviderError::Invalid(_)))), "{rubbish:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_the_batches_a_chain_of_tokens_gives_each_line_once(
        runs_of_lines in prop::collection::vec(0u32..20, 0..8),
        batch in 1usize..40,
    ) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            let (mut script, mut expected) = (Script::new(), Vec::new());
            for (index, count) in runs_of_lines.iter().enumerate() {
                script = script.stage(&format!("stage-{index}")).lines(*count);
                expected.extend((1..=*count).map(|n| format!("line {n}")));
            }
            let world = World::new(script).await;
            world.engine.batch_size(batch);
            let (_, run) = world.start().await;
            let whole = world.told(&run, None).await;
            assert_eq!(texts(&whole), expected);
            assert_eq!(whole.last().unwrap().observations.last(), Some(&Observation::Complete));
            for (index, seen) in whole.iter().enumerate() {
                let rest = world.told(&run, Some(seen.resume.clone())).await;
                assert_eq!(rest, whole[index + 1..].to_vec());
            }
        });
    }
}
