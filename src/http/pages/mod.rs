//! The pages that people open: a start page, the user interface, GraphiQL, and those that OAuth servers send people back to.

mod assets;
mod graphiql;
mod preload;
mod sign_in;
mod start;
mod ui;

pub(super) use graphiql::{graphiql, graphiql_asset};
pub(super) use sign_in::{signed_in, ways_in};
pub(super) use start::{callback, start, start_asset};
pub(super) use ui::{bundled_documents, home, ui, ui_asset};
