//! What was seen of Tekton on real servers, or stands in its documents and sources, and surprises, by name. A surprise that a story
//! elsewhere is about is named here with it:
//!
//! | surprise | story |
//! |---|---|
//! | the one condition is not there at first | [`a_run_without_a_condition_waits_and_a_pod_that_is_pending_has_not_begun`] |
//! | steps are told only when containers have begun | [`a_run_without_a_condition_waits_and_a_pod_that_is_pending_has_not_begun`] |
//! | whatever a condition says is a state | `standing::every_condition_is_a_state_and_no_text_of_the_engine_is_too_long` |
//! | what a time limit stops is called cancelled, and its run merely failed | `definitions::a_run_that_a_time_limit_ends_has_timed_out_and_nobody_has_cancelled_it` |
//! | a run is running while a quota or a missing image keeps its pods from beginning | [`what_keeps_a_pod_from_beginning_is_said_by_the_run`] |
//! | a kind that is not there is answered as plain text, or forbidden | `stories::a_cluster_without_openshift_is_served_and_one_without_tekton_says_so` |
//! | a task may fail, and its run go on as if nothing had happened | [`a_failure_that_is_ignored_is_told_and_task_runs_that_were_tidied_away_were_not_left_out`] |
//! | task runs are tidied away while their run stays | [`a_failure_that_is_ignored_is_told_and_task_runs_that_were_tidied_away_were_not_left_out`] |
//! | a run without a pipeline is accepted with 201 | `stories::a_pipeline_that_is_gone_is_an_error_of_the_definition` |
//! | what is stopping is `Unknown`, as what runs is | [`what_is_being_stopped_is_told_so_although_tekton_does_not_know`] |
//! | there are three ways to stop, by a merge patch (others are 415) | `stories::a_run_is_stopped_in_the_way_that_was_chosen` |
//! | pods go when a run is stopped | [`the_log_of_a_pod_that_went_with_its_run_is_a_gap`] |
//! | a run is over before its task runs say so | `stories::a_run_is_stopped_in_the_way_that_was_chosen` |
//! | children are named in another version than the one that is asked | [`children_that_are_named_in_another_version_are_found`] |
//! | fields have other names in `v1beta1` | `stories::a_cluster_that_only_has_the_older_version_is_served_too`, `outputs::images_by_digest_results_and_the_commit_are_told` |
//! | what admission refuses is 400, not 422 | `stories::what_tekton_does_not_admit_is_told_at_the_setting` |
//! | unknown fields are 400, not dropped | [`a_field_that_tekton_does_not_know_is_told_at_the_setting`] |
//! | an attempt that failed is moved to `retriesStatus`, and the status begins anew | `stories::a_task_that_is_tried_again_has_attempts_each_with_its_lines` |
//! | `skippedTasks` also has what others kept from running | [`what_others_kept_from_running_is_not_left_out_by_its_condition`] |
//! | `finally` runs after a failure | [`what_others_kept_from_running_is_not_left_out_by_its_condition`] |
//! | a run of which something was skipped is `Completed` | `stories::the_graph_is_told_with_skips_results_and_the_last_tasks` |
//! | results have a few kilobytes at the most | `outputs::every_hint_of_chains_is_understood_and_nothing_else_is_taken_for_one` |
//! | a result is a value, also where it looks like a variable | `deployments::a_promotion_runs_what_deploys_there_with_what_was_built_and_the_token_of_there` |
//! | a script may have `$(tasks.…)` in it that means something else | `part::what_runs_again_stays_in_its_place_and_scripts_stay_as_they_are` |
//! | a pipeline that was named is told with the values of its parameters | `reruns::a_pipeline_that_was_named_is_repeated_as_it_was_or_not_at_all` |
//! | a workspace of `emptyDir` is another one for each task | `reruns::a_workspace_of_its_own_for_each_task_keeps_no_part_from_being_repeated` |
//! | the claim of a template stays as long as its run | `reruns::what_failed_runs_again_with_what_the_others_told_and_left_in_their_volume` |
//! | a workspace that nobody binds fails the run, not its creation | `definitions::settings_that_do_not_fit_the_pipeline_are_told_before_it_runs` |
//! | a pod waits for a Secret that is not there yet | `secrets::a_task_waits_for_the_token_of_its_environment` |
//! | a matrix is several task runs of one task | `stories::a_matrix_is_a_frame_around_its_variants` |
//! | nobody ends the custom run that nobody carries out | `approvals::without_the_gate_builds_say_so_and_other_custom_tasks_are_followed_all_the_same` |
//! | the gate calls a question that nobody answered rejected | `approvals::a_question_that_nobody_answers_in_time_has_expired_and_nobody_has_said_no` |
//! | the gate does not hear that the time of the run is over | `approvals::a_question_expires_with_the_time_of_its_run` |
//! | Chains signs when all is over | `outputs::what_chains_is_going_to_sign_is_waited_for` |

use alm_build_spi::ProviderError;
use alm_cluster_sim::Options;
use alm_domain::{LogStream, ReasonCode, RunStatus};
use serde_json::json;

use crate::support::{Followed, PROJECT, Rig, task};

const RUNS: &str = "pipelineruns.tekton.dev";
const TASK_RUNS: &str = "taskruns.tekton.dev";

#[tokio::test]
async fn a_run_without_a_condition_waits_and_a_pod_that_is_pending_has_not_begun() {
    let rig = Rig::with(Options { controllers: false, ..Options::default() }).await;
    let pipeline = json!({"tasks": [task("a", "echo one", &[]), task("b", "echo two", &["a"])]});
    let service = rig.service(&pipeline, &[]).await;
    let mut told = rig.start(&service).await;
    told.until("its state", |told| told.status() == Some(RunStatus::Queued)).await;
    let condition = |status: &str, reason: &str| json!({"status": {"startTime": "2026-01-01T00:00:00Z", "conditions": [{"type": "Succeeded", "status": status, "reason": reason}]}});
    rig.cluster.patch(RUNS, PROJECT, &told.name, &condition("Unknown", "Running"));
    told.until("its beginning", |told| told.status() == Some(RunStatus::Running)).await;
    let child = format!("{}-a", told.name);
    let labels = json!({"tekton.dev/pipelineRun": told.name, "tekton.dev/pipelineTask": "a"});
    rig.cluster.put(TASK_RUNS, PROJECT, &child, json!({"metadata": {"labels": labels}, "spec": {}}));
    told.until("its task", |told| told.stage("a").is_some_and(|stage| stage.status == RunStatus::Queued)).await;
    rig.cluster.patch(TASK_RUNS, PROJECT, &child, &condition("Unknown", "Pending"));
    let waits = |told: &Followed| {
        told.stage("a")
            .is_some_and(|stage| stage.reason.as_ref().is_some_and(|it| it.code == ReasonCode::WaitingForSlot))
    };
    told.until("its pod", waits).await;
    assert_eq!(told.stage("a").unwrap().status, RunStatus::Queued, "a pod that is pending has not begun");
    rig.cluster.patch(TASK_RUNS, PROJECT, &child, &condition("Unknown", "Running"));
    told.until("its work", |told| told.stage("a").is_some_and(|stage| stage.status == RunStatus::Running)).await;
}

#[tokio::test]
async fn what_keeps_a_pod_from_beginning_is_said_by_the_run() {
    let rig = Rig::with(Options { controllers: false, ..Options::default() }).await;
    let service = rig.service(&json!({"tasks": [task("only", "echo one", &[])]}), &[]).await;
    let mut told = rig.start(&service).await;
    let condition = |reason: &str, message: &str| json!({"status": {"startTime": "2026-01-01T00:00:00Z", "conditions": [{"type": "Succeeded", "status": "Unknown", "reason": reason, "message": message}]}});
    rig.cluster.patch(RUNS, PROJECT, &told.name, &condition("Running", "Tasks Completed: 0"));
    let child = format!("{}-only", told.name);
    let labels = json!({"tekton.dev/pipelineRun": told.name, "tekton.dev/pipelineTask": "only"});
    rig.cluster.put(TASK_RUNS, PROJECT, &child, json!({"metadata": {"labels": labels}, "spec": {}}));
    let words = "pods \"only\" is forbidden: exceeded quota";
    rig.cluster.patch(TASK_RUNS, PROJECT, &child, &condition("ExceededResourceQuota", words));
    let reason = |told: &Followed| told.run_states().pop().and_then(|run| run.reason.clone());
    let says = |told: &Followed| {
        reason(told).is_some_and(|it| it.code == ReasonCode::WaitingForSlot && it.message.ends_with(words))
    };
    told.until("why it waits", says).await;
    rig.cluster.patch(TASK_RUNS, PROJECT, &child, &condition("Running", "Not all Steps have finished"));
    told.until("its work", |told| told.status() == Some(RunStatus::Running) && reason(told).is_none()).await;
}

#[tokio::test]
async fn a_failure_that_is_ignored_is_told_and_task_runs_that_were_tidied_away_were_not_left_out() {
    let rig = Rig::new().await;
    let mut lint = task("lint", "echo odd\nexit 1", &[]);
    lint["onError"] = json!("continue");
    let service = rig.service(&json!({"tasks": [lint, task("ship", "echo shipped", &["lint"])]}), &[]).await;
    let told = rig.run(&service).await;
    assert_eq!((told.status(), told.texts()), (Some(RunStatus::Succeeded), vec!["odd", "shipped"]));
    let lint = told.stage("lint").unwrap();
    assert_eq!((lint.status, lint.reason.as_ref().unwrap().code), (RunStatus::Failed, ReasonCode::CommandFailed));
    rig.cluster.remove(TASK_RUNS, PROJECT, &format!("{}-ship", told.name));
    let later = rig.provider().get(&rig.access(), &told.run).await.unwrap();
    let ship = later.stages.iter().find(|stage| stage.key.as_str() == "ship").unwrap();
    assert_eq!((ship.status, ship.reason.as_ref().unwrap().code), (RunStatus::Succeeded, ReasonCode::Lost));
}

#[tokio::test]
async fn what_is_being_stopped_is_told_so_although_tekton_does_not_know() {
    let rig = Rig::new().await;
    let pipeline = json!({"tasks": [task("a", "echo one\nawait go", &[]), task("b", "echo two", &["a"])]});
    let service = rig.service(&pipeline, &[("cancel.mode", json!("StoppedRunFinally"))]).await;
    let mut told = rig.start(&service).await;
    told.until("its line", |told| told.has_line("one")).await;
    rig.provider().cancel(&rig.access(), &told.run).await.unwrap();
    told.until("that it stops", |told| told.status() == Some(RunStatus::Cancelling)).await;
    let now = rig.cluster.object(RUNS, PROJECT, &told.name).unwrap();
    assert_eq!(now["status"]["conditions"][0]["status"], "Unknown");
    rig.cluster.open_gate("go");
    told.finish().await;
    assert_eq!(told.stage("a").unwrap().status, RunStatus::Succeeded, "what runs may end");
    assert_eq!((told.status(), told.stage("b").unwrap().status), (Some(RunStatus::Cancelled), RunStatus::Skipped));
}

#[tokio::test]
async fn the_log_of_a_pod_that_went_with_its_run_is_a_gap() {
    let rig = Rig::new().await;
    let service = rig.service(&json!({"tasks": [task("a", "echo one\nhang", &[])]}), &[]).await;
    let mut told = rig.start(&service).await;
    told.until("its line", |told| told.has_line("one")).await;
    rig.provider().cancel(&rig.access(), &told.run).await.unwrap();
    told.finish().await;
    assert_eq!(told.status(), Some(RunStatus::Cancelled));
    let late = rig.told(&told.run).await;
    assert_eq!(late.lines().iter().map(|line| line.stream).collect::<Vec<_>>(), [LogStream::Gap], "{late:?}");
    assert_eq!(late.status(), Some(RunStatus::Cancelled));
}

#[tokio::test]
async fn children_that_are_named_in_another_version_are_found() {
    let rig = Rig::new().await;
    let service =
        rig.service(&json!({"tasks": [task("a", "echo one", &[]), task("b", "echo two", &["a"])]}), &[]).await;
    let told = rig.run(&service).await;
    let run = rig.cluster.object(RUNS, PROJECT, &told.name).unwrap();
    let named: Vec<_> =
        run["status"]["childReferences"].as_array().unwrap().iter().map(|it| &it["apiVersion"]).collect();
    assert_eq!(named, ["tekton.dev/v1beta1"; 2]);
    let asked = rig.cluster.requests();
    assert!(asked.iter().any(|seen| seen.path.contains("/apis/tekton.dev/v1/") && seen.path.contains("/taskruns?")));
    assert_eq!(told.texts(), ["one", "two"]);
}

#[tokio::test]
async fn a_field_that_tekton_does_not_know_is_told_at_the_setting() {
    let rig = Rig::new().await;
    let definition = json!({"tasks": [task("a", "echo one", &[])], "finaly": []}).to_string();
    let error = rig.made(&[("pipeline.definition", json!(definition))]).await.unwrap_err();
    let ProviderError::Invalid(findings) = &error else { panic!("not invalid: {error:?}") };
    assert!(findings[0].message.contains("unknown field \"finaly\""), "{findings:?}");
    assert_eq!(findings[0].path, ["settings", "pipeline.definition"]);
}

#[tokio::test]
async fn what_others_kept_from_running_is_not_left_out_by_its_condition() {
    let rig = Rig::new().await;
    let definition = json!({
        "tasks": [task("a", "exit 1", &[]), task("b", "echo never", &["a"])], "finally": [task("c", "echo last", &[])],
    });
    let service = rig.service(&definition, &[]).await;
    let told = rig.run(&service).await;
    let run = rig.cluster.object(RUNS, PROJECT, &told.name).unwrap();
    assert_eq!(run["status"]["skippedTasks"][0], json!({"name": "b", "reason": "PipelineRun was stopping"}));
    let stage = told.stage("b").unwrap();
    assert_eq!((stage.status, stage.reason.as_ref().unwrap().code), (RunStatus::Skipped, ReasonCode::DependencyFailed));
    assert_eq!((told.status(), told.texts()), (Some(RunStatus::Failed), vec!["last"]));
}

/// Where the stories are.
const STORIES: [(&str, &str); 10] = [
    ("approvals", include_str!("approvals.rs")),
    ("definitions", include_str!("definitions.rs")),
    ("deployments", include_str!("deployments.rs")),
    ("outputs", concat!(include_str!("outputs.rs"), include_str!("../../src/outputs.rs"))),
    ("part", include_str!("../../src/part.rs")),
    ("reruns", include_str!("reruns.rs")),
    ("secrets", include_str!("secrets.rs")),
    ("standing", include_str!("../../src/standing.rs")),
    ("stories", include_str!("stories.rs")),
    ("surprises", include_str!("surprises.rs")),
];

#[test]
fn every_surprise_has_a_test_of_its_name() {
    let own = include_str!("surprises.rs");
    let rows: Vec<&str> = own.lines().filter_map(|line| line.strip_prefix("//! | ")).skip(1).collect();
    assert!(rows.len() > 20, "{}", rows.len());
    for row in rows {
        let stories = row.split(" | ").nth(1).unwrap();
        let names: Vec<&str> = stories.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "{row}");
        for name in names {
            let (place, name) = name.split_once("::").unwrap_or(("surprises", name));
            let source = STORIES.iter().find(|(known, _)| *known == place).unwrap_or_else(|| panic!("{place}")).1;
            let is_test = |mark: &str| source.contains(&format!("{mark}fn {name}("));
            let marks = ["#[tokio::test]\nasync ", "    #[test]\n    "];
            assert!(marks.iter().any(|mark| is_test(mark)), "there is no test {place}::{name}");
        }
    }
}
