//! Reading kept files.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::PathBuf,
};

use alm_build_spi::{ByteStream, Finding, ProviderError};
use alm_domain::BuildId;
use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};

use super::local::blocking;
use crate::keep;

const BLOCK: usize = 256 * 1024;

/// Reads a kept file of a build from an offset. No path leads out of what the build kept.
pub(super) fn read(root: PathBuf, build: Result<BuildId, ProviderError>, path: String, offset: u64) -> ByteStream {
    Box::pin(async_stream::stream! {
        let mut file = match open(root, build, path, offset).await {
            Ok(file) => file,
            Err(error) => { yield Err(error); return; }
        };
        loop {
            let read = blocking("read the artifact", move || {
                let mut block = Vec::with_capacity(BLOCK);
                file.by_ref().take(BLOCK as u64).read_to_end(&mut block)?;
                Ok((file, block))
            });
            match read.await {
                Ok((_, block)) if block.is_empty() => return,
                Ok((back, block)) => { file = back; yield Ok(block); }
                Err(error) => { yield Err(error); return; }
            }
        }
    })
}

async fn open(
    root: PathBuf,
    build: Result<BuildId, ProviderError>,
    path: String,
    offset: u64,
) -> Result<File, ProviderError> {
    let build = build?;
    let shown = alm_domain::shorten(&path);
    if !keep::is_plain(&path) {
        let message = format!("{shown:?} is no path of an artifact: give it as the build lists it");
        return Err(ProviderError::Invalid(vec![Finding::new(["path"], message)]));
    }
    let opened = blocking("open the artifact", move || {
        let found = File::open(root.join(build.to_string()).join("files")).and_then(|files| {
            let inside = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
            Ok(File::from(openat2(files, path, flags, Mode::empty(), inside)?))
        });
        let mut file = match found {
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(None),
            found => found?,
        };
        let meta = file.metadata()?;
        if !meta.is_file() {
            return Ok(None);
        }
        if offset <= meta.len() {
            file.seek(SeekFrom::Start(offset))?;
        }
        Ok(Some((file, meta.len())))
    });
    match opened.await? {
        None => Err(ProviderError::NotFound(format!("the build has no artifact {shown:?}"))),
        Some((_, size)) if offset > size => {
            let message = format!("{offset} is behind the end of the file: it has {size} bytes");
            Err(ProviderError::Invalid(vec![Finding::new(["offset"], message)]))
        }
        Some((file, _)) => Ok(file),
    }
}
