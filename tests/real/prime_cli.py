"""Tests Prime Intellect's command line with prime-sim.

The variable `PRIME` is the path of the program. The environment has the settings of the simulator.
"""

import json
import os
import pathlib
import subprocess
import tempfile

from report import check, finish

MODEL = "meta-llama/llama-3.1-70b-instruct"
HOME = tempfile.TemporaryDirectory()
ENVIRONMENT = {
    **os.environ,
    "HOME": HOME.name,
    "PRIME_DISABLE_VERSION_CHECK": "1",
    "COLUMNS": "200",
}


def prime(*arguments):
    done = subprocess.run(
        [os.environ["PRIME"], *arguments],
        env=ENVIRONMENT,
        cwd=HOME.name,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"prime {' '.join(arguments)}: {done.stdout} {done.stderr}"
    return done.stdout


def prime_json(*arguments):
    return json.loads(prime(*arguments, "--output", "json"))


@check("models")
def _():
    ids = [model["id"] for model in prime_json("inference", "models")["data"]]
    assert MODEL in ids, ids


@check("chat")
def _():
    answer = prime_json("inference", "chat", MODEL, "Capital of France?")
    assert answer["choices"][0]["message"]["content"] == "The capital of France is Paris."


@check("stream")
def _():
    text = prime("inference", "chat", MODEL, "Capital of France?", "--stream")
    assert "The capital of France is Paris." in text, text


@check("wallet with two billing rows")
def _():
    wallet = prime_json("wallet", "--limit", "5")
    kinds = [row["resource_type"] for row in wallet["recent_billings"]]
    assert kinds[:2] == ["inference", "inference"], kinds
    assert wallet["balance_usd"] < 100


RUN = {}


@check("create a run")
def _():
    config = pathlib.Path(HOME.name, "rl.toml")
    config.write_text("max_steps = 20\n[trainer]\n[trainer.model]\nname = 'Qwen/Qwen3-0.6B'\n[orchestrator]\n")
    created = prime_json("train", str(config), "--yes")
    RUN["id"] = created["run"]["runId"]
    assert RUN["id"].startswith("run_"), created


@check("usage of a run")
def _():
    usage = prime_json("train", "usage", RUN["id"])
    assert usage["run_id"] == RUN["id"] and usage["status"] in ("QUEUED", "PENDING", "RUNNING", "COMPLETED")


@check("get and list runs")
def _():
    assert prime_json("train", "get", RUN["id"])["run"]["id"] == RUN["id"]
    runs = prime_json("train", "list")["runs"]
    assert any(run["id"] == RUN["id"] for run in runs), runs


@check("delete a run")
def _():
    assert "deleted" in prime("train", "delete", RUN["id"], "--force")


finish()
