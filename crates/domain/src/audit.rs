//! Who did what, when, from where, and what came of it.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{Actor, AuditEventId, ProjectId, Timestamp};

/// Where a request came from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Pairs what was done with the server's own log.
    pub request_id: String,
    /// Address of the client, as far as the server can tell; `None` inside the service.
    pub address: Option<IpAddr>,
}

/// What came of an audited act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuditOutcome {
    /// Done.
    Done,
    /// Refused: whoever asked may not, or may not even know of the subject.
    Denied,
    /// Tried, and failed for a reason that is not the caller's.
    Failed,
}

impl AuditOutcome {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Done, Self::Denied, Self::Failed];

    /// The name in the API, such as `DENIED`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "DONE",
            Self::Denied => "DENIED",
            Self::Failed => "FAILED",
        }
    }
}

/// A record that is never changed. Records of an instance are numbered without holes, in the order in which they were committed.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEvent {
    /// Its id.
    pub id: AuditEventId,
    /// Its number.
    pub seq: AuditSeq,
    /// When.
    pub at: Timestamp,
    /// Who, as known at that time.
    pub actor: Actor,
    /// What, as a dotted verb such as `build.start`.
    pub verb: String,
    /// In which project; `None` for what concerns the whole instance.
    pub project: Option<ProjectId>,
    /// To what: a global id. Of a refused act it is what was asked for, and there may be no such thing.
    pub subject: Option<String>,
    /// One sentence.
    pub summary: String,
    /// What came of it.
    pub outcome: AuditOutcome,
    /// From where; `None` for what the service did by itself.
    pub origin: Option<Origin>,
    /// Particulars; never a secret.
    pub details: Option<serde_json::Value>,
}

/// Number of an audit record of an instance; the first is 1 and each next one is greater by exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AuditSeq(pub u64);
