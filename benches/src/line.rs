//! A line of a log that says when it was written, and which one it is.

use rustix::time::{ClockId, clock_gettime};

const MARK: &[u8] = b"~T";
/// Hexadecimal digits of the time, and then of the number.
const DIGITS: (usize, usize) = (16, 10);
/// What fills a line up: words as in the log of a compiler.
const FILLER: &str = "   Compiling serde_core v1.0.229 (crates/serde_core) with opt-level=3, features=[std, result, alloc]; 14 of 445 units are fresh ";

/// What a line says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// When it was written, in nanoseconds of the clock that all processes of a machine share.
    pub(crate) at: u64,
    /// Which one of its build it is, from 1.
    pub(crate) number: u64,
}

impl Stamp {
    /// A line that is written now.
    pub(crate) fn now(number: u64) -> Self {
        Self { at: now(), number }
    }

    /// The line, of this many bytes if it can be so short.
    pub(crate) fn text(self, length: usize) -> String {
        let mut text = format!("~T{:016x}{:010x}", self.at, self.number);
        while text.len() < length {
            text.push_str(&FILLER[..FILLER.len().min(length - text.len())]);
        }
        text
    }
}

/// Nanoseconds of the monotonic clock.
pub(crate) fn now() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    u64::try_from(now.tv_sec).unwrap_or_default() * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap_or_default()
}

/// Finds the stamps of all lines in a message, in order, whatever form the message has.
pub(crate) fn stamps(message: &[u8]) -> impl Iterator<Item = Stamp> {
    memchr::memmem::find_iter(message, MARK).filter_map(|place| {
        let digits = message.get(place + MARK.len()..)?;
        let (at, number) = (digits.get(..DIGITS.0)?, digits.get(DIGITS.0..DIGITS.0 + DIGITS.1)?);
        Some(Stamp { at: hexadecimal(at)?, number: hexadecimal(number)? })
    })
}

fn hexadecimal(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |value, digit| Some(value << 4 | u64::from(char::from(*digit).to_digit(16)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_into_lines_is_found_again_in_whatever_holds_them() {
        let written: Vec<_> = (1..=3).map(|number| Stamp { at: 0xfeed << number, number }).collect();
        let texts: Vec<_> = written.iter().map(|stamp| stamp.text(120)).collect();
        assert!(texts.iter().all(|text| text.len() == 120), "{texts:?}");
        let message = serde_json::json!({ "lines": texts, "other": "~T0123 is none" }).to_string();
        assert_eq!(stamps(message.as_bytes()).collect::<Vec<_>>(), written);
    }
}
