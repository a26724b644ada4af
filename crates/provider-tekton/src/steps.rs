//! What a plain build is made of: the steps of its task.

use alm_domain::Step;
use alm_kubernetes::is_name;
use serde_json::Value;

use crate::standing::time;

/// The most that are told; a task has a few.
const MOST: usize = 200;

/// The steps of a task run that have begun, by its status; of its newest try.
pub(crate) fn steps(status: &Value) -> Vec<Step> {
    let mut told: Vec<Step> = Vec::new();
    for one in status["steps"].as_array().into_iter().flatten().take(MOST) {
        let Some(name) = one["name"].as_str().filter(|name| is_name(name)) else { continue };
        let (running, ended) = (&one["running"], &one["terminated"]);
        if one["terminationReason"] == "Skipped" {
            break;
        }
        let before = told.last().and_then(|step| step.finished_at);
        let mut step =
            Step { name: name.to_owned(), group: None, started_at: None, finished_at: None, exit_code: None };
        if ended.is_object() {
            let finished_at = time(&ended["finishedAt"]);
            step.started_at = time(&ended["startedAt"]).or(finished_at).max(before);
            step.finished_at = finished_at.or(step.started_at);
            // The code of a container that was taken away is Tekton's own invention.
            let is_removed = matches!(ended["reason"].as_str(), Some("TaskRunCancelled" | "TaskRunTimeout"));
            let code = ended["exitCode"].as_i64().and_then(|code| i32::try_from(code).ok());
            step.exit_code = code.filter(|_| !is_removed);
            let goes_on = step.exit_code == Some(0) || is_forgiven(status, one, name);
            told.push(step);
            // What comes behind never began, although its container ends with the others.
            if !goes_on {
                break;
            }
        } else if running.is_object() {
            // All containers run from the beginning; a step's own work begins when the one before has ended.
            step.started_at = time(&running["startedAt"]).max(before);
            told.push(step);
            break;
        } else {
            break;
        }
    }
    told
}

/// Whether the task goes on although this step ended badly.
fn is_forgiven(status: &Value, step: &Value, name: &str) -> bool {
    let mut defined = status["taskSpec"]["steps"].as_array().into_iter().flatten();
    step["terminationReason"] == "Continued" || defined.any(|it| it["name"] == name && it["onError"] == "continue")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named(status: &Value) -> Vec<(String, bool, Option<i32>)> {
        steps(status).into_iter().map(|step| (step.name, step.finished_at.is_some(), step.exit_code)).collect()
    }

    fn ended(name: &str, code: i64, from: &str, to: &str) -> Value {
        let at = |minute: &str| format!("2026-11-22T08:{minute}Z");
        json!({ "name": name, "terminated": { "exitCode": code, "startedAt": at(from), "finishedAt": at(to) } })
    }

    #[test]
    fn of_the_containers_that_run_the_first_is_at_work() {
        let running = |name: &str| json!({ "name": name, "running": { "startedAt": "2026-11-22T08:46:14Z" } });
        let first = json!({ "steps": [running("compile"), running("push")] });
        assert_eq!(named(&first), [("compile".to_owned(), false, None)]);
        let second = json!({ "steps": [ended("compile", 0, "46:15", "46:20"), running("push")] });
        assert_eq!(named(&second), [("compile".to_owned(), true, Some(0)), ("push".to_owned(), false, None)]);
        let began: Vec<_> = steps(&second).into_iter().map(|step| step.started_at).collect();
        let at = |text: &str| time(&json!(text));
        assert_eq!(began, [at("2026-11-22T08:46:15Z"), at("2026-11-22T08:46:20Z")], "when the one before had ended");
        assert_eq!(named(&json!({ "steps": [{ "name": "compile", "waiting": { "reason": "x" } }] })), []);
    }

    #[test]
    fn what_comes_behind_a_failure_never_began() {
        let mut status = json!({ "steps": [ended("test", 2, "46:15", "46:20"), ended("push", 1, "46:20", "46:20")] });
        assert_eq!(named(&status), [("test".to_owned(), true, Some(2))]);
        let both = [("test".to_owned(), true, Some(2)), ("push".to_owned(), true, Some(1))];
        status["taskSpec"] = json!({ "steps": [{ "name": "test", "onError": "continue" }] });
        assert_eq!(named(&status), both);
        status["taskSpec"] = json!(null);
        status["steps"][0]["terminationReason"] = json!("Continued");
        assert_eq!(named(&status), both);
        status["steps"][1]["terminationReason"] = json!("Skipped");
        assert_eq!(named(&status), both[..1]);
    }

    #[test]
    fn a_step_that_was_stopped_says_when_and_not_how() {
        let mut status = json!({ "steps": [ended("fetch", 0, "46:14", "46:20"), ended("test", 1, "46:14", "46:25"),
            ended("push", 1, "46:14", "46:25")] });
        for at in [1, 2] {
            status["steps"][at]["terminated"]["reason"] = json!("TaskRunCancelled");
        }
        assert_eq!(named(&status), [("fetch".to_owned(), true, Some(0)), ("test".to_owned(), true, None)]);
        assert_eq!(steps(&status)[1].started_at, steps(&status)[0].finished_at);
    }

    #[test]
    fn odd_statuses_are_data() {
        for odd in [
            json!(null),
            json!({ "steps": "x" }),
            json!({ "steps": [1, {}, { "name": "\u{1b}" }, { "name": "x".repeat(999) }, { "name": "../x" }] }),
            json!({ "steps": [{ "name": "a", "terminated": 1 }, { "name": "b", "running": [] }] }),
        ] {
            assert_eq!(named(&odd), [], "{odd}");
        }
        let odd = json!({ "steps": [{ "name": "a", "terminated": { "exitCode": i64::MAX, "startedAt": "now" } }] });
        assert_eq!(steps(&odd)[0].started_at, None);
        assert_eq!(named(&odd), [("a".to_owned(), false, None)], "no time, and no number");
    }
}
