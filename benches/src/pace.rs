//! When the engine writes which lines.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::{sync::watch, time::Instant};

use crate::line::Stamp;

/// Most lines that are written at once.
const MOST_AT_ONCE: u64 = 512;

/// What the engine is told to do; all builds do it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum Command {
    /// Write lines.
    Write(Order),
    /// End.
    End,
}

/// Lines to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    /// How many in each build.
    pub(crate) lines: u64,
    /// Time between two lines of a build; zero: as fast as they are taken.
    pub(crate) every: Duration,
    /// Bytes of a line.
    pub(crate) length: usize,
}

/// Commands as they come in; the last one counts.
pub(crate) type Commands = watch::Receiver<Option<Command>>;

/// Writes one build's lines.
#[derive(Debug)]
pub(crate) struct Writer {
    commands: Commands,
    /// Where in the time between two lines this build writes, from 0 to 1: builds do not write in step.
    phase: f64,
    written: u64,
    current: Option<(Order, Instant, u64)>,
}

impl Writer {
    pub(crate) const fn new(commands: Commands, phase: f64, written: u64) -> Self {
        Self { commands, phase, written, current: None }
    }

    /// How many lines have been written so far.
    pub(crate) const fn written(&self) -> u64 {
        self.written
    }

    /// The lines that are due, as soon as there are some; `None` when there will be no more. Nothing is lost when it is dropped.
    pub(crate) async fn next(&mut self) -> Option<Vec<String>> {
        loop {
            let Some((order, begun, done)) = self.current else {
                let command = self.command().await?;
                let (Command::Write(order), now) = (command, Instant::now()) else { return None };
                self.current = Some((order, now + order.every.mul_f64(self.phase), 0));
                continue;
            };
            if done == order.lines {
                self.current = None;
                continue;
            }
            let due = if order.every.is_zero() {
                order.lines
            } else {
                tokio::time::sleep_until(begun + order.every * u32::try_from(done).unwrap_or(u32::MAX)).await;
                u64::try_from(begun.elapsed().as_nanos() / order.every.as_nanos()).unwrap_or(u64::MAX) + 1
            };
            let due = due.clamp(done + 1, order.lines).min(done + MOST_AT_ONCE);
            let numbers = self.written + 1..=self.written + due - done;
            self.written += due - done;
            self.current = Some((order, begun, due));
            return Some(numbers.map(|number| Stamp::now(number).text(order.length)).collect());
        }
    }

    async fn command(&mut self) -> Option<Command> {
        loop {
            self.commands.changed().await.ok()?;
            if let Some(command) = *self.commands.borrow_and_update() {
                return Some(command);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_line_that_was_ordered_is_written_once_in_order() {
        let (command, commands) = watch::channel(None);
        let mut writer = Writer::new(commands, 0.5, 0);
        let mut numbers = Vec::new();
        for (lines, every) in [(3, 1), (1_000, 0)] {
            let order = Order { lines, every: Duration::from_millis(every), length: 40 };
            command.send(Some(Command::Write(order))).unwrap();
            let goal = numbers.len() as u64 + lines;
            while (numbers.len() as u64) < goal {
                let written = writer.next().await.unwrap();
                numbers.extend(written.iter().flat_map(|text| crate::line::stamps(text.as_bytes())).map(|s| s.number));
            }
        }
        assert_eq!(numbers, (1..=1_003).collect::<Vec<_>>());
        command.send(Some(Command::End)).unwrap();
        assert_eq!(writer.next().await, None);
    }
}
