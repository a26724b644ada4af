//! The API: what holds for every field of the schema, found by introspection, and what its users may rely on.

mod actions;
mod costs;
mod error_codes;
mod idempotency;
mod introspection;
mod log_search;
mod nodes;
mod paging;
mod rows;
mod rubbish;
mod statements;
mod verdicts;
