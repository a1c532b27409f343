//! A PostgreSQL server in a temporary directory.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// PostgreSQL refuses to run as root.
const NOBODY: u32 = 65_534;

/// A PostgreSQL server in a temporary directory, which is removed when it is dropped or the process ends.
pub(crate) struct Server {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    /// Options of the server.
    options: Vec<String>,
    /// A shell that stops the server and removes the folder when its input ends, even if this process is killed.
    shell: Option<Child>,
}

impl Server {
    /// Starts a server. Returns `None`, with a message, if PostgreSQL is not installed.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(|_| Vec::new())
    }

    /// Starts a server with options, which may name files in its folder.
    pub(crate) fn start_with(options: impl FnOnce(&Path) -> Vec<String>) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Some(programs) = programs() else {
            eprintln!(
                "SKIPPED: PostgreSQL is not installed, neither on the PATH nor in /usr/lib/postgresql"
            );
            return None;
        };
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("prime-batch-postgres-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        if is_root() {
            std::os::unix::fs::chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let mut initdb = Command::new(programs.join("initdb"));
        initdb.args([
            "-A",
            "trust",
            "-U",
            "postgres",
            "--no-sync",
            "-E",
            "UTF8",
            "-D",
        ]);
        let output = as_user(initdb.arg(folder.join("data"))).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let options = options(&folder);
        let mut server = Self {
            programs,
            folder,
            port,
            options,
            shell: None,
        };
        server.resume();
        Some(server)
    }

    /// Starts the server again.
    pub(crate) fn resume(&mut self) {
        let script = r#""$@" >>"$0/log" 2>&1 & read -r signal; kill -"${signal:-QUIT}" $!; wait; [ -n "$signal" ] || rm -rf "$0""#;
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(script).arg(&self.folder);
        shell
            .arg(self.programs.join("postgres"))
            .arg("-D")
            .arg(self.folder.join("data"));
        shell
            .arg("-k")
            .arg(&self.folder)
            .arg("-p")
            .arg(self.port.to_string());
        shell.args([
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "max_connections=200",
        ]);
        shell.args(&self.options);
        shell.stdin(Stdio::piped());
        self.shell = Some(as_user(&mut shell).spawn().unwrap());
        let start = Instant::now();
        while !self.is_ready() {
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "the server does not start"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn is_ready(&self) -> bool {
        let mut command = Command::new(self.programs.join("pg_isready"));
        command.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
        as_user(&mut command)
            .status()
            .is_ok_and(|status| status.success())
    }

    /// Stops the server at once, as in a crash.
    pub(crate) fn crash(&mut self) {
        if let Some(mut shell) = self.shell.take() {
            let _ = shell.stdin.take().unwrap().write_all(b"QUIT\n");
            let _ = shell.wait();
        }
    }

    /// Creates a database, and returns its URL.
    pub(crate) fn database(&self, name: &str) -> String {
        let mut command = Command::new(self.programs.join("createdb"));
        let port = self.port.to_string();
        command.args(["-h", "127.0.0.1", "-U", "postgres", "-p", &port, name]);
        assert!(as_user(&mut command).status().unwrap().success());
        format!("postgres://postgres@127.0.0.1:{port}/{name}")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.crash();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Returns the URL of a new database, on a server that the tests share. Returns `None`, with a message, if PostgreSQL is
/// not installed.
pub(crate) fn database(name: &str) -> Option<String> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    let server = SERVER.get_or_init(Server::start).as_ref()?;
    Some(server.database(name))
}

/// Finds the programs of PostgreSQL: on the PATH, or where Debian puts them.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let debian = Path::new("/usr/lib/postgresql");
    if let Ok(versions) = std::fs::read_dir(debian) {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    let has_all = |folder: &PathBuf| {
        ["postgres", "initdb", "createdb", "pg_isready"]
            .iter()
            .all(|program| folder.join(program).exists())
    };
    folders.into_iter().find(has_all)
}

/// Gives a file to the user of the server, who alone can read it.
pub(crate) fn hand_over(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    if is_root() {
        std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

/// Runs a command as a user other than root.
fn as_user(command: &mut Command) -> &mut Command {
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.current_dir(std::env::temp_dir())
}

/// Starts a proxy before a server. A function moves the bytes of each connection. Returns the URL of the proxy.
fn proxy(url: &str, forward: impl Fn(TcpStream, TcpStream) + Clone + Send + 'static) -> String {
    let (before, after) = url.split_once("127.0.0.1:").unwrap();
    let (port, after) = after.split_once('/').unwrap();
    let port: u16 = port.parse().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else {
                continue;
            };
            let forward = forward.clone();
            std::thread::spawn(move || forward(client, server));
        }
    });
    format!("{before}127.0.0.1:{proxy}/{after}")
}

/// Starts a proxy that loses connections: a part of the commits reaches the server, but their replies do not reach the
/// client. Returns its URL.
pub(crate) fn unreliable(url: &str, every: u32) -> String {
    static COMMITS: AtomicU32 = AtomicU32::new(0);
    proxy(url, move |mut client, mut server| {
        let (mut from_server, mut to_client) =
            (server.try_clone().unwrap(), client.try_clone().unwrap());
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut from_server, &mut to_client);
            let _ = to_client.shutdown(Shutdown::Both);
        });
        pass(&mut client, &mut server, |data, client| {
            let is_commit = data.windows(6).any(|bytes| bytes == b"COMMIT");
            let is_lost = is_commit && COMMITS.fetch_add(1, Ordering::Relaxed) % every == every - 1;
            if is_lost {
                // The server has the statement, but its reply does not arrive.
                let _ = client.shutdown(Shutdown::Both);
            }
            !is_lost
        });
        std::thread::sleep(Duration::from_millis(20));
        let _ = server.shutdown(Shutdown::Both);
    })
}

/// Starts a proxy that passes nothing on while a flag is set. Returns its URL.
pub(crate) fn stalling(url: &str, is_stalled: Arc<AtomicBool>) -> String {
    proxy(url, move |client, server| {
        let wait = |is_stalled: &AtomicBool| {
            while is_stalled.load(Ordering::Acquire) {
                std::thread::sleep(Duration::from_millis(5));
            }
            true
        };
        let flag = is_stalled.clone();
        let (mut from_server, mut to_client) =
            (server.try_clone().unwrap(), client.try_clone().unwrap());
        std::thread::spawn(move || {
            pass(&mut from_server, &mut to_client, |_, _| wait(&flag));
        });
        let (mut client, mut server) = (client, server);
        pass(&mut client, &mut server, |_, _| wait(&is_stalled));
    })
}

/// Passes bytes on, until a function returns `false` after the last ones.
fn pass(
    from: &mut TcpStream,
    to: &mut TcpStream,
    mut check: impl FnMut(&[u8], &TcpStream) -> bool,
) {
    let mut buffer = [0; 64 << 10];
    loop {
        let read = from.read(&mut buffer).unwrap_or(0);
        let goes_on = read > 0 && check(&buffer[..read], from);
        if to.write_all(&buffer[..read]).is_err() || !goes_on {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
