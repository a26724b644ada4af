//! Cursors: opaque positions that clients give back.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use uuid::Uuid;

const VERSION: u8 = 1;
const HEAD: usize = 18;
const CHECKSUM: usize = 4;
const LONGEST: usize = 512;

/// What a cursor is a position in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CursorKind {
    /// A build's journal: the number of an entry, 8 bytes.
    BuildEvents = 1,
    /// A build's log: the number of a line, 8 bytes.
    BuildLog = 2,
    /// A project's coarse events: the number of one, 8 bytes.
    ProjectEvents = 3,
    /// A list of builds: a UUID, 16 bytes.
    Builds = 4,
    /// A list of projects: sort key and UUID.
    Projects = 5,
    /// A list of providers: sort key and UUID.
    Providers = 6,
    /// A list of build services: sort key and UUID.
    Services = 7,
    /// What a person has connected: the number of a change, 8 bytes.
    ViewerEvents = 8,
    /// The providers: the number of a picture of all of them, 8 bytes.
    ProviderEvents = 9,
    /// The audit trail, as a list and as a stream: the number of a record, 8 bytes.
    Audit = 20,
    /// A list of deployments: a UUID, 16 bytes.
    Deployments = 12,
}

/// A position in a stream or a list. As text: base64url of version, kind, subject, position and a checksum, so that a cursor of
/// another subject, another kind or another age is refused rather than misread.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// What it is a position in.
    pub kind: CursorKind,
    /// Whose: the build, the project; nil where the list has no owner.
    pub subject: Uuid,
    /// The position; its shape belongs to the kind.
    pub position: Vec<u8>,
}

/// Why a text is not the cursor that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// Not a cursor of this service at all, or damaged.
    #[error("this is not a cursor of this server: pass one back exactly as it was received, or none to begin anew")]
    Malformed,
    /// A cursor, but of something else.
    #[error("this cursor belongs to something else: use the one that came with this list or stream")]
    Misplaced,
}

impl Cursor {
    /// A cursor at a numbered position.
    #[must_use]
    pub fn at(kind: CursorKind, subject: Uuid, number: u64) -> Self {
        Self { kind, subject, position: number.to_be_bytes().to_vec() }
    }

    /// The text for the client.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut bytes = Vec::with_capacity(HEAD + self.position.len() + CHECKSUM);
        bytes.push(VERSION);
        bytes.push(self.kind as u8);
        bytes.extend_from_slice(self.subject.as_bytes());
        bytes.extend_from_slice(&self.position);
        let sum = checksum(&bytes);
        bytes.extend_from_slice(&sum);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position that a text stands for, if it is a cursor of this kind and subject.
    ///
    /// # Errors
    /// [`CursorError`]. Never panics, whatever the text.
    pub fn position_in(text: &str, kind: CursorKind, subject: Uuid) -> Result<Vec<u8>, CursorError> {
        if text.len() > LONGEST {
            return Err(CursorError::Malformed);
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError::Malformed)?;
        let body_len = bytes.len().checked_sub(CHECKSUM).filter(|n| *n >= HEAD).ok_or(CursorError::Malformed)?;
        let (body, sum) = bytes.split_at(body_len);
        if sum != checksum(body) || body[0] != VERSION {
            return Err(CursorError::Malformed);
        }
        if body[1] != kind as u8 || body[2..HEAD] != *subject.as_bytes() {
            return Err(CursorError::Misplaced);
        }
        Ok(body[HEAD..].to_vec())
    }

    /// The number that a text stands for, if it is a cursor of this kind and subject.
    ///
    /// # Errors
    /// [`CursorError`]. Never panics, whatever the text.
    pub fn number_in(text: &str, kind: CursorKind, subject: Uuid) -> Result<u64, CursorError> {
        let position = Self::position_in(text, kind, subject)?;
        position.try_into().map(u64::from_be_bytes).map_err(|_| CursorError::Malformed)
    }
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    let hash = Sha256::digest(bytes);
    [hash[0], hash[1], hash[2], hash[3]]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_reads_back_as_it_was_written(subject: u128, number: u64) {
            let subject = Uuid::from_u128(subject);
            let text = Cursor::at(CursorKind::BuildLog, subject, number).encode();
            prop_assert_eq!(Cursor::number_in(&text, CursorKind::BuildLog, subject), Ok(number));
            prop_assert_eq!(Cursor::number_in(&text, CursorKind::BuildEvents, subject), Err(CursorError::Misplaced));
        }

        #[test]
        fn a_foreign_subject_is_refused(one: u128, two: u128, number: u64) {
            prop_assume!(one != two);
            let text = Cursor::at(CursorKind::BuildLog, Uuid::from_u128(one), number).encode();
            prop_assert_eq!(
                Cursor::number_in(&text, CursorKind::BuildLog, Uuid::from_u128(two)),
                Err(CursorError::Misplaced)
            );
        }

        #[test]
        fn a_damaged_cursor_is_refused(number: u64, place in 0usize..40, letter in "[A-Za-z0-9_-]") {
            let text = Cursor::at(CursorKind::BuildLog, Uuid::nil(), number).encode();
            let place = place % text.len();
            let damaged = format!("{}{letter}{}", &text[..place], &text[place + 1..]);
            prop_assume!(damaged != text);
            prop_assert!(Cursor::number_in(&damaged, CursorKind::BuildLog, Uuid::nil()).is_err());
        }

        #[test]
        fn rubbish_is_refused(rubbish in ".*") {
            prop_assert!(Cursor::number_in(&rubbish, CursorKind::BuildLog, Uuid::nil()).is_err());
        }
    }
}
