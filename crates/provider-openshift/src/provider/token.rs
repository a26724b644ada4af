//! How far a follower was told.
//!
//! A token stands for exactly the lines that came before it: how far the log was told is told by the container and the count of its
//! pieces, or by Jenkins' offset and the count behind it. All else needs no token: the present state is told again. Questions that were
//! told as open are kept, so that it can be told how they were settled although the cluster has forgotten them.

use alm_build_spi::{Finding, ProviderError, ResumeToken};
use alm_kubernetes::PodTold;
use serde::{Deserialize, Serialize};

use crate::{build::Open, jenkins::JenkinsTold};

/// Longest token that is read.
const LONGEST: usize = 4096;
/// What tokens look like now.
const VERSION: u8 = 1;

/// How far a follower was told.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Token {
    #[serde(rename = "v")]
    version: u8,
    /// How far the log of the build's pod was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pod: Option<PodTold>,
    /// How far Jenkins' log was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) jenkins: Option<JenkinsTold>,
    /// Whether the log was told to its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) log_done: bool,
    /// How many lines of a deployment were told.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) lines: usize,
    /// Questions that are open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) open: Vec<Open>,
    /// Whether all was told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) complete: bool,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Token {
    /// Reads a token.
    ///
    /// # Errors
    /// [`ProviderError::Invalid`] for what is none.
    pub(super) fn read(token: Option<&ResumeToken>) -> Result<Self, ProviderError> {
        let Some(token) = token else { return Ok(Self::default()) };
        let read = Some(&token.0)
            .filter(|text| text.len() <= LONGEST)
            .and_then(|text| serde_json::from_str::<Self>(text).ok());
        read.filter(|read| read.version == VERSION).ok_or_else(|| {
            let message = "is no resume token of this provider: follow from the beginning";
            ProviderError::Invalid(vec![Finding::new(["resume"], message)])
        })
    }

    /// Writes it. Questions that do not fit are left out: how they were settled is then not told after a restart.
    pub(super) fn write(&self) -> ResumeToken {
        let mut token = Self { version: VERSION, ..self.clone() };
        loop {
            let text = serde_json::json!(token).to_string();
            if text.len() <= LONGEST || token.open.pop().is_none() {
                return ResumeToken(text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_read_back_and_nothing_else_does() {
        let open: Open = serde_json::from_value(
            serde_json::json!({ "k": "Q", "m": "x".repeat(900), "p": "Go", "t": "2026-11-22T08:40:20Z" }),
        )
        .unwrap();
        let token =
            Token { jenkins: Some(JenkinsTold::default()), open: vec![open; 8], log_done: true, ..Token::default() };
        let written = token.write();
        assert!(written.0.len() <= LONGEST);
        let read = Token::read(Some(&written)).unwrap();
        assert!(read.log_done && !read.complete && !read.open.is_empty());
        for odd in ["", "{", "[]", "7", &" ".repeat(5000)] {
            assert!(
                matches!(Token::read(Some(&ResumeToken(odd.to_owned()))), Err(ProviderError::Invalid(_))),
                "{odd:?}"
            );
        }
    }
}
