//! The references of a repository, as its server tells them over HTTP: branches and tags, and the commits that they stand for.

mod advertised;
mod credentials;
mod remote;

pub(crate) use advertised::{Advertised, Resolved};
pub(crate) use remote::Remote;
