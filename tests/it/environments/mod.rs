//! Environments, and the accounts that people connect to them.

mod catalog;
mod connecting;
mod keeping;
mod support;
