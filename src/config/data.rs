//! Section `data`.

use std::path::PathBuf;

use super::{Environment, Fallback, macros::section};

section! {
    /// Where the server keeps its files.
    pub struct Data in "data" {
        /// Folder for everything that is kept: `db`, `token`, `lock`, `spool/`, `work/`, `artifacts/`. Made if it is not
        /// there, readable by its owner only. One server at a time uses it.
        pub dir: PathBuf = Fallback::Computed {
            words: "`$XDG_DATA_HOME/alm`, else `~/.local/share/alm`",
            from: default_dir,
        };
    }
}

fn default_dir(environment: &Environment) -> Result<String, String> {
    let base = environment
        .path("XDG_DATA_HOME")
        .or_else(|| environment.path("HOME").map(|home| home.join(".local/share")))
        .ok_or("cannot be worked out, since neither XDG_DATA_HOME nor HOME is set: set ALM_DATA_DIR")?;
    let dir = base.join("alm");
    dir.to_str().map(str::to_owned).ok_or_else(|| "is not UTF-8: set ALM_DATA_DIR to a path that is".to_owned())
}
