//! Taking secrets out of a stream of bytes.

use std::{fmt, sync::Arc};

/// What stands in a secret's place.
const MASK: &[u8] = b"***";
/// Shorter texts are too common to be taken out of a log.
const SHORTEST: usize = 4;
const SHORTEST_LINE: usize = 8;

/// The texts to take out. Cannot print them.
#[derive(Clone, Default)]
pub(crate) struct Needles {
    needles: Arc<Vec<Vec<u8>>>,
}

impl fmt::Debug for Needles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Needles({})", self.needles.len())
    }
}

impl Needles {
    /// The values of these secrets, and each longer line of those that have several; with them, the names of the secrets that
    /// are too short to be taken out.
    pub(crate) fn of<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> (Self, Vec<String>) {
        let mut needles: Vec<Vec<u8>> = Vec::new();
        let mut short = Vec::new();
        for (name, value) in secrets {
            let value = value.trim_ascii();
            if value.len() < SHORTEST {
                short.push(name.to_owned());
                continue;
            }
            needles.push(value.to_vec());
            let lines = value.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
            needles.extend(lines.filter(|line| line.len() >= SHORTEST_LINE).map(<[u8]>::to_vec));
        }
        needles.sort_by_key(|needle| std::cmp::Reverse(needle.len()));
        needles.dedup();
        (Self { needles: Arc::new(needles) }, short)
    }

    /// Where a match that begins here ends, matches that overlap it included; how much is known yet says the variant.
    /// `last` says that nothing follows the text.
    fn find(&self, text: &[u8], last: bool) -> Found {
        let mut end = 0;
        let mut at = 0;
        while at < end.max(1) {
            let rest = &text[at..];
            for needle in self.needles.iter() {
                if !last && rest.len() < needle.len() && needle.starts_with(rest) {
                    return Found::Open;
                }
                if rest.starts_with(needle) {
                    end = end.max(at + needle.len());
                }
            }
            at += 1;
        }
        if end == 0 { Found::Nothing } else { Found::Secret(end) }
    }
}

enum Found {
    Nothing,
    Secret(usize),
    /// It may become a secret: more is needed.
    Open,
}

/// Takes secrets out of one stream, also where they lie across the borders of what is read.
#[derive(Debug)]
pub(super) struct Masker {
    needles: Needles,
    first: [bool; 256],
    held: Vec<u8>,
}

impl Masker {
    pub(super) fn new(needles: Needles) -> Self {
        let mut first = [false; 256];
        for needle in needles.needles.iter() {
            if let Some(byte) = needle.first() {
                first[usize::from(*byte)] = true;
            }
        }
        Self { needles, first, held: Vec::new() }
    }

    /// Takes bytes in and gives out what is known to be no secret. Holds back at most as much as the longest secret.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        self.drain(false)
    }

    /// Gives out the rest: nothing follows.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        self.drain(true)
    }

    fn drain(&mut self, last: bool) -> Vec<u8> {
        let text = std::mem::take(&mut self.held);
        let mut out = Vec::with_capacity(text.len());
        let mut at = 0;
        while at < text.len() {
            if !self.first[usize::from(text[at])] {
                out.push(text[at]);
                at += 1;
                continue;
            }
            match self.needles.find(&text[at..], last) {
                Found::Secret(length) => {
                    out.extend_from_slice(MASK);
                    at += length;
                }
                Found::Open => {
                    self.held = text[at..].to_vec();
                    return out;
                }
                Found::Nothing => {
                    out.push(text[at]);
                    at += 1;
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masked(secrets: &[&str], chunks: &[&[u8]]) -> String {
        let (needles, _) = Needles::of(secrets.iter().map(|s| ("s", s.as_bytes())));
        let mut masker = Masker::new(needles);
        let mut out: Vec<u8> = chunks.iter().flat_map(|chunk| masker.push(chunk)).collect();
        out.extend(masker.finish());
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn a_secret_is_taken_out_wherever_it_is_cut() {
        let text = b"say hunter2hunter2 and hunter";
        for cut in 0..text.len() {
            assert_eq!(masked(&["hunter2"], &[&text[..cut], &text[cut..]]), "say ****** and hunter", "{cut}");
        }
    }

    #[test]
    fn overlapping_secrets_leave_nothing_behind() {
        assert_eq!(masked(&["abcd", "abcdefgh"], &[b"abcd", b"efgh."]), "***.");
        assert_eq!(masked(&["abab"], &[b"xababab", b"y"]), "x***y");
        assert_eq!(masked(&["abcd", "abcdefgh"], &[b"abcdef"]), "***ef");
    }

    #[test]
    fn what_is_too_short_is_named_and_not_its_value() {
        let (needles, short) = Needles::of([("pin", &b"12\n"[..]), ("key", &b"line-one\nline-two\n"[..])]);
        assert_eq!(short, ["pin"]);
        assert_eq!(needles.needles.len(), 3);
        assert_eq!(format!("{needles:?}"), "Needles(3)");
    }

    proptest! {
        #[test]
        fn no_secret_gets_through(text in "[ab]{0,60}", secret in "[ab]{4,6}", cuts in proptest::collection::vec(0usize..60, 0..5)) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|w| &text.as_bytes()[w[0]..w[1]]).collect();
            prop_assert_eq!(masked(&[&secret], &chunks).contains(&secret), false);
            prop_assert_eq!(masked(&[&secret], &chunks), masked(&[&secret], &[text.as_bytes()]));
        }
    }
}
