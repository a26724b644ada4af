//! What goes wrong when a test wants it to.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

/// What a server does instead of answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    /// It answers.
    #[default]
    None,
    /// Connections are refused, and those that are open are closed.
    Refuse,
    /// Requests are taken and never answered, and open streams fall silent. When healed, connections that hung are closed.
    Hang,
    /// Every request is answered 429 with this `Retry-After`.
    TooMany(Duration),
    /// Every request is answered 500.
    Error,
    /// Every token is taken for one that has expired.
    Unauthorized,
    /// Every answer breaks off in the middle of what it says first.
    Reset,
    /// Every request is carried out, and the connection is closed instead of an answer.
    Lose,
    /// Every request is answered 404 as plain text, by a proxy in front of the cluster that does not know where to send it.
    Astray,
    /// No object can be made: each time others count the project's quota at the same moment, which is answered 409.
    Quota,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct State {
    pub(crate) fault: Fault,
    pub(crate) cuts: u64,
    trap: Option<(Fault, Trap)>,
    has_sprung: bool,
}

/// Where a trouble begins.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Trap {
    /// With the first request of this method whose path and query contain this.
    Text(&'static str, &'static str),
    /// With the first request of this [shape](crate::shape).
    Shape(String),
}

impl Trap {
    fn catches(&self, method: &str, path: &str) -> bool {
        match self {
            Self::Text(of, text) => *of == method && path.contains(text),
            Self::Shape(of) => *of == shape(method, path),
        }
    }
}

/// What requests have in common that do the same to different objects: the method, the kind, and what is done with it.
#[must_use]
pub fn shape(method: &str, uri: &str) -> String {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let known = match parts.as_slice() {
        ["api", _, "namespaces", _, rest @ ..] | ["apis", _, _, "namespaces", _, rest @ ..] if !rest.is_empty() => rest,
        ["api", _, rest @ ..] | ["apis", _, _, rest @ ..] => rest,
        // At Jenkins the run comes first, and what is wanted of it last.
        _ => {
            let last = parts.iter().rev().find(|part| part.chars().all(char::is_alphabetic));
            return format!("{method} …/{}", last.unwrap_or(&""));
        }
    };
    let mut shape = format!("{method} {}", known.first().unwrap_or(&"(the kinds)"));
    if known.len() > 1 {
        shape.push_str("/*");
    }
    for sub in known.iter().skip(2) {
        shape.push('/');
        shape.push_str(sub);
    }
    for key in ["watch=true", "follow=true", "fieldSelector", "labelSelector"] {
        if query.split('&').any(|pair| pair.starts_with(key)) {
            shape.push(' ');
            shape.push_str(key);
        }
    }
    shape
}

/// Switches for the troubles of one server. Each holds until [`heal`](Self::heal); switching one on switches another off.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<watch::Sender<State>>);

impl Faults {
    fn set(&self, fault: Fault) {
        self.0.send_modify(|state| state.fault = fault);
    }

    /// Connections are refused, and those that are open are closed.
    pub fn refuse(&self) {
        self.set(Fault::Refuse);
    }

    /// Requests are taken and never answered, and open streams fall silent. When healed, connections that hung are closed.
    pub fn hang(&self) {
        self.set(Fault::Hang);
    }

    /// Every request is answered 429 with this `Retry-After`.
    pub fn too_many_requests(&self, retry_after: Duration) {
        self.set(Fault::TooMany(retry_after));
    }

    /// Every request is answered 500.
    pub fn server_error(&self) {
        self.set(Fault::Error);
    }

    /// Every request is carried out, and the connection is closed instead of an answer.
    pub fn lose_answers(&self) {
        self.set(Fault::Lose);
    }

    /// Lets a trouble begin with the first request of this method whose path and query contain this text.
    pub fn trap(&self, fault: Fault, method: &'static str, text: &'static str) {
        self.spring(fault, Trap::Text(method, text));
    }

    /// Lets a trouble begin with the first request of this [shape](crate::shape).
    pub fn trap_shape(&self, fault: Fault, shape: &str) {
        self.spring(fault, Trap::Shape(shape.to_owned()));
    }

    fn spring(&self, fault: Fault, trap: Trap) {
        self.0.send_modify(|state| (state.trap, state.has_sprung) = (Some((fault, trap)), false));
    }

    /// Waits until the trap has sprung.
    pub async fn sprung(&self) {
        // The sender lives in `self`: this cannot fail.
        let _ = self.listen().wait_for(|state| state.has_sprung).await;
    }

    /// Whether the trap has sprung.
    #[must_use]
    pub fn has_sprung(&self) -> bool {
        self.0.borrow().has_sprung
    }

    /// Every open stream is cut off in the middle of a line, once. Nothing else changes.
    pub fn cut_streams(&self) {
        self.0.send_modify(|state| state.cuts += 1);
    }

    /// All is well again.
    pub fn heal(&self) {
        self.set(Fault::None);
    }

    /// What happens to a request.
    pub(crate) fn fault_of(&self, method: &str, path: &str) -> Fault {
        let is_caught =
            |state: &State| state.trap.as_ref().filter(|(_, trap)| trap.catches(method, path)).map(|(fault, _)| *fault);
        self.0.send_if_modified(|state| {
            let caught = is_caught(state);
            if let Some(fault) = caught {
                (state.fault, state.trap, state.has_sprung) = (fault, None, true);
            }
            caught.is_some()
        });
        self.0.borrow().fault
    }

    pub(crate) fn listen(&self) -> watch::Receiver<State> {
        self.0.subscribe()
    }

    /// Waits until requests are not left hanging.
    pub(crate) async fn unhung(&self) {
        // The sender lives in `self`: this cannot fail.
        let _ = self.listen().wait_for(|state| state.fault != Fault::Hang).await;
    }
}
