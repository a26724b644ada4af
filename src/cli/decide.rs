//! `alm decide`: answers an approval.

use std::io::Write;

use clap::{Args, ValueEnum};

use super::{
    CliError, Connection,
    build::{Parameter, typed},
    error::output,
};
use crate::config::{Config, Environment};

/// Arguments of `alm decide`.
#[derive(Args, Debug)]
pub struct Decide {
    /// Id of the approval, as the build printed it (apr_…)
    approval: String,

    /// The answer
    verdict: Verdict,

    /// Why, in your words
    #[arg(long, short)]
    comment: Option<String>,

    /// Input that the approval asks for; may be given several times
    #[arg(long = "param", short, value_name = "NAME=VALUE")]
    parameters: Vec<Parameter>,

    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Verdict {
    /// Yes: the build goes on
    Approve,
    /// No: the stage is not run
    Reject,
}

impl Decide {
    /// Runs the command.
    ///
    /// # Errors
    /// When the server does not take the decision.
    pub async fn run(self, config: &Config, environment: &Environment) -> Result<(), CliError> {
        let client = self.connection.client(config, environment)?;
        let inputs = typed(&client.approval_parameters(&self.approval).await?, self.parameters)?;
        let verdict = match self.verdict {
            Verdict::Approve => "APPROVE",
            Verdict::Reject => "REJECT",
        };
        let status = client.decide(&self.approval, verdict, self.comment.as_deref(), &inputs).await?;
        writeln!(std::io::stdout(), "The approval is {}.", status.to_lowercase()).map_err(output)
    }
}
