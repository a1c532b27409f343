//! `train create`, and `train FILE`: starts a run.

use std::path::{Path, PathBuf};

use prime_ext::runs::CreateRun;
use prime_ext::{CreatedRun, Error};
use serde::Serialize;

use super::config_file::{ConfigFile, Kind};
use super::secrets::Secrets;
use crate::context::{Context, block_on};
use crate::exit::Failure;
use crate::interrupt::interrupted;
use crate::output::number;
use crate::prompt;

/// Start a run from a configuration of prime-rl. This costs money until the run ends
///
/// The configuration is a TOML file. The top-level keys image_tag, gpu_type, volume, source_ref, env_file and env_files
/// are for this command, and the flags of these names replace them. The service checks the rest.
///
/// A request that was sent is never sent again. If its response is lost, the exit code is 7, and the run may exist.
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

    /// Write the run's token to a new file that only you can read. The service returns the token only once
    #[arg(long, value_name = "FILE")]
    save_token: Option<PathBuf>,

    /// The git ref of prime-rl. The team needs a permission for this
    #[arg(long = "ref", hide = true, value_name = "REF")]
    source_ref: Option<String>,

    /// Accepted for scripts: every run is of this kind
    #[arg(long, alias = "fft", hide = true)]
    full_finetune: bool,
}

/// A run as JSON, with the fields of the official client.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View<'a> {
    run_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_ref: Option<String>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    price: Option<Price<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_file: Option<&'a Path>,
}

/// Present if the run is billed per hour.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Price<'a> {
    on_demand: bool,
    gpu_type: Option<&'a str>,
    price_per_gpu_hour: Option<prime_ext::Usd>,
    estimated_cost_per_hour: Option<prime_ext::Usd>,
    is_beta: Option<bool>,
}

impl Create {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let file = ConfigFile::read(&self.config)?;
        let files = [file.secret_files.as_slice(), &self.env_file].concat();
        let secrets = Secrets::collect(&files, &self.env, context)?;
        if let Some(path) = &self.save_token {
            check_token_file(path)?;
        }
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
        let run = block_on(created(create, context))?;
        let saved = self
            .save_token
            .as_deref()
            .map(|path| save_token(&run, path));
        let token_file = match &saved {
            Some(Ok(path)) => Some(path.as_path()),
            _ => None,
        };
        let shown = self.show(&run, source_ref, token_file, context);
        // The run exists, whatever happens to the output: the token comes first.
        match saved {
            Some(Err(failure)) => Err(failure),
            _ => shown,
        }
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

    fn show(
        &self,
        run: &CreatedRun,
        source_ref: Option<String>,
        token_file: Option<&Path>,
        context: &Context,
    ) -> Result<(), Failure> {
        let raw = run.raw();
        let price = (raw.on_demand == Some(true)).then_some(Price {
            on_demand: true,
            gpu_type: raw.gpu_type.as_deref(),
            price_per_gpu_hour: raw.price_per_gpu_hour,
            estimated_cost_per_hour: raw.estimated_cost_per_hour,
            is_beta: raw.is_beta,
        });
        let (out, style) = (&context.out, context.out.style());
        if out.is_json() {
            let run = View {
                run_id: run.run_id(),
                source_ref,
                price,
                token_file,
            };
            return out.json(&serde_json::json!({ "run": run }));
        }
        let id = run.run_id();
        let mut text = format!("{} {}\n", style.green("Started the run"), style.bold(id));
        if let Some(price) = price.and_then(|price| price.price_per_gpu_hour) {
            let gpu = raw.gpu_type.as_deref().unwrap_or("GPU");
            text.push_str(&format!(
                "On demand: {gpu}, {} per GPU and hour",
                number::usd(price)
            ));
            if let Some(cost) = raw.estimated_cost_per_hour {
                text.push_str(&format!(", about {} per hour", number::usd(cost)));
            }
            text.push_str(".\nIt is billed from when its pods are ready until it ends.\n");
        }
        match token_file {
            Some(path) => text.push_str(&format!("Its token is in {}.\n", path.display())),
            None => text.push_str("Its token was not kept; --save-token FILE keeps it.\n"),
        }
        let setting = crate::settings::SETTINGS
            .iter()
            .find(|setting| setting.name == "frontend_url");
        let url = setting.and_then(|setting| context.settings().ok()?.text(setting).0);
        text.push_str(&format!("\nWatch it:   prime-rs train usage {id} --watch\nEnd it:     prime-rs train stop {id}\n"));
        if let Some(url) = url {
            text.push_str(&format!("Dashboard:  {url}/dashboard/training/{id}\n"));
        }
        out.text(&text)
    }
}

/// Creates the run. Ctrl-C does not end the wait for the response, because the run may already exist; a second one does.
async fn created(create: CreateRun, context: &Context) -> Result<CreatedRun, Failure> {
    let mut call = std::pin::pin!(async { create.await });
    let failed = |error: Error| {
        let is_unknown = error.outcome_unknown();
        let failure = Failure::from(error);
        if is_unknown {
            failure.with_note(UNKNOWN)
        } else {
            failure
        }
    };
    tokio::select! {
        biased;
        run = &mut call => return run.map_err(failed),
        () = interrupted() => {}
    }
    context.out.note("Waiting for the response, because the run may already exist. Press Ctrl-C again to give up.");
    tokio::select! {
        biased;
        run = &mut call => run.map_err(failed),
        () = interrupted() => {
            Err(Failure::new(crate::exit::Exit::OutcomeUnknown, format!("interrupted; {UNKNOWN}")))
        }
    }
}

const UNKNOWN: &str = "the run may exist and cost money, and its token is lost: look for it in the dashboard, or in \
                       the rows of `prime-rs wallet`, before you start it again";

/// Refuses a file to which the token cannot be written, before the run is created.
fn check_token_file(path: &Path) -> Result<(), Failure> {
    let refused = |reason: &str| {
        Failure::usage(format!(
            "--save-token {}: {reason}; nothing was sent",
            path.display()
        ))
    };
    if path.symlink_metadata().is_ok() {
        return Err(refused("the file exists already"));
    }
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    match directory.unwrap_or(Path::new(".")).is_dir() {
        true => Ok(()),
        false => Err(refused("there is no such directory")),
    }
}

/// Saves the token. If it cannot be written to the file, for example because the disk is full, another place is tried:
/// the service does not return it again.
fn save_token(run: &CreatedRun, path: &Path) -> Result<PathBuf, Failure> {
    let Err(error) = run.save_token(path) else {
        return Ok(path.to_owned());
    };
    let id: String = run
        .run_id()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .collect();
    let other = std::env::temp_dir().join(format!("prime-rs-{id}.token"));
    let failure = Failure::other(format!("the run {} was started, but {error}", run.run_id()));
    Err(match run.save_token(&other) {
        Ok(()) => failure.with_note(&format!("the token is in {} instead", other.display())),
        Err(_) => failure.with_note(
            "it could not be saved in the directory for temporary files either, and is lost; the run does not need it",
        ),
    })
}
