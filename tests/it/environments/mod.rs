//! Environments, and the accounts that people connect to them.

mod catalog;
