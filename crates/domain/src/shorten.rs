//! Echoing foreign text safely.

/// At most 60 characters of a foreign text, for error messages: control characters replaced, cut with an ellipsis.
#[must_use]
pub fn shorten(text: &str) -> String {
    let mut shown: String =
        text.chars().take(60).map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect();
    if text.chars().nth(60).is_some() {
        shown.push('…');
    }
    shown
}
