//! Reading a spool while somebody else writes it.

use std::{fs::File, io, os::unix::fs::FileExt, path::Path};

use super::{
    frame::{HEADER, Header},
    payload::Payload,
    token::Token,
};

/// Reads records in order. Never gives half a record, nor one that is not what was written.
#[derive(Debug)]
pub(crate) struct Reader {
    file: File,
    next: u64,
    lines: u64,
    /// Tells the tokens of this spool from those of others.
    salt: u32,
}

/// What lies at the reader's place.
#[derive(Debug)]
pub(crate) enum Step<T> {
    /// A whole record.
    Record(Header, T),
    /// Nothing yet.
    End,
    /// Something, but no whole record: being written just now, or cut off by a crash.
    Torn,
}

impl Reader {
    /// At the beginning of this spool.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let run = path.parent().and_then(Path::file_name).unwrap_or_default();
        Ok(Self { file: File::open(path)?, next: 0, lines: 0, salt: crc32fast::hash(run.as_encoded_bytes()) })
    }

    /// The token of what lies behind this record.
    pub(crate) const fn token(&self, header: &Header) -> Token {
        Token { record: header.offset, lines: header.lines_after(), crc: header.crc ^ self.salt }
    }

    /// Goes to the place behind the record that the token names, and gives its head; `None`, and no move, when there is no
    /// such record.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn seek(&mut self, token: Token) -> io::Result<Option<Header>> {
        let Some(header) = self.header_at(token.record)? else { return Ok(None) };
        if self.token(&header) != token || header.end() > self.size()? {
            return Ok(None);
        }
        self.pass(&header);
        Ok(Some(header))
    }

    /// Bytes that the file has now.
    ///
    /// # Errors
    /// When the file cannot be asked.
    pub(crate) fn size(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Where the next record begins.
    pub(crate) const fn offset(&self) -> u64 {
        self.next
    }

    /// Log lines before the next record.
    pub(crate) const fn lines(&self) -> u64 {
        self.lines
    }

    /// Goes over the next record.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn read(&mut self) -> io::Result<Step<Payload>> {
        Ok(match self.read_bytes()? {
            // A payload that is sound but not understood comes from a newer version: there is nothing in it for us.
            Step::Record(header, bytes) => Step::Record(header, serde_json::from_slice(&bytes).unwrap_or_default()),
            Step::End => Step::End,
            Step::Torn => Step::Torn,
        })
    }

    /// Goes over the next record if it is sound, without looking at what it says.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn check(&mut self) -> io::Result<Step<()>> {
        Ok(match self.read_bytes()? {
            Step::Record(header, _) => Step::Record(header, ()),
            Step::End => Step::End,
            Step::Torn => Step::Torn,
        })
    }

    /// Goes over the next record without reading its payload.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn skip(&mut self) -> io::Result<Step<()>> {
        let Some(header) = self.header_at(self.next)? else { return self.nothing() };
        if header.end() > self.size()? {
            return Ok(Step::Torn);
        }
        self.pass(&header);
        Ok(Step::Record(header, ()))
    }

    /// The next record's header, without going over it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn peek(&self) -> io::Result<Option<Header>> {
        self.header_at(self.next)
    }

    fn read_bytes(&mut self) -> io::Result<Step<Vec<u8>>> {
        let Some(header) = self.header_at(self.next)? else { return self.nothing() };
        let mut payload = vec![0; header.len as usize];
        if !read_whole(&self.file, &mut payload, self.next + HEADER as u64)? || !header.fits(&payload) {
            return Ok(Step::Torn);
        }
        self.pass(&header);
        Ok(Step::Record(header, payload))
    }

    fn pass(&mut self, header: &Header) {
        self.next = header.end();
        self.lines = header.lines_after();
    }

    fn nothing<T>(&self) -> io::Result<Step<T>> {
        Ok(if self.size()? > self.next { Step::Torn } else { Step::End })
    }

    fn header_at(&self, at: u64) -> io::Result<Option<Header>> {
        let mut bytes = [0; HEADER];
        Ok(if read_whole(&self.file, &mut bytes, at)? { Header::decode(&bytes, at) } else { None })
    }
}

fn read_whole(file: &File, into: &mut [u8], at: u64) -> io::Result<bool> {
    if i64::try_from(at).is_err() {
        return Ok(false);
    }
    match file.read_exact_at(into, at) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(e) => Err(e),
    }
}
