//! What the server says of itself.

use std::io::IsTerminal;

use tracing::{Level, Metadata};
use tracing_subscriber::{
    Layer,
    filter::{FilterExt, filter_fn},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::config::{Log, LogFormat};

/// Sends what is logged to standard error from now on, as the settings want it. A second call changes nothing.
pub(super) fn begin(log: &Log) {
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let layer = match log.format {
        LogFormat::Text => layer.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    };
    // Only fails where something (a test) has set up logging already.
    let _ = tracing_subscriber::registry()
        .with(layer.with_filter(log.filter.filter().and(filter_fn(holds_no_message))))
        .try_init();
}

/// At TRACE the library of the websockets writes out every message, the one with the token among them.
fn holds_no_message(event: &Metadata<'_>) -> bool {
    *event.level() != Level::TRACE || !event.target().starts_with("tungstenite")
}
