//! What the builder notes of a Docker or Source build: `status.stages`.

use alm_domain::{Step, Timestamp};
use chrono::TimeDelta;
use serde_json::Value;

use super::view::time;
use crate::text::shown;

/// The most that are read; a builder notes about ten.
const MOST: usize = 1_000;
/// The longest that a step is believed to have lasted: a year.
const LONGEST_MS: i64 = 366 * 24 * 60 * 60 * 1_000;

/// The steps of a build, each with the stage that it was noted under; a stage without steps stands for itself. They are noted when they
/// are over, so that none is at work. Whatever is odd about one is as if it were not there.
pub(crate) fn steps(status: &Value) -> Vec<Step> {
    let of_stage = |stage: &Value| -> Vec<Step> {
        let inner: Vec<Step> = listed(stage, "steps").filter_map(|one| step(one, name(stage))).collect();
        if inner.is_empty() { step(stage, None).into_iter().collect() } else { inner }
    };
    listed(status, "stages").flat_map(of_stage).take(MOST).collect()
}

fn listed<'a>(of: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    of.get(field).and_then(Value::as_array).into_iter().flatten().take(MOST)
}

fn name(of: &Value) -> Option<String> {
    let name = of.get("name")?.as_str()?.trim();
    (!name.is_empty()).then(|| shown(name))
}

fn step(noted: &Value, group: Option<String>) -> Option<Step> {
    let started_at = noted.get("startTime").and_then(Value::as_str).and_then(time);
    // One that took less than a millisecond is noted without a duration.
    let lasted = noted.get("durationMilliseconds").and_then(Value::as_i64).unwrap_or(0).clamp(0, LONGEST_MS);
    let end = |at: Timestamp| at.checked_add_signed(TimeDelta::milliseconds(lasted)).unwrap_or(at);
    Some(Step { name: name(noted)?, group, started_at, finished_at: started_at.map(end), exit_code: None })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> Option<Timestamp> {
        time(text)
    }

    #[test]
    fn the_steps_of_all_stages_are_told_in_a_row_with_their_stage() {
        let noted = json!({ "phase": "Complete", "stages": [
            { "name": "FetchInputs", "startTime": "2026-11-22T08:00:00Z", "durationMilliseconds": 1250, "steps": [
                { "name": "FetchGitSource", "startTime": "2026-11-22T08:00:00Z", "durationMilliseconds": 1250 } ] },
            { "name": "Build", "startTime": "2026-11-22T08:00:02Z", "durationMilliseconds": 9000, "steps": [
                { "name": "PullBaseImage", "startTime": "2026-11-22T08:00:02Z" },
                { "name": "DockerBuild", "startTime": "2026-11-22T08:00:02Z", "durationMilliseconds": 8500 } ] },
            { "name": "PostCommit", "startTime": "2026-11-22T08:00:11Z", "durationMilliseconds": 500 },
        ] });
        let told: Vec<_> = steps(&noted)
            .into_iter()
            .map(|step| {
                assert_eq!(step.exit_code, None, "nobody says how it ended");
                (step.group, step.name, step.started_at, step.finished_at)
            })
            .collect();
        let row = |group: Option<&str>, name: &str, from: &str, to: &str| {
            (group.map(str::to_owned), name.to_owned(), at(from), at(to))
        };
        let wanted = [
            row(Some("FetchInputs"), "FetchGitSource", "2026-11-22T08:00:00Z", "2026-11-22T08:00:01.250Z"),
            row(Some("Build"), "PullBaseImage", "2026-11-22T08:00:02Z", "2026-11-22T08:00:02Z"),
            row(Some("Build"), "DockerBuild", "2026-11-22T08:00:02Z", "2026-11-22T08:00:10.500Z"),
            row(None, "PostCommit", "2026-11-22T08:00:11Z", "2026-11-22T08:00:11.500Z"),
        ];
        assert_eq!(told, wanted);
    }

    #[test]
    fn odd_notes_are_data() {
        for odd in [
            json!(null),
            json!("x"),
            json!({ "stages": "x" }),
            json!({ "stages": [1, null, [], {}] }),
            json!({ "stages": [{ "name": 7, "steps": [{ "name": "" }, { "name": " \u{1b}[2J" }] }] }),
        ] {
            let told = steps(&odd);
            assert!(told.iter().all(|step| !step.name.contains('\u{1b}')), "{odd}: {told:?}");
        }
        let one = |noted: Value| steps(&json!({ "stages": [noted] })).pop().unwrap();
        let began = at("2026-11-22T08:00:00Z");
        for duration in [json!(-5), json!("x"), json!(1.5), json!(null)] {
            let told = one(json!({ "name": "NotKnownHere", "startTime": "2026-11-22T08:00:00Z",
                "durationMilliseconds": duration }));
            assert_eq!((told.started_at, told.finished_at), (began, began), "{duration}");
        }
        let told =
            one(json!({ "name": "Build", "startTime": "9999-12-31T23:59:59Z", "durationMilliseconds": i64::MAX }));
        assert!(told.finished_at >= told.started_at);
        let told = one(json!({ "name": "Build", "startTime": "yesterday", "durationMilliseconds": 5 }));
        assert_eq!((told.started_at, told.finished_at), (None, None), "when is not known");
        let many = json!({ "stages": vec![json!({ "name": "x".repeat(9_000) }); 5_000] });
        assert!(steps(&many).len() == MOST && steps(&many)[0].name.len() < 9_000);
    }
}
