"""Runs Prime Intellect's command line and `prime-rs` side by side on one prime-sim, verb by verb.

The variables `PRIME` and `PRIME_RS` are the paths of the programs, and `TEAM` is the team. The environment has the settings
of the simulator, whose clock runs twice as fast as real time: slow enough to pause and restart runs before they end.

A check compares the exit codes and the JSON, field by field, or the effect on the settings or the run. A difference that
is not in `WANTED` fails. The name of a check has the times of both programs.
"""

import http.server
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

MODEL = "meta-llama/llama-3.1-70b-instruct"
CONFIG = "name = 'side by side'\nmax_steps = 20\n[trainer]\n[trainer.model]\nname = 'Qwen/Qwen3-0.6B'\n[orchestrator]\n"

# The wanted differences: a check, what differs, and why. `exit A/B` is an exit code; other texts are paths in JSON.
WANTED = [
    ("wallet with a wrong key", "exit 1/3", "exit codes tell causes apart: no access"),
    ("get an unknown run", "exit 1/5", "exit codes tell causes apart: not found"),
    ("usage of an unknown run", "exit 1/5", "exit codes tell causes apart: not found"),
    ("chat with an unknown model", "exit 1/5", "exit codes tell causes apart: not found"),
    ("switch to an unknown team", "exit 1/5", "exit codes tell causes apart: not found"),
    ("stop without a confirmation", "exit 1/2", "a confirmation that cannot be asked for is wrong usage"),
    ("pause without a confirmation", "exit 1/2", "a confirmation that cannot be asked for is wrong usage"),
    ("restart without a confirmation", "exit 1/2", "a confirmation that cannot be asked for is wrong usage"),
    ("delete without a confirmation", "exit 1/2", "a confirmation that cannot be asked for is wrong usage"),
    ("create without a confirmation", "exit 1/2", "a confirmation that cannot be asked for is wrong usage"),
    ("config set-team-id with a wrong id", "exit 1/2", "a wrong argument is wrong usage"),
    ("list runs: page 0", "exit 1/2", "a wrong argument is wrong usage"),
    ("config set-api-key", "$.user_id", "the key is not sent when it is saved; whoami saves the owner"),
    ("config set-api-key", "$.user_name", "the key is not sent when it is saved; whoami saves the owner"),
    ("get a run with every field", "$.run.completed_at", "times are in UTC"),
    ("list runs without paging", "$.runs[0].completed_at", "times are in UTC"),
    ("config reset", "$.share_resources_with_team", "all settings get their defaults"),
]

used = set()
failed = False


class Program:
    def __init__(self, name, variable):
        self.name = name
        self.path = os.environ[variable]
        self.home = tempfile.TemporaryDirectory()
        self.seconds = 0.0
        self.environment = {
            **os.environ,
            "HOME": self.home.name,
            "USERPROFILE": self.home.name,
            "PRIME_DISABLE_VERSION_CHECK": "1",
            "COLUMNS": "200",
            "NO_COLOR": "1",
        }
        pathlib.Path(self.home.name, "rl.toml").write_text(CONFIG)

    def run(self, arguments, stdin="", **variables):
        """Returns the exit code and what was written to standard output."""
        environment = {**self.environment, **variables}
        environment = {name: value for name, value in environment.items() if value is not None}
        begin = time.monotonic()
        done = subprocess.run(
            [self.path, *arguments],
            env=environment,
            cwd=self.home.name,
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=300,
        )
        self.seconds = time.monotonic() - begin
        self.stderr = done.stderr
        return done.returncode, done.stdout

    def json(self, arguments):
        code, text = self.run([*arguments, "-o", "json"])
        assert code == 0, f"{self.name} {' '.join(arguments)}: {text} {self.stderr}"
        return json.loads(text)

    def settings(self):
        """Returns all settings files, without paths of the home directory."""
        files = {}
        for path in sorted(pathlib.Path(self.home.name, ".prime").rglob("*.json")):
            name = path.relative_to(self.home.name).as_posix()
            files[name] = json.loads(path.read_text().replace(self.home.name, "HOME"))
        return files


official = Program("prime", "PRIME")
ours = Program("prime-rs", "PRIME_RS")
PROGRAMS = [official, ours]


def differences(a, b, path="$"):
    """Returns the paths at which two JSON values differ."""
    if isinstance(a, dict) and isinstance(b, dict):
        found = []
        for name in dict.fromkeys([*a, *b]):
            if name not in a or name not in b:
                found.append(f"{path}.{name}")
            else:
                found += differences(a[name], b[name], f"{path}.{name}")
        return found
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return [line for i, (x, y) in enumerate(zip(a, b)) for line in differences(x, y, f"{path}[{i}]")]
    is_number = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in (a, b))
    equal = abs(a - b) <= 1e-9 * max(1, abs(a)) if is_number else (type(a) is type(b) and a == b)
    return [] if equal else [path]


def without(value, names):
    """Removes fields that every request changes."""
    if isinstance(value, dict):
        return {name: without(field, names) for name, field in value.items() if name not in names}
    if isinstance(value, list):
        return [without(item, names) for item in value]
    return value


def report(name, found):
    """Prints the result of a check."""
    global failed
    unwanted = []
    for difference in found:
        match = next((wanted for wanted in WANTED if wanted[:2] == (name, difference)), None)
        used.add(match) if match else unwanted.append(difference)
    times = f"{official.seconds:.2f} s / {ours.seconds:.3f} s"
    notes = [reason for check, difference, reason in WANTED if check == name and difference in found]
    title = f"{name:<36} {times:<18} {'; '.join(dict.fromkeys(notes))}".rstrip()
    if unwanted:
        failed = True
        print(f"failed\t{title}\t{'; '.join(unwanted)[:300]}", flush=True)
    else:
        print(f"ok\t{title}", flush=True)


def both(arguments, stdin="", **variables):
    """Runs both programs, with arguments that may depend on the program."""
    of = arguments if callable(arguments) else lambda program: arguments
    return [program.run(of(program), stdin, **variables) for program in PROGRAMS]


def codes(results):
    (a, _), (b, _) = results
    return [] if a == b else [f"exit {a}/{b}"]


def same_json(name, arguments, ignored=(), **more):
    results = both(arguments, **more)
    found = codes(results)
    if not found and results[0][0] == 0:
        try:
            values = [without(json.loads(text), ignored) for _, text in results]
            found = differences(*values)
        except ValueError as error:
            found = [f"not JSON: {error}"]
    report(name, found)


def same_text(name, arguments, **more):
    """Compares texts without blanks: JSON within texts is written with other ones."""
    results = both(arguments, **more)
    lines = [["".join(line.split()) for line in text.strip().splitlines()] for _, text in results]
    pairs = itertools.zip_longest(*lines)
    report(name, codes(results) + [f"line {a!r} / {b!r}" for a, b in pairs if a != b][:3])


def same_exit(name, arguments, **more):
    report(name, codes(both(arguments, **more)))


def same_settings(name, *commands, **more):
    """Compares the settings files after some commands. The API key comes from the files."""
    found = []
    for command in commands:
        found += codes(both(command, PRIME_API_KEY=None, **more))
    files = [program.settings() for program in PROGRAMS]
    for path in dict.fromkeys([*files[0], *files[1]]):
        found += differences(files[0].get(path), files[1].get(path))
    report(name, found)


def start():
    """Starts a run for each program, quickly."""
    return {program: ours.json(["train", "rl.toml", "--yes"])["run"]["runId"] for program in PROGRAMS}


def status(run):
    return ours.json(["train", "get", run])["run"]["status"]


def wait_for(runs, statuses):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if all(status(run) in statuses for run in runs):
            return
        time.sleep(0.2)
    raise AssertionError(f"{[status(run) for run in runs]} are not {statuses}")


def change(verb, before, after):
    """Changes a run with each program, and compares the exit codes and the status of the runs. Returns the runs."""
    runs = start()
    wait_for(runs.values(), before)
    results = both(lambda program: ["train", verb, runs[program], "--force"])
    seconds = [program.seconds for program in PROGRAMS]
    found = codes(results) + [f"status {status(run)}" for run in runs.values() if after and status(run) not in after]
    official.seconds, ours.seconds = seconds
    report(verb, found)
    return runs


# Both begin with the settings that the official client writes, so that defaults are in the files.
official.run(["config", "view"], PRIME_API_KEY=None)
key = os.environ["PRIME_API_KEY"]
for program in PROGRAMS:
    text = pathlib.Path(official.home.name, ".prime", "config.json").read_text()
    settings = {**json.loads(text.replace(official.home.name, program.home.name)), "api_key": key}
    path = pathlib.Path(program.home.name, ".prime", "config.json")
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(settings, indent=2))

same_json("create a run", ["train", "rl.toml", "--yes", "-o", "json"], ["runId"])
same_json("models", ["inference", "models", "-o", "json"])
same_json("models: search and sort", ["inference", "models", "-q", "LLAMA", "-s", "output", "-d", "desc", "-o", "json"])
chat = ["inference", "chat", MODEL]
same_text("chat", [*chat, "Capital of France?"])
same_text("chat from standard input", chat, stdin="Capital of France?\n")
same_text("chat: stream", [*chat, "Capital of France?", "--stream"])
options = ["-s", "Be brief.", "-t", "0.5", "--max-tokens", "50"]
same_json("chat: JSON", [*chat, "Capital of France?", *options, "-o", "json"], ["id", "created"])
same_exit("chat with an unknown model", ["inference", "chat", "no/model", "hi"])
same_json("teams", ["teams", "list", "-o", "json"])
same_json("teams: page", ["teams", "list", "--limit", "1", "--offset", "1", "-o", "json"])
same_exit("wallet with a wrong key", ["wallet", "-o", "json"], PRIME_API_KEY="pit_wrong")
same_exit("get an unknown run", ["train", "get", "run_nowhere", "-o", "json"])
same_exit("usage of an unknown run", ["train", "usage", "run_nowhere", "-o", "json"])
same_exit("list runs: page 0", ["train", "list", "--page", "0"])
same_exit("logs: wrong level", ["train", "logs", "run_1", "--level", "loud"])
same_exit("logs: --regex without --search", ["train", "logs", "run_1", "--regex"])
same_exit("an unknown verb", ["nonsense"])
same_exit("an unknown flag", ["wallet", "--nonsense"])
for verb in ("stop", "pause", "restart", "delete"):
    same_exit(f"{verb} without a confirmation", ["train", verb, "run_1"])
same_exit("create without a confirmation", ["train", "rl.toml"])

begun = ["QUEUED", "PENDING", "RUNNING"]
change("stop", begun, ["STOPPED"])
change("delete", begun, [])
change("restart", ["RUNNING"], begun)
paused = change("pause", ["RUNNING"], ["PAUSING", "PAUSED"])
wait_for(paused.values(), ["PAUSED"])
same_json("resume", lambda program: ["train", "resume", paused[program], "--yes", "-o", "json"], ["runId"])

same_settings("whoami", ["whoami"])
team = os.environ["TEAM"]
same_settings("switch to a team", ["switch", team])
same_settings("switch to the personal account", ["switch", "personal"])
same_exit("switch to an unknown team", ["switch", "no-team"], PRIME_API_KEY=None)
same_settings("config set-team-id", ["config", "set-team-id", "c0123456789abcdefghijklmn"])
same_exit("config set-team-id with a wrong id", ["config", "set-team-id", "team"])
same_settings("config remove-team-id", ["config", "remove-team-id"])
urls = ["base", "frontend", "inference", "traces"]
same_settings("config set-…-url", *(["config", f"set-{name}-url", f"https://{name}.example.com/api/v1/"] for name in urls))
same_settings("config set-ssh-key-path", ["config", "set-ssh-key-path", "/tmp/key"])
switches = ["set-share-resources-with-team", "set-traces-opt-out"]
same_settings("config set-… true", *(["config", name, "true"] for name in switches))
same_settings("config save", ["config", "save", "lab"], PRIME_API_BASE_URL=None, PRIME_INFERENCE_URL=None)
same_settings("config use", ["config", "use", "lab"])
same_settings("config use production", ["config", "use", "production"])
same_settings("config delete", ["config", "delete", "lab"])
same_settings("config set-api-key", ["config", "set-api-key", key])
same_settings("config reset", ["config", "reset", "--yes"])
same_settings("logout", ["config", "set-share-resources-with-team", "false"], ["logout", "--yes"])
results = both(["config", "view"])
same = [value for value in ("Personal Account", "HOME", "production", "https://api.primeintellect.ai")]
texts = [text.replace(program.home.name, "HOME") for program, (_, text) in zip(PROGRAMS, results)]
report("config view", codes(results) + [value for value in same if any(value not in text for text in texts)])

# Nothing changes any more once all runs have ended.
everything = [run["id"] for run in ours.json(["train", "list", "--all"])["runs"]]
wait_for(everything, ["STOPPED", "COMPLETED", "PAUSED"])
done = everything[-1]
same_json("list runs", ["train", "list", "-o", "json"])
same_json("list runs: page", ["train", "list", "--mine", "-n", "2", "-p", "2", "-o", "json"])
same_json("list runs of a team", ["train", "list", "--team", team, "-o", "json"])
same_json("get a run", ["train", "get", done, "-o", "json"])
same_json("usage of a run", ["train", "usage", done, "-o", "json"])
same_text("logs", ["train", "logs", done])
same_text("logs: raw, the last line", ["train", "logs", done, "--raw", "-n", "1"])
same_text("logs: search and level", ["train", "logs", done, "--search", "run", "--level", "info", "--since", "24h"])
same_text("logs: all of the trainer", ["train", "logs", done, "-c", "trainer", "--all"])
same_json("wallet", ["wallet", "-o", "json"])
same_json("wallet: limit", ["wallet", "--limit", "3", "-o", "json"])
same_json("wallet of a team", ["wallet", "-o", "json"], PRIME_TEAM_ID=team)
same_exit("--plain", ["--plain", "wallet"])
same_exit("--version", ["--version"])
same_exit("--help", ["--help"])

# Responses that the simulator does not send.
FULL = {
    "id": "run_1", "name": "n", "userId": "u", "teamId": "t", "rftClusterId": "c", "primeClusterId": "p",
    "status": "FAILED", "kind": "DEDICATED_FULL_FT", "rolloutsPerExample": 1, "seqLen": 2, "maxSteps": 3,
    "maxTokens": 4, "batchSize": 5, "loss": "sft", "teacherConfig": {"a": 1}, "baseModel": "m",
    "environments": [{"id": "e1"}, {"slug": "o/e2"}], "runConfig": {"x": [1, 2.5, None]}, "evalConfig": {"b": 2},
    "valConfig": {}, "bufferConfig": {}, "learningRate": 1e-05, "loraAlpha": 16, "maxInflightRollouts": 7,
    "oversamplingFactor": 1.5, "maxAsyncLevel": 2, "volumeName": "v", "gpuCount": 8, "wandbEntity": "we",
    "wandbProject": "wp", "wandbRunName": "wn", "runsAhead": 3, "queueReason": "q", "notice": "no",
    "startedAt": "2026-01-02T03:04:05.5Z", "completedAt": "2026-01-02T05:04:05+02:00", "errorMessage": "out of memory",
    "createdAt": "2026-01-02T03:00:00.000001Z", "updatedAt": "2026-01-02T03:05:00Z",
    "failureAnalysis": {"rootCause": "r", "evidence": ["e"], "confidence": 0.9}, "sourceCommit": "abc", "unknown": 1,
}
SPARSE = {"id": "run_1", "userId": "u", "status": "NEW STATUS", "createdAt": FULL["createdAt"], "updatedAt": FULL["updatedAt"]}
LOGS = "\n".join([
    '{"timestamp": "2026-01-02T03:04:05.678Z", "level": "info", "message": "Step 1"}',
    '{"timestamp": "03:04:05", "level": "WARNING", "message": "[bold]a[/bold] :smile:", "tag": "t", "tags": null}',
    '[adminlog] [trainer0]: {"timestamp": "1", "level": "ERROR", "message": {"a": [1]}, "exception": "E\\nF", "rank": 0}',
    '(Worker pid=7) {"timestamp": "1", "level": "DEBUG", "message": "two\\nlines"}',
    '{"timestamp": "1", "level": "INFO", "type": "progress", "message": "hidden"}',
    '{"timestamp": 1, "level": "INFO", "message": "number"}', '{"level": "INFO"}', "[1, 2]", "{broken}", "   indented", "",
    "\x1b[32mgreen\x1b[0m text", "Loading:  40%|████      | 2/5", "Loading: 100%|██████████| 5/5", "50% done",
    "|          | 3/9", "[x] {\"timestamp\": \"1\", \"level\": \"INFO\", \"message\": \"m\"}",
])
BODIES = {
    "/api/v1/rft/runs/full": {"run": {**FULL, "id": "full"}},
    "/api/v1/rft/runs/sparse": {"run": {**SPARSE, "id": "sparse"}},
    "/api/v1/rft/runs": {"runs": [SPARSE, FULL]},
    "/api/v1/rft/runs/full/logs": {"logs": LOGS},
    "/api/v1/rft/runs/sparse/logs": {"logs": ""},
    "/api/v1/billing/wallet": {
        "wallet_id": "w", "balance_usd": "1.50", "currency": "USD", "total_billings": 2, "recent_billings": [
            {"id": "1", "created_at": "2026-01-02T03:04:05.5Z", "updated_at": "2026-01-02T03:04:05.123456Z",
             "amount_usd": "0.10", "currency": "USD", "resource_type": "training", "resource_id": "r"},
            {"id": "2", "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z", "last_billed_at":
             "2026-01-02T03:04:05.25Z", "amount_usd": 1e-7, "currency": "USD", "resource_type": "disks", "x": 1},
        ],
    },
    "/api/v1/billing/runs/full/usage": {
        "run_id": "full", "run_name": "n", "base_model": None, "status": "NEW STATUS", "total_tokens": 30,
        "training": {"tokens": 10, "cost_usd": "0.50"}, "inference": {"input_tokens": 20, "cost_usd": 0.25},
        "total_cost_usd": "0.75", "pricing": {"training_per_mtok": "1.250"}, "record_count": 2, "x": 1,
    },
    "/models": {"data": [
        {"id": "b", "object": "model", "created": 1, "owned_by": "o", "serving": "hosted", "x": {"y": None},
         "pricing": {"input_usd_per_mtok": "0.10", "output_usd_per_mtok": None}, "specs": None},
        {"id": "A", "created": 1},
    ], "x": 1},
    "/api/v1/user/teams": {"data": [{"teamId": "t", "name": None, "slug": "s", "role": "MEMBER", "createdAt": None, "x": 1}]},
}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = BODIES.get(self.path.partition("?")[0])
        text = json.dumps(body if body else {"detail": "Not found"}).encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
other = {"PRIME_API_BASE_URL": url, "PRIME_INFERENCE_URL": url}
same_json("get a run with every field", ["train", "get", "full", "-o", "json"], **other)
same_json("get a run with few fields", ["train", "get", "sparse", "-o", "json"], **other)
same_json("list runs without paging", ["train", "list", "-n", "1", "-p", "2", "-o", "json"], **other)
same_json("teams with other fields", ["teams", "list", "-o", "json"], **other)
same_json("usage with few fields", ["train", "usage", "full", "-o", "json"], **other)
same_json("models with odd fields", ["inference", "models", "-s", "input", "-o", "json"], **other)
same_json("wallet with odd rows", ["wallet", "-o", "json"], **other)
same_text("logs: JSON records", ["train", "logs", "full"], **other)
same_text("logs: JSON records, raw", ["train", "logs", "full", "--raw"], **other)
same_exit("logs: an empty log", ["train", "logs", "sparse"], **other)

unused = [f"{wanted[0]}: {wanted[1]}" for wanted in WANTED if wanted not in used]
if unused:
    failed = True
    print(f"failed\tthe list of wanted differences is current\tno longer seen: {'; '.join(unused)}", flush=True)
sys.exit(1 if failed else 0)
