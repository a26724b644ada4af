//! One execution of a subscription, and all who listen to it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use alm_domain::Principal;
use tokio::{sync::Notify, time::Instant};

use super::{
    Payload, Tap,
    audience::Audience,
    plan::Plan,
    ring::{Entry, Forgotten, Ring},
};

/// After so many listeners a publisher lets others work.
const BURST: usize = 64;

/// What is executed once and told to many. It ends when its execution does, or with its last member.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) plan: Plan,
    state: Mutex<State>,
    abandoned: Notify,
}

#[derive(Debug)]
struct State {
    ring: Ring,
    /// Where the last entry has ended.
    position: u64,
    members: usize,
    /// Those who have everything so far.
    seats: Vec<Arc<Seat>>,
    audiences: HashMap<Principal, Weak<Audience>>,
    phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// It has ended with its last word.
    Finished,
    /// It has ended otherwise: whoever listens goes on alone.
    Broken,
}

/// Where a member waits.
#[derive(Debug)]
struct Seat {
    tap: Option<Arc<dyn Tap>>,
    audience: Arc<Audience>,
    mode: Mutex<Mode>,
    called: Notify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// To be called when there is something new.
    Waiting,
    /// Responses go through the tap.
    Direct,
    /// It was direct and has to go on by itself, with this entry and from this position.
    Left { next: u64, position: u64 },
    /// Nobody is there any more.
    Gone,
}

/// What a member finds.
#[derive(Debug)]
pub(super) enum Found {
    /// The next response.
    Entry(Arc<Entry>),
    /// What would be next is no longer kept: go on alone up to this position, and come back.
    Behind(u64),
    /// Nothing more comes, and everything has been told.
    Finished,
    /// Nothing more comes from here: go on alone.
    Broken,
}

/// One who listens. Leaves when dropped; nothing goes through its tap after that.
#[derive(Debug)]
pub(super) struct Member {
    shared: Arc<Shared>,
    seat: Arc<Seat>,
    next: u64,
    /// How far it has been told. Moved by the member itself, and while it is direct by what goes through the tap.
    pub(super) position: u64,
}

impl Shared {
    /// An execution of this that begins behind this position.
    pub(super) fn new(plan: Plan, position: u64) -> Arc<Self> {
        let state = State {
            ring: Ring::default(),
            position,
            members: 0,
            seats: Vec::new(),
            audiences: HashMap::new(),
            phase: Phase::Open,
        };
        Arc::new(Self { plan, state: Mutex::new(state), abandoned: Notify::new() })
    }

    /// Lets somebody in whose right has just been asked for, and tells from which position on it will find responses here;
    /// `None` when it is over.
    pub(super) fn join(self: &Arc<Self>, principal: &Principal, tap: Option<Arc<dyn Tap>>) -> Option<(Member, u64)> {
        let mut state = self.state();
        if state.phase != Phase::Open {
            return None;
        }
        state.members += 1;
        let audience = state.audiences.get(principal).and_then(Weak::upgrade);
        let audience = audience.unwrap_or_else(|| {
            let audience = Arc::new(Audience::new(principal.clone()));
            state.audiences.retain(|_, known| known.strong_count() > 0);
            state.audiences.insert(principal.clone(), Arc::downgrade(&audience));
            audience
        });
        let seat = Arc::new(Seat { tap, audience, mode: Mutex::new(Mode::Waiting), called: Notify::new() });
        let member = Member { shared: Arc::clone(self), seat, next: state.ring.end(), position: 0 };
        Some((member, state.position))
    }

    /// Resolves when the last member has left.
    pub(super) async fn abandoned(&self) {
        self.abandoned.notified().await;
    }

    /// Tells everybody. Nobody is waited for: who cannot take it now finds it later.
    pub(super) async fn publish(&self, to: u64, is_last: bool, payload: Payload) {
        let (entry, number, mut seats) = {
            let mut state = self.state();
            let entry = Arc::new(Entry { from: state.position, to, is_last, payload });
            state.position = to;
            (Arc::clone(&entry), state.ring.push(entry), std::mem::take(&mut state.seats))
        };
        let now = Instant::now();
        let (mut at, mut told) = (0, 0);
        while let Some(seat) = seats.get(at) {
            if seat.tell(&entry, number, now) {
                at += 1;
            } else {
                seats.swap_remove(at);
            }
            told += 1;
            if told % BURST == 0 {
                tokio::task::yield_now().await;
            }
        }
        let mut state = self.state();
        if seats.len() == state.members {
            state.ring.clear();
        }
        let came = std::mem::replace(&mut state.seats, seats);
        state.seats.extend(came);
    }

    /// The execution has ended; with its last word, or without.
    pub(super) fn end(&self, has_finished: bool) {
        let mut state = self.state();
        state.phase = if has_finished { Phase::Finished } else { Phase::Broken };
        let (end, position) = (state.ring.end(), state.position);
        for seat in std::mem::take(&mut state.seats) {
            seat.leave(end, position);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Tells of a response; whether it was taken, so that the seat is kept.
    fn tell(&self, entry: &Entry, number: u64, now: Instant) -> bool {
        let mut mode = self.mode();
        match (*mode, &self.tap) {
            (Mode::Direct, Some(tap)) if self.audience.is_trusted(now) && tap.offer(&entry.payload) => return true,
            (Mode::Direct, _) => *mode = Mode::Left { next: number, position: entry.from },
            (Mode::Waiting, _) => {}
            (Mode::Left { .. } | Mode::Gone, _) => return false,
        }
        self.called.notify_one();
        false
    }

    fn leave(&self, next: u64, position: u64) {
        let mut mode = self.mode();
        if *mode == Mode::Direct {
            *mode = Mode::Left { next, position };
        }
        self.called.notify_one();
    }

    fn mode(&self) -> MutexGuard<'_, Mode> {
        self.mode.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Member {
    /// What comes next. While there is nothing, and the member has a tap and everything that was told so far, responses go
    /// through the tap, and this goes on waiting.
    pub(super) async fn next(&mut self) -> Found {
        loop {
            if let Some(found) = self.look() {
                return found;
            }
            self.seat.called.notified().await;
            if let Mode::Left { next, position } = *self.seat.mode() {
                (self.next, self.position) = (next, position);
            }
        }
    }

    /// What is there, or else a seat to wait in.
    fn look(&mut self) -> Option<Found> {
        let mut state = self.shared.state();
        match (state.ring.get(self.next), state.phase) {
            (Ok(Some(entry)), _) => {
                self.next += 1;
                return Some(Found::Entry(entry));
            }
            (Err(Forgotten), Phase::Open) => {
                self.next = state.ring.end();
                return Some(Found::Behind(state.position));
            }
            (Ok(None), Phase::Finished) => return Some(Found::Finished),
            (Err(Forgotten), _) | (Ok(None), Phase::Broken) => return Some(Found::Broken),
            (Ok(None), Phase::Open) => {}
        }
        let is_direct =
            self.seat.tap.is_some() && self.position == state.position && self.seat.audience.is_trusted(Instant::now());
        *self.seat.mode() = if is_direct { Mode::Direct } else { Mode::Waiting };
        state.seats.push(Arc::clone(&self.seat));
        None
    }

    /// What it listens to.
    pub(super) fn plan(&self) -> &Plan {
        &self.shared.plan
    }

    /// On whose behalf it listens.
    pub(super) fn audience(&self) -> &Audience {
        &self.seat.audience
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        *self.seat.mode() = Mode::Gone;
        let mut state = self.shared.state();
        state.members -= 1;
        if state.members == 0 {
            if state.phase == Phase::Open {
                state.phase = Phase::Broken;
            }
            self.shared.abandoned.notify_one();
        }
    }
}
