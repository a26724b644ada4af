//! The provider: the operations of the SPI, one file each.

mod build_provider;
mod cancel;
mod configs;
mod decide;
mod denials;
mod deploy;
mod deployment;
mod follow;
mod handing;
mod identity;
mod left_over;
mod list;
mod logs;
mod openshift;
mod release;
mod revision;
mod run;
mod shared_secret;
mod start;
mod token;

pub use openshift::OpenShiftProvider;
