//! People's own sign-ins as the tokens of environments: a server in a process of its own, a real issuer, and the cluster beside it.

mod consent;
mod exchange;
mod holds;
mod same_token;
mod shop;
