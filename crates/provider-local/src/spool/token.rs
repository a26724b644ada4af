//! Resume tokens: the name of the last record that was told.

use std::str::FromStr;

use alm_domain::ResumeToken;

/// Names a record by where it stands and by its checksum, which covers its content and the run: no other spool has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    /// Where the record begins.
    pub(crate) record: u64,
    /// Log lines up to its end.
    pub(crate) lines: u64,
    /// Checksum of its header, mixed with that of the run's name.
    pub(crate) crc: u32,
}

impl From<Token> for ResumeToken {
    fn from(token: Token) -> Self {
        Self(format!("l1.{}.{}.{:08x}", token.record, token.lines, token.crc))
    }
}

impl FromStr for Token {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let parts: Vec<&str> = text.splitn(5, '.').collect();
        let ["l1", record, lines, crc] = parts[..] else { return Err(()) };
        let token = Self {
            record: record.parse().map_err(drop)?,
            lines: lines.parse().map_err(drop)?,
            crc: u32::from_str_radix(crc, 16).map_err(drop)?,
        };
        // There is one way to write a token: what reads as one but is written otherwise was not made here.
        if ResumeToken::from(token).0 == text { Ok(token) } else { Err(()) }
    }
}
