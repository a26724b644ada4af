//! Writing down what happens, in order.

use std::{
    io::{self, Write},
    thread,
    time::Duration,
};

use alm_domain::{LogLine, LogStream, Observation, Warning};

use crate::spool::{Payload, Writer};

/// A record of lines holds no more text, and no more lines.
const MOST_TEXT: usize = 64 * 1024;
const MOST_LINES: usize = 500;
/// How often, and how long in all, writing is tried while the disk is full.
const PAUSE: Duration = Duration::from_millis(250);
const TRIES: u32 = 240;

/// Writes observations and lines into the spool, in the order in which they are given. Lines are held for a moment so that a
/// record takes in many.
#[derive(Debug)]
pub(crate) struct Journal {
    writer: Writer,
    lines: Vec<LogLine>,
    text: usize,
    stored: u64,
    most: u64,
    is_over: bool,
}

impl Journal {
    /// A journal that keeps `most` bytes of log.
    pub(crate) const fn new(writer: Writer, most: u64) -> Self {
        Self { writer, lines: Vec::new(), text: 0, stored: 0, most, is_over: false }
    }

    /// Writes observations, behind all lines so far; with `sync` they are on the disk when this returns.
    pub(crate) fn tell(&mut self, observations: Vec<Observation>, sync: bool) {
        self.flush();
        self.append(&Payload::of(observations), sync);
    }

    /// Takes a line in; it is written within the next [`flush`](Self::flush). Lines beyond the most that is kept are dropped,
    /// those of the service itself excepted.
    pub(crate) fn line(&mut self, line: LogLine) {
        let size = line.text.len() as u64 + 1;
        if line.stream != LogStream::System {
            if self.is_over {
                return;
            }
            if self.stored + size > self.most {
                self.is_over = true;
                self.say_over(&line);
                return;
            }
            self.stored += size;
        }
        if self.lines.len() >= MOST_LINES || self.text + line.text.len() > MOST_TEXT {
            self.flush();
        }
        self.text += line.text.len();
        self.lines.push(line);
    }

    /// Writes the lines that are held.
    pub(crate) fn flush(&mut self) {
        if !self.lines.is_empty() {
            let lines = std::mem::take(&mut self.lines);
            self.text = 0;
            self.append(&Payload::of(vec![Observation::Lines(lines)]), false);
        }
    }

    /// Writes a record as it is.
    pub(crate) fn append(&mut self, payload: &Payload, sync: bool) {
        // A full disk is waited for: whoever writes here waits too, so nothing piles up and nothing is lost.
        for _ in 0..TRIES {
            match self.writer.append(payload, sync) {
                Ok(()) => return,
                Err(cause) => complain(&cause),
            }
            thread::sleep(PAUSE);
        }
        // A build whose record cannot be written must not go on unseen. The shims end what runs, and the next start of the
        // server tells that it was interrupted.
        std::process::exit(74);
    }

    fn say_over(&mut self, at: &LogLine) {
        let message = format!(
            "the log is longer than the {} bytes that are kept (log.max_bytes): the rest is dropped",
            self.most
        );
        self.line(LogLine { stream: LogStream::System, text: message.clone(), continued: false, ..at.clone() });
        self.tell(vec![Observation::Warning(Warning { code: "LOG_TRUNCATED".to_owned(), message })], false);
    }
}

fn complain(cause: &io::Error) {
    // The supervisor's own log may lie on the same full disk.
    let _ = writeln!(io::stderr(), "cannot write the spool: {cause}");
}
