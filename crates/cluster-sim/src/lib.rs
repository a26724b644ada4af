//! A simulator of clusters for the tests of providers: an OpenShift API server with its OAuth server, a build controller, a
//! Jenkins and a git server beside it, and Tekton. It is an HTTP server on a free port of the loopback, in the process of the test.
//!
//! It answers as real servers did, whose exchanges are kept in `tests/recordings`; `tests/contract.rs` holds it to them. While it
//! runs it does not look at them. What was never recorded is marked *documented, unrecorded* where it is written.
//!
//! Builds do what they are told by [scripts](script): the Jenkinsfile, the Dockerfile or the step's script is one itself, so that
//! a test says what a build does in the configuration that it gives to the provider, and then watches.
//!
//! ```no_run
//! # async fn story() {
//! let cluster = alm_cluster_sim::Cluster::start().await;
//! let alice = cluster.token("alice");
//! cluster.project("demo", "alice");
//! // hand `cluster.url()` and `alice` to a provider …
//! cluster.faults().refuse();
//! cluster.faults().heal();
//! # }
//! ```

mod api;
mod build;
mod clock;
mod cluster;
mod faults;
mod git;
mod jenkins;
mod people;
pub mod real;
pub mod rig;
mod rollout;
pub mod script;
mod server;
mod shared;
mod tekton;
mod world;

pub use cluster::{Cluster, Options};
pub use faults::{Fault, Faults, shape};
pub use git::GitServer;
pub use people::{OauthClient, Role};
pub use world::{Backup, Seen};
