//! `alm config`: the settings as they hold.

use std::io::{self, Write};

use super::{CliError, error::output};
use crate::config::Config;

/// Prints the effective configuration.
///
/// # Errors
/// When it cannot be written.
pub(super) fn settings(config: &Config) -> Result<(), CliError> {
    print(config, &mut io::stdout()).map_err(output)
}

/// As a file that could be given back with `--config`, secrets masked; each value with its origin.
fn print(config: &Config, out: &mut dyn Write) -> io::Result<()> {
    let mut section = "";
    for setting in config.effective() {
        if setting.key.section != section {
            let gap = if section.is_empty() { "" } else { "\n" };
            section = setting.key.section;
            writeln!(out, "{gap}[{section}]")?;
        }
        writeln!(out, "{} = {}  # {}", setting.key.name, setting.shown, setting.origin)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Environment;

    #[test]
    fn what_is_printed_can_be_read_again_and_holds_no_secret() {
        let variables = [
            ("HOME", "/home/ada"),
            ("DATABASE_URL", "postgres://ada:hunter2@db/alm"),
            ("ALM_LIMITS_BODY", "2 MiB"),
            ("ALM_SERVER_ALLOWED_HOSTS", "a.example,b.example:80"),
        ];
        let config = Config::load(&Environment::of(variables), None).unwrap();
        let mut printed = Vec::new();
        print(&config, &mut printed).unwrap();
        let printed = String::from_utf8(printed).unwrap();
        assert!(!printed.contains("hunter2"));
        assert!(printed.contains("body = \"2 MiB\"  # environment variable ALM_LIMITS_BODY\n"), "{printed}");
        assert!(printed.contains("bind = \"127.0.0.1:8080\"  # default\n"), "{printed}");

        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &printed).unwrap();
        let again = Config::load(&Environment::of([("HOME", "/elsewhere")]), Some(file.path())).unwrap();
        let values = |config: &Config| config.effective().iter().map(|s| s.shown.clone()).collect::<Vec<_>>();
        assert_eq!(values(&again), values(&config));
    }
}
