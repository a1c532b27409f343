//! `train create`, and `train FILE`: starts a run.

use std::path::PathBuf;

use prime_ext::runs::CreateRun;

use super::config_file::{ConfigFile, Kind};
use super::created::TokenFile;
use super::secrets::Secrets;
use crate::context::Context;
use crate::exit::Failure;
use crate::prompt;

/// Start a run from a configuration of prime-rl. This costs money until the run ends
///
/// The configuration is a TOML file. The top-level keys image_tag, gpu_type, volume, source_ref, env_file and env_files
/// are for this command, and the flags of these names replace them. The service checks the rest.
///
/// A request that was sent is never sent again. If its response is lost, the exit code is 7, and the run may exist: the
/// error lists the runs that were created meanwhile.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
JSON: {\"run\": {\"runId\", \"sourceRef\"?, \"onDemand\"?, \"gpuType\"?, \"pricePerGpuHour\"?, \"estimatedCostPerHour\"?, \
\"isBeta\"?, \"tokenFile\"?}}

Examples:
  prime-rs train rl.toml --yes
  prime-rs train create rl.toml --yes --save-token run.token -o json
  HF_TOKEN=hf_1 prime-rs train rl.toml --yes -e HF_TOKEN")]
pub(crate) struct Create {
    /// The configuration
    #[arg(value_name = "FILE")]
    config: PathBuf,

    /// Do not ask for a confirmation
    #[arg(short, long, visible_alias = "force", visible_short_alias = 'f')]
    yes: bool,

    /// The name of the run. Default: the name in the configuration
    #[arg(long)]
    name: Option<String>,

    /// A secret for the run, WANDB_API_KEY or HF_TOKEN: KEY=VALUE, KEY from the environment, or a .env file
    #[arg(short, long = "env-var", value_name = "SECRET")]
    env: Vec<String>,

    /// A file with secrets, as KEY=VALUE lines
    #[arg(long, value_name = "FILE")]
    env_file: Vec<PathBuf>,

    /// The tag of the prime-rl image
    #[arg(long, value_name = "TAG")]
    image_tag: Option<String>,

    /// The type of the GPUs, such as H200_141GB
    #[arg(long, value_name = "TYPE")]
    gpu_type: Option<String>,

    /// The volume of the run, which must exist
    #[arg(long, value_name = "NAME")]
    volume: Option<String>,

    /// Supervised fine-tuning. This is the default for a configuration with `[data]` and without
    /// `[trainer]`
    #[arg(long, conflicts_with = "full_finetune")]
    sft: bool,

    /// Continue a paused run from its checkpoint
    #[arg(long, value_name = "RUN")]
    resume_from: Option<String>,

    #[command(flatten)]
    token: TokenFile,

    /// The git ref of prime-rl. The team needs a permission for this
    #[arg(long = "ref", hide = true, value_name = "REF")]
    source_ref: Option<String>,

    /// Accepted for scripts: every run is of this kind
    #[arg(long, alias = "fft", hide = true)]
    full_finetune: bool,
}

impl Create {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let file = ConfigFile::read(&self.config)?;
        let files = [file.secret_files.as_slice(), &self.env_file].concat();
        let secrets = Secrets::collect(&files, &self.env, context)?;
        self.token.check()?;
        let source_ref = match &self.source_ref {
            Some(source_ref) => Some(source_ref.clone()),
            None => file
                .config
                .request_fields()
                .get("sourceRef")
                .and_then(|text| text.as_str())
                .map(str::to_owned),
        };
        let client = context.client()?;
        let create = self.request(client.runs().create(file.config), file.kind, secrets);
        if !prompt::confirm(
            context,
            "Start this run? It costs money until it ends",
            self.yes,
            "--yes",
            true,
        )? {
            return Ok(());
        }
        self.token.created(create, source_ref, context)
    }

    fn request(&self, mut create: CreateRun, kind: Kind, secrets: Secrets) -> CreateRun {
        if let Some(name) = &self.name {
            create = create.name(name);
        }
        if let Some(tag) = &self.image_tag {
            create = create.image_tag(tag);
        }
        if let Some(key) = secrets.wandb_api_key {
            create = create.wandb_api_key(key);
        }
        if let Some(token) = secrets.hf_token {
            create = create.hf_token(token);
        }
        let is_sft = self.sft || kind == Kind::FineTuning && !self.full_finetune;
        let fields = [
            ("mode", is_sft.then_some("sft")),
            ("gpuType", self.gpu_type.as_deref()),
            ("volume", self.volume.as_deref()),
            ("sourceRef", self.source_ref.as_deref()),
            ("resumeFrom", self.resume_from.as_deref()),
        ];
        for (field, value) in fields {
            if let Some(value) = value {
                create = create.extra(field, value);
            }
        }
        create
    }
}
