//! Tekton: its kinds in both versions, its admission, and its controller, as release 0.44 had them. Retries, matrix, `when`, results,
//! `finally` and the two gentler ways to cancel are *documented, unrecorded* (Tekton's own documents of pipelines and runs).

mod admission;
mod condition;
mod controller;
mod graph;
mod run;
mod task;
mod version;

pub(crate) use admission::admit;
pub(crate) use controller::controller;
pub(crate) use version::{convert, store_version};
