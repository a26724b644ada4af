//! Durations as Go writes them: `1h30m`, `90s`, `1h0m0s`.

use chrono::TimeDelta;

/// The duration that a text is; nothing for a text that is none. `0` is one: to Tekton, no limit.
pub(crate) fn read(text: &str) -> Option<TimeDelta> {
    if text == "0" {
        return Some(TimeDelta::zero());
    }
    let mut seconds: i64 = 0;
    let mut number = String::new();
    let mut is_open = true;
    for c in text.chars() {
        is_open = c.is_ascii_digit();
        if is_open {
            number.push(c);
            continue;
        }
        let unit = match c {
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        let count: i64 = std::mem::take(&mut number).parse().ok()?;
        seconds = seconds.checked_add(count.checked_mul(unit)?)?;
    }
    if is_open { None } else { TimeDelta::try_seconds(seconds) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_is_read_and_nothing_else() {
        for (text, seconds) in [("90s", 90), ("1h30m", 5_400), ("1h0m0s", 3_600), ("0s", 0), ("0", 0)] {
            assert_eq!(read(text), TimeDelta::try_seconds(seconds), "{text}");
        }
        for text in ["", "1", "h", "1x", "m1", "1h30", "-1h", "99999999999999999999h", "9223372036854775807h", "1,5h"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
