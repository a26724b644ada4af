//! Live streams: nothing is missed, nothing is told twice, whatever happens to the connection.

mod build_log;
mod build_updates;
mod cuts;
mod endings;
mod project_updates;
mod provider_updates;
mod refusals;
mod shared;
mod slow_readers;
mod verbs;

use serde_json::Value;

/// Numbers and texts of the lines in an event of a log; a hole counts as a line.
fn lines(event: &Value) -> Vec<(u64, String)> {
    match event["__typename"].as_str().unwrap() {
        "LogBatch" => {
            let told = |line: &Value| (line["seq"].as_u64().unwrap(), line["text"].as_str().unwrap().to_owned());
            event["lines"].as_array().unwrap().iter().map(told).collect()
        }
        "LogGap" => vec![(event["afterSeq"].as_u64().unwrap() + 1, event["cause"].as_str().unwrap().to_owned())],
        _ => Vec::new(),
    }
}

/// What the log must be: this many numbered lines, each once, in order. Knows only what the engine was told to write.
fn assert_whole(told: &[(u64, String)], count: u64) {
    let expected: Vec<_> = (1..=count).map(|n| (n, format!("line {n}"))).collect();
    if told != expected {
        let odd = told.iter().zip(&expected).find(|(told, expected)| told != expected);
        panic!("{} lines instead of {count}; the first odd one: {odd:?}", told.len());
    }
}
