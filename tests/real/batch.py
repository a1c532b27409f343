"""Tests `prime-rs batch` with prime-sim: other programs' readers and inputs, `kill -9`, and a full disk.

The variable `VLLM` is a folder with vLLM's source distribution; see vllm_types.py.
"""

import collections
import contextlib
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import vllm_types
from openai.types.chat import ChatCompletion
from programs import Simulator, lines, prime_rs, run
from report import check, finish

MODEL = "meta-llama/llama-3.1-70b-instruct"
FOLDER = tempfile.TemporaryDirectory()
# The exit code of a batch whose only problem is requests without an answer.
OUTCOME_UNKNOWN = 7

# A service that takes 100 ms. The last fault that applies to a request replaces the others.
SLOW = """
[[fault]]
fault = "delay"
for_ms = 100
on = "create_chat_completion"
"""

FAULTS = """
[[fault]]
fault = "status"
status = 503
on = "create_chat_completion"
chance = 0.02

[[fault]]
fault = "reset-midway"
on = "create_chat_completion"
chance = 0.005
times = 5

[[fault]]
fault = "lost-response"
on = "create_chat_completion"
chance = 0.01
times = 10
"""


def folder(name):
    path = pathlib.Path(FOLDER.name, name)
    path.mkdir()
    return path


def request(number, **more):
    message = {"role": "user", "content": f"What is {number} + {number}?"}
    body = {"model": MODEL, "messages": [message], "max_tokens": 20, **more}
    return {"custom_id": f"request-{number}", "method": "POST", "url": "/v1/chat/completions", "body": body}


def write(path, requests):
    path.write_text("".join(f"{json.dumps(one)}\n" for one in requests))
    return path


def possibly_carried_out(sim):
    """Returns how often each request may have been carried out: the service answered it, or did not refuse it."""
    sent = [one for one in sim.questions() if one["status"] is None or one["status"] == 200]
    return collections.Counter(one["fingerprint"] for one in sent)


def ids(sim, output):
    """Returns the id of each request in the log that has an answer in the output."""
    by_response = {line["response"]["request_id"]: id for id, line in output.items()}
    answered = [one for one in sim.questions() if one["request_id"] in by_response]
    return {one["fingerprint"]: by_response[one["request_id"]] for one in answered}


ANSWERS = {}


@check("answers and errors of a batch")
def _():
    path = folder("answers")
    requests = [request(number) for number in range(40)]
    requests.append(request(40, temperature=7))
    requests.append(request(41, logprobs=True, top_logprobs=2))
    requests.append(request(42, n=2))
    tool = {"name": "add", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}}}
    requests.append(request(43, tools=[{"type": "function", "function": tool}]))
    requests.append({**request(44), "body": {**request(44)["body"], "model": "openai/gpt-oss-120b"}})
    write(path / "in.jsonl", requests)
    lost = '[[fault]]\nfault = "lost-response"\non = "create_chat_completion"\nskip = 10\ntimes = 1\n'
    with Simulator(path, lost) as sim:
        code, _, err = run("batch", "run", path / "in.jsonl", path / "out.jsonl", env=sim.env)
    ANSWERS["lines"] = lines(path / "out.jsonl")
    ANSWERS["errors"] = lines(path / "out.errors.jsonl")
    assert len(ANSWERS["lines"]) == 43, err
    assert len(ANSWERS["errors"]) == 2 and "request-40" in ANSWERS["errors"], ANSWERS["errors"]
    assert code == OUTCOME_UNKNOWN, (code, err)


@check("OpenAI's client reads each answer")
def _():
    for line in ANSWERS["lines"].values():
        assert line["response"]["status_code"] == 200 and line["error"] is None, line
        answer = ChatCompletion.model_validate(line["response"]["body"], strict=True)
        assert answer.choices[0].message.content is not None or answer.choices[0].message.tool_calls
        assert answer.usage.total_tokens > 0
    samples = ANSWERS["lines"]["request-42"]["response"]["body"]
    assert len(ChatCompletion.model_validate(samples).choices) == 2
    tokens = ANSWERS["lines"]["request-41"]["response"]["body"]
    assert ChatCompletion.model_validate(tokens).choices[0].logprobs.content


@check("vLLM's classes read each answer and error")
def _():
    line_class = vllm_types.load(os.environ["VLLM"])
    for id, line in ANSWERS["lines"].items():
        read = line_class.model_validate_json(json.dumps(line))
        assert read.custom_id == id and read.error is None and read.response.body.choices
    for id, line in ANSWERS["errors"].items():
        # OpenAI keeps the body of an error here, and vLLM leaves it out.
        line = {**line, "response": line["response"] and {**line["response"], "body": None}}
        read = line_class.model_validate_json(json.dumps(line))
        assert read.custom_id == id and read.error["message"], line


@check("the loop of OpenAI's guide for results")
def _():
    # https://developers.openai.com/cookbook/examples/batch_processing
    for line in map(json.dumps, ANSWERS["lines"].values()):
        result = json.loads(line)
        assert result["custom_id"].startswith("request-")
        message = result["response"]["body"]["choices"][0]["message"]
        assert message["content"] or message["tool_calls"]


# As in the documentation of OpenAI, LiteLLM and vLLM, except for the model.
INPUTS = {
    "OpenAI": r"""{"custom_id": "request-1", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "MODEL", "messages": [{"role": "system", "content": "You are a helpful assistant."},{"role": "user", "content": "Hello world!"}],"max_tokens": 1000}}
{"custom_id": "request-2", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "MODEL", "messages": [{"role": "system", "content": "You are an unhelpful assistant."},{"role": "user", "content": "Hello world!"}],"max_tokens": 1000}}
""",
    "LiteLLM": r"""{"custom_id": "request-1", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "MODEL", "messages": [{"role": "system", "content": "You are a helpful assistant."},{"role": "user", "content": "Hello world!"}],"max_tokens": 10}}
{"custom_id": "request-2", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "MODEL", "messages": [{"role": "system", "content": "You are an unhelpful assistant."},{"role": "user", "content": "Hello world!"}],"max_tokens": 10}}""",
    "vLLM": r"""{"custom_id": "request-1", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "MODEL", "messages": [{"role": "system", "content": "You are a helpful assistant."},{"role": "user", "content": "Hello world!"}],"max_completion_tokens": 1000}}
{"custom_id": "request-2", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "MODEL", "messages": [{"role": "system", "content": "You are an unhelpful assistant."},{"role": "user", "content": "Hello world!"}],"max_completion_tokens": 1000}}
""",
}


@check("inputs of OpenAI's, LiteLLM's and vLLM's documentation, also with Windows line breaks")
def _():
    path = folder("inputs")
    with Simulator(path) as sim:
        for name, text in INPUTS.items():
            for kind, line_break in [("unix", "\n"), ("windows", "\r\n")]:
                text = text.replace("MODEL", MODEL).replace("\n", line_break)
                (path / f"{name}-{kind}.jsonl").write_bytes(text.encode())
                output = path / f"{name}-{kind}-out.jsonl"
                code, _, err = run("batch", "run", path / f"{name}-{kind}.jsonl", output, env=sim.env)
                assert code == 0, (name, kind, err)
                assert lines(output).keys() == {"request-1", "request-2"}, name


def kill_repeatedly(sim, command, rng, kills):
    """Kills a batch at random moments. Returns how many requests it had left after the last time."""
    for _ in range(kills):
        process = prime_rs(*command, env=sim.env)
        time.sleep(rng.uniform(0.05, 1.2))
        assert process.poll() is None, f"the batch ended by itself: {process.communicate()}"
        process.kill()
        process.communicate()
    code, out, err = run("batch", "status", command[3], "-o", "json", env=sim.env)
    assert code == 0, err
    return json.loads(out)["unsent"]


@check("kill -9 at 20 random moments: no question is carried out twice")
def _():
    path = folder("kills")
    seed = int(os.environ.get("SEED", "23"))
    print(f"seed {seed}; SEED=… sets another one", file=sys.stderr)
    write(path / "in.jsonl", map(request, range(2500)))
    command = ["batch", "run", path / "in.jsonl", path / "out.jsonl", "--max-concurrency", "16"]
    with Simulator(path, SLOW + FAULTS) as sim:
        unsent = kill_repeatedly(sim, command, random.Random(seed), 20)
        assert unsent > 0, "the batch was complete before the last kill"
        code, _, err = run(*command, env=sim.env)
        assert code == OUTCOME_UNKNOWN, (code, err)
        twice = [count for count in possibly_carried_out(sim).values() if count > 1]
        assert not twice, f"{len(twice)} questions were carried out twice"
        before, ambiguous = lines(path / "out.jsonl"), lines(path / "out.errors.jsonl")
        assert all(line["error"]["code"] == "ambiguous" for line in ambiguous.values())
        assert len(before) + len(ambiguous) == 2500, (len(before), len(ambiguous))

        code, _, err = run(*command, "--ambiguous", "ask-again", env=sim.env)
        assert code == 0, (code, err)
        after = lines(path / "out.jsonl")
        assert len(after) == 2500 and not (path / "out.errors.jsonl").exists()
        assert all(after[id] == line for id, line in before.items())
        names = ids(sim, after)
        counts = possibly_carried_out(sim)
        repeated = {names[one] for one, count in counts.items() if count > 1}
        print(f"{unsent} unsent after 20 kills, {len(ambiguous)} ambiguous, {len(repeated)} repeated", file=sys.stderr)
        assert repeated <= ambiguous.keys(), repeated - ambiguous.keys()
        # 16 for each kill, and the faults.
        assert len(ambiguous) <= 20 * 16 + 15, len(ambiguous)


@contextlib.contextmanager
def small_disk(path):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", path], check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", path], check=True)


def fill(path):
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:
            pass


def full_disk():
    path = folder("disk")
    write(path / "in.jsonl", map(request, range(2400)))
    disk = folder("mount")
    command = ["batch", "run", path / "in.jsonl", disk / "out.jsonl", "--max-concurrency", "16"]
    with Simulator(path, SLOW) as sim, small_disk(disk):
        process = None
        for moment in [1.0, 2.0, 1.5]:
            # A batch with answers that it cannot record waits; another one ends.
            if process is None or process.poll() is not None:
                process = prime_rs(*command, env=sim.env, stderr=subprocess.DEVNULL)
            time.sleep(moment)
            fill(disk / "filler")
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=5)
            asked = len(sim.questions())
            time.sleep(0.5)
            assert len(sim.questions()) == asked < 2400, "questions were asked although the disk was full"
            print(f"full disk after {asked} questions: exit code {process.poll()}", file=sys.stderr)
            (disk / "filler").unlink()
        process.communicate()
        code, _, err = run(*command, env=sim.env)
        assert code == 0, (code, err)
        assert len(lines(disk / "out.jsonl")) == 2400
        assert set(possibly_carried_out(sim).values()) == {1}


NAME = "a full disk: nothing is lost, and no question is carried out twice"
if sys.platform == "linux" and os.geteuid() == 0:
    check(NAME)(full_disk)
else:
    print("ok\ta full disk: skipped, because a small tmpfs needs Linux and root")

finish()
