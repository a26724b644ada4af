//! Searching for all needles at once.

use std::collections::{BTreeSet, HashMap};

use aho_corasick::{
    Anchored,
    automaton::{Automaton as _, StateID},
    dfa::DFA,
    nfa::contiguous::NFA,
};

use crate::skip::Skip;

/// Needles of this size together, in bytes, are searched for with a table that has a place for each byte: the fastest, but
/// hundreds of times as large as they are.
const SMALL: usize = 16 << 10;

/// Finds where needles end, in one pass whatever they are.
pub(crate) struct Automaton {
    machine: Machine,
    start: StateID,
    skip: Skip,
    /// How much of a needle each state stands for.
    depths: HashMap<StateID, u16>,
}

enum Machine {
    Table(DFA),
    Compact(NFA),
}

impl Automaton {
    /// For these needles, of which none is empty or longer than [`LONGEST`](crate::needles::LONGEST); none when there is nothing
    /// to search for, or more than the library can hold, which the limits of the needles rule out.
    pub(crate) fn of(needles: &BTreeSet<Vec<u8>>) -> Option<Self> {
        if needles.is_empty() {
            return None;
        }
        let machine = if needles.iter().map(Vec::len).sum::<usize>() <= SMALL {
            Machine::Table(DFA::builder().prefilter(false).build(needles).ok()?)
        } else {
            Machine::Compact(NFA::builder().prefilter(false).build(needles).ok()?)
        };
        let start = match &machine {
            Machine::Table(table) => table.start_state(Anchored::No),
            Machine::Compact(compact) => compact.start_state(Anchored::No),
        };
        let mut automaton = Self { machine, start: start.ok()?, skip: Skip::of(needles), depths: HashMap::new() };
        for needle in needles {
            let mut state = automaton.start;
            for (length, byte) in (1_u16..).zip(needle) {
                automaton.scan(&mut state, &[*byte], |_, _| {});
                automaton.depths.insert(state, length);
            }
        }
        Some(automaton)
    }

    /// The state before anything was read.
    pub(crate) const fn start(&self) -> StateID {
        self.start
    }

    /// How many of the bytes read last are the beginning of a needle: whatever a later match can cover is among them.
    pub(crate) fn depth(&self, state: StateID) -> usize {
        self.depths.get(&state).copied().unwrap_or(0).into()
    }

    /// Reads on; tells of each byte at which needles end where it stands and how long the longest of them is.
    pub(crate) fn scan(&self, state: &mut StateID, bytes: &[u8], found: impl FnMut(usize, usize)) {
        match &self.machine {
            Machine::Table(table) => self.scan_with(table, state, bytes, found),
            Machine::Compact(compact) => self.scan_with(compact, state, bytes, found),
        }
    }

    fn scan_with<A: aho_corasick::automaton::Automaton>(
        &self,
        machine: &A,
        state: &mut StateID,
        bytes: &[u8],
        mut found: impl FnMut(usize, usize),
    ) {
        let (mut now, mut at) = (*state, 0);
        loop {
            if now == self.start {
                at = self.skip.next(bytes, at);
            }
            let Some(&byte) = bytes.get(at) else { break };
            now = machine.next_state(Anchored::No, now, byte);
            if machine.is_special(now) && machine.is_match(now) {
                let lengths = (0..machine.match_len(now)).map(|n| machine.pattern_len(machine.match_pattern(now, n)));
                found(at, lengths.max().unwrap_or(0));
            }
            at += 1;
        }
        *state = now;
    }
}
