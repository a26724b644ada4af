//! Lines that are too long.

use alm_domain::{LogLine, StageKey};
use chrono::SubsecRound;

/// A line's text is no longer, in bytes.
const LONGEST_LINE: usize = 64 << 10;

/// The lines as they are stored: times to the millisecond, lines over 64 KiB split, never cut.
pub(crate) fn split(lines: Vec<LogLine>) -> Vec<LogLine> {
    let mut stored = Vec::with_capacity(lines.len());
    for mut line in lines {
        line.at = line.at.map(|at| at.trunc_subsecs(3));
        while line.text.len() > LONGEST_LINE {
            let mut end = LONGEST_LINE;
            while !line.text.is_char_boundary(end) {
                end -= 1;
            }
            let rest = line.text.split_off(end);
            let tail = LogLine { text: rest, continued: true, stage: line.stage.clone(), ..line };
            stored.push(std::mem::replace(&mut line, tail));
        }
        stored.push(line);
    }
    stored
}

/// The key of a line's stage, and its attempt; the empty key where there is no stage.
pub(crate) fn owner(line: &LogLine) -> (&str, u32) {
    (line.stage.as_ref().map_or("", StageKey::as_str), line.attempt)
}
