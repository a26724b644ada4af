//! The end of a log, as the cluster keeps it on a Build that has failed.

use alm_domain::{LogLine, LogStream};
use alm_masking::Masks;

use super::Build;

/// Longest text that is read; clusters keep five lines.
pub(super) const LONGEST: usize = 16 << 10;
/// What a cluster writes in the place of what it takes out of the middle of a long line.
const CUT: &str = "...";

/// The lines that the cluster has kept, behind one that says so; nothing where it has kept none. Of the log of a build with secrets no line
/// is told that may begin or end in the midst of one: there the secret could not be found.
pub(crate) fn snippet(build: &Build, masks: &Masks) -> Vec<LogLine> {
    let Some(kept) = build.log_snippet.as_deref() else { return Vec::new() };
    let masked = masks.mask(kept);
    let is_cut = build.secrets() > 0 && masked.contains(CUT);
    // The first of them may be the rest of one that was too long.
    let is_whole = |(n, line): &(usize, &str)| !is_cut || (*n > 0 && !line.contains(CUT));
    let whole: Vec<&str> = masked.lines().enumerate().filter(is_whole).map(|(_, line)| line).collect();
    if whole.iter().all(|line| line.trim().is_empty()) {
        return Vec::new();
    }
    let line = |stream, text: &str| {
        let text = text.to_owned();
        LogLine { stage: None, attempt: 0, stream, at: None, text, continued: false }
    };
    let head = match is_cut {
        true => "the end of the log, as the cluster has kept it, without lines that may hold a part of a secret:",
        false => "the end of the log, as the cluster has kept it:",
    };
    let lines = whole.into_iter().map(|text| line(LogStream::Stdout, text));
    std::iter::once(line(LogStream::System, head)).chain(lines).collect()
}
