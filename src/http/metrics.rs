//! What the transport counts.

/// Counts one thing that is there as long as this value lives.
#[derive(Debug)]
pub(super) struct Present(&'static str);

impl Present {
    /// An open websocket.
    pub(super) fn websocket() -> Self {
        Self::new("alm_websockets")
    }

    /// An operation that runs on a websocket.
    pub(super) fn operation() -> Self {
        Self::new("alm_websocket_operations")
    }

    /// An open stream of server-sent events.
    pub(super) fn event_stream() -> Self {
        Self::new("alm_event_streams")
    }

    /// A connection of any kind.
    pub(super) fn connection() -> Self {
        Self::new("alm_http_connections")
    }

    fn new(name: &'static str) -> Self {
        metrics::gauge!(name).increment(1);
        Self(name)
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        metrics::gauge!(self.0).decrement(1);
    }
}

/// One GraphQL request was answered over this transport (`http`, `websocket` or `sse`), with this outcome.
pub(super) fn answered(transport: &'static str, outcome: &'static str) {
    answers(transport, outcome).increment(1);
}

/// The same for who answers often.
pub(super) fn answers(transport: &'static str, outcome: &'static str) -> metrics::Counter {
    metrics::counter!("alm_graphql_requests_total", "transport" => transport, "outcome" => outcome)
}
