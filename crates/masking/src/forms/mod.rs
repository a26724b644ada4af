//! The forms in which programs print a text.

mod base64;
mod hex;
mod json;
mod percent;
mod shell;
#[cfg(test)]
mod tests;

use crate::SHORTEST;

/// Every form of a text that is searched for, the text itself included. Some may be the same.
pub(crate) fn of(text: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![text.to_vec()];
    forms.extend(base64::of(text));
    forms.extend(hex::of(text));
    forms.extend(percent::of(text));
    forms.extend(json::of(text));
    forms.extend(shell::of(text));
    forms
}

/// The lines of a text that a program broke at this width. A last one that is too short to be searched for comes with the line
/// before it.
fn broken(text: &str, width: usize) -> Vec<Vec<u8>> {
    // A text that fits on a line is not broken.
    let text = if text.len() > width { text } else { "" };
    let mut lines: Vec<Vec<u8>> = text.as_bytes().chunks(width).map(<[u8]>::to_vec).collect();
    if let [.., before, last] = &mut lines[..]
        && last.len() < SHORTEST
    {
        *last = [&before[..], b"\n", last].concat();
    }
    lines
}
