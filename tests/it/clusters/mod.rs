//! Stories over GraphQL with simulated clusters, from signing in to what runs: the real program, its real providers.

mod browser;
mod configurations;
mod day;
mod deployed;
mod external;
mod kills;
mod oauth;
mod openshift;
mod pages;
mod rights;
mod service_account;
mod stage;
mod tekton;
mod tokens;
