//! Compression. Each thread keeps its working memory: setting it up anew for each chunk would cost as much as the work.

use std::{cell::Cell, io};

use zstd::bulk::{Compressor, Decompressor};

/// Faster levels save little time, slower ones little space.
const LEVEL: i32 = 1;

thread_local! {
    static COMPRESSOR: Cell<Option<Compressor<'static>>> = const { Cell::new(None) };
    static DECOMPRESSOR: Cell<Option<Decompressor<'static>>> = const { Cell::new(None) };
}

/// A frame of these bytes, with a checksum.
pub(super) fn compress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut compressor = match COMPRESSOR.take() {
        Some(compressor) => compressor,
        None => {
            let mut compressor = Compressor::new(LEVEL)?;
            compressor.include_checksum(true)?;
            compressor
        }
    };
    let frame = compressor.compress(bytes)?;
    COMPRESSOR.set(Some(compressor));
    Ok(frame)
}

/// The bytes of a frame, of which there are no more than these.
pub(super) fn decompress(frame: &[u8], most: usize) -> io::Result<Vec<u8>> {
    let mut decompressor = DECOMPRESSOR.take().map_or_else(Decompressor::new, Ok)?;
    let bytes = decompressor.decompress(frame, most)?;
    DECOMPRESSOR.set(Some(decompressor));
    Ok(bytes)
}
