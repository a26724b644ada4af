//! What can be done for a batch of lines before its transaction begins.

use std::collections::BTreeMap;

use alm_domain::{LogLine, StageKey};

use super::{chunk, split::owner};
use crate::{
    StoreError,
    value::{containing, millis, write_json},
};

/// About as much text makes a chunk.
pub(super) const CHUNK: usize = 64 << 10;
/// A batch with less text than this waits in an open segment for more.
const WORTH_SEALING: usize = CHUNK / 2;

/// So many bytes of a stage's key are looked for in the index: SQLite takes no pattern of any length.
const MOST_SOUGHT: usize = 1_000;

/// A batch of lines, encoded; lines are counted from 0 until their numbers are known.
pub(crate) struct Prepared {
    /// The lines themselves.
    pub(crate) lines: Vec<LogLine>,
    pub(super) pieces: Vec<Piece>,
    /// First and last line of each stage and attempt.
    pub(super) ranges: BTreeMap<(StageKey, u32), (u64, u64)>,
    pub(super) text_bytes: usize,
}

/// A row to be.
pub(super) struct Piece {
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) text_bytes: usize,
    /// Whether it is large enough to stand for itself.
    pub(super) is_sealed: bool,
    pub(super) index: Index,
    pub(super) data: Vec<u8>,
}

/// What the index says about lines.
pub(super) struct Index {
    pub(super) first_at: Option<i64>,
    pub(super) last_at: Option<i64>,
    /// How many lines each stage has, as JSON; lines without a stage are counted under the empty key.
    pub(super) stages: String,
}

impl Prepared {
    /// Encodes lines. Yields between chunks, so that a large batch does not hold up other tasks.
    pub(crate) async fn new(lines: Vec<LogLine>) -> Result<Self, StoreError> {
        let mut pieces = Vec::new();
        let mut first = 0;
        let mut left: usize = lines.iter().map(size).sum();
        while first < lines.len() {
            let mut text_bytes = 0;
            // A rest that would not be worth a chunk stays with the chunk before it.
            let count = lines[first..].iter().take_while(|line| {
                let room = text_bytes < CHUNK || left < WORTH_SEALING;
                if room {
                    text_bytes += size(line);
                    left -= size(line);
                }
                room
            });
            let count = count.count();
            if first > 0 {
                tokio::task::yield_now().await;
            }
            let part = &lines[first..first + count];
            pieces.push(Piece {
                first,
                count,
                text_bytes,
                is_sealed: text_bytes >= WORTH_SEALING,
                index: Index::of(part)?,
                data: chunk::encode(part).map_err(StoreError::internal)?,
            });
            first += count;
        }
        let mut ranges: BTreeMap<(StageKey, u32), (u64, u64)> = BTreeMap::new();
        let mut last: Option<&mut (u64, u64)> = None;
        let mut last_owner = ("", 0);
        for (no, line) in (0u64..).zip(&lines) {
            let Some(stage) = &line.stage else { continue };
            let same = last_owner == owner(line);
            match &mut last {
                Some(range) if same => range.1 = no,
                _ => {
                    let range = ranges.entry((stage.clone(), line.attempt)).or_insert((no, no));
                    range.1 = no;
                    last_owner = owner(line);
                    last = Some(range);
                }
            }
        }
        let text_bytes = lines.iter().map(|line| line.text.len()).sum();
        Ok(Self { lines, pieces, ranges, text_bytes })
    }
}

/// What a line counts for.
const fn size(line: &LogLine) -> usize {
    line.text.len() + 1
}

impl Index {
    pub(super) fn of(lines: &[LogLine]) -> Result<Self, StoreError> {
        let mut stages: BTreeMap<&str, u32> = BTreeMap::new();
        let mut run: Option<(&str, u32)> = None;
        for line in lines {
            let (stage, _) = owner(line);
            match &mut run {
                Some((key, count)) if *key == stage => *count += 1,
                _ => {
                    if let Some((key, count)) = run.replace((stage, 1)) {
                        *stages.entry(key).or_default() += count;
                    }
                }
            }
        }
        if let Some((key, count)) = run {
            *stages.entry(key).or_default() += count;
        }
        let times = || lines.iter().filter_map(|line| line.at.map(millis));
        Ok(Self { first_at: times().min(), last_at: times().max(), stages: write_json(&stages)? })
    }
}

/// The pattern of LIKE for the index of lines of this stage. It may find others as well, but never misses one.
pub(super) fn in_index(stage: &StageKey) -> Result<String, StoreError> {
    let mut key = format!("{}:", write_json(&stage.as_str())?);
    key.truncate(key.floor_char_boundary(MOST_SOUGHT));
    Ok(containing(&key))
}
