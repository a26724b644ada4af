//! Metadata and token replies from whoever answers.

mod metadata;
mod replies;
