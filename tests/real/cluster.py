"""Tests `prime-rs batch` on a cluster: PostgreSQL, Temporal's development server, some workers, and prime-sim, which counts.

The variables `PRIME_SIM`, `PRIME_RS` and `TEMPORAL` are paths of programs. With `CLUSTER_REQUESTS`, another number of
requests is asked without delay (default: 20000).
"""

import base64
import contextlib
import json
import os
import pathlib
import random
import re
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
ASKED_BY_WORKER = "select worker, sum(answered) from prime_batch.chunk where worker is not null group by worker"
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

    def asked_by_worker(self):
        """Returns the number of requests that each worker has answered."""
        rows = self.postgres.query(ASKED_BY_WORKER).splitlines()
        return {name: int(count) for name, count in (row.split("|") for row in rows)}

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


def bound(cluster):
    """Returns the upper bound of the cost of the input."""
    code, out, err = run("-o", "json", "batch", "estimate", cluster.input, env=cluster.env)
    assert code == 0, err
    return float(json.loads(out)["at_most_usd"])


def text_of(cluster, workflow):
    """Returns what Temporal has about a workflow, with its payloads."""
    history = json.dumps(cluster.temporal.run("workflow", "show", "-w", workflow))
    payloads = re.findall(r'"data": "([^"]*)"', history)
    return history + "".join(base64.b64decode(one).decode() for one in payloads)


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
        asked = cluster.asked_by_worker()
        assert len(asked) == 2 and sum(asked.values()) == 1000, asked

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
        texts = [text_of(cluster, one["execution"]["workflowId"]) for one in pages]
        assert all(str(cluster.output) in text or '"first":' in text for text in texts), texts
        for secret in (cluster.sim.key, "What is", MODEL):
            assert not any(secret in text for text in texts), secret


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


@check("a worker whose key is refused ends, and another has its chunks")
def _():
    with Cluster("key", 300) as cluster:
        cluster.submit()
        worker = cluster.worker(env={**cluster.env, "PRIME_API_KEY": "pit_refused"})
        assert worker.wait(timeout=60) == 3, worker.returncode
        log = (cluster.folder / "worker-0.log").read_text()
        assert "401" in log and "pit_refused" not in log, log
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
        # Requests cost about a fourth of their bounds.
        budget = round(cost / 10, 4)
        cluster.submit("--budget", str(budget), "-j", "64")
        for _ in range(3):
            cluster.worker()
        wait_for(lambda: "budget" in (cluster.status()["waits"] or ""), "the job waits for its budget", 120)
        time.sleep(10)
        status = cluster.status()
        spent = float(status["spent_usd"])
        note(f"{spent} of {budget} spent, {status['answered']} of 3000 answered")
        assert spent <= budget and status["answered"] > 300, status
        before = cluster.sim.count
        cluster.run("set", cluster.output, "--ledger", cluster.postgres.url, "--budget", str(cost * 2))
        cluster.wait_for_count(before + 500, 60)
        cluster.is_right(cluster.wait(), 0)


def measure(cluster, workers, seconds=30):
    """Returns the requests a second of each worker, and notes the CPU of each process."""
    # The level is fixed: this measures what the bookkeeping costs, and not how the level is found.
    cluster.submit("-j", "64", "--min-concurrency", "64", "--budget", "100000")
    processes = [cluster.worker() for _ in range(workers)]
    cluster.wait_for_count(workers * 640)
    time.sleep(5)
    named = {f"worker {number}": one for number, one in enumerate(processes, 1)}
    named |= {"temporal": cluster.temporal.process, "postgres": cluster.postgres.process, "simulator": cluster.sim.process}
    before = {name: usage(one.pid)[0] for name, one in named.items()}
    done, start = cluster.asked_by_worker(), time.monotonic()
    time.sleep(seconds)
    after, took = cluster.asked_by_worker(), time.monotonic() - start
    for name, process in named.items():
        cpu, peak = usage(process.pid)
        note(f"{name}: {(cpu - before[name]) / took * 100:.0f} % CPU, at most {peak:.0f} MB")
    rates = sorted((count - done.get(name, 0)) / took for name, count in after.items())
    ideal = 64 / LATENCY
    note(", ".join(f"{rate:.0f} requests a second ({rate / ideal:.3f})" for rate in rates))
    assert len(rates) == workers, rates
    return rates


@check("two workers with 64 requests in flight: each reaches 0.85 of its ideal 320 requests a second")
def _():
    with Cluster("two", 36000) as cluster:
        rates = measure(cluster, 2)
        cluster.is_right(cluster.wait(), 0)
        assert min(rates) >= 0.85 * 64 / LATENCY, rates


@check("four workers share a job")
def _():
    with Cluster("four", 60000) as cluster:
        measure(cluster, 4)
        cluster.is_right(cluster.wait(), 0)


# At most this many requests of a worker that is killed are ambiguous: 64 in flight, a quarter of it recorded early, and
# those whose answers were not recorded yet.
IN_FLIGHT = 64 + 16 + 64


@contextlib.contextmanager
def running(name, requests=12000, workers=2):
    """A job that runs, with some workers."""
    with Cluster(name, requests) as cluster:
        cluster.submit("-j", "64", "--budget", "100000")
        for _ in range(workers):
            cluster.worker()
        cluster.wait_for_count(1500)
        yield cluster


@check("kill -9 of a worker")
def _():
    with running("worker") as cluster:
        cluster.workers[0].kill()
        cluster.is_right(cluster.wait(), IN_FLIGHT)
        assert len(cluster.status()["ambiguous_requests"]) > 0


@check("kill -9 of both workers, and two others continue")
def _():
    with running("both") as cluster:
        for worker in cluster.workers:
            worker.kill()
        time.sleep(3)
        cluster.worker()
        cluster.worker()
        cluster.is_right(cluster.wait(), 2 * IN_FLIGHT)


@check("kill -9 of the Temporal server, twice")
def _():
    with running("temporal") as cluster:
        for moment in (2, 12):
            cluster.temporal.end(signal.SIGKILL)
            time.sleep(moment)
            cluster.temporal.start()
            time.sleep(8)
        # The workers live, and the ledger knows it.
        cluster.is_right(cluster.wait(), 0)


@check("a restart of PostgreSQL")
def _():
    with running("postgres") as cluster:
        cluster.postgres.end(signal.SIGINT)
        time.sleep(3)
        cluster.postgres.start()
        cluster.is_right(cluster.wait(), 2 * IN_FLIGHT)


@check("kill -9 of PostgreSQL")
def _():
    with running("postgres-kill") as cluster:
        cluster.postgres.end(signal.SIGQUIT)
        time.sleep(1)
        cluster.postgres.start()
        cluster.is_right(cluster.wait(), 2 * IN_FLIGHT)


@check("a worker that is stopped for 30 s and continued sends nothing with its lost lease")
def _():
    with running("stopped") as cluster:
        stopped = cluster.workers[0]
        stopped.send_signal(signal.SIGSTOP)
        time.sleep(30)
        stopped.send_signal(signal.SIGCONT)
        cluster.is_right(cluster.wait(), IN_FLIGHT)
        assert stopped.poll() is None, "the worker ended"


@check("a service that is suspended for a minute")
def _():
    with running("service") as cluster:
        cluster.sim.suspend(60)
        cluster.is_right(cluster.wait(), 0)


@check("SIGTERM: the requests in flight are finished, and none is ambiguous")
def _():
    with running("terminated") as cluster:
        cluster.workers[0].send_signal(signal.SIGTERM)
        assert cluster.workers[0].wait(timeout=30) == 0
        cluster.is_right(cluster.wait(), 0)


@check("random kills of workers and servers")
def _():
    seed = int(os.environ.get("SEED", "1"))
    chance = random.Random(seed)
    with running("random", 20000, 3) as cluster:
        kills = 0
        for _ in range(8):
            time.sleep(chance.uniform(1, 5))
            victim = chance.choice(["worker", "worker", "temporal", "postgres"])
            note(f"kill: {victim}")
            if victim == "worker":
                cluster.workers[-1].kill()
                cluster.worker()
                kills += 1
            elif victim == "temporal":
                cluster.temporal.end(signal.SIGKILL)
                cluster.temporal.start()
            else:
                cluster.postgres.end(signal.SIGQUIT)
                cluster.postgres.start()
                kills += 1
        cluster.is_right(cluster.wait(seconds=600), kills * 3 * IN_FLIGHT)


@check("many requests: the histories stay small, and the workflow continues as a new one")
def _():
    number = int(os.environ.get("CLUSTER_REQUESTS", "20000"))
    with Cluster("many", number, script="") as cluster:
        start = time.monotonic()
        # A small job has few shards; with these it has as many as a large one.
        sizes = ["--sizes", "20", "10", "4", "5"] if number < 1_000_000 else []
        cluster.submit("-j", "256", "--budget", "1000000", *sizes)
        submitted = time.monotonic() - start
        for _ in range(2):
            cluster.worker()
        status = cluster.wait(seconds=3600)
        took = time.monotonic() - start
        note(f"submitted in {submitted:.1f} s, done in {took:.1f} s: {number / (took - submitted):.0f} requests a second")
        for name, process in [
            ("worker 1", cluster.workers[0]), ("worker 2", cluster.workers[1]),
            ("temporal", cluster.temporal.process), ("postgres", cluster.postgres.process), ("simulator", cluster.sim.process),
        ]:  # fmt: skip
            cpu, peak = usage(process.pid)
            note(f"{name}: {cpu:.1f} CPU s, at most {peak:.0f} MB")
        sizes = history_sizes(cluster)
        (events, size) = max(sizes.values())
        note(f"{len(sizes)} runs of workflows; the longest history has {events} events and {size / 1024:.0f} KB")
        note(f"Temporal's file: {cluster.temporal.file.stat().st_size >> 20} MB; "
             f"PostgreSQL: {int(cluster.postgres.query('select pg_database_size(current_database())')) >> 20} MB")
        cluster.is_right(status, 0)
        assert events < 10_000, events
        assert len(sizes) > 3


@check("the manifests for Kubernetes and Slurm are valid")
def _():
    import kubernetes_validate
    import yaml

    documents = pathlib.Path(__file__).parents[2] / "docs/cluster"
    for one in yaml.safe_load_all((documents / "kubernetes.yaml").read_text()):
        kubernetes_validate.validate(one, "1.33", strict=True)
    script = documents / "slurm.sh"
    subprocess.run(["bash", "-n", script], check=True)
    options = [line.split()[1] for line in script.read_text().splitlines() if line.startswith("#SBATCH")]
    assert len(options) >= 5 and all(option.startswith("--") for option in options), options


finish()
