//! Going on with the log of a container, which can only be read from its beginning.
//!
//! A cluster does not number the lines of a log, and its clock may jump. So the log is read again, and what was told is counted off.
//! Where the log does not begin as it did (it was rotated), the last line that was told is searched for; if it is gone too, lines
//! are lost, and that is said. How much is read again is bounded by the size at which clusters rotate logs (10 MiB, as they come).

use alm_domain::Timestamp;
use chrono::DateTime;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Piece;

/// How far the log of a container was told. A few dozen bytes, whatever the lines are like.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// How many pieces lie before.
    #[serde(rename = "n")]
    pub pieces: u64,
    /// What the first one of the log as it was read looked like.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    first: Option<u64>,
    /// What the last one that was told looked like.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    last: Option<u64>,
    /// When that one was written, in nanoseconds since 1970.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    at: Option<i64>,
}

/// What to do with a piece of a log that is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It was told.
    Known,
    /// It is new.
    New,
    /// It is new, and before it lines are missing.
    AfterGap,
}

/// Tells what is new in a log that is read from its beginning.
#[derive(Debug)]
pub struct Overlap {
    told: Told,
    mode: Mode,
}

#[derive(Debug, Clone, Copy)]
enum Mode {
    Begin,
    /// So many pieces were read, and were told before.
    Count(u64),
    Search,
    New,
}

impl Overlap {
    /// The log begins again; so far was told.
    #[must_use]
    pub fn new(told: Told) -> Self {
        let mode = if told.pieces == 0 { Mode::New } else { Mode::Begin };
        Self { told, mode }
    }

    /// How far is told, once what is new was told.
    #[must_use]
    pub const fn told(&self) -> &Told {
        &self.told
    }

    /// The next piece of the log.
    pub fn take(&mut self, piece: &Piece) -> Fate {
        let look = look(piece);
        if matches!(self.mode, Mode::Begin) {
            self.mode = if self.told.first == Some(look) { Mode::Count(0) } else { Mode::Search };
            if matches!(self.mode, Mode::Search) {
                // From now on it is this beginning that the log is counted from.
                self.told.first = Some(look);
                self.told.pieces = 0;
            }
        }
        match self.mode {
            Mode::Begin | Mode::New => {
                self.note(piece, look);
                Fate::New
            }
            Mode::Count(read) => {
                let read = read + 1;
                self.mode = if read == self.told.pieces { Mode::New } else { Mode::Count(read) };
                Fate::Known
            }
            Mode::Search => {
                self.told.pieces += 1;
                if self.told.last == Some(look) {
                    self.mode = Mode::New;
                    return Fate::Known;
                }
                let is_later = match (nanos(piece.at), self.told.at) {
                    (Some(now), Some(then)) => now > then,
                    // Nothing tells old from new: telling twice is better than keeping quiet.
                    _ => true,
                };
                if !is_later {
                    return Fate::Known;
                }
                self.mode = Mode::New;
                self.told.pieces -= 1;
                self.note(piece, look);
                Fate::AfterGap
            }
        }
    }

    fn note(&mut self, piece: &Piece, look: u64) {
        if self.told.pieces == 0 {
            self.told.first.get_or_insert(look);
        }
        self.told.pieces += 1;
        self.told.last = Some(look);
        self.told.at = nanos(piece.at);
    }
}

fn nanos(at: Option<Timestamp>) -> Option<i64> {
    at.as_ref().and_then(DateTime::timestamp_nanos_opt)
}

/// What a piece looks like, in 64 bits.
fn look(piece: &Piece) -> u64 {
    let mut digest = Sha256::new();
    digest.update(nanos(piece.at).unwrap_or_default().to_be_bytes());
    digest.update([u8::from(piece.continued)]);
    digest.update(piece.text.as_bytes());
    let bytes: [u8; 32] = digest.finalize().into();
    bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn piece(at: i64, text: &str) -> Piece {
        Piece { at: DateTime::from_timestamp(at, 0), text: text.to_owned(), continued: false }
    }

    fn log(lines: &[(i64, &str)]) -> Vec<Piece> {
        lines.iter().map(|(at, text)| piece(*at, text)).collect()
    }

    /// What is told of a log by who was told so much, and how far that is then.
    fn tell(told: Told, log: &[Piece]) -> (Vec<String>, Told) {
        let mut overlap = Overlap::new(told);
        let mut texts = Vec::new();
        for piece in log {
            match overlap.take(piece) {
                Fate::Known => {}
                Fate::New => texts.push(piece.text.clone()),
                Fate::AfterGap => texts.extend(["GAP".to_owned(), piece.text.clone()]),
            }
        }
        (texts, overlap.told().clone())
    }

    #[test]
    fn what_was_told_is_counted_off_whatever_the_clock_says() {
        let whole = log(&[(9, "a"), (9, "a"), (3, "b"), (3, "c"), (1, "d")]);
        for seen in 0..=whole.len() {
            let (_, told) = tell(Told::default(), &whole[..seen]);
            let told: Told = serde_json::from_str(&serde_json::to_string(&told).unwrap()).unwrap();
            let rest: Vec<_> = whole[seen..].iter().map(|piece| piece.text.clone()).collect();
            assert_eq!(tell(told, &whole).0, rest, "{seen}");
        }
    }

    #[test]
    fn a_rotated_log_goes_on_behind_the_last_line_or_says_that_lines_are_lost() {
        let whole = log(&[(1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "e")]);
        let (_, told) = tell(Told::default(), &whole[..3]);
        assert_eq!(tell(told.clone(), &whole[1..]).0, ["d", "e"]);
        assert_eq!(tell(told.clone(), &whole[3..]).0, ["GAP", "d", "e"]);
        // What was told of the rotated log is counted from its own beginning.
        for cut in 1..=3 {
            let (_, again) = tell(told.clone(), &whole[cut..4]);
            assert_eq!(tell(again, &whole[cut..]).0, ["e"], "{cut}");
        }
    }

    #[test]
    fn a_rotated_log_that_holds_old_lines_only_has_nothing_new() {
        let whole = log(&[(1, "a"), (2, "b"), (3, "c")]);
        let (_, told) = tell(Told::default(), &whole);
        assert!(tell(told, &whole[1..2]).0.is_empty());
    }

    proptest! {
        #[test]
        fn every_line_is_told_once_however_often_the_log_is_read_again(
            times in prop::collection::vec(0i64..4, 1..30),
            stops in prop::collection::vec(0usize..30, 0..6),
        ) {
            let whole: Vec<_> = times.iter().map(|at| piece(*at, &format!("{}", at % 2))).collect();
            let mut told = Told::default();
            let mut texts = Vec::new();
            let mut stops = stops;
            stops.sort_unstable();
            for stop in stops.into_iter().chain([whole.len()]) {
                let (new, now) = tell(told, &whole[..stop.min(whole.len())]);
                texts.extend(new);
                told = now;
            }
            let expected: Vec<_> = whole.iter().map(|piece| piece.text.clone()).collect();
            prop_assert_eq!(texts, expected);
        }
    }
}
