//! A door for the fuzz targets.

use crate::git::Advertised;

/// The full name and the commit of a reference, of an advertisement that comes in these chunks; nothing where it is none.
#[must_use]
pub fn reference<'a>(name: &str, chunks: impl IntoIterator<Item = &'a [u8]>) -> Option<(String, String)> {
    let mut looking = Advertised::of(name);
    for chunk in chunks {
        looking.push(chunk).ok()?;
    }
    looking.finish().ok()?.map(|found| (found.name, found.commit))
}
