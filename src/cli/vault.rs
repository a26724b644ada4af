//! `alm vault`: the key ring, and what is sealed under which key.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
};

use alm_credentials::vault::KeyRing;
use clap::Subcommand;
use rustix::fs::{FlockOperation, flock};
use secrecy::ExposeSecret;

use super::{CliError, Composition, composition::VaultWork, error::output};
use crate::{
    app::VaultReport,
    config::{Config, ConfigError, Problem},
};

/// What is done to the vault.
#[derive(Subcommand, Debug)]
pub(super) enum Vault {
    /// Show the keys of the ring, and how many secrets are sealed under each
    Status,
    /// Add a key to the ring and seal every secret under it, while servers run; can be broken off and run again
    Rotate,
    /// Print a new key, to be put in front of those in `vault.keys` where the ring is given by that setting
    NewKey,
}

impl Vault {
    /// Runs the command.
    ///
    /// # Errors
    /// When the ring or the database cannot be used, or a secret does not open.
    pub(super) async fn run(self, config: &Config, composition: &dyn Composition) -> Result<(), CliError> {
        let what = match self {
            Self::NewKey => return new_key(config),
            Self::Status => "the vault cannot be looked at",
            Self::Rotate => "the vault cannot be rotated",
        };
        let _alone = matches!(self, Self::Rotate).then(|| alone(config)).transpose()?;
        let work = if matches!(self, Self::Rotate) { VaultWork::Rotate } else { VaultWork::Status };
        let report = composition.vault(config, work).await.map_err(|source| CliError::Service { what, source })?;
        print(&report, work, &mut io::stdout()).map_err(output)?;
        match report.unreadable.len() + report.missing.len() {
            0 => Ok(()),
            _ => Err(CliError::Service { what: "some secrets cannot be opened", source: remedy(&report).into() }),
        }
    }
}

/// Two at a time would each add a key, and one of the two would be lost.
fn alone(config: &Config) -> Result<std::fs::File, CliError> {
    let what = "the key ring cannot be locked";
    let path = config.data.dir.join("vault.lock");
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    let file = file.map_err(|source| CliError::Io { what, source })?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|error| match error {
        rustix::io::Errno::WOULDBLOCK => {
            CliError::Service { what, source: "another `alm vault rotate` is at work: wait for it".into() }
        }
        error => CliError::Io { what, source: error.into() },
    })?;
    Ok(file)
}

fn new_key(config: &Config) -> Result<(), CliError> {
    let failed = |error| CliError::Config(ConfigError(vec![Problem::of("vault.keys", error)]));
    let mut random = rand::rng();
    let ring = match &config.vault.keys {
        Some(keys) => keys.ring().with_new_key(&mut random),
        None => KeyRing::generate(&mut random),
    };
    let text = KeyRing::of(ring.map_err(failed)?.active().clone()).write();
    write!(io::stdout(), "{}", text.expose_secret()).map_err(output)
}

fn print(report: &VaultReport, work: VaultWork, out: &mut impl Write) -> io::Result<()> {
    match (&report.added, work) {
        (Some(key), _) => writeln!(out, "Added the key {key}; {} secrets are sealed under it anew.", report.resealed)?,
        (None, VaultWork::Rotate) => {
            writeln!(
                out,
                "No key was added: {} secrets that older keys sealed are sealed under the active one.",
                report.resealed
            )?;
            if report.file.is_some() {
                writeln!(out, "An earlier rotation is finished with that; run this again for a new key.")?;
            }
        }
        (None, VaultWork::Status) => {}
    }
    for (position, key) in report.keys.iter().enumerate() {
        let role = match (position, key.secrets) {
            (0, _) => "active",
            (_, 0) => "not used any more",
            _ => "still needed",
        };
        writeln!(out, "{:<20} {:>8} secrets   {role}", key.id, key.secrets)?;
    }
    let idle = report.keys.iter().skip(1).filter(|key| key.secrets == 0).map(|key| key.id.as_str()).collect::<Vec<_>>();
    if !idle.is_empty() && report.missing.is_empty() && report.unreadable.is_empty() {
        let place =
            report.file.as_ref().map_or_else(|| "the setting vault.keys".to_owned(), |f| f.display().to_string());
        writeln!(out, "Remove from {place} when no backup of the database needs them any more: {}", idle.join(", "))?;
    }
    for key in &report.missing {
        writeln!(out, "{:<20} {:>8} secrets   MISSING from the ring", key.id, key.secrets)?;
    }
    for (binding, why) in &report.unreadable {
        writeln!(out, "{} of {} for {}: {why}", binding.kind.as_str(), binding.owner, binding.subject)?;
    }
    Ok(())
}

fn remedy(report: &VaultReport) -> String {
    if report.missing.is_empty() {
        "they were changed behind the server's back: connect the accounts again, and set the secrets anew".to_owned()
    } else {
        "put the missing keys back into the ring, and run `alm vault rotate`".to_owned()
    }
}
