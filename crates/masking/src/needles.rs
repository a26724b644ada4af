//! From secrets to the texts that are searched for.

use std::collections::BTreeSet;

use crate::{Gap, GapReason, SHORTEST, forms};

/// No needle is longer, in bytes; it is how much of a stream may be held back. What is longer is searched for in pieces.
pub(crate) const LONGEST: usize = 1024;
/// Secrets up to this size together are found in all forms, about forty times as much.
pub(crate) const LARGEST_IN_ALL_FORMS: usize = 32 << 10;
/// Secrets beyond this size together, in bytes, are not taken out: refuse them.
pub const MOST: usize = 1 << 20;

/// The texts to search for, in order, each between [`SHORTEST`] and [`LONGEST`] bytes; and the secrets that they do not cover.
pub(crate) fn of<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> (BTreeSet<Vec<u8>>, Vec<Gap>) {
    let (mut needles, mut gaps) = (BTreeSet::new(), Vec::new());
    let mut size = 0_usize;
    for (name, value) in secrets {
        // Files end in a line break that nobody prints; the steps that read them cut it off.
        let value = value.trim_ascii();
        let mut gap = |reason| gaps.push(Gap { secret: name.to_owned(), reason });
        if value.len() < SHORTEST {
            gap(GapReason::TooShort);
            continue;
        }
        let before = size;
        size = size.saturating_add(value.len());
        if size <= LARGEST_IN_ALL_FORMS {
            let parts = std::iter::once(value).chain(lines(value));
            parts.flat_map(forms::of).for_each(|form| add(&mut needles, &form));
        } else if size <= MOST {
            gap(GapReason::LinesOnly);
            lines(value).for_each(|line| add(&mut needles, line));
        } else {
            gap(GapReason::TooMany);
            size = before;
        }
    }
    (needles, gaps)
}

/// The lines that could tell something: rules of dashes and the like stand in every log.
fn lines(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = value.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines.filter(move |line| {
        line.len() == value.len()
            || line.len() >= SHORTEST && line.iter().any(|b| b.is_ascii_alphanumeric() || *b >= 0x80)
    })
}

/// In pieces of about equal size, so that none is too short to be searched for.
fn add(needles: &mut BTreeSet<Vec<u8>>, text: &[u8]) {
    let count = text.len().div_ceil(LONGEST);
    let pieces = (0..count).map(|n| &text[n * text.len() / count..(n + 1) * text.len() / count]);
    needles.extend(pieces.filter(|piece| piece.len() >= SHORTEST).map(<[u8]>::to_vec));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(secrets: &[(&str, &[u8])]) -> Vec<(String, GapReason)> {
        of(secrets.iter().copied()).1.into_iter().map(|gap| (gap.secret, gap.reason)).collect()
    }

    #[test]
    fn what_is_not_covered_is_named() {
        assert_eq!(reasons(&[("pin", b"1234567\n"), ("key", b"12345678\n")]), [("pin".into(), GapReason::TooShort)]);
        let large = vec![b'x'; LARGEST_IN_ALL_FORMS];
        let huge = vec![b'y'; MOST];
        assert_eq!(
            reasons(&[("a", &large), ("b", b"one more"), ("c", &huge), ("d", b"the last")]),
            [("b".into(), GapReason::LinesOnly), ("c".into(), GapReason::TooMany), ("d".into(), GapReason::LinesOnly)]
        );
    }

    #[test]
    fn needles_are_of_bounded_length_and_cover_what_they_were_cut_from() {
        let value: Vec<u8> = (0..5_000_u32).map(|n| b'a' + (n * 7 % 25) as u8).collect();
        let (needles, gaps) = of([("long", &value[..])]);
        assert_eq!(gaps, []);
        assert!(needles.iter().all(|needle| (SHORTEST..=LONGEST).contains(&needle.len())));
        let mut rest = &value[..];
        while !rest.is_empty() {
            let piece = needles.iter().find(|needle| rest.starts_with(needle)).unwrap();
            rest = &rest[piece.len()..];
        }
    }

    #[test]
    fn lines_without_letters_are_no_secrets() {
        let (needles, _) = of([("key", &b"first line\n--------------\nsecond line\nshort"[..])]);
        assert!(needles.contains(&b"first line"[..]) && needles.contains(&b"second line"[..]));
        assert!(!needles.contains(&b"--------------"[..]) && !needles.contains(&b"short"[..]));
    }
}
