"""Starts PostgreSQL, Temporal's development server, and a simulator that counts.

The variable `TEMPORAL` is the path of the program `temporal`.
"""

import collections
import contextlib
import glob
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import time

from programs import Simulator


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(condition, what, seconds=60):
    """Waits until a condition holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.1)
    raise TimeoutError(f"{what}: not within {seconds} s")


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def usage(pid):
    """Returns the CPU seconds and the peak memory in MB of a process and its children (Linux)."""
    ticks = peak = 0
    with contextlib.suppress(OSError):
        pids = [pid, *map(int, pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
        for one in pids:
            with contextlib.suppress(OSError, StopIteration):
                fields = pathlib.Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
                # A process adds the time of its children when they end.
                ticks += sum(map(int, fields[11:15] if one == pid else fields[11:13]))
                status = pathlib.Path(f"/proc/{one}/status").read_text().splitlines()
                peak += next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    return ticks / os.sysconf("SC_CLK_TCK"), peak / 1024


class Server:
    """A server that can be killed and started again."""

    process = None

    def command(self):
        raise NotImplementedError

    def start(self):
        self.process = subprocess.Popen(
            self.command(), stdout=subprocess.DEVNULL, stderr=self.log, stdin=subprocess.DEVNULL
        )
        wait_for(self.is_ready, f"{self.command()[0]} is ready")
        return self

    def is_ready(self):
        assert self.process.poll() is None, f"the server ended: {self.log.name}"
        return accepts(self.port)

    def end(self, number):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(timeout=60)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.end(signal.SIGKILL)
        self.log.close()


def postgres_programs():
    """Returns the folder of PostgreSQL's programs: that of the PATH, or else where Debian puts it."""
    found = shutil.which("initdb")
    debian = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4]))
    found = found or (debian[-1] if debian else None)
    return found and pathlib.Path(found).resolve().parent


class Postgres(Server):
    """PostgreSQL with its own data. As root, it runs as another user, which it requires."""

    def __init__(self, folder):
        self.folder, self.port = pathlib.Path(folder, "postgres"), free_port()
        self.folder.mkdir()
        self.log = open(pathlib.Path(folder, "postgres.log"), "ab")
        self.prefix = []
        if os.geteuid() == 0:
            names = {entry.pw_name for entry in pwd.getpwall()}
            user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
            self.prefix = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            for parent in self.folder.parents:
                if parent.stat().st_uid == 0 and str(parent) != "/":
                    parent.chmod(parent.stat().st_mode | 0o011)
        self.programs = postgres_programs()
        initdb = [*self.prefix, self.programs / "initdb", "-D", self.folder / "data", "-U", "prime", "--auth=trust"]
        subprocess.run(initdb, check=True, stdout=self.log, stderr=self.log, cwd="/")

    @property
    def url(self):
        return f"postgres://prime@127.0.0.1:{self.port}/postgres"

    def command(self):
        return [
            *self.prefix, self.programs / "postgres", "-D", self.folder / "data", "-p", str(self.port),
            "-k", self.folder, "-c", "listen_addresses=127.0.0.1",
        ]  # fmt: skip

    def is_ready(self):
        return super().is_ready() and self.query("select 1") == "1"

    def query(self, sql):
        """Returns the rows, with `|` between columns."""
        command = [self.programs / "psql", self.url, "-qAtX", "-c", sql]
        found = subprocess.run(command, capture_output=True, text=True)
        return found.stdout.strip() if found.returncode == 0 else None

    def __exit__(self, *_):
        self.end(signal.SIGINT)
        self.log.close()


class Temporal(Server):
    """Temporal's development server, which keeps its data in a file."""

    def __init__(self, folder):
        self.file, self.port = pathlib.Path(folder, "temporal.db"), free_port()
        self.log = open(pathlib.Path(folder, "temporal.log"), "ab")

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def command(self):
        return [
            os.environ["TEMPORAL"], "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(self.port),
            "--db-filename", str(self.file), "--log-level", "error", "--sqlite-pragma", "journal_mode=wal",
            "--sqlite-pragma", "synchronous=normal",
        ]  # fmt: skip

    def is_ready(self):
        return super().is_ready() and self.run("operator", "cluster", "health") is not None

    def run(self, *arguments):
        """Runs the program `temporal` as a client. Returns its JSON or text, or `None` if it fails."""
        command = [os.environ["TEMPORAL"], *arguments, "--address", self.address, "-o", "json"]
        found = subprocess.run(command, capture_output=True, text=True)
        if found.returncode:
            return None
        try:
            return json.loads(found.stdout)
        except ValueError:
            return found.stdout


class CountingSimulator(Simulator):
    """A simulator whose log is only counted, so that it may have millions of entries."""

    def __init__(self, folder, script="", *options):
        self.carried_out = collections.Counter()
        self.refused = 0
        super().__init__(folder, script, *options)

    def _read(self):
        for line in self.process.stdout:
            one = json.loads(line)
            if one["operation"] != "create_chat_completion":
                continue
            # Without a status, the client closed the connection: it may have been carried out.
            if one["status"] in (200, None):
                self.carried_out[one["fingerprint"]] += 1
            else:
                self.refused += 1

    @property
    def count(self):
        return self.carried_out.total()

    def suspend(self, seconds):
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.process.send_signal(signal.SIGCONT)

    def twice(self):
        return sum(1 for count in self.carried_out.values() if count > 1)


