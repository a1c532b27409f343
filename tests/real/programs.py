"""Starts the programs under test. The variables `PRIME_SIM` and `PRIME_RS` are their paths."""

import json
import os
import pathlib
import subprocess
import threading
import time

SETTINGS = ("PRIME_API_KEY", "PRIME_API_BASE_URL", "PRIME_INFERENCE_URL")


class Simulator:
    """A running `prime-sim`, with its log."""

    def __init__(self, folder, script="", *options):
        path = pathlib.Path(folder, f"script-{time.monotonic_ns()}.toml")
        path.write_text(script)
        arguments = ["--json", "--seed", "7", "--token-delay", "0", "--script", str(path), *options]
        self.process = subprocess.Popen(
            [os.environ["PRIME_SIM"], *arguments], stdout=subprocess.PIPE, text=True
        )
        self.settings = json.loads(self.process.stdout.readline())
        self._log = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self._log.append(json.loads(line))

    @property
    def key(self):
        return self.settings["PRIME_API_KEY"]

    @property
    def env(self):
        return environment({name: self.settings[name] for name in SETTINGS})

    def log(self):
        """Returns the log: an entry for each request, from the beginning of its response or the end of its connection."""
        return list(self._log)

    def questions(self):
        """Returns the log of the questions."""
        return [one for one in self.log() if one["operation"] == "create_chat_completion"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self._reader.join()


def environment(settings):
    """Returns an environment with only these settings of the programs."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PRIME_")}
    return {**env, **settings}


def prime_rs(*arguments, env, **options):
    """Starts `prime-rs`."""
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen([os.environ["PRIME_RS"], *map(str, arguments)], env=env, text=True, **options)


def run(*arguments, env, timeout=300, **options):
    """Runs `prime-rs` to its end. Returns its exit code, standard output and standard error."""
    process = prime_rs(*arguments, env=env, **options)
    try:
        out, err = process.communicate(timeout=timeout)
    finally:
        process.kill()
    return process.returncode, out, err


def lines(path):
    """Returns the lines of a file of JSON Lines, by `custom_id`. Each id occurs once."""
    path = pathlib.Path(path)
    text = path.read_text() if path.exists() else ""
    assert not text or text.endswith("\n"), f"{path} ends within a line"
    every = [json.loads(line) for line in text.splitlines()]
    by_id = {line["custom_id"]: line for line in every}
    assert len(by_id) == len(every), f"an id occurs twice in {path}"
    return by_id
