//! Lines of a build log.

use serde::{Deserialize, Serialize};

use crate::{LineNo, StageKey, Timestamp};

/// Where a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// Words of the service or the provider about the build.
    System,
    /// Not a line but a hole: the engine could not give what was here (its log was rotated, its pod is gone); the text says
    /// why. A hole takes one line number, so that resuming by number meets it exactly once too.
    Gap,
}

/// One line as a provider gives it; the service numbers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// The stage that wrote it.
    pub stage: Option<StageKey>,
    /// The attempt that wrote it, from 1; 0 where there is no stage.
    pub attempt: u32,
    /// Where it came from.
    pub stream: LogStream,
    /// When it was written.
    pub at: Option<Timestamp>,
    /// Text without the line break, at most 64 KiB, SGR codes kept.
    pub text: String,
    /// Whether it goes on from the line before it (a line over 64 KiB is split, never cut).
    pub continued: bool,
}

/// A line and its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberedLine {
    /// Counts from 1 within the build and never changes.
    pub no: LineNo,
    /// The line.
    pub line: LogLine,
}

/// A span of log lines, both ends included. Lines of other stages may lie within.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRange {
    /// First line.
    pub from: LineNo,
    /// Last line so far.
    pub to: LineNo,
}

/// Level that a line states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LogLevel {
    /// Detail.
    Debug,
    /// Normal.
    Info,
    /// Worth a look.
    Warning,
    /// Bad.
    Error,
}

/// The level that a line states about itself: one of the usual words, alone or in brackets, or before a colon, among the
/// first 64 characters after colour codes are taken away. `None` where it states none.
#[must_use]
pub fn level_of(text: &str) -> Option<LogLevel> {
    let plain = strip_sgr(text);
    let head: String = plain.chars().take(64).collect();
    head.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() >= 4).find_map(|word| {
        let upper = word.chars().all(char::is_uppercase);
        let leads = head.trim_start_matches(['[', '(', ' ']).starts_with(word);
        if !upper && !leads {
            return None;
        }
        match word.to_ascii_uppercase().as_str() {
            "DEBUG" | "TRACE" => Some(LogLevel::Debug),
            "INFO" | "NOTICE" => Some(LogLevel::Info),
            "WARN" | "WARNING" => Some(LogLevel::Warning),
            "ERROR" | "FATAL" | "CRITICAL" => Some(LogLevel::Error),
            _ => None,
        }
    })
}

/// The text without SGR sequences (`ESC [ … m`).
#[must_use]
pub fn strip_sgr(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return text.into();
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("\u{1b}[") {
        plain.push_str(&rest[..start]);
        let body = &rest[start + 2..];
        let end = body.find(|c: char| !(c.is_ascii_digit() || c == ';' || c == ':'));
        rest = match end {
            Some(end) if body[end..].starts_with('m') => &body[end + 1..],
            Some(end) => &body[end..],
            None => "",
        };
    }
    plain.push_str(rest);
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_states_its_level_or_none() {
        assert_eq!(level_of("[ERROR] no such file"), Some(LogLevel::Error));
        assert_eq!(level_of("error: cannot find crate"), Some(LogLevel::Error));
        assert_eq!(level_of("2026-01-01T00:00:00Z WARN x"), Some(LogLevel::Warning));
        assert_eq!(level_of("\u{1b}[31mERROR\u{1b}[0m x"), Some(LogLevel::Error));
        assert_eq!(level_of("0 errors, 3 warnings"), None);
        assert_eq!(level_of("compiling error-chain"), None);
    }

    #[test]
    fn colour_codes_are_taken_away_and_nothing_else() {
        assert_eq!(strip_sgr("\u{1b}[1;31mred\u{1b}[m and \u{1b}[38:5:1mmore"), "red and more");
        assert_eq!(strip_sgr("plain"), "plain");
        assert_eq!(strip_sgr("cut \u{1b}[3"), "cut ");
    }
}
