//! Bytes of a log, as lines.

use alm_domain::{LogLine, LogStream, Timestamp};
use alm_masking::{Masker, Masks};

/// Longest piece of a line, in bytes.
const LONGEST: usize = 64 << 10;
/// Longest time before a line; what is longer is none.
const LONGEST_STAMP: usize = 40;

/// A line, or a part of one that is too long to be told at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// When it was written, where the log says so.
    pub at: Option<Timestamp>,
    /// Without the line break.
    pub text: String,
    /// Whether it goes on from the piece before it.
    pub continued: bool,
}

impl Piece {
    /// A line of a log that knows no stages, nor standard error from standard output.
    #[must_use]
    pub fn into_line(self) -> LogLine {
        LogLine {
            stage: None,
            attempt: 0,
            stream: LogStream::Stdout,
            at: self.at,
            text: self.text,
            continued: self.continued,
        }
    }
}

/// Makes lines of the bytes of a log, takes the secrets out of them, and holds no more than one piece of a line. What comes out
/// depends on the bytes alone, and not on how they were cut on their way.
#[derive(Debug)]
pub struct Lines {
    masks: Masks,
    stamped: bool,
    stamp: Vec<u8>,
    at: Option<Timestamp>,
    in_stamp: bool,
    masker: Masker,
    text: Vec<u8>,
    continued: bool,
    is_empty: bool,
}

impl Lines {
    /// From the beginning of a line. `stamped`: each line begins with its time (RFC 3339) and a space.
    #[must_use]
    pub fn new(masks: &Masks, stamped: bool) -> Self {
        Self {
            masks: masks.clone(),
            stamped,
            stamp: Vec::new(),
            at: None,
            in_stamp: stamped,
            masker: masks.masker(),
            text: Vec::new(),
            continued: false,
            is_empty: true,
        }
    }

    /// Takes bytes in, and appends the pieces that are certain.
    pub fn push(&mut self, mut bytes: &[u8], out: &mut Vec<Piece>) {
        while !bytes.is_empty() {
            let end = bytes.iter().position(|b| *b == b'\n');
            let line = &bytes[..end.unwrap_or(bytes.len())];
            self.is_empty &= line.is_empty() && end.is_none();
            self.take(line, out);
            match end {
                None => return,
                Some(end) => {
                    self.end(out);
                    bytes = &bytes[end + 1..];
                }
            }
        }
    }

    /// The log is at its end: appends the last line, if it lacks its line break.
    pub fn finish(&mut self, out: &mut Vec<Piece>) {
        if !self.is_empty {
            self.end(out);
        }
    }

    /// Whether the bytes so far end with a line.
    #[must_use]
    pub const fn is_at_line_end(&self) -> bool {
        self.is_empty
    }

    fn take(&mut self, mut bytes: &[u8], out: &mut Vec<Piece>) {
        if self.in_stamp {
            let end = bytes.iter().position(|b| *b == b' ');
            let most = LONGEST_STAMP.saturating_sub(self.stamp.len());
            let length = end.unwrap_or(bytes.len()).min(most);
            self.stamp.extend_from_slice(&bytes[..length]);
            bytes = &bytes[length..];
            if bytes.is_empty() {
                return;
            }
            self.end_stamp(out);
            bytes = if self.at.is_some() { bytes.strip_prefix(b" ").unwrap_or(bytes) } else { bytes };
        }
        self.add(bytes, out);
    }

    /// What was taken for a time is one, or belongs to the text.
    fn end_stamp(&mut self, out: &mut Vec<Piece>) {
        self.in_stamp = false;
        let stamp = std::mem::take(&mut self.stamp);
        let text = std::str::from_utf8(&stamp).unwrap_or_default();
        match chrono::DateTime::parse_from_rfc3339(text) {
            Ok(at) => self.at = Some(at.to_utc()),
            Err(_) => self.add(&stamp, out),
        }
    }

    fn add(&mut self, bytes: &[u8], out: &mut Vec<Piece>) {
        // In small steps, so that a piece is never much longer than it may be.
        for bytes in bytes.chunks(LONGEST) {
            self.masker.push(bytes, &mut self.text);
            while self.text.len() > LONGEST {
                let mut cut = LONGEST;
                while cut > LONGEST - 4 && self.text[cut] & 0xc0 == 0x80 {
                    cut -= 1;
                }
                let rest = self.text.split_off(cut);
                let text = std::mem::replace(&mut self.text, rest);
                self.tell(&text, out);
                self.continued = true;
            }
        }
    }

    fn end(&mut self, out: &mut Vec<Piece>) {
        if self.in_stamp {
            self.end_stamp(out);
        }
        self.masker.finish(&mut self.text);
        let text = std::mem::take(&mut self.text);
        let text = text.strip_suffix(b"\r").unwrap_or(&text);
        // A progress bar is what it showed last.
        let shown = text.iter().rposition(|b| *b == b'\r').map_or(text, |at| &text[at + 1..]);
        self.tell(shown, out);
        self.masker = self.masks.masker();
        self.at = None;
        self.in_stamp = self.stamped;
        self.continued = false;
        self.is_empty = true;
    }

    fn tell(&self, text: &[u8], out: &mut Vec<Piece>) {
        let text = String::from_utf8_lossy(text).into_owned();
        out.push(Piece { at: self.at, text, continued: self.continued });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(masks: &Masks, stamped: bool, bytes: &[u8], at: &[usize]) -> Vec<Piece> {
        let (mut lines, mut out, mut from) = (Lines::new(masks, stamped), Vec::new(), 0);
        for end in at.iter().copied().chain([bytes.len()]) {
            let end = end.clamp(from, bytes.len());
            lines.push(&bytes[from..end], &mut out);
            from = end;
        }
        lines.finish(&mut out);
        out
    }

    fn texts(pieces: &[Piece]) -> Vec<&str> {
        pieces.iter().map(|piece| piece.text.as_str()).collect()
    }

    #[test]
    fn times_come_off_and_what_is_none_stays() {
        let log = "2026-11-22T08:45:32.000000001Z one\n2026-11-22T08:45:33Z \nno time\n2026-11-22T08:45:34Z\nlast";
        let pieces = cut(&Masks::default(), true, log.as_bytes(), &[]);
        assert_eq!(texts(&pieces), ["one", "", "no time", "", "last"]);
        assert_eq!(pieces[0].at.unwrap().timestamp_subsec_nanos(), 1);
        assert!(pieces[2].at.is_none() && pieces[3].at.is_some());
    }

    #[test]
    fn progress_is_what_it_showed_last() {
        let pieces = cut(&Masks::default(), false, b"1%\r50%\r100%\r\ndone\r\n", &[]);
        assert_eq!(texts(&pieces), ["100%", "done"]);
    }

    #[test]
    fn a_line_without_an_end_is_cut_and_never_held() {
        let log = format!("{}é{}\nx\n", "a".repeat(LONGEST - 1), "b".repeat(2 * LONGEST));
        let pieces = cut(&Masks::default(), false, log.as_bytes(), &[10, 70_000]);
        assert_eq!(pieces.iter().map(|p| p.continued).collect::<Vec<_>>(), [false, true, true, true, false]);
        assert!(pieces.iter().all(|piece| piece.text.len() <= LONGEST));
        assert_eq!(pieces[..4].iter().map(|p| p.text.as_str()).collect::<String>(), log[..log.len() - 3]);
    }

    #[test]
    fn a_secret_is_taken_out_wherever_it_is_cut() {
        let (masks, _) = Masks::of([("s", b"s3cret-value".as_slice())]);
        let log = format!("2026-11-22T08:45:32Z it is s3cret-value.\n{}s3cret-value\n", "x".repeat(LONGEST - 6));
        for at in 0..60 {
            let told = cut(&masks, true, log.as_bytes(), &[at, log.len() - at]);
            assert!(told.iter().all(|piece| !piece.text.contains("s3cret")), "{at}");
            assert_eq!(told[0].text, "it is ***.");
        }
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_how_they_came(
            log in "(2026-11-22T08:45:32Z )?[a \r\u{e9}]{0,20}(\n[a ]{0,5}){0,5}",
            mut at in prop::collection::vec(0usize..80, 0..6),
        ) {
            at.sort_unstable();
            for stamped in [false, true] {
                let whole = cut(&Masks::default(), stamped, log.as_bytes(), &[]);
                prop_assert_eq!(cut(&Masks::default(), stamped, log.as_bytes(), &at), whole);
            }
        }
    }
}
