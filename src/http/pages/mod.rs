//! The pages that people open: a start page, and GraphiQL.

mod assets;
mod graphiql;
mod start;

pub(super) use graphiql::{graphiql, graphiql_asset};
pub(super) use start::{callback, start, start_asset};
