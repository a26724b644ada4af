//! The builds of the servers that we are compared with: their lines, and the message that a line is.

use std::collections::HashMap;

use alm_domain::{Clock, IdSource, SystemClock, SystemIds};
use serde_json::json;

use crate::pace::{Commands, Writer};

/// A line, and its number in its build.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) text: String,
}

/// Ids of so many builds, and which is which.
pub(super) fn ids(count: usize) -> (Vec<String>, HashMap<String, usize>) {
    let ids: Vec<_> = (0..count).map(|_| format!("bld_{}", SystemIds.next_uuid().simple())).collect();
    let places = ids.iter().cloned().zip(0..).collect();
    (ids, places)
}

/// Writes the lines of all builds until there are no more.
pub(super) fn write(count: usize, commands: &Commands, emit: impl Fn(usize, Line) + Clone + Send + 'static) {
    for build in 0..count {
        let (commands, emit) = (commands.clone(), emit.clone());
        tokio::spawn(async move {
            let mut writer = Writer::new(commands, build as f64 / count as f64, 0);
            while let Some(texts) = writer.next().await {
                let first = writer.written() + 1 - texts.len() as u64;
                (first..).zip(texts).for_each(|(number, text)| emit(build, Line { number, text }));
            }
        });
    }
}

/// The message that tells a line to the subscriber whose operation is `1`: what the real service says, for one line.
pub(super) fn message(line: &Line) -> String {
    let at = now();
    let told = json!({"seq": line.number, "at": at, "text": line.text, "stream": "STDOUT", "level": null});
    let batch = json!({
        "__typename": "LogBatch", "cursor": cursor(line.number), "at": at, "lastSeq": line.number, "lines": [told],
    });
    json!({"type": "next", "id": "1", "payload": {"data": {"buildLog": batch}}}).to_string()
}

/// As long as those of the real service.
pub(super) fn cursor(number: u64) -> String {
    format!("AQEBkHQ9jKZ3C4yLx0Yh1c7tAAAA{number:016x}")
}

/// In the form of the real service.
pub(super) fn now() -> String {
    SystemClock.now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}
