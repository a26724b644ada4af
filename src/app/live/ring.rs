//! The newest lines of one build's log, kept in memory for those who follow it closely.

use std::{collections::VecDeque, sync::Arc};

use alm_domain::{LineNo, NumberedLine};

/// How much text a ring keeps, in bytes.
const MOST_BYTES: usize = 1 << 20;

/// Lines without a hole between them, bounded by size.
#[derive(Debug, Default)]
pub(super) struct Ring {
    lines: VecDeque<Arc<NumberedLine>>,
    bytes: usize,
}

impl Ring {
    /// Adds lines behind what is there. Where they do not follow on, what is there is dropped first.
    pub(super) fn push(&mut self, lines: &[NumberedLine]) {
        let Some(first) = lines.first() else { return };
        if self.lines.back().is_some_and(|last| last.no.next() != first.no) {
            self.lines.clear();
            self.bytes = 0;
        }
        for line in lines {
            self.bytes += size(line);
            self.lines.push_back(Arc::new(line.clone()));
        }
        while self.bytes > MOST_BYTES {
            let Some(dropped) = self.lines.pop_front() else { break };
            self.bytes -= size(&dropped);
        }
    }

    /// Up to `limit` lines behind `after`; `None` when they are not all here, and the store must be read.
    pub(super) fn read(&self, after: LineNo, limit: usize) -> Option<Vec<Arc<NumberedLine>>> {
        let first = self.lines.front()?.no;
        let skip = usize::try_from(after.next().0.checked_sub(first.0)?).ok()?;
        (skip < self.lines.len()).then(|| self.lines.iter().skip(skip).take(limit).cloned().collect())
    }
}

fn size(line: &NumberedLine) -> usize {
    line.line.text.len() + 64
}

#[cfg(test)]
mod tests {
    use alm_domain::{LogLine, LogStream};
    use proptest::prelude::*;

    use super::*;

    fn line(no: u64, text: &str) -> NumberedLine {
        let line = LogLine {
            stage: None,
            attempt: 0,
            stream: LogStream::Stdout,
            at: None,
            text: text.to_owned(),
            continued: false,
        };
        NumberedLine { no: LineNo(no), line }
    }

    proptest! {
        #[test]
        fn what_is_read_follows_on_without_a_hole(
            batches in prop::collection::vec((1u64..200, 0u64..20, 0usize..40_000), 1..20),
            after in 0u64..400,
        ) {
            let mut ring = Ring::default();
            for (start, count, length) in batches {
                let text = "x".repeat(length);
                ring.push(&(start..start + count).map(|no| line(no, &text)).collect::<Vec<_>>());
                if let Some(lines) = ring.read(LineNo(after), 50) {
                    prop_assert!(!lines.is_empty());
                    for (i, line) in lines.iter().enumerate() {
                        prop_assert_eq!(line.no.0, after + 1 + i as u64);
                    }
                }
                prop_assert!(ring.bytes <= MOST_BYTES);
            }
        }
    }
}
