//! Appending to a spool.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
};

use super::{
    frame::{Flags, encode},
    payload::Payload,
    reader::{Reader, Step},
};

/// Appends records. There is one writer of a spool at a time: whoever holds the lock of its directory.
#[derive(Debug)]
pub(crate) struct Writer {
    file: File,
    end: u64,
    lines: u64,
    flags: Flags,
}

impl Writer {
    /// At the end of what is sound in this spool; what lies behind that, half a record of a writer that died, is cut off.
    /// Makes the spool if there is none.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        let mut reader = Reader::open(path)?;
        let mut flags = Flags::default();
        while let Step::Record(header, _) = reader.check()? {
            flags = flags.with(header.flags);
        }
        if reader.size()? > reader.offset() {
            file.set_len(reader.offset())?;
        }
        Ok(Self { file, end: reader.offset(), lines: reader.lines(), flags })
    }

    /// Whether a supervisor has begun.
    pub(crate) const fn is_started(&self) -> bool {
        self.flags.has(Flags::STARTED)
    }

    /// Whether the last record is there: nothing may follow.
    pub(crate) const fn is_complete(&self) -> bool {
        self.flags.has(Flags::COMPLETE)
    }

    /// Appends a record; with `sync`, it is on the disk when this returns. When it fails nothing was appended, and it can be
    /// tried again.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn append(&mut self, payload: &Payload, sync: bool) -> io::Result<()> {
        let json = serde_json::to_vec(payload)?;
        let flags = payload.flags();
        let record = encode(&json, payload.lines(), flags, self.end, self.lines);
        let written = self.file.write_all(&record).and_then(|()| if sync { self.file.sync_data() } else { Ok(()) });
        if let Err(cause) = written {
            self.file.set_len(self.end)?;
            return Err(cause);
        }
        self.end += record.len() as u64;
        self.lines += u64::from(payload.lines());
        self.flags = self.flags.with(flags);
        Ok(())
    }
}
