"""Tests `prime-rs batch` on a cluster: PostgreSQL, Temporal's development server, some workers, and prime-sim, which counts.

The variables `PRIME_SIM`, `PRIME_RS` and `TEMPORAL` are paths of programs. With `CLUSTER_REQUESTS`, another number of
requests is asked without delay (default: 20000).
"""

import contextlib
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

from cluster_servers import CountingSimulator, Postgres, Temporal, usage, wait_for
from programs import prime_rs, run
from report import check, finish

MODEL = "meta-llama/llama-3.1-70b-instruct"
FOLDER = tempfile.TemporaryDirectory(prefix="cluster-")
os.chmod(FOLDER.name, 0o755)

# The simulator answers after this time.
LATENCY = 0.2
SLOW = """
[[fault]]
fault = "delay"
for_ms = 200
on = "create_chat_completion"
"""
RICH = ["--balance", "1000000"]


def note(text):
    print(f"      {text}", file=sys.stderr, flush=True)


def request(number, **more):
    message = {"role": "user", "content": f"What is {number} + {number}?"}
    body = {"model": MODEL, "messages": [message], "max_tokens": 20, **more}
    return {"custom_id": f"request-{number}", "method": "POST", "url": "/v1/chat/completions", "body": body}


def write(path, requests):
    with path.open("w") as file:
        file.writelines(f"{json.dumps(one)}\n" for one in requests)
    return path


class Cluster:
    """The servers, an input, an output, and workers."""

    def __init__(self, name, requests, script=SLOW, temporal=None):
        self.folder = pathlib.Path(FOLDER.name, name)
        self.folder.mkdir()
        self.input, self.output = self.folder / "in.jsonl", self.folder / "answers"
        write(self.input, map(request, range(requests)))
        self.requests, self.script = requests, script
        self.workers = []

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        self.postgres = self.stack.enter_context(Postgres(self.folder))
        self.temporal = self.stack.enter_context(Temporal(self.folder))
        self.sim = self.stack.enter_context(CountingSimulator(self.folder, self.script, *RICH))
        self.env = {
            **self.sim.env,
            "PRIME_BATCH_LEDGER": self.postgres.url,
            "TEMPORAL_ADDRESS": self.temporal.address,
            "HOME": str(self.folder),
        }
        return self

    def __exit__(self, *_):
        for worker in self.workers:
            worker.kill()
            worker.wait()
        self.stack.close()

    def run(self, verb, *arguments, env=None, timeout=300):
        """Runs a verb. Returns its JSON."""
        code, out, err = run("-o", "json", "batch", verb, *arguments, env=env or self.env, timeout=timeout)
        assert code == 0, (verb, code, err)
        return json.loads(out)

    def fails(self, verb, *arguments, env=None):
        """Runs a verb that must fail. Returns its message."""
        code, out, err = run("batch", verb, *arguments, env=env or self.env)
        assert code != 0, (verb, out)
        return err

    def submit(self, *options):
        return self.run("submit", self.input, self.output, *options)

    def worker(self, *options, env=None):
        log = open(self.folder / f"worker-{len(self.workers)}.log", "w")
        worker = prime_rs("batch", "worker", *options, env=env or self.env, stdout=log, stderr=log)
        self.workers.append(worker)
        return worker

    def status(self):
        return self.run("status", self.output, "--ledger", self.postgres.url)

    def wait(self, state="done", seconds=300):
        return wait_for(lambda: (found := self.status())["state"] == state and found, f"the job is {state}", seconds)

    def wait_for_count(self, count, seconds=120):
        wait_for(lambda: self.sim.count >= count, f"{count} requests are carried out", seconds)

    def answers(self):
        """Returns the lines of the results, by id. Each id occurs once."""
        found = {}
        for part in json.loads((self.output / "manifest.json").read_text())["parts"]:
            for line in map(json.loads, (self.output / part["path"]).read_text().splitlines()):
                assert line["custom_id"] not in found, line["custom_id"]
                found[line["custom_id"]] = line
        return found

    def is_right(self, status, most_ambiguous):
        """Checks the end of a job: each request has one end, and none was carried out twice."""
        answered, ambiguous, failed = (status[name] for name in ("answered", "ambiguous", "failed"))
        note(f"{answered} answered, {ambiguous} ambiguous, {failed} failed; {self.sim.count} carried out, "
             f"{self.sim.twice()} twice")
        assert self.sim.twice() == 0, f"{self.sim.twice()} requests were carried out twice"
        assert failed == 0 and status["unsent"] == 0 and status["in_flight"] == 0, status
        assert answered + ambiguous == self.requests, status
        assert ambiguous <= most_ambiguous, (ambiguous, most_ambiguous)
        # An ambiguous request may have been carried out, and an answered one was.
        assert answered <= self.sim.count <= self.requests, (answered, self.sim.count)
        found = self.answers()
        assert len(found) == answered, (len(found), answered)
        listed = status["ambiguous_requests"]
        assert len(listed) == min(ambiguous, 100) and not {one["id"] for one in listed} & found.keys()


def history_sizes(cluster):
    """Returns the number of events and the bytes of each workflow."""
    listed = cluster.temporal.run("workflow", "list", "--limit", "1000")
    return {
        (one["execution"]["workflowId"], one["execution"]["runId"]): (
            int(one.get("historyLength", 0)), int(one.get("historySizeBytes", 0)),
        )
        for one in listed
    }  # fmt: skip


@check("one job from its submission to its results")
def _():
    with Cluster("journey", 1000) as cluster:
        job = cluster.submit("--budget", "100", "-j", "64")
        assert job["requests"] == 1000 and job["is_new"], job
        cluster.worker()
        cluster.worker()
        status = cluster.wait()
        cluster.is_right(status, 0)
        assert status["workers"] and sum(one["answered"] for one in status["workers"]) == 1000, status["workers"]

        again = cluster.submit()
        assert not again["is_new"] and again["job"] == job["job"], again
        cluster.wait()
        assert cluster.sim.count == 1000, "a request was asked again"

        # An edited input is another job, and only what was edited is asked.
        write(cluster.input, (request(number, **({"seed": 1} if number < 10 else {})) for number in range(1000)))
        other = cluster.submit()
        assert other["is_new"] and other["job"] != job["job"], other
        status = cluster.wait()
        assert status["answered"] == 1000 and cluster.sim.count == 1010, (status, cluster.sim.count)
        found = cluster.answers()
        assert len(found) == 1000

        pages = cluster.temporal.run("workflow", "list")
        assert {one["status"] for one in pages} == {"WORKFLOW_EXECUTION_STATUS_COMPLETED"}, pages
        histories = [
            json.dumps(cluster.temporal.run("workflow", "show", "-w", one["execution"]["workflowId"])) for one in pages
        ]
        assert not any(cluster.sim.key in text or "What is" in text for text in histories)


@check("another account or endpoint is refused, with both names")
def _():
    with Cluster("accounts", 300) as cluster:
        cluster.submit()
        team = cluster.sim.settings["PRIME_TEAM_ID"]
        other = {**cluster.env, "PRIME_TEAM_ID": team}
        assert team in cluster.fails("submit", cluster.input, cluster.output, env=other)
        elsewhere = {**cluster.env, "PRIME_INFERENCE_URL": "http://127.0.0.1:9/api/v1"}
        worker = cluster.worker(env=other)
        assert worker.wait(timeout=60) != 0
        assert team in (cluster.folder / "worker-0.log").read_text()
        worker = cluster.worker(env=elsewhere)
        assert worker.wait(timeout=60) != 0
        assert "127.0.0.1:9" in (cluster.folder / "worker-1.log").read_text()
        assert cluster.sim.count == 0
        cluster.worker()
        cluster.is_right(cluster.wait(), 0)


@check("pause, resume, set, cancel: they act on the running job")
def _():
    with Cluster("control", 6000) as cluster:
        cluster.submit("-j", "64")
        cluster.worker()
        cluster.wait_for_count(500)
        cluster.run("pause", cluster.output)
        time.sleep(5)
        before = cluster.sim.count
        time.sleep(5)
        assert cluster.sim.count == before, (before, cluster.sim.count)
        assert cluster.status()["state"] == "paused"
        cluster.run("resume", cluster.output)
        cluster.wait_for_count(before + 500, 30)

        cluster.run("set", cluster.output, "--ledger", cluster.postgres.url, "--rate", "600")
        time.sleep(5)
        before, start = cluster.sim.count, time.monotonic()
        time.sleep(20)
        rate = (cluster.sim.count - before) / (time.monotonic() - start)
        note(f"{rate:.1f} requests a second with a limit of 10")
        assert 5 < rate < 12, rate
        cluster.run("set", cluster.output, "--ledger", cluster.postgres.url, "--rate", "100000", "-j", "4")
        time.sleep(5)
        before, start = cluster.sim.count, time.monotonic()
        time.sleep(10)
        rate = (cluster.sim.count - before) / (time.monotonic() - start)
        note(f"{rate:.1f} requests a second with 4 in flight")
        assert rate < 4 / LATENCY * 1.1, rate

        cluster.run("cancel", cluster.output)
        cluster.wait("cancelled")
        time.sleep(5)
        before = cluster.sim.count
        time.sleep(5)
        assert cluster.sim.count == before
        cluster.run("resume", cluster.output)
        cluster.run("set", cluster.output, "--ledger", cluster.postgres.url, "-j", "128")
        cluster.is_right(cluster.wait(), 0)


@check("one budget: it is kept by all workers together")
def _():
    with Cluster("budget", 3000) as cluster:
        cost = bound(cluster)
        budget = round(cost / 3, 4)
        cluster.submit("--budget", str(budget), "-j", "64")
        for _ in range(3):
            cluster.worker()
        wait_for(lambda: "budget" in (cluster.status()["waits"] or ""), "the job waits for its budget", 120)
        time.sleep(10)
        status = cluster.status()
        spent = float(status["known_cost_usd"]) + float(status["estimated_cost_usd"])
        note(f"{spent} of {budget} spent, {status['answered']} of 3000 answered")
        assert spent <= budget and status["answered"] > 300, status
        before = cluster.sim.count
        cluster.run("set", cluster.output, "--ledger", cluster.postgres.url, "--budget", str(cost * 2))
        cluster.wait_for_count(before + 500, 60)
        cluster.is_right(cluster.wait(), 0)


def bound(cluster):
    """Returns the upper bound of the cost of the input."""
    code, out, err = run("-o", "json", "batch", "estimate", cluster.input, env=cluster.env)
    assert code == 0, err
    return float(json.loads(out)["at_most_usd"])


def measure(cluster, workers, seconds=30):
    """Returns the requests a second of all workers while they run, and notes the CPU of each process."""
    cluster.submit("-j", "64", "--budget", "100000")
    processes = [cluster.worker() for _ in range(workers)]
    cluster.wait_for_count(workers * 640)
    time.sleep(5)
    named = {f"worker {n}": one for n, one in enumerate(processes, 1)}
    named |= {"temporal": cluster.temporal.process, "postgres": cluster.postgres.process, "simulator": cluster.sim.process}
    sql = "select worker, answered from worker_totals"
    before = {name: usage(one.pid)[0] for name, one in named.items()}
    per_worker = by_worker(cluster)
    count, start = cluster.sim.count, time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - start
    rate = (cluster.sim.count - count) / took
    for name, process in named.items():
        cpu, peak = usage(process.pid)
        note(f"{name}: {(cpu - before[name]) / took * 100:.0f} % CPU, at most {peak:.0f} MB")
    return rate


@check("two workers with 64 requests in flight each reach 0.85 of 640 requests a second")
def _():
    with Cluster("two", 30000) as cluster:
        rate = measure(cluster, 2)
        note(f"{rate:.0f} requests a second: {rate / 640:.3f} of the ideal")
        assert rate >= 0.85 * 640, rate
        cluster.is_right(cluster.wait(), 0)
