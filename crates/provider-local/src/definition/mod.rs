//! The pipeline file: what users write, read into a [`Pipeline`] that the supervisor can run without asking anything more.
//!
//! The keys live in one table (`keys`) that the parser, its suggestions and the JSON Schema share.

mod condition;
mod duration;
mod fields;
mod foreign;
mod frames;
mod globs;
mod graph;
mod keys;
mod load;
mod model;
mod node;
mod parameter;
mod pipeline;
mod plan;
mod problem;
mod schema;
mod shapes;
mod stage;
mod text;
mod work;

#[cfg(test)]
mod tests;

pub(crate) use duration::seconds;
pub use globs::Globs;
pub use model::{Artifacts, Body, Input, Pipeline, Retry, StageDefinition, Step, When, WhenResult, Work};
pub use pipeline::parse;
pub use plan::{planned, shape};
pub use problem::DefinitionProblem;
pub use schema::json_schema;
