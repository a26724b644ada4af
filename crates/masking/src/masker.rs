//! Taking secrets out of one stream.

use std::{fmt, sync::Arc};

use aho_corasick::automaton::StateID;

use crate::{SHORTEST, automaton::Automaton};

/// What stands in the place of secrets.
const MASK: &[u8] = b"***";

/// Takes secrets out of one stream, also where they lie across the borders of what is read.
///
/// Holds back those last bytes that may be the beginning of a secret, and no others: never more than 1 KiB. At a pause they
/// stay held back, however long it is, since what has not come yet decides over them; so a question that a program asks may lack
/// its last letters while it waits for the answer.
pub struct Masker {
    automaton: Option<Arc<Automaton>>,
    state: StateID,
    held: Vec<u8>,
    /// Secrets in `held`, in order, none of which touches the next.
    marks: Vec<Mark>,
}

#[derive(Clone, Copy)]
struct Mark {
    start: usize,
    end: usize,
    /// Whether its `***` has been given out: what it covers goes on in bytes that are held back.
    shown: bool,
}

impl Masker {
    pub(crate) fn new(automaton: Option<Arc<Automaton>>) -> Self {
        let state = automaton.as_ref().map(|automaton| automaton.start()).unwrap_or_default();
        Self { automaton, state, held: Vec::new(), marks: Vec::new() }
    }

    /// Takes bytes in, and appends what is known to be no secret.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let Some(automaton) = &self.automaton else { return out.extend_from_slice(bytes) };
        let (known, marks) = (self.held.len(), &mut self.marks);
        self.held.extend_from_slice(bytes);
        automaton.scan(&mut self.state, bytes, |at, length| {
            let end = known + at + 1;
            mark(marks, end - length, end);
        });
        let certain = self.held.len() - automaton.depth(self.state);
        self.give(certain, out);
    }

    /// Nothing follows: appends the rest. Where the stream ends in the midst of a secret, after [`SHORTEST`] bytes of it or more,
    /// that piece is taken out too.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let Some(automaton) = &self.automaton else { return };
        let (end, begun) = (self.held.len(), automaton.depth(self.state));
        if begun >= SHORTEST {
            mark(&mut self.marks, end - begun, end);
        }
        self.state = automaton.start();
        self.give(end, out);
        self.marks.clear();
    }

    /// Gives out the first so many bytes, which nothing that comes can change any more.
    fn give(&mut self, certain: usize, out: &mut Vec<u8>) {
        let mut at = 0;
        let mut open = None;
        let mut marks = std::mem::take(&mut self.marks);
        marks.retain_mut(|mark| {
            if mark.start >= certain && !mark.shown {
                return true;
            }
            if !mark.shown {
                out.extend_from_slice(&self.held[at..mark.start]);
                out.extend_from_slice(MASK);
            }
            at = mark.end.min(certain);
            // What touches it belongs to it, and may yet come.
            if mark.end >= certain {
                open = Some(Mark { start: certain, end: mark.end, shown: true });
            }
            false
        });
        out.extend_from_slice(&self.held[at..certain]);
        self.held.drain(..certain);
        self.marks.extend(open);
        self.marks.append(&mut marks);
        for mark in &mut self.marks {
            mark.start -= certain;
            mark.end -= certain;
        }
    }
}

/// Adds a secret that ends behind all that are known, and joins it with those that it touches.
fn mark(marks: &mut Vec<Mark>, start: usize, end: usize) {
    let mut joined = Mark { start, end, shown: false };
    while let Some(last) = marks.pop_if(|last| last.end >= joined.start) {
        joined.start = joined.start.min(last.start);
        joined.shown |= last.shown;
    }
    marks.push(joined);
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Masker(…)")
    }
}
