//! `mcp`: an MCP server for agents.

use std::net::SocketAddr;

use prime_ext::Usd;
use prime_mcp::{Options, Server};

use crate::context::{Context, block_on_threads};
use crate::exit::Failure;
use crate::interrupt::interrupted;

/// Run an MCP server, for agents
///
/// The server speaks over standard input and output, as hosts start it, or over HTTP with --listen. It only reads, unless
/// --allow-spend or --allow-runs is given.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Tools: models, estimate, wallet, runs, run, run_usage, run_logs, batch_estimate, batch_status, settings. With \
--allow-spend also chat, batch_start and batch_stop; with --allow-runs also run_create and run_delete.

Before a request is sent, the upper bound of its cost is reserved from --max-usd. What has no upper bound is refused. The \
limit does not cover training runs, which cost money after they were started.

Examples:
  prime-rs mcp </dev/null
  prime-rs mcp --allow-spend --max-usd 2.50 </dev/null")]
pub(crate) struct Mcp {
    /// Allow chat and batches, up to --max-usd
    #[arg(long, requires = "max_usd")]
    allow_spend: bool,

    /// The largest cost of chat and batches in US dollars, for this process
    #[arg(long, value_name = "USD", requires = "allow_spend")]
    max_usd: Option<Usd>,

    /// Allow to create and delete training runs. --max-usd does not cover them
    #[arg(long)]
    allow_runs: bool,

    /// Listen for HTTP on this loopback address, such as 127.0.0.1:8080. The path is /mcp
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

impl Mcp {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let mut options = Options::new();
        if let Some(limit) = self.max_usd {
            options = options.allow_spend(limit);
        }
        if self.allow_runs {
            options = options.allow_runs();
            let warning = "agents may create training runs, which cost money until they end; no limit covers them";
            context.out.warn(warning);
        }
        let server = Server::new(context.client()?, options);
        block_on_threads(async {
            let served = match self.listen {
                Some(address) => {
                    let listening = |address| {
                        context.out.note(&format!(
                            "Listening on http://{address}/mcp. Press Ctrl-C to stop."
                        ));
                    };
                    server.serve_http(address, listening, interrupted()).await
                }
                None => {
                    tokio::select! {
                        served = server.clone().serve_stdio() => served,
                        () = interrupted() => {
                            server.stop_batches().await;
                            Ok(())
                        }
                    }
                }
            };
            served.map_err(|error| Failure::other(error.to_string()))
        })
    }
}
