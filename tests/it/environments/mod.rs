//! Environments, and the accounts that people connect to them.

mod catalog;
mod clients;
mod connecting;
mod keeping;
mod support;
