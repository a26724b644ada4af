//! Small values that many keys share.

use alm_domain::shorten;

use super::{
    node::{Node, Value},
    problem::{Path, Problems},
};

/// A name or message on one line, 1 to `max` characters.
pub(super) fn line(node: &Node, max: usize, path: &Path<'_>, problems: &mut Problems) -> Option<String> {
    let Some(text) = node.scalar() else {
        problems.add(node.at, path, format!("is {}: write one line of text", node.kind()));
        return None;
    };
    let text = text.trim();
    let wrong = if text.is_empty() {
        "is empty: give it some text"
    } else if text.chars().any(char::is_control) {
        "has more than one line, or a control character: write one plain line"
    } else if text.chars().count() > max {
        problems.add(node.at, path, format!("is longer than {max} characters: shorten it"));
        return None;
    } else {
        return Some(text.to_owned());
    };
    problems.add(node.at, path, wrong);
    None
}

/// `true` or `false`.
pub(super) fn boolean(node: &Node, path: &Path<'_>, problems: &mut Problems) -> Option<bool> {
    match &node.value {
        Value::Bool(value) => Some(*value),
        Value::Text(text) if matches!(text.to_lowercase().as_str(), "yes" | "on" | "y" | "true") => {
            problems.add(node.at, path, format!("{:?} is text: write true, without quotes", shorten(text)));
            None
        }
        Value::Text(text) if matches!(text.to_lowercase().as_str(), "no" | "off" | "n" | "false") => {
            problems.add(node.at, path, format!("{:?} is text: write false, without quotes", shorten(text)));
            None
        }
        _ => {
            problems.add(node.at, path, format!("is {}: write true or false", node.kind()));
            None
        }
    }
}

/// The items of a list; anything else is the one item of a list.
pub(super) fn items(node: &Node) -> &[Node] {
    match &node.value {
        Value::List(items) => items,
        _ => std::slice::from_ref(node),
    }
}

/// Whether a text can be the name of a variable or parameter; a sentence where it cannot.
pub(super) fn variable_name(name: &str) -> Result<(), String> {
    let fits = name.len() <= 128
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !fits {
        return Err(format!(
            "{:?} cannot be the name of a variable: use letters, digits and `_`, a letter or `_` first, at most 128",
            shorten(name)
        ));
    }
    if name.starts_with("ALM_") {
        return Err(format!(
            "{:?} is taken: names that begin with ALM_ are set by the build service, use another",
            shorten(name)
        ));
    }
    Ok(())
}

/// The candidate that was probably meant.
pub(super) fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > 64 {
        return None; // comparing costs the product of the lengths
    }
    let simple = |text: &str| -> String {
        text.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
    };
    let wanted = simple(word);
    let allowed = (wanted.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&wanted, &simple(candidate)), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
