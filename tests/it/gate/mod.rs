//! The gate: what a build needs of its starter's accounts, and what becomes of it when something is missing.

mod check;
mod configs;
mod following;
mod holds;
mod leaving;
mod stages;
mod support;
