//! What the providers of clusters share: sessions with the API of a cluster, what its errors mean, watching, the logs of pods, and
//! the secrets of runs.
//!
//! **Architecture Invariant:** a session belongs to one token. Nothing that one token has fetched is given to another.
//!
//! **Architecture Invariant:** what a cluster answers is data. It is bounded before it is read, the token is taken out of its errors
//! before anybody sees them, and no answer of it is followed elsewhere.

mod access_review;
mod cluster;
mod configured;
mod endpoint;
mod error;
mod health;
mod lines;
mod name;
mod overlap;
mod place;
mod pod_log;
mod run_secret;
mod secret_type;
mod session;
mod time;
mod transport;
mod watch;
mod way;

pub use access_review::{Deed, Need};
pub use cluster::Cluster;
pub use configured::{Configured, ReadSettings};
pub use endpoint::endpoint;
pub use error::{TransportError, is_too_long, provider_error};
pub use health::probe;
pub use lines::{Lines, Piece};
pub use name::{is_label_value, is_name, is_namespace};
pub use overlap::{Fate, Overlap, Told};
pub use place::{Place, unknown};
pub use pod_log::{LogNews, PodTold, RunLife, follow_pod, read_pod};
pub use run_secret::{Held, RUN_LABEL, RunSecrets};
pub use secret_type::{DOCKER_CONFIG, PASSWORD, SSH_KEY, USERNAME, secret_type, value_problem};
pub use session::Session;
pub use time::{millis, timestamp};
pub use watch::{Sight, watch_many, watch_one};
pub use way::Way;
