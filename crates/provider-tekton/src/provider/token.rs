//! How far a follower was told.
//!
//! A token stands for exactly the lines that came before it: which pods were told to their end, and how far those are told that are
//! being read. All else needs no token: the present state is told again.

use std::collections::BTreeMap;

use alm_build_spi::{Finding, ProviderError, ResumeToken};
use alm_kubernetes::PodTold;
use serde::{Deserialize, Serialize};

/// Longest token that is read.
const LONGEST: usize = 4096;
/// What tokens look like now.
const VERSION: u8 = 1;
/// The logs of how many pods of a run are told: so many fit into a token.
pub(super) const MOST_PODS: usize = 200;

/// How far a follower was told.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Token {
    #[serde(rename = "v")]
    version: u8,
    /// The pods that were told to their end: 8 digits for each.
    #[serde(rename = "d", default, skip_serializing_if = "String::is_empty")]
    done: String,
    /// How far the pods that are being read were told.
    #[serde(rename = "p", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) pods: BTreeMap<String, PodTold>,
    /// Whether the plan was told.
    #[serde(rename = "g", default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) planned: bool,
    /// Whether it was told that there are more pods than are read.
    #[serde(rename = "m", default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) too_many: bool,
    /// Whether all was told.
    #[serde(rename = "e", default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) complete: bool,
}

fn mark(pod: &str) -> String {
    format!("{:08x}", crc32fast::hash(pod.as_bytes()))
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
        read.filter(|read| read.version == VERSION && read.done.is_ascii()).ok_or_else(|| {
            let message = "is no resume token of this provider: follow from the beginning";
            ProviderError::Invalid(vec![Finding::new(["resume"], message)])
        })
    }

    pub(super) fn write(&self) -> ResumeToken {
        ResumeToken(serde_json::json!(Self { version: VERSION, ..self.clone() }).to_string())
    }

    /// Notes that a pod was told to its end.
    pub(super) fn end(&mut self, pod: &str) {
        self.pods.remove(pod);
        if !self.is_done(pod) {
            self.done.push_str(&mark(pod));
        }
    }

    pub(super) fn is_done(&self, pod: &str) -> bool {
        let mark = mark(pod);
        self.done.as_bytes().chunks(8).any(|known| known == mark.as_bytes())
    }

    /// How many pods were told to their end.
    pub(super) fn count(&self) -> usize {
        self.done.len() / 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_read_back_and_fit_and_nothing_else_is_read() {
        let mut token = Token { planned: true, ..Token::default() };
        for n in 0..MOST_PODS {
            token.end(&format!("pod-{n}"));
        }
        for n in 0..super::super::follow::AT_ONCE {
            let told = PodTold { container: "c".repeat(63), ..PodTold::default() };
            token.pods.insert(format!("{n}{}", "p".repeat(62)), told);
        }
        let written = token.write();
        assert!(written.0.len() <= LONGEST, "{}", written.0.len());
        let read = Token::read(Some(&written)).unwrap();
        assert!(read.is_done("pod-7") && !read.is_done("pod-200") && read.count() == MOST_PODS);
        for odd in ["", "{", "[]", "7", "{\"v\":2}", &" ".repeat(5000)] {
            assert!(
                matches!(Token::read(Some(&ResumeToken(odd.to_owned()))), Err(ProviderError::Invalid(_))),
                "{odd:?}"
            );
        }
    }
}
