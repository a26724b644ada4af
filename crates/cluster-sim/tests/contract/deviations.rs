//! Deviations of the simulator that the comparison must catch: each answers as one who has not read the recordings would.

use serde_json::json;

use crate::player::Deviation;

pub(crate) const ALL: &[(&str, Deviation)] = &[
    ("an unknown build configuration is answered 404", |recording, answer| {
        if recording.path.ends_with("/nosuch/instantiate") {
            answer.status = 404;
        }
    }),
    ("cancelling answers the new phase", |recording, answer| {
        if recording.body == json!({"status": {"cancelled": true}}) && answer.status == 200 {
            answer.body["status"]["phase"] = json!("Cancelled");
        }
    }),
    ("a watch from an old version is answered 410", |recording, answer| {
        if recording.path.contains("watch=true") && recording.path.ends_with("resourceVersion=1") {
            answer.status = 410;
        }
    }),
    ("items of lists say what they are", |_, answer| {
        let kind = answer.body["kind"].as_str().unwrap_or_default().trim_end_matches("List").to_owned();
        let items = answer.body.as_object_mut().and_then(|body| body.get_mut("items"));
        for item in items.and_then(|items| items.as_array_mut()).into_iter().flatten() {
            item["kind"] = json!(kind);
        }
    }),
    ("a code that is used twice is an invalid grant", |recording, answer| {
        if answer.body["error"] == "unauthorized_client" && recording.path == "/oauth/token" {
            answer.body["error"] = json!("invalid_grant");
        }
    }),
    ("what Tekton does not admit is answered 422", |_, answer| {
        if answer.body["message"].as_str().is_some_and(|message| message.starts_with("admission webhook")) {
            answer.status = 422;
            answer.body["code"] = json!(422);
        }
    }),
    ("an expired state is forgotten to be dropped", |_, answer| {
        if let Some(to) = answer.location.as_mut().filter(|to| to.contains("invalid_scope")) {
            to.push_str("&state=<STATE>");
        }
    }),
    ("leaving a selection is told as a change", |recording, answer| {
        if recording.name == "watch-builds-jenkins-only-running"
            && let Some(text) = answer.body.as_str()
        {
            answer.body = json!(text.replace("\"DELETED\"", "\"MODIFIED\""));
        }
    }),
];
