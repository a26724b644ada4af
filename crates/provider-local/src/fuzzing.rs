//! A door for the fuzz targets.

use alm_masking::Masks;

use crate::supervisor::Output;

/// The lines of a stream that arrives in these chunks: text, and whether it goes on from the one before.
#[must_use]
pub fn lines<'a>(masks: &Masks, chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<(String, bool)> {
    let mut output = Output::new(masks);
    let mut pieces: Vec<_> = chunks.into_iter().flat_map(|chunk| output.push(chunk)).collect();
    pieces.extend(output.finish());
    pieces.into_iter().map(|piece| (piece.text, piece.continued)).collect()
}
