//! `train resume`: continues a paused run as a new run.

use std::path::PathBuf;

use super::created::TokenFile;
use super::secrets::Secrets;
use crate::context::Context;
use crate::exit::Failure;
use crate::prompt;

/// Continue a paused run from its checkpoint, as a new run. This costs money until the new run ends
///
/// The new run has the configuration, the volume, the image and the GPU type of the paused run. The service does not keep
/// secrets: pass them again.
///
/// A request that was sent is never sent again. If its response is lost, the exit code is 7, and the new run may exist: the
/// error lists the runs that were created meanwhile.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
JSON: that of `prime-rs train create`.

Examples:
  prime-rs train resume run_paused --yes
  HF_TOKEN=hf_1 prime-rs train resume run_paused --yes -e HF_TOKEN -o json")]
pub(crate) struct Resume {
    /// The id of the paused run
    #[arg(value_name = "RUN")]
    run_id: String,

    /// Do not ask for a confirmation
    #[arg(short, long, visible_alias = "force", visible_short_alias = 'f')]
    yes: bool,

    /// A secret for the run, WANDB_API_KEY or HF_TOKEN: KEY=VALUE, KEY from the environment, or a .env file
    #[arg(short, long = "env-var", value_name = "SECRET")]
    env: Vec<String>,

    /// A file with secrets, as KEY=VALUE lines
    #[arg(long, value_name = "FILE")]
    env_file: Vec<PathBuf>,

    /// The type of the GPUs, such as H200_141GB. Default: that of the paused run
    #[arg(long, value_name = "TYPE")]
    gpu_type: Option<String>,

    /// The tag of the prime-rl image. Default: that of the paused run
    #[arg(long, value_name = "TAG")]
    image_tag: Option<String>,

    #[command(flatten)]
    token: TokenFile,
}

impl Resume {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let secrets = Secrets::collect(&self.env_file, &self.env, context)?;
        self.token.check()?;
        let mut resume = context.client()?.runs().resume(&self.run_id);
        if let Some(gpu) = self.gpu_type {
            resume = resume.gpu_type(gpu);
        }
        if let Some(tag) = self.image_tag {
            resume = resume.image_tag(tag);
        }
        if let Some(key) = secrets.wandb_api_key {
            resume = resume.wandb_api_key(key);
        }
        if let Some(token) = secrets.hf_token {
            resume = resume.hf_token(token);
        }
        let question = format!(
            "Resume {} as a new run? It costs money until it ends",
            self.run_id
        );
        match prompt::confirm(context, &question, self.yes, "--yes", true)? {
            true => self.token.created(resume, None, context),
            false => Ok(()),
        }
    }
}
