//! The judge of "exactly once". Knows only how many lines the engine wrote, and what each reader says that it was told.

use std::fmt;

/// The judge of "exactly once, in order".
#[derive(Debug)]
pub(crate) struct Oracle {
    written: u64,
    readers: Vec<Reader>,
}

/// What one reader was told, over all of its connections.
#[derive(Debug, Clone, Default)]
struct Reader {
    seen: Vec<bool>,
    last: u64,
    doubled: u64,
    disordered: u64,
    unknown: u64,
}

/// What was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Verdict {
    /// Lines that were told, each time counted.
    pub(crate) told: u64,
    /// Lines that a reader was never told.
    pub(crate) missing: u64,
    /// Lines that a reader was told again.
    pub(crate) doubled: u64,
    /// Lines that a reader was told after a later one.
    pub(crate) disordered: u64,
    /// Lines that nobody wrote.
    pub(crate) unknown: u64,
}

impl Oracle {
    pub(crate) fn new(written: u64, readers: usize) -> Self {
        let seen = vec![false; usize::try_from(written).unwrap_or_default()];
        Self { written, readers: vec![Reader { seen, ..Reader::default() }; readers] }
    }

    /// A reader was told the line of this number.
    pub(crate) fn told(&mut self, reader: usize, number: u64) {
        let reader = &mut self.readers[reader];
        let place = number.checked_sub(1).and_then(|place| usize::try_from(place).ok());
        match place.and_then(|place| reader.seen.get_mut(place)) {
            None => reader.unknown += 1,
            Some(seen) if *seen => reader.doubled += 1,
            Some(seen) => {
                *seen = true;
                reader.disordered += u64::from(number < reader.last);
                reader.last = reader.last.max(number);
            }
        }
    }

    /// Whether a reader was told the last line, so that it need not read on.
    pub(crate) fn is_done(&self, reader: usize) -> bool {
        self.readers[reader].last >= self.written
    }

    pub(crate) fn verdict(&self) -> Verdict {
        let mut verdict = Verdict::default();
        for reader in &self.readers {
            let distinct = reader.seen.iter().filter(|seen| **seen).count() as u64;
            verdict.told += distinct + reader.doubled + reader.unknown;
            verdict.missing += self.written - distinct;
            verdict.doubled += reader.doubled;
            verdict.disordered += reader.disordered;
            verdict.unknown += reader.unknown;
        }
        verdict
    }
}

impl Verdict {
    /// Whether each line was told to each reader exactly once, in order.
    pub(crate) fn is_clean(self) -> bool {
        self == Self { told: self.told, ..Self::default() }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { told, missing, doubled, disordered, unknown } = self;
        write!(
            f,
            "{told} lines told: {missing} missing, {doubled} doubled, {disordered} out of order, {unknown} unknown"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(told: impl IntoIterator<Item = u64>) -> Verdict {
        let mut oracle = Oracle::new(10, 2);
        (1..=10).for_each(|number| oracle.told(0, number));
        told.into_iter().for_each(|number| oracle.told(1, number));
        oracle.verdict()
    }

    #[test]
    fn nothing_is_wrong_where_each_line_came_once() {
        let verdict = judge(1..=10);
        assert!(verdict.is_clean() && verdict.told == 20, "{verdict}");
    }

    #[test]
    fn every_planted_fault_is_found_and_called_what_it_is() {
        let dropped = judge((1..=10).filter(|number| *number != 4));
        assert_eq!((dropped.missing, dropped.doubled), (1, 0));
        let doubled = judge((1..=10).chain([7]));
        assert_eq!((doubled.missing, doubled.doubled), (0, 1));
        let cursor_too_far = judge((1..=5).chain(7..=10));
        assert_eq!((cursor_too_far.missing, cursor_too_far.doubled), (1, 0));
        let cursor_too_near = judge((1..=5).chain(5..=10));
        assert_eq!((cursor_too_near.missing, cursor_too_near.doubled), (0, 1));
        let swapped = judge([1, 2, 4, 3, 5, 6, 7, 8, 9, 10]);
        assert_eq!((swapped.disordered, swapped.missing), (1, 0));
        let tail_cut = judge(1..=8);
        assert_eq!(tail_cut.missing, 2);
        let invented = judge((1..=10).chain([0, 11]));
        assert_eq!(invented.unknown, 2);
        for verdict in [dropped, doubled, cursor_too_far, cursor_too_near, swapped, tail_cut, invented] {
            assert!(!verdict.is_clean(), "{verdict}");
        }
    }
}
