//! How a websocket ends.

use std::borrow::Cow;

use tokio_tungstenite::tungstenite::{Error, Utf8Bytes, protocol::CloseFrame};

use crate::http::AuthError;

/// The most that a close frame can carry.
const LONGEST_REASON: usize = 123;

/// Why a socket is left.
#[derive(Debug)]
pub(super) enum Ending {
    /// The other side has closed it, or it is broken: there is nothing more to say.
    Gone,
    /// We close it, and say why.
    Close(u16, Cow<'static, str>),
}

impl Ending {
    pub(super) const SHUTDOWN: Self = Self::Close(1001, Cow::Borrowed("The server is shutting down"));
    pub(super) const BINARY: Self = Self::Close(4400, Cow::Borrowed("Messages must be text"));
    pub(super) const NOT_ACKNOWLEDGED: Self = Self::Close(4401, Cow::Borrowed("Unauthorized"));
    pub(super) const FORBIDDEN: Self = Self::Close(4403, Cow::Borrowed("Forbidden"));
    pub(super) const OTHER_RIGHTS: Self = Self::Close(4403, Cow::Borrowed("Your rights have changed: connect again"));
    pub(super) const INIT_TIMEOUT: Self = Self::Close(4408, Cow::Borrowed("Connection initialisation timeout"));
    pub(super) const TWO_INITS: Self = Self::Close(4429, Cow::Borrowed("Too many initialisation requests"));
    pub(super) const PROTOCOL: Self =
        Self::Close(4406, Cow::Borrowed("Subprotocol not acceptable: use graphql-transport-ws"));
    /// Nothing came for two keep-alives, or our writes were not read in time.
    pub(super) const SILENT: Self = Self::Close(4499, Cow::Borrowed("Terminated: the client has been silent"));
    pub(super) const INTERNAL: Self = Self::Close(4500, Cow::Borrowed("Internal server error"));

    /// The message is not one of the protocol.
    pub(super) fn invalid(why: impl Into<Cow<'static, str>>) -> Self {
        Self::Close(4400, why.into())
    }

    /// There is an operation with this id already.
    pub(super) fn doubled(id: &str) -> Self {
        Self::Close(4409, format!("Subscriber for {} already exists", alm_domain::shorten(id)).into())
    }

    /// Why whoever is on the other side may not stay. Where that cannot be found out at the moment, coming again helps.
    pub(super) fn of_auth(error: AuthError) -> Self {
        match error {
            AuthError::Missing | AuthError::Invalid => Self::FORBIDDEN,
            AuthError::Expired => Self::Close(4403, error.to_string().into()),
            AuthError::Unavailable => Self::Close(1013, error.to_string().into()),
        }
    }

    /// What a failed read means.
    pub(super) fn of_read(error: &Error) -> Self {
        match error {
            Error::Capacity(_) => Self::Close(1009, "The message is too large".into()),
            Error::Utf8(_) => Self::Close(1007, "The message is not UTF-8".into()),
            Error::Protocol(_) => Self::Close(1002, "Not by the websocket protocol".into()),
            _ => Self::Gone,
        }
    }

    /// The frame to send, if there is somebody to send it to.
    pub(super) fn frame(self) -> Option<CloseFrame> {
        match self {
            Self::Gone => None,
            Self::Close(code, mut reason) => {
                if reason.len() > LONGEST_REASON {
                    let end = (0..=LONGEST_REASON).rev().find(|end| reason.is_char_boundary(*end)).unwrap_or(0);
                    reason.to_mut().truncate(end);
                }
                Some(CloseFrame { code: code.into(), reason: Utf8Bytes::from(reason.into_owned()) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_always_fits_the_frame() {
        let frame = Ending::doubled(&"ü".repeat(500)).frame().unwrap();
        assert_eq!(u16::from(frame.code), 4409);
        assert!(frame.reason.len() <= LONGEST_REASON);
    }
}
