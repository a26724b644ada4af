//! Secrets that are not, or not wholly, kept out of a log.

use std::fmt;

use crate::{
    SHORTEST,
    needles::{LARGEST_IN_ALL_FORMS, MOST},
};

/// A secret that is not, or not wholly, kept out of a log. Its text is for the one who registered the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Name of the secret.
    pub secret: String,
    /// What is missing.
    pub reason: GapReason,
}

/// Why a secret is not, or not wholly, kept out of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GapReason {
    /// It is shorter than [`SHORTEST`], and so not taken out at all.
    TooShort,
    /// It is so large that only its lines are taken out, as they stand.
    LinesOnly,
    /// There are so many secrets that this one is not taken out at all.
    TooMany,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.secret;
        match self.reason {
            GapReason::TooShort => {
                write!(
                    f,
                    "the secret {name} is too short to be kept out of the log: use one of {SHORTEST} bytes or more"
                )
            }
            GapReason::LinesOnly => write!(
                f,
                "the secret {name} is kept out of the log as it stands, but not where it is encoded: its values together \
                 with those before it are larger than {} KiB",
                LARGEST_IN_ALL_FORMS >> 10
            ),
            GapReason::TooMany => write!(
                f,
                "the secret {name} is not kept out of the log: the secrets together are larger than {} KiB, register fewer \
                 or smaller ones",
                MOST >> 10
            ),
        }
    }
}
