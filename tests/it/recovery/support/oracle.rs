//! Judges of what a client was told.

use serde_json::Value;

/// Judges a log: every line once, in order, whatever happened to the connection. It believes no cursor: it counts by itself.
#[derive(Default, Debug)]
pub(crate) struct LogOracle {
    last: u64,
    /// What standard output and standard error said, in order.
    pub(crate) said: Vec<String>,
}

impl LogOracle {
    /// Takes in an event of `buildLog`.
    pub(crate) fn event(&mut self, event: &Value) {
        assert_ne!(event["__typename"], "LogGap", "a hole in a log that nothing was lost of: {event}");
        for line in event["lines"].as_array().into_iter().flatten() {
            let seq = line["seq"].as_u64().expect("a line has a number");
            assert_eq!(seq, self.last + 1, "the line after {}: {line}", self.last);
            self.last = seq;
            if line["stream"] != "SYSTEM" {
                self.said.push(line["text"].as_str().expect("a line has a text").to_owned());
            }
        }
    }

    /// Whether the build has said `line 1` to `line N`, and nothing else.
    pub(crate) fn assert_numbered(&self, count: usize) {
        for (index, text) in self.said.iter().enumerate() {
            assert_eq!(*text, format!("line {}", index + 1), "the {}th line", index + 1);
        }
        assert_eq!(self.said.len(), count, "all lines");
    }
}

/// Judges the states of a build: never back, and nothing after the end.
#[derive(Default, Debug)]
pub(crate) struct StateOracle {
    revision: u64,
    stage_revisions: std::collections::HashMap<String, (u64, String)>,
    /// Every state that the build was seen in, once.
    pub(crate) states: Vec<String>,
}

impl StateOracle {
    /// Takes in an event of `buildUpdates`.
    pub(crate) fn event(&mut self, event: &Value) {
        assert_ne!(event["reset"], true, "nothing was lost that would need a new beginning: {event}");
        let build = &event["build"];
        if let Some(status) = build["status"].as_str() {
            let revision = build["revision"].as_u64().expect("a build has a revision");
            assert!(revision >= self.revision, "revision {} after {}", revision, self.revision);
            self.revision = revision;
            if self.states.last().is_none_or(|last| last != status) {
                if let Some(last) = self.states.last() {
                    assert!(!is_terminal(last), "{status} after {last}");
                    assert!(status != "QUEUED", "{status} after {last}");
                }
                self.states.push(status.to_owned());
            }
        }
        let (own, of_build) = (event["stages"].as_array(), build["stages"].as_array());
        for stage in own.into_iter().chain(of_build).flatten() {
            let (key, status) =
                (stage["key"].as_str().unwrap().to_owned(), stage["status"].as_str().unwrap().to_owned());
            let revision = stage["revision"].as_u64().unwrap();
            if let Some((before, was)) = self.stage_revisions.insert(key.clone(), (revision, status.clone())) {
                assert!(revision >= before, "stage {key}: revision {revision} after {before}");
                assert!(!is_terminal(&was) || was == status, "stage {key}: {status} after {was}");
            }
        }
    }

    /// The state that the build was last seen in.
    pub(crate) fn newest(&self) -> &str {
        self.states.last().map_or("", String::as_str)
    }

    /// The state that a stage was last seen in.
    pub(crate) fn stage(&self, key: &str) -> &str {
        self.stage_revisions.get(key).map_or("", |(_, status)| status)
    }
}

fn is_terminal(status: &str) -> bool {
    matches!(status, "SUCCEEDED" | "UNSTABLE" | "FAILED" | "ERRORED" | "CANCELLED" | "SKIPPED")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(numbers: &[u64]) -> Value {
        let lines: Vec<Value> =
            numbers.iter().map(|n| json!({ "seq": n, "stream": "STDOUT", "text": format!("line {n}") })).collect();
        json!({ "__typename": "LogBatch", "lines": lines })
    }

    fn state(revision: u64, status: &str) -> Value {
        json!({ "build": { "revision": revision, "status": status } })
    }

    #[test]
    fn a_sound_log_passes() {
        let mut oracle = LogOracle::default();
        oracle.event(&lines(&[1, 2]));
        oracle.event(&lines(&[3]));
        oracle.assert_numbered(3);
    }

    #[test]
    #[should_panic(expected = "the line after 2")]
    fn a_line_that_comes_twice_is_caught() {
        let mut oracle = LogOracle::default();
        oracle.event(&lines(&[1, 2]));
        oracle.event(&lines(&[2, 3]));
    }

    #[test]
    #[should_panic(expected = "the line after 1")]
    fn a_line_that_is_missing_is_caught() {
        LogOracle::default().event(&lines(&[1, 3]));
    }

    #[test]
    #[should_panic(expected = "all lines")]
    fn a_log_that_ends_too_early_is_caught() {
        let mut oracle = LogOracle::default();
        oracle.event(&lines(&[1, 2]));
        oracle.assert_numbered(3);
    }

    #[test]
    #[should_panic(expected = "RUNNING after SUCCEEDED")]
    fn a_build_that_comes_back_is_caught() {
        let mut oracle = StateOracle::default();
        ["QUEUED", "SUCCEEDED", "RUNNING"].iter().zip(1..).for_each(|(status, at)| oracle.event(&state(at, status)));
    }

    #[test]
    #[should_panic(expected = "revision 1 after 2")]
    fn news_that_are_old_are_caught() {
        let mut oracle = StateOracle::default();
        oracle.event(&state(2, "RUNNING"));
        oracle.event(&state(1, "RUNNING"));
    }
}
