//! Lines that are too long.

use alm_domain::{LogLine, StageKey};
use chrono::SubsecRound;

/// A line's text is no longer, in bytes.
const LONGEST_LINE: usize = 64 << 10;

/// The lines as they are stored: times to the millisecond, lines over 64 KiB split, never cut.
pub(crate) fn split(mut lines: Vec<LogLine>) -> Vec<LogLine> {
    for line in &mut lines {
        line.at = line.at.map(|at| at.trunc_subsecs(3));
    }
    if lines.iter().all(|line| line.text.len() <= LONGEST_LINE) {
        return lines;
    }
    let mut stored = Vec::with_capacity(lines.len());
    for line in lines {
        if line.text.len() <= LONGEST_LINE {
            stored.push(line);
            continue;
        }
        let mut rest = line.text.as_str();
        let mut continued = line.continued;
        while !rest.is_empty() {
            let mut end = rest.len().min(LONGEST_LINE);
            while !rest.is_char_boundary(end) {
                end -= 1;
            }
            let (text, tail) = rest.split_at(end);
            stored.push(LogLine { text: text.to_owned(), continued, stage: line.stage.clone(), ..line });
            (rest, continued) = (tail, true);
        }
    }
    stored
}

/// The key of a line's stage, and its attempt; the empty key where there is no stage.
pub(crate) fn owner(line: &LogLine) -> (&str, u32) {
    (line.stage.as_ref().map_or("", StageKey::as_str), line.attempt)
}
