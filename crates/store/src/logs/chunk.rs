//! How the lines of a chunk become bytes.
//!
//! A chunk is a version byte, the length of what follows before compression (four bytes, little-endian), and a zstd frame
//! with a checksum. Inside: the texts of all lines, one behind the other; the stages by name; the number of lines; for each
//! line a byte of flags, its stage and attempt if they differ from those of the line before, its time as a difference to the
//! one before, and the length of its text; and in the last four bytes the length of all texts. Numbers are variable-length
//! (LEB128), signed ones in zigzag. Line numbers are not stored: they follow from the row.

use alm_domain::{LogLine, LogStream, StageKey, Timestamp};
use chrono::DateTime;

use super::codec::{compress, decompress};

const VERSION: u8 = 2;
const HEAD: usize = 5;
/// No chunk is longer before compression: what claims to be is damaged.
const LONGEST: usize = 16 << 20;

const STREAM: u8 = 0b0000_0011;
const CONTINUED: u8 = 0b0000_0100;
const TIMED: u8 = 0b0000_1000;
const SAME_OWNER: u8 = 0b0001_0000;

/// Why bytes are not a chunk.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChunkError {
    #[error("it ends too early")]
    Short,
    #[error("its version is {0}, which this server does not know")]
    Version(u8),
    #[error("it claims to be {0} bytes long")]
    Long(usize),
    #[error("it cannot be decompressed")]
    Compression(#[source] std::io::Error),
    #[error("{0} is out of range")]
    Range(&'static str),
    #[error("it is not UTF-8")]
    Text(#[from] std::str::Utf8Error),
    #[error("it holds {found} lines and not {wanted}")]
    Count { found: u64, wanted: u64 },
}

/// The bytes of these lines.
pub(crate) fn encode(lines: &[LogLine]) -> Result<Vec<u8>, std::io::Error> {
    let mut stages: Vec<&StageKey> = Vec::new();
    let mut heads = Vec::with_capacity(lines.len() * 4);
    let mut owner = (0, 0);
    let mut time = 0;
    for line in lines {
        let stage = line.stage.as_ref().map_or(0, |stage| {
            stages.iter().position(|known| *known == stage).unwrap_or_else(|| {
                stages.push(stage);
                stages.len() - 1
            }) + 1
        });
        let stream = match line.stream {
            LogStream::Stdout => 0,
            LogStream::Stderr => 1,
            LogStream::System => 2,
            LogStream::Gap => 3,
        };
        let same = owner == (stage, line.attempt);
        let flags = stream
            | if line.continued { CONTINUED } else { 0 }
            | if line.at.is_some() { TIMED } else { 0 }
            | if same { SAME_OWNER } else { 0 };
        heads.push(flags);
        if !same {
            owner = (stage, line.attempt);
            put(&mut heads, stage as u64);
            put(&mut heads, u64::from(line.attempt));
        }
        if let Some(at) = line.at.map(|at| at.timestamp_millis()) {
            put(&mut heads, zigzag(at.wrapping_sub(time)));
            time = at;
        }
        put(&mut heads, line.text.len() as u64);
    }
    let texts: usize = lines.iter().map(|line| line.text.len()).sum();
    let mut plain = Vec::with_capacity(texts + heads.len() + 64);
    for line in lines {
        plain.extend_from_slice(line.text.as_bytes());
    }
    put(&mut plain, stages.len() as u64);
    for stage in stages {
        put(&mut plain, stage.as_str().len() as u64);
        plain.extend_from_slice(stage.as_str().as_bytes());
    }
    put(&mut plain, lines.len() as u64);
    plain.extend_from_slice(&heads);
    plain.extend_from_slice(&length(texts)?);
    let frame = compress(&plain)?;
    let mut bytes = Vec::with_capacity(HEAD + frame.len());
    bytes.push(VERSION);
    bytes.extend_from_slice(&length(plain.len())?);
    bytes.extend_from_slice(&frame);
    Ok(bytes)
}

/// A chunk, decompressed.
pub(crate) struct Chunk {
    texts: String,
    stages: Vec<StageKey>,
    count: u64,
    rest: Vec<u8>,
    /// Where the heads of the lines begin in `rest`.
    heads: usize,
}

/// A line where it lies in its chunk.
pub(crate) struct Line<'a> {
    pub(crate) stage: Option<&'a StageKey>,
    attempt: u32,
    stream: LogStream,
    at: Option<Timestamp>,
    pub(crate) text: &'a str,
    continued: bool,
}

impl Chunk {
    /// Opens a chunk of so many lines.
    pub(crate) fn open(bytes: &[u8], wanted: u64) -> Result<Self, ChunkError> {
        let (head, frame) = bytes.split_first_chunk::<HEAD>().ok_or(ChunkError::Short)?;
        let [version, length @ ..] = *head;
        if version != VERSION {
            return Err(ChunkError::Version(version));
        }
        let length = u32::from_le_bytes(length) as usize;
        if length > LONGEST {
            return Err(ChunkError::Long(length));
        }
        let mut plain = decompress(frame, length).map_err(ChunkError::Compression)?;
        let texts = *plain.last_chunk().ok_or(ChunkError::Short)?;
        plain.truncate(plain.len() - texts.len());
        let texts = u32::from_le_bytes(texts) as usize;
        if texts > plain.len() {
            return Err(ChunkError::Short);
        }
        let rest = plain.split_off(texts);
        let texts = String::from_utf8(plain).map_err(|error| error.utf8_error())?;
        let mut reader = Reader(&rest);
        let mut stages = Vec::new();
        for _ in 0..reader.number()? {
            stages.push(StageKey::from(reader.text()?));
        }
        let count = reader.number()?;
        if count != wanted {
            return Err(ChunkError::Count { found: count, wanted });
        }
        let heads = rest.len() - reader.0.len();
        Ok(Self { texts, stages, count, rest, heads })
    }

    /// Its lines, in order. Ends with the first that cannot be read.
    pub(crate) fn lines(&self) -> Lines<'_> {
        Lines {
            heads: Reader(&self.rest[self.heads..]),
            texts: &self.texts,
            stages: &self.stages,
            left: self.count,
            owner: (None, 0),
            time: (0, DateTime::UNIX_EPOCH),
        }
    }
}

/// The lines of a chunk.
pub(crate) struct Lines<'a> {
    heads: Reader<'a>,
    texts: &'a str,
    stages: &'a [StageKey],
    left: u64,
    owner: (Option<&'a StageKey>, u32),
    time: (i64, Timestamp),
}

impl<'a> Lines<'a> {
    fn read(&mut self) -> Result<Line<'a>, ChunkError> {
        let heads = &mut self.heads;
        let flags = heads.byte()?;
        if flags & SAME_OWNER == 0 {
            let stage = match heads.number()? {
                0 => None,
                n => {
                    let index = usize::try_from(n - 1).map_err(|_| ChunkError::Range("a stage"))?;
                    Some(self.stages.get(index).ok_or(ChunkError::Range("a stage"))?)
                }
            };
            self.owner = (stage, u32::try_from(heads.number()?).map_err(|_| ChunkError::Range("an attempt"))?);
        }
        let is_timed = flags & TIMED != 0;
        if is_timed {
            let difference = unzigzag(heads.number()?);
            if difference != 0 {
                let millis = self.time.0.wrapping_add(difference);
                let at = DateTime::from_timestamp_millis(millis).ok_or(ChunkError::Range("a time"))?;
                self.time = (millis, at);
            }
        }
        let length = usize::try_from(heads.number()?).map_err(|_| ChunkError::Range("a length"))?;
        let (text, rest) = self.texts.split_at_checked(length).ok_or(ChunkError::Range("a length"))?;
        self.texts = rest;
        Ok(Line {
            stage: self.owner.0,
            attempt: self.owner.1,
            stream: match flags & STREAM {
                0 => LogStream::Stdout,
                1 => LogStream::Stderr,
                2 => LogStream::System,
                _ => LogStream::Gap,
            },
            at: is_timed.then_some(self.time.1),
            text,
            continued: flags & CONTINUED != 0,
        })
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Result<Line<'a>, ChunkError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let line = self.read();
        if line.is_err() {
            self.left = 0;
        }
        Some(line)
    }
}

impl Line<'_> {
    /// The line, for itself.
    pub(crate) fn owned(&self) -> LogLine {
        LogLine {
            stage: self.stage.cloned(),
            attempt: self.attempt,
            stream: self.stream,
            at: self.at,
            text: self.text.to_owned(),
            continued: self.continued,
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8, ChunkError> {
        let (byte, rest) = self.0.split_first().ok_or(ChunkError::Short)?;
        self.0 = rest;
        Ok(*byte)
    }

    fn number(&mut self) -> Result<u64, ChunkError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(ChunkError::Range("a number"))
    }

    fn text(&mut self) -> Result<&'a str, ChunkError> {
        let length = usize::try_from(self.number()?).map_err(|_| ChunkError::Short)?;
        let (text, rest) = self.0.split_at_checked(length).ok_or(ChunkError::Short)?;
        self.0 = rest;
        Ok(std::str::from_utf8(text)?)
    }
}

fn length(bytes: usize) -> Result<[u8; 4], std::io::Error> {
    Ok(u32::try_from(bytes).map_err(std::io::Error::other)?.to_le_bytes())
}

const fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

const fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(bytes: &[u8], wanted: u64) -> Result<Vec<LogLine>, ChunkError> {
        Chunk::open(bytes, wanted)?.lines().map(|line| Ok(line?.owned())).collect()
    }

    fn lines() -> impl Strategy<Value = Vec<LogLine>> {
        let stream = prop_oneof![
            Just(LogStream::Stdout),
            Just(LogStream::Stderr),
            Just(LogStream::System),
            Just(LogStream::Gap)
        ];
        let at = proptest::option::of(-8_000_000_000_000_000i64..8_000_000_000_000_000);
        let line = (proptest::option::of("[a-c\0]{0,3}"), 0u32..4, stream, at, ".{0,40}", any::<bool>()).prop_map(
            |(stage, attempt, stream, at, text, continued)| LogLine {
                stage: stage.map(StageKey::from),
                attempt,
                stream,
                at: at.and_then(DateTime::from_timestamp_millis),
                text,
                continued,
            },
        );
        proptest::collection::vec(line, 0..50)
    }

    proptest! {
        #[test]
        fn lines_read_back_as_they_were_written(lines in lines()) {
            let bytes = encode(&lines).unwrap();
            prop_assert_eq!(decode(&bytes, lines.len() as u64).unwrap(), lines);
        }

        #[test]
        fn damage_is_an_error(lines in lines(), place: prop::sample::Index, flip in 1u8..) {
            let mut bytes = encode(&lines).unwrap();
            let place = place.index(bytes.len());
            bytes[place] ^= flip;
            match decode(&bytes, lines.len() as u64) {
                Err(_) => {}
                // A byte of the frame that carries nothing (a reserved bit) may differ without harm; the lines may not.
                Ok(read) => prop_assert_eq!(read, lines),
            }
        }

        #[test]
        fn rubbish_is_an_error(rubbish in proptest::collection::vec(any::<u8>(), 0..200), wanted: u64) {
            prop_assert!(decode(&rubbish, wanted).is_err());
        }

        #[test]
        fn rubbish_in_a_sound_frame_does_no_harm(
            body in proptest::collection::vec(any::<u8>(), 0..200), texts in 0u32..200, wanted in 0u64..9,
        ) {
            let body = [body, texts.to_le_bytes().to_vec()].concat();
            let mut bytes = vec![VERSION];
            bytes.extend_from_slice(&length(body.len()).unwrap());
            bytes.extend_from_slice(&compress(&body).unwrap());
            let _ = decode(&bytes, wanted);
        }
    }

    #[test]
    fn a_chunk_that_claims_to_be_huge_sets_nothing_aside() {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&u32::MAX.to_le_bytes());
        assert!(matches!(decode(&bytes, 1), Err(ChunkError::Long(_))));
    }
}
