//! Foreign texts, for people.

use alm_domain::clean_text;

/// Longest text of an engine that is passed on, in characters.
const LONGEST: usize = 1_000;

/// A foreign text on one line, without control characters, and not too long.
pub(crate) fn shown(text: &str) -> String {
    let text = clean_text(text.replace(['\n', '\r', '\t'], " "));
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
