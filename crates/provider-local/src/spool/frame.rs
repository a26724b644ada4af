//! How a record lies in the file: a header that says where it stands, then its payload, both under checksums.

/// Bytes of a header.
pub(crate) const HEADER: usize = 40;
/// No record is larger; a length beyond it is damage, not data.
pub(crate) const MOST: u32 = 16 << 20;

const MAGIC: [u8; 4] = *b"ALM1";

/// What a reader may want to know of a record without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Flags(u32);

impl Flags {
    /// Holds nothing but log lines.
    pub(crate) const ONLY_LINES: Self = Self(1);
    /// A supervisor began its work here.
    pub(crate) const STARTED: Self = Self(2);
    /// The last record of the run.
    pub(crate) const COMPLETE: Self = Self(4);

    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The head of a record. It states its own offset, so that no byte inside a payload can pass for a record boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// Bytes of the payload.
    pub(crate) len: u32,
    /// Log lines in the payload.
    pub(crate) lines: u32,
    pub(crate) flags: Flags,
    /// Where the header begins.
    pub(crate) offset: u64,
    /// Log lines in all records before.
    pub(crate) lines_before: u64,
    /// Checksum of the payload.
    pub(crate) payload_crc: u32,
    /// Checksum of the header, and so of everything that it states.
    pub(crate) crc: u32,
}

impl Header {
    /// Where the next record begins.
    pub(crate) const fn end(&self) -> u64 {
        self.offset + HEADER as u64 + self.len as u64
    }

    /// Log lines up to the end of this record.
    pub(crate) const fn lines_after(&self) -> u64 {
        self.lines_before + self.lines as u64
    }

    /// Whether this is the payload that the header was made for.
    pub(crate) fn fits(&self, payload: &[u8]) -> bool {
        payload.len() as u64 == u64::from(self.len) && crc32fast::hash(payload) == self.payload_crc
    }

    /// The header that stands at this offset, if these bytes are one.
    pub(crate) fn decode(bytes: &[u8; HEADER], at: u64) -> Option<Self> {
        let word = |from: usize| -> u32 {
            u32::from_le_bytes([bytes[from], bytes[from + 1], bytes[from + 2], bytes[from + 3]])
        };
        let long = |from: usize| u64::from(word(from)) | (u64::from(word(from + 4)) << 32);
        let header = Self {
            len: word(4),
            lines: word(8),
            flags: Flags(word(12)),
            offset: long(16),
            lines_before: long(24),
            payload_crc: word(32),
            crc: word(36),
        };
        let sound = bytes[..4] == MAGIC
            && crc32fast::hash(&bytes[..36]) == header.crc
            && header.offset == at
            && header.len <= MOST
            && header.lines_before.checked_add(u64::from(header.lines)).is_some();
        sound.then_some(header)
    }
}

/// The bytes of a record.
pub(crate) fn encode(payload: &[u8], lines: u32, flags: Flags, offset: u64, lines_before: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + payload.len());
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend_from_slice(&lines.to_le_bytes());
    bytes.extend_from_slice(&flags.0.to_le_bytes());
    bytes.extend_from_slice(&offset.to_le_bytes());
    bytes.extend_from_slice(&lines_before.to_le_bytes());
    bytes.extend_from_slice(&crc32fast::hash(payload).to_le_bytes());
    let crc = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes.extend_from_slice(payload);
    bytes
}
