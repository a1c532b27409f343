//! What every command has: its output, the settings and a client.

use prime_ext::{Client, ClientBuilder, ErrorKind};

use crate::exit::{Exit, Failure};
use crate::interrupt;
use crate::output::Out;
use crate::settings::Settings;

/// What the global options select.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) out: Out,
    /// The settings context that `--context` names.
    pub(crate) name: Option<String>,
    /// Whether the API key may be sent to another machine over plain HTTP.
    pub(crate) allow_http: bool,
}

impl Context {
    /// Reads the settings. Nothing is written.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        Settings::read(self.name.as_deref())
    }

    /// Builds a client. This sets up TLS, which takes a few milliseconds.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let has_no_key = || {
            self.settings()
                .is_ok_and(|settings| settings.key().is_none())
        };
        match self.builder()?.build() {
            // The advice of the library is for programmers.
            Err(error) if error.kind() == ErrorKind::Settings && has_no_key() => {
                let message = "no API key: run `prime-rs login`, or set PRIME_API_KEY";
                Err(Failure::new(Exit::Auth, message))
            }
            built => Ok(built?),
        }
    }

    /// Builds a client for operations that need no key.
    pub(crate) fn keyless_client(&self) -> Result<Client, Failure> {
        Ok(self.builder()?.optional_key().build()?)
    }

    fn builder(&self) -> Result<ClientBuilder, Failure> {
        let builder = Client::builder().user_agent(concat!("prime-rs/", env!("CARGO_PKG_VERSION")));
        let builder = match &self.name {
            Some(name) => {
                // A failure lists the contexts.
                self.settings()?;
                builder.context(name)
            }
            None => builder,
        };
        let builder = match self.allow_http {
            true => builder.allow_plain_http(),
            false => builder,
        };
        Ok(builder.or_env()?)
    }
}

/// Runs a future on a runtime of one thread. Ctrl-C no longer ends the process: the future must notice it.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    run(tokio::runtime::Builder::new_current_thread(), future)
}

/// Like [`block_on`], on as many threads as there are processors.
pub(crate) fn block_on_threads<T>(
    future: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    run(tokio::runtime::Builder::new_multi_thread(), future)
}

fn run<T>(
    mut runtime: tokio::runtime::Builder,
    future: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let runtime = runtime.enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::other(format!("cannot start the runtime: {error}")))?;
    let done = runtime.block_on(async {
        interrupt::listen();
        future.await
    });
    // Not waited for: a name that is being resolved, or a line that is being read.
    runtime.shutdown_background();
    done
}
