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
use crate::app::App;

/// After so many listeners a publisher lets others work.
const BURST: usize = 64;
/// Of so many principals the publisher asks itself whether they still may listen, so that nobody has to be woken for it.
const FEW: usize = 8;

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
    /// Where those end that go together with it: whoever comes in between goes there by himself.
    together: u64,
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
    /// It is about its own business.
    Away,
    /// To be called when there is something new.
    Waiting,
    /// Responses go through the tap.
    Direct,
    /// It waited, and there is something new.
    Called,
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
            together: position,
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
            let audience = Arc::new(Audience::new(principal.clone(), self.plan.least()));
            state.audiences.retain(|_, known| known.strong_count() > 0);
            state.audiences.insert(principal.clone(), Arc::downgrade(&audience));
            audience
        });
        let seat = Arc::new(Seat { tap, audience, mode: Mutex::new(Mode::Away), called: Notify::new() });
        let member = Member { shared: Arc::clone(self), seat, next: state.ring.end(), position: 0 };
        Some((member, state.together))
    }

    /// Resolves when the last member has left.
    pub(super) async fn abandoned(&self) {
        self.abandoned.notified().await;
    }

    /// Asks again for the rights of those who listen, where that is due. Whoever has lost his, or is one of too many, finds out
    /// by himself when he is told of something.
    pub(super) async fn ask_again(&self, app: &App) {
        let audiences: Vec<_> = self.state().audiences.values().filter_map(Weak::upgrade).take(FEW).collect();
        for audience in audiences {
            // Without an answer everybody waits for one by himself.
            let _ = audience.ask(app, self.plan.subject).await;
        }
    }

    /// Tells everybody, of a response that goes to the first position, and together with those behind it to the second. Nobody
    /// is waited for: who cannot take it now finds it later.
    pub(super) async fn publish(&self, (to, together): (u64, u64), is_last: bool, payload: Payload) {
        let (entry, number, mut seats) = {
            let mut state = self.state();
            let entry = Arc::new(Entry { from: state.position, to, together, is_last, payload });
            (state.position, state.together) = (to, together);
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
            (Mode::Waiting, _) => *mode = Mode::Called,
            (Mode::Away | Mode::Called | Mode::Left { .. } | Mode::Gone, _) => return false,
        }
        self.called.notify_one();
        false
    }

    fn leave(&self, next: u64, position: u64) {
        let mut mode = self.mode();
        match *mode {
            Mode::Direct => *mode = Mode::Left { next, position },
            Mode::Waiting => *mode = Mode::Called,
            Mode::Away | Mode::Called | Mode::Left { .. } | Mode::Gone => return,
        }
        self.called.notify_one();
    }

    fn mode(&self) -> MutexGuard<'_, Mode> {
        self.mode.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Member {
    /// What comes next. While there is nothing, and the member has a tap and everything that was told so far, responses go
    /// through the tap, and this goes on waiting. Loses nothing when dropped.
    pub(super) async fn next(&mut self) -> Found {
        loop {
            if self.is_away()
                && let Some(found) = self.look()
            {
                return found;
            }
            self.seat.called.notified().await;
        }
    }

    /// Whether it has no seat, or comes from one that it was called from.
    fn is_away(&mut self) -> bool {
        let mut mode = self.seat.mode();
        match *mode {
            Mode::Waiting | Mode::Direct => return false,
            Mode::Left { next, position } => (self.next, self.position) = (next, position),
            Mode::Away | Mode::Called | Mode::Gone => {}
        }
        *mode = Mode::Away;
        true
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
                return Some(Found::Behind(state.together));
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use alm_domain::{BuildId, ProjectId, ProjectRole, SequentialIds};
    use async_graphql::{Request, Response, Value, Variables};
    use futures::FutureExt;
    use proptest::prelude::*;

    use super::*;
    use crate::{app::Reach, graphql::live::plan::Asked};

    /// Takes responses while it is told to.
    #[derive(Debug, Default)]
    struct Pipe {
        is_stuck: AtomicBool,
        taken: Mutex<Vec<u64>>,
    }

    impl Tap for Pipe {
        fn offer(&self, payload: &Payload) -> bool {
            let takes = !self.is_stuck.load(Ordering::Relaxed);
            if takes {
                self.taken.lock().unwrap().push(number(payload));
            }
            takes
        }
    }

    fn payload(number: u64) -> Payload {
        Payload::of(&Response::new(Value::from(number)))
    }

    fn number(payload: &Payload) -> u64 {
        serde_json::from_slice::<serde_json::Value>(payload.as_bytes()).unwrap()["data"].as_u64().unwrap()
    }

    fn shared() -> Arc<Shared> {
        let build = BuildId::generate(&SequentialIds::new(1)).to_string();
        let document = "subscription($id: ID!) { buildLog(buildId: $id) { __typename } }";
        let mut request = Request::new(document).variables(Variables::from_json(serde_json::json!({ "id": build })));
        let plan = Asked::of(&mut request, &std::collections::HashSet::new()).unwrap();
        let project = ProjectId::generate(&SequentialIds::new(2));
        let reach = Reach { head: 0, is_over: false, project, role: ProjectRole::Owner };
        let plan = plan.among(&Principal::single_user(), &reach);
        Shared::new(plan, 0)
    }

    struct Reader {
        member: Member,
        pipe: Arc<Pipe>,
        /// The first response that it is to get.
        begin: u64,
    }

    impl Reader {
        fn join(shared: &Arc<Shared>) -> Self {
            let pipe = Arc::new(Pipe::default());
            let (mut member, begin) = shared.join(&Principal::single_user(), Some(Arc::clone(&pipe) as _)).unwrap();
            member.position = begin;
            Self { member, pipe, begin }
        }

        /// Reads until it would have to wait.
        fn poll(&mut self) -> Option<Found> {
            while let Some(found) = self.member.next().now_or_never() {
                match found {
                    // Of those that go together it has had all, or none of it is left to be told.
                    Found::Entry(entry) if entry.from != self.member.position => {
                        assert!(entry.together <= self.member.position);
                    }
                    Found::Entry(entry) => {
                        self.member.position = entry.to;
                        self.pipe.taken.lock().unwrap().push(number(&entry.payload));
                    }
                    // As if it had read these from the store.
                    Found::Behind(position) => {
                        let mut taken = self.pipe.taken.lock().unwrap();
                        let known = taken.last().copied().unwrap_or(self.begin);
                        taken.extend(known + 1..=position);
                        self.member.position = position;
                    }
                    end => return Some(end),
                }
            }
            None
        }
    }

    #[tokio::test]
    async fn what_is_direct_wakes_nobody_and_what_is_stuck_goes_on_where_it_was() {
        let shared = shared();
        let mut reader = Reader::join(&shared);
        assert!(reader.poll().is_none());
        shared.publish((1, 1), false, payload(1)).await;
        reader.pipe.is_stuck.store(true, Ordering::Relaxed);
        shared.publish((2, 2), false, payload(2)).await;
        shared.publish((3, 3), false, payload(3)).await;
        assert_eq!(*reader.pipe.taken.lock().unwrap(), [1]);
        assert!(reader.poll().is_none());
        reader.pipe.is_stuck.store(false, Ordering::Relaxed);
        shared.publish((4, 4), true, payload(4)).await;
        shared.end(true);
        assert!(matches!(reader.poll(), Some(Found::Finished)));
        assert_eq!(*reader.pipe.taken.lock().unwrap(), [1, 2, 3, 4]);
        assert!(shared.join(&Principal::single_user(), None).is_none());
    }

    #[tokio::test]
    async fn nothing_goes_through_the_tap_of_one_who_has_left_and_the_last_ends_it() {
        let shared = shared();
        let (mut one, mut two) = (Reader::join(&shared), Reader::join(&shared));
        assert!(one.poll().is_none() && two.poll().is_none());
        let pipe = Arc::clone(&one.pipe);
        drop(one);
        shared.publish((1, 1), false, payload(1)).await;
        assert_eq!((pipe.taken.lock().unwrap().len(), two.pipe.taken.lock().unwrap().len()), (0, 1));
        assert!(shared.abandoned().now_or_never().is_none());
        drop(two);
        shared.abandoned().await;
        assert!(shared.join(&Principal::single_user(), None).is_none());
    }

    #[derive(Debug, Clone)]
    enum Act {
        /// Of this size, and with so many behind it that go together with it.
        Publish(usize, u64),
        Join,
        Leave(usize),
        Stick(usize),
        Free(usize),
        Poll(usize),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            4 => (0usize..400_000, 0u64..3).prop_map(|(size, more)| Act::Publish(size, more)),
            1 => Just(Act::Join),
            1 => (0usize..8).prop_map(Act::Leave),
            2 => (0usize..8).prop_map(Act::Stick),
            2 => (0usize..8).prop_map(Act::Free),
            4 => (0usize..8).prop_map(Act::Poll),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn everybody_is_told_everything_once_and_in_order(acts in prop::collection::vec(act(), 1..60)) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async {
                let shared = shared();
                let _keeps_it_open = Reader::join(&shared);
                let mut readers: Vec<Reader> = Vec::new();
                // Where each response that was published has ended, and those that go together with the last.
                let (mut ends, mut together) = (vec![0], 0);
                for act in acts {
                    match act {
                        Act::Publish(size, more) => {
                            let published = ends.len() as u64;
                            together = if published > together { published + more } else { together };
                            let end = if published == together { together } else { ends[ends.len() - 1] };
                            ends.push(end);
                            let mut response = Response::new(Value::from(published));
                            // So that the ring forgets.
                            response.extensions.insert("x".to_owned(), Value::from("x".repeat(size)));
                            shared.publish((end, together), false, Payload::of(&response)).await;
                        }
                        Act::Join => readers.push(Reader::join(&shared)),
                        Act::Leave(n) if n < readers.len() => drop(readers.swap_remove(n)),
                        Act::Stick(n) | Act::Free(n) if n < readers.len() => {
                            readers[n].pipe.is_stuck.store(matches!(act, Act::Stick(_)), Ordering::Relaxed);
                        }
                        Act::Poll(n) if n < readers.len() => assert!(readers[n].poll().is_none()),
                        _ => {}
                    }
                }
                shared.end(true);
                for reader in &mut readers {
                    assert!(matches!(reader.poll(), Some(Found::Finished | Found::Broken)));
                    let taken = reader.pipe.taken.lock().unwrap();
                    let upto = taken.last().copied().unwrap_or(reader.begin);
                    assert_eq!(*taken, (reader.begin + 1..=upto).collect::<Vec<_>>());
                    let end = ends.get(usize::try_from(upto).unwrap()).copied().unwrap_or(upto);
                    assert_eq!(reader.member.position, if taken.is_empty() { reader.begin } else { end });
                }
            });
        }
    }
}
