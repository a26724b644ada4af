//! Who goes when: stages and the frames around them.

use serde_json::json;

use super::*;
use crate::definition::{Body, parse};

struct Told {
    plan: Plan,
    ended: HashMap<usize, Ended>,
    context: Context,
}

impl Told {
    /// A pipeline of which nothing has ended, built for `main`.
    fn of(stages: &str) -> Self {
        let text = format!("parameters: {{MODE: {{choices: [quick, full], default: quick}}}}\nstages:\n{stages}");
        let pipeline = parse(&text, "pipeline.yaml").unwrap();
        let Body::Stages(stages) = pipeline.body else { panic!("no stages") };
        let parameters = vec![ParameterValue { name: "MODE".to_owned(), value: json!("quick") }];
        Self {
            plan: Plan::new(stages),
            ended: HashMap::new(),
            context: Context { branch: "main".to_owned(), parameters },
        }
    }

    fn at(&self, key: &str) -> usize {
        self.plan.stages.iter().position(|stage| stage.key.as_str() == key).unwrap()
    }

    fn end(mut self, key: &str, status: RunStatus) -> Self {
        self.ended.insert(self.at(key), Ended::new(status, None));
        self
    }

    /// `wait`, `go`, or the code and the words of what it is left out for.
    fn turn(&self, key: &str) -> String {
        match self.plan.turn(self.at(key), &self.ended, &self.context) {
            Turn::Wait => "wait".to_owned(),
            Turn::Go => "go".to_owned(),
            Turn::Skip(reason) => format!("{:?}: {}", reason.code, reason.message),
        }
    }
}

const FAILURE: &str = "
  build: {run: x}
  rescue:
    needs: build
    when: failure
    stages:
      collect: {run: x}
      report: {run: x}
  after: {needs: rescue, run: x}
";

#[test]
fn a_frame_for_failures_waits_for_what_it_needs() {
    let told = Told::of(FAILURE);
    assert_eq!(
        (told.turn("build"), told.turn("rescue/collect"), told.turn("rescue/report")),
        three("go", "wait", "wait")
    );
}

#[test]
fn a_frame_for_failures_runs_after_one_and_its_stages_do_not_look_at_it_again() {
    let told = Told::of(FAILURE).end("build", RunStatus::Failed);
    assert_eq!((told.turn("rescue/collect"), told.turn("rescue/report")), pair("go", "wait"));
    let told = told.end("rescue/collect", RunStatus::Succeeded);
    assert_eq!((told.turn("rescue/report"), told.turn("after")), pair("go", "wait"));
    let told = told.end("rescue/report", RunStatus::Succeeded);
    assert_eq!(told.turn("after"), "go");
}

#[test]
fn a_frame_for_failures_is_left_out_whole_when_nothing_failed() {
    let told = Told::of(FAILURE).end("build", RunStatus::Succeeded);
    let why = "ConditionNotMet: the frame \"rescue\" is left out: it runs only when something before it failed, and nothing did";
    assert_eq!((told.turn("rescue/collect"), told.turn("rescue/report")), pair(why, why));
}

#[test]
fn inside_a_frame_that_runs_a_stage_is_decided_by_its_own_needs() {
    let told = Told::of(FAILURE).end("build", RunStatus::Failed).end("rescue/collect", RunStatus::Failed);
    assert_eq!(told.turn("rescue/report"), "DependencyFailed: stage \"collect\" did not succeed");
}

#[test]
fn a_frame_that_always_runs_lets_its_stages_go_after_a_failure() {
    let told = Told::of(
        "
  build: {run: x}
  clean: {needs: build, when: always, parallel: {a: {run: x}, b: {run: x, when: failure}, c: {run: x, when: always}}}
",
    )
    .end("build", RunStatus::Failed);
    let nothing = "ConditionNotMet: it runs only when something before it failed, and nothing did";
    assert_eq!((told.turn("clean/a"), told.turn("clean/b"), told.turn("clean/c")), three("go", nothing, "go"));
}

#[test]
fn a_frame_without_a_condition_is_left_out_when_what_it_needs_failed_whatever_its_stages_say() {
    let told = Told::of(
        "
  build: {run: x}
  tests: {needs: build, parallel: {a: {run: x}, b: {run: x, when: always}}}
",
    )
    .end("build", RunStatus::Failed);
    let why = "DependencyFailed: the frame \"tests\" is left out: stage \"build\" did not succeed";
    assert_eq!((told.turn("tests/a"), told.turn("tests/b")), pair(why, why));
}

#[test]
fn branches_and_parameters_hold_for_all_that_is_inside() {
    let stages = "
  release: {when: {branch: release/*}, stages: {a: {run: x}, b: {run: x, when: always}}}
  soak: {when: {parameters: {MODE: full}}, parallel: {a: {run: x}}}
";
    let mut told = Told::of(stages);
    assert_eq!(
        told.turn("release/b"),
        "ConditionNotMet: the frame \"release\" is left out: it runs for release/*, and this is main"
    );
    let why =
        "ConditionNotMet: the frame \"soak\" is left out: the parameter MODE has none of the values that it runs for";
    assert_eq!(told.turn("soak/a"), why);
    told.context.branch = "release/1".to_owned();
    told.context.parameters[0].value = json!("full");
    assert_eq!((told.turn("release/a"), told.turn("soak/a")), pair("go", "go"));
}

#[test]
fn frames_inside_frames_are_decided_from_the_outermost_on() {
    let stages = "
  build: {run: x}
  outer:
    needs: build
    when: always
    stages:
      first: {run: x}
      inner:
        when: failure
        parallel:
          a: {run: x}
          b: {run: x, needs: outer/first, when: failure}
";
    let told = Told::of(stages).end("build", RunStatus::Failed);
    assert_eq!((told.turn("outer/first"), told.turn("outer/inner/a")), pair("go", "wait"));
    let failed = Told::of(stages).end("build", RunStatus::Failed).end("outer/first", RunStatus::Failed);
    let nothing = "ConditionNotMet: it runs only when something before it failed, and nothing did";
    assert_eq!((failed.turn("outer/inner/a"), failed.turn("outer/inner/b")), pair("go", nothing));
    let good = told.end("outer/first", RunStatus::Succeeded);
    assert!(good.turn("outer/inner/a").contains("the frame \"inner\" is left out"), "{}", good.turn("outer/inner/a"));
}

#[test]
fn what_a_frame_left_out_counts_as_succeeded_for_what_needs_it() {
    let mut told = Told::of(FAILURE).end("build", RunStatus::Succeeded);
    for key in ["rescue/collect", "rescue/report"] {
        let Turn::Skip(reason) = told.plan.turn(told.at(key), &told.ended, &told.context) else {
            panic!("not left out")
        };
        told.ended.insert(told.at(key), Ended::new(RunStatus::Skipped, Some(reason)));
    }
    assert_eq!(told.turn("after"), "go");
}

fn pair(a: &str, b: &str) -> (String, String) {
    (a.to_owned(), b.to_owned())
}

fn three(a: &str, b: &str, c: &str) -> (String, String, String) {
    (a.to_owned(), b.to_owned(), c.to_owned())
}
