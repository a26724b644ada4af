//! The fake, as the suite sees it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use alm_domain::{
    BuildId, Capability, ConfigurationEntry, ConfigurationOrigin, Observation, RepositoryRef, ServiceId, Settings,
    StageKind, Step, Timestamp,
};
use async_trait::async_trait;
use chrono::TimeDelta;
use secrecy::SecretString;

use super::{FakeEngine, FakeProvider, Script, StageSpec, descriptor::SCRIPT};
use crate::{
    Access, BuildConfigSpec, BuildProvider,
    conformance::{Harness, Power, Scenario, mutants::Mutant},
};

const TOKEN: &str = "fake-token-91c2";

/// The fake, with every scenario and every power; or one that is broken on purpose.
#[derive(Debug)]
pub struct FakeHarness {
    engine: FakeEngine,
    provider: Arc<dyn BuildProvider>,
    without: BTreeSet<Capability>,
    mutant: Option<Mutant>,
}

impl Default for FakeHarness {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeHarness {
    /// The fake as it should be.
    #[must_use]
    pub fn new() -> Self {
        Self::build(BTreeSet::new(), None)
    }

    /// The fake without these capabilities.
    #[must_use]
    pub fn without(capabilities: impl IntoIterator<Item = Capability>) -> Self {
        Self::build(capabilities.into_iter().collect(), None)
    }

    /// The fake, broken in this way.
    #[must_use]
    pub fn broken(mutant: Mutant) -> Self {
        Self::build(BTreeSet::new(), Some(mutant))
    }

    fn build(without: BTreeSet<Capability>, mutant: Option<Mutant>) -> Self {
        let engine = FakeEngine::new();
        engine.page_size(3);
        engine.batch_size(7);
        engine.accept_tokens(Some(vec![SecretString::from(TOKEN)]));
        let provider = attach(&engine, &without, mutant);
        Self { engine, provider, without, mutant }
    }
}

fn attach(engine: &FakeEngine, without: &BTreeSet<Capability>, mutant: Option<Mutant>) -> Arc<dyn BuildProvider> {
    let provider = FakeProvider::attach(engine).without(without.iter().copied());
    match mutant {
        Some(mutant) => Arc::new(mutant.attach(provider, engine)),
        None => Arc::new(provider),
    }
}

#[async_trait]
impl Harness for FakeHarness {
    fn provider(&self) -> Arc<dyn BuildProvider> {
        Arc::clone(&self.provider)
    }

    async fn another_instance(&self) -> Arc<dyn BuildProvider> {
        attach(&self.engine, &self.without, self.mutant)
    }

    fn access(&self) -> Access {
        Access { token: Some(SecretString::from(TOKEN)) }
    }

    async fn config(&self, scenario: Scenario, service: ServiceId, name: &str) -> Option<BuildConfigSpec> {
        let script = script(scenario);
        let entry = |key: &str, value| ConfigurationEntry {
            key: key.to_owned(),
            value,
            origin: ConfigurationOrigin::Service,
            overridable: true,
        };
        let named = match &script {
            Some(script) => {
                self.engine.script_service(service, script.clone());
                None
            }
            None => Some("no-such-script".into()),
        };
        Some(BuildConfigSpec {
            service,
            name: name.to_owned(),
            repository: RepositoryRef {
                url: "https://git.example.org/web.git".to_owned(),
                reference: "main".to_owned(),
                directory: None,
            },
            settings: vec![entry(SCRIPT, named)],
        })
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn settings(&self) -> Option<Settings> {
        Some([("slots".to_owned(), 2.into())].into())
    }

    async fn open_gate(&self, service: ServiceId) -> Power {
        let builds = self.engine.builds_of(service);
        builds.into_iter().for_each(|build| self.engine.release(build));
        Power::Done
    }

    async fn outage(&self, on: bool) -> Power {
        self.engine.outage(on);
        Power::Done
    }

    async fn skew_clock(&self, by: TimeDelta) -> Power {
        self.engine.skew(by);
        Power::Done
    }

    async fn withdraw_token(&self, withdrawn: bool) -> Power {
        self.engine.accept_tokens(Some(if withdrawn { Vec::new() } else { vec![SecretString::from(TOKEN)] }));
        Power::Done
    }

    async fn lose_run(&self, build: BuildId) -> Power {
        self.engine.lose_run(build);
        Power::Done
    }

    async fn provider_without(&self, capability: Capability) -> Option<Arc<dyn BuildProvider>> {
        let mut without = self.without.clone();
        without.insert(capability);
        Some(attach(&self.engine, &without, self.mutant))
    }
}

/// What a plain build of the fake is made of.
fn steps() -> Observation {
    let at = |second| Some(Timestamp::UNIX_EPOCH + TimeDelta::seconds(second));
    let step = |name: &str, started_at, finished_at| Step {
        name: name.to_owned(),
        group: None,
        started_at,
        finished_at,
        exit_code: Some(0),
    };
    Observation::Steps(vec![step("fetch", at(0), at(1)), step("work", at(1), at(3))])
}

/// The scenario as a script; `None` for what cannot be right.
fn script(scenario: Scenario) -> Option<Script> {
    let hello = |script: Script, name: &str| script.line(&format!("hello from {name}")).close(name);
    Some(match scenario {
        Scenario::PlainSuccess => Script::new().line("one").line("two").line("three").observe(steps()),
        Scenario::PlainFailure => Script::new().line("before the fall").fail("the command ended with status 1"),
        Scenario::ManyLines(count) => Script::new().lines(count),
        Scenario::TwoStreams => Script::new().line("out").stderr("err"),
        Scenario::Gated => Script::new().line("before").wait().line("after"),
        Scenario::LongRunning => Script::new().line("started").wait_for("never"),
        Scenario::NeverBegins => Script::new().queued(),
        Scenario::LostLines => Script::new().line("kept").gap("the log was rotated").line("end"),
        Scenario::Pipeline => {
            let script = hello(Script::new().stage("first"), "first");
            let script = script.open(StageSpec::new("left").after(["first"]));
            let script = script.open(StageSpec::new("right").after(["first"]));
            let script = hello(hello(script.within("left"), "left").within("right"), "right");
            hello(script.open(StageSpec::new("last").after(["left", "right"])), "last")
        }
        Scenario::Nested => {
            let script = Script::new().open(StageSpec::new("outer").kind(StageKind::Parallel));
            let script = hello(script.open(StageSpec::new("inner-one").inside("outer")), "inner-one");
            hello(script.open(StageSpec::new("inner-two").inside("outer")), "inner-two").close("outer")
        }
        Scenario::LateStages => {
            let script = Script::new().stage("early").line("looking around");
            hello(script.open(StageSpec::new("late").after(["early"]).late()), "late").close("early")
        }
        Scenario::Approval => Script::new().ask("deploy", "Deploy it?").line("approved"),
        Scenario::ParameterEcho => Script::new().text_parameter("who").echo_parameters(),
        Scenario::Secrets => {
            let script = Script::new().stage("plain").show_secrets().close("plain");
            let ship = StageSpec::new("ship").after(["plain"]).environment("conformance");
            script.open(ship).show_secrets().close("ship")
        }
        Scenario::Artifact => Script::new().artifact("out/hello.txt", "hello artifact"),
        Scenario::Deploys => {
            let script = Script::new().open(StageSpec::new("build")).artifact("out/version.txt", "version one");
            let script = hello(script, "build").open(StageSpec::new("to-test").after(["build"]).environment("test"));
            let script = hello(script.echo_file("out/version.txt"), "to-test");
            let script = script.open(StageSpec::new("to-prod").after(["to-test"]).environment("prod"));
            hello(script.echo_file("out/version.txt"), "to-prod")
        }
        Scenario::InvalidConfig => return None,
    })
}
