//! What a good file means.

use std::time::Duration;

use alm_domain::{BuildShape, ParameterKind, RunStatus, StageKind};
use serde_json::json;

use super::*;

fn needs(pipeline: &Pipeline) -> Vec<String> {
    let list =
        |stage: &StageDefinition| stage.needs.iter().map(|key| key.as_str().to_owned()).collect::<Vec<_>>().join(" ");
    stages(pipeline).iter().map(|stage| format!("{}: {}", stage.key, list(stage)).trim().to_owned()).collect()
}

#[test]
fn a_file_without_stages_is_a_plain_build() {
    let pipeline = good(
        "run: [make, {name: Test, run: make test, env: {N: 1.10}}]\nimage: rust:1\nartifacts: dist/\nenv: {A: yes, B: 0x10, C: }\n",
    );
    assert_eq!(shape(&pipeline), BuildShape::Plain);
    assert!(planned(&pipeline).is_empty());
    let Body::Plain(work) = &pipeline.body else { panic!("{pipeline:?}") };
    assert_eq!(work.steps.len(), 2);
    assert_eq!(work.steps[1].env["N"], "1.10");
    assert_eq!(
        (work.image.as_deref(), work.artifacts.as_ref().unwrap().paths[0].as_str()),
        (Some("rust:1"), "dist/**")
    );
    let env: Vec<_> = pipeline.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(env, ["A=yes", "B=0x10", "C="]);
}

#[test]
fn stages_without_needs_start_at_once_and_the_order_is_that_of_the_file() {
    let pipeline = good("stages:\n  z: {run: x}\n  a: {run: x}\n  m: {run: x, needs: [z, a]}\n");
    assert_eq!(needs(&pipeline), ["z:", "a:", "m: z a"]);
    let plan = planned(&pipeline);
    assert!(plan.iter().zip(0..).all(|(stage, at)| stage.position == at && stage.status == RunStatus::Planned));
    assert_eq!(shape(&pipeline), BuildShape::Pipeline);
}

#[test]
fn a_list_of_stages_means_the_same_as_a_map() {
    let list = good("stages:\n  - {name: a, run: x}\n  - {key: b, name: Be, run: x, needs: a}\n");
    let map = good("stages:\n  a: {run: x}\n  b: {name: Be, run: x, needs: a}\n");
    assert_eq!(list, map);
}

#[test]
fn inside_a_sequence_each_stage_waits_for_the_one_before_it_unless_it_says_otherwise() {
    let pipeline = good(
        "stages:
  first: {run: x}
  row:
    needs: first
    stages:
      a: {run: x}
      b: {run: x}
      c: {run: x, needs: a}
      d: {run: x, needs: []}
  after: {run: x, needs: [row, row/b]}
",
    );
    assert_eq!(
        needs(&pipeline),
        [
            "first:",
            "row: first",
            "row/a: first",
            "row/b: first row/a",
            "row/c: first row/a",
            "row/d: first",
            "after: row row/b"
        ]
    );
    let kinds: Vec<_> = stages(&pipeline).iter().map(|stage| stage.kind).collect();
    assert_eq!(kinds[1], StageKind::Sequence);
    assert_eq!(stages(&pipeline)[2].parent.as_ref().unwrap().as_str(), "row");
}

#[test]
fn a_sibling_is_meant_before_a_stage_elsewhere() {
    let pipeline = good(
        "stages:
  build: {run: x}
  other: {run: x}
  frame:
    parallel:
      build: {run: x}
      test: {run: x, needs: [build, other]}
      inner:
        env: {B: inner, C: inner}
        stages:
          deep: {run: x, env: {C: own}, needs: frame/test}
    env: {A: outer, B: outer}
",
    );
    assert_eq!(needs(&pipeline)[4], "frame/test: frame/build other");
    assert_eq!(needs(&pipeline)[6], "frame/inner/deep: frame/test");
    let env = &stages(&pipeline)[6].work.as_ref().unwrap().env;
    assert_eq!((env["A"].as_str(), env["B"].as_str(), env["C"].as_str()), ("outer", "inner", "own"));
}

#[test]
fn an_input_without_run_is_an_approval_and_with_run_a_question_before_the_work() {
    let pipeline = good(
        "stages:\n  ask: {input: Sure?}\n  go: {needs: ask, input: {message: Really?, ok: Go, timeout: 8h, parameters: {NOTE: {type: text}}}, run: x, environment: prod, url: https://prod.example}\n",
    );
    let [ask, go] = stages(&pipeline) else { panic!() };
    assert_eq!((ask.kind, go.kind), (StageKind::Approval, StageKind::Work));
    assert_eq!(ask.input.as_ref().unwrap().proceed_label, "Proceed");
    let input = go.input.as_ref().unwrap();
    assert_eq!((input.proceed_label.as_str(), input.timeout), ("Go", Some(Duration::from_secs(8 * 3600))));
    assert_eq!(input.parameters[0].kind, ParameterKind::Text);
    assert_eq!(planned(&pipeline)[1].environment.as_deref(), Some("prod"));
    assert_eq!(planned(&pipeline)[1].url.as_deref(), Some("https://prod.example"));
}

#[test]
fn a_finally_stage_comes_after_all_that_nothing_else_waits_for() {
    let pipeline = good(
        "stages:\n  a: {run: x}\n  b: {run: x, needs: a}\n  end: {run: x, finally: true, when: {branch: main}}\n  c: {run: x}\n",
    );
    assert_eq!(needs(&pipeline)[2], "end: b c");
    let end = &stages(&pipeline)[2];
    assert_eq!((end.kind, end.when.as_ref().unwrap().result), (StageKind::Finally, WhenResult::Always));
}

#[test]
fn conditions_compare_values_of_the_parameters_type() {
    let pipeline = good(
        "parameters: {N: {type: integer}, V: {default: 1.10}, B: {type: boolean}}\nstages:\n  a:\n    run: x\n    when: {branch: main, parameters: {N: [1, 2], V: 1.10, B: true}, result: always}\n",
    );
    assert_eq!(pipeline.parameters[1].default, Some(json!("1.10")));
    let when = stages(&pipeline)[0].when.as_ref().unwrap();
    assert_eq!(when.parameters["N"], [json!(1), json!(2)]);
    assert_eq!((&when.parameters["V"][0], &when.parameters["B"][0]), (&json!("1.10"), &json!(true)));
    assert_eq!((when.branch.as_slice(), when.result), (&["main".to_owned()][..], WhenResult::Always));
}

#[test]
fn retries_time_limits_and_tolerance_are_read() {
    let pipeline = good(
        "timeout: 2h\nstages:\n  a: {run: x, retry: 2, timeout: 90s, allow-failure: true}\n  b: {run: x, retry: {max: 3, delay: 5s}}\n",
    );
    let [a, b] = stages(&pipeline) else { panic!() };
    assert_eq!((a.retry.max, a.timeout, a.allow_failure), (2, Some(Duration::from_secs(90)), true));
    assert_eq!(b.retry, Retry { max: 3, delay: Duration::from_secs(5) });
    assert_eq!(pipeline.timeout, Some(Duration::from_secs(7200)));
}

#[test]
fn anchors_and_merge_keys_share_parts() {
    let pipeline = good(
        "x-base: &base {image: rust, retry: 1}\n.more: &more {timeout: 5m}\nstages:\n  a: {<<: *base, run: x, retry: 2}\n  b: {<<: [*base, *more], run: x}\n",
    );
    let [a, b] = stages(&pipeline) else { panic!() };
    assert_eq!((a.retry.max, a.work.as_ref().unwrap().image.as_deref()), (2, Some("rust")));
    assert_eq!((b.retry.max, b.timeout), (1, Some(Duration::from_secs(300))));
}

#[test]
fn a_byte_order_mark_windows_line_ends_and_a_document_start_do_no_harm() {
    good("\u{feff}---\r\nname: Windows\r\nrun: |\r\n  dir\r\n");
}

#[test]
fn a_pipeline_survives_being_stored() {
    let pipeline = good(include_str!("../../../../../examples/pipelines/parameters.yaml"));
    let stored = serde_json::to_string(&pipeline).unwrap();
    assert_eq!(serde_json::from_str::<Pipeline>(&stored).unwrap(), pipeline);
}
