//! A git repository to build.

use std::{fs, path::Path, process::Command};

/// A repository in a folder.
pub(crate) struct Repository {
    folder: std::path::PathBuf,
}

impl Repository {
    /// A repository whose branch `main` has this pipeline.
    pub(crate) fn with_pipeline(folder: &Path, pipeline: &str) -> Self {
        fs::create_dir_all(folder).unwrap();
        let repository = Self { folder: folder.to_owned() };
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository.commit(&[(".alm/pipeline.yaml", pipeline)]);
        repository
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        self.folder.to_str().unwrap()
    }

    /// Commits files, and gives the commit's hash.
    pub(crate) fn commit(&self, files: &[(&str, &str)]) -> String {
        for (path, content) in files {
            let path = self.folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "A change"]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .current_dir(&self.folder)
            .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}
