//! Spans of time.

use std::time::Duration;

use alm_domain::shorten;

use super::{
    node::{Node, Value},
    problem::{Path, Problems},
};

/// Thirty days.
const LONGEST: u64 = 30 * 24 * 3600;

/// A duration such as `90s`, `10m`, `1h30m` or `2d`.
pub(super) fn duration(node: &Node, zero: bool, path: &Path<'_>, problems: &mut Problems) -> Option<Duration> {
    let read = match &node.value {
        Value::Integer(_, text) | Value::Float(text) => Err(format!(
            "{} has no unit: write {} for seconds, {} for minutes",
            shorten(text),
            shorten(&format!("{text}s")),
            shorten(&format!("{text}m"))
        )),
        Value::Text(text) => seconds(text.trim()),
        _ => Err(format!("is {}: write a duration such as 90s, 10m or 1h30m", node.kind())),
    };
    let read = read.and_then(|seconds| match seconds {
        0 if !zero => Err("is no time at all: write a duration such as 90s, 10m or 1h30m, or take it out".to_owned()),
        seconds if seconds > LONGEST => Err("is more than 30 days: write a shorter time".to_owned()),
        seconds => Ok(Duration::from_secs(seconds)),
    });
    read.map_err(|message| problems.add(node.at, path, message)).ok()
}

/// The seconds that such a duration has.
///
/// # Errors
/// For a text that is none, in words that follow its key.
pub(crate) fn seconds(text: &str) -> Result<u64, String> {
    let wrong = || format!("{:?} is not a duration: write it as 90s, 10m, 1h30m or 2d", shorten(text));
    let mut total: u64 = 0;
    let mut rest = text;
    let mut smallest = u64::MAX;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().map_err(|_| wrong())?;
        rest = &rest[digits..];
        let unit = rest.chars().next().ok_or_else(wrong)?;
        let length = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        if length >= smallest {
            return Err(wrong());
        }
        smallest = length;
        rest = &rest[unit.len_utf8()..];
        total = number.checked_mul(length).and_then(|part| total.checked_add(part)).ok_or_else(wrong)?;
    }
    if smallest == u64::MAX { Err(wrong()) } else { Ok(total) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_add_up_from_large_to_small() {
        for (text, expected) in
            [("90s", 90), ("10m", 600), ("1h30m", 5400), ("2d", 172_800), ("1d2h3m4s", 93_784), ("0s", 0)]
        {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        for bad in [
            "",
            "10",
            "m",
            "10 m",
            "1m1h",
            "1m1m",
            "-1m",
            "1.5h",
            "10min",
            "9999999999999999999999s",
            "18446744073709551615d",
            "1ä",
        ] {
            assert!(seconds(bad).is_err(), "{bad:?}");
        }
    }
}
