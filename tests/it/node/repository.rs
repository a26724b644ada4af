//! A repository with several thousand files.

use std::{fs, path::Path};

use crate::recovery::support::repository;

const PIPELINE: &str = "\
stages:
  list:
    run: find src -type f | LC_ALL=C sort | xargs grep --with-filename ''
  count:
    run: find src -type f | wc -l
  report:
    needs: [list, count]
    run: echo whole
";

/// Files and what is in them, in the order of their names.
pub(super) struct Files(Vec<(String, String)>);

impl Files {
    pub(super) fn several_thousand() -> Self {
        let files = (0..4_000).map(|n: u32| {
            (
                format!("src/part-{:02}/module-{:02}/file-{n:04}.txt", n / 200, n / 20 % 10),
                format!("content of file {n} — ünï"),
            )
        });
        let mut files: Vec<_> = files.collect();
        files.sort_unstable();
        Self(files)
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// What the pipeline says about them.
    pub(super) fn listing(&self) -> Vec<String> {
        self.0.iter().map(|(path, content)| format!("{path}:{content}")).collect()
    }

    /// Makes a git repository of them.
    pub(super) fn commit_to(&self, folder: &Path) {
        for (path, content) in &self.0 {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{content}\n")).unwrap();
        }
        repository(folder, PIPELINE);
    }
}
