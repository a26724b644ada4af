//! The newest responses of a shared execution, for those who are a little behind.

use std::{collections::VecDeque, sync::Arc};

use super::Payload;

/// How much a ring keeps, in bytes; one response that is larger is kept alone.
const MOST_BYTES: usize = 1 << 20;

/// One response, and what it covers.
#[derive(Debug)]
pub(super) struct Entry {
    /// Position of the stream before it.
    pub(super) from: u64,
    /// Position behind it; the same where it tells of nothing new, as a heartbeat.
    pub(super) to: u64,
    /// Where the responses end that go together with this one: whoever has not had all before it goes there by himself.
    pub(super) together: u64,
    /// Whether nothing comes behind it.
    pub(super) is_last: bool,
    pub(super) payload: Payload,
}

/// Responses by number, counted from 0 and without a hole. Takes no memory while it is empty.
#[derive(Debug, Default)]
pub(super) struct Ring {
    entries: VecDeque<Arc<Entry>>,
    /// Number of the first that is kept.
    first: u64,
    bytes: usize,
}

impl Ring {
    /// Number of the next one.
    pub(super) fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// Adds a response, gives its number, and drops old ones if there is not room for all.
    pub(super) fn push(&mut self, entry: Arc<Entry>) -> u64 {
        let number = self.end();
        self.bytes += entry.payload.as_bytes().len();
        self.entries.push_back(entry);
        while self.bytes > MOST_BYTES && self.entries.len() > 1 {
            let Some(dropped) = self.entries.pop_front() else { break };
            self.bytes -= dropped.payload.as_bytes().len();
            self.first += 1;
        }
        number
    }

    /// The response of this number: `Err` when it is no longer kept, `None` when it is still to come.
    pub(super) fn get(&self, number: u64) -> Result<Option<Arc<Entry>>, Forgotten> {
        let at = number.checked_sub(self.first).ok_or(Forgotten)?;
        Ok(usize::try_from(at).ok().and_then(|at| self.entries.get(at)).cloned())
    }

    /// Drops everything: nobody is behind.
    pub(super) fn clear(&mut self) {
        self.first = self.end();
        self.entries = VecDeque::new();
        self.bytes = 0;
    }
}

/// A response is no longer kept.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Forgotten;
