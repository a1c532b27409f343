"""Tests `prime-rs mcp` with the official MCP client for Python, over standard input and output and over HTTP."""

import asyncio
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import anyio
import jsonschema
from mcp import Client, MCPError, StdioServerParameters, stdio_client
from programs import Simulator, lines, prime_rs, run
from report import check, finish

MODEL = "meta-llama/llama-3.1-70b-instruct"
SLOW_MODEL = "openai/gpt-oss-120b"
ECHOING_MODEL = "qwen/qwen3.5-35b-a3b"
TEMPORARY = tempfile.TemporaryDirectory()
FOLDER = pathlib.Path(TEMPORARY.name)
# As in mcp.toml.
CANARY = "pit_canary_6f1d2a9c"
READ = {
    "models", "estimate", "wallet", "runs", "run", "run_usage", "run_logs", "batch_estimate", "batch_status", "settings",
}  # fmt: skip
SPEND = {"chat", "batch_start", "batch_stop"}
RUNS = {"run_create", "run_delete"}
CHAT = {"model": MODEL, "prompt": "Capital of France?", "max_tokens": 20}
SLOW_CHAT = {"model": SLOW_MODEL, "prompt": "A slow question", "max_tokens": 100}
RUN = "max_steps = 20\n[trainer]\n[trainer.model]\nname = 'Qwen/Qwen3-0.6B'\n[orchestrator]\n"

SCRIPT = pathlib.Path(__file__).with_name("mcp.toml").read_text()


def write_batch(name, requests, model=MODEL):
    messages = [{"role": "user", "content": "Capital of France?"}]
    body = {"model": model, "messages": messages, "max_tokens": 20}
    path = FOLDER / f"{name}.jsonl"
    path.write_text("".join(json.dumps({"custom_id": f"{n}", "body": body}) + "\n" for n in range(requests)))
    return str(path)


def spend(limit):
    return ["--allow-spend", "--max-usd", str(limit)]


@contextlib.contextmanager
def http_server(*options, env):
    """Starts a server over HTTP. Yields its address."""
    process = prime_rs("mcp", "--listen", "127.0.0.1:0", *options, env=env, cwd=FOLDER, stdout=subprocess.DEVNULL)
    printed = []
    try:
        while not (found := re.search(r"http://\S+/mcp", line := process.stderr.readline())):
            assert line, "the server did not start"
        threading.Thread(target=lambda: printed.extend(process.stderr), daemon=True).start()
        yield found[0]
    finally:
        code = process.poll()
        process.kill()
        process.wait()
        if code is not None:
            raise AssertionError(f"the server ended with {code}: {''.join(printed)}")


def stdio(*options, env):
    parameters = StdioServerParameters(
        command=os.environ["PRIME_RS"], args=["mcp", *options], env=env, cwd=FOLDER
    )
    return stdio_client(parameters, errlog=subprocess.DEVNULL)


@contextlib.contextmanager
def target(transport, *options, env):
    """Yields what a client connects to."""
    if transport == "stdio":
        yield lambda: stdio(*options, env=env)
    else:
        with http_server(*options, env=env) as url:
            yield lambda: url


async def call(client, name, arguments=None, **more):
    """Calls a tool. Returns its result, or its error as a text."""
    result = await client.call_tool(name, arguments or {}, **more)
    (content,) = result.content
    return content.text if result.is_error else json.loads(content.text)


async def left(client):
    return float((await call(client, "settings"))["spending"]["left_usd"])


def check_each(name, *simulator):
    """Runs a check over both transports, each with a new simulator."""

    def decorate(function):
        for transport in ["stdio", "http"]:

            @check(f"{transport}: {name}")
            def _():
                with Simulator(FOLDER, SCRIPT, *simulator) as sim:
                    asyncio.run(asyncio.wait_for(function(transport, sim), 120))

    return decorate


async def disappearing_client(server, started):
    """A client that is killed in the middle of a call."""
    if server == "stdio":
        # The shell writes the id of the process that becomes the server.
        command = f'echo $$ >"{started}"; exec "{os.environ["PRIME_RS"]}" mcp --allow-spend --max-usd 1'
        env = {**os.environ, **json.loads(os.environ["SERVER_ENV"])}
        server = stdio_client(StdioServerParameters(command="sh", args=["-c", command], env=env, cwd=FOLDER))
    async with Client(server) as client:
        await client.call_tool("chat", SLOW_CHAT)


if sys.argv[1:2] == ["disappear"]:
    asyncio.run(disappearing_client(*sys.argv[2:]))
    sys.exit()


@check_each("initialize and discover, a ping, and the documents")
async def _(transport, sim):
    with target(transport, env=sim.env) as server:
        for mode in ["legacy", "auto"]:
            async with Client(server(), mode=mode) as client:
                assert client.server_info.name == "prime-mcp"
                assert "Nothing here costs money" in client.instructions
                if mode == "legacy":
                    await client.send_ping()
                uris = [str(one.uri) for one in (await client.list_resources()).resources]
                assert len(uris) == 3, uris
                for uri in uris:
                    assert (await client.read_resource(uri)).contents[0].text
                try:
                    await client.read_resource("prime://docs/nothing")
                    raise AssertionError("an unknown document was read")
                except MCPError as error:
                    assert "no resource" in str(error), error


@check_each("tools that spend are listed only with their flags")
async def _(transport, sim):
    for options, expected in [
        ([], READ),
        (spend(1), READ | SPEND),
        (["--allow-runs"], READ | RUNS),
        ([*spend(1), "--allow-runs"], READ | SPEND | RUNS),
    ]:
        with target(transport, *options, env=sim.env) as server:
            async with Client(server()) as client:
                tools = (await client.list_tools()).tools
                assert {tool.name for tool in tools} == expected, [tool.name for tool in tools]
                for tool in tools:
                    assert tool.annotations.read_only_hint == (tool.name in READ), tool
                for name in (SPEND | RUNS) - expected:
                    # Not listed, and not callable either.
                    try:
                        await client.call_tool(name, CHAT if name == "chat" else {})
                        raise AssertionError(f"{name} was called")
                    except MCPError as error:
                        assert "no tool" in str(error), error
    assert not sim.questions()


def check_schema(tool):
    schema = tool.input_schema
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["type"] == "object" and schema["additionalProperties"] is False
    assert not {"oneOf", "anyOf", "allOf", "not", "$ref"} & schema.keys(), tool

    def walk(value):
        if isinstance(value, dict):
            if "type" in value:
                assert not isinstance(value["type"], list), tool
            assert "$ref" not in value and "format" not in value, tool
            any(map(walk, value.values()))
        elif isinstance(value, list):
            any(map(walk, value))

    walk(schema)
    assert all("description" in one for one in schema["properties"].values()), tool
    assert set(schema.get("required", [])) <= schema["properties"].keys()
    assert "cost" in tool.description.lower(), tool


@check("stdio: schemas that strict hosts accept, and descriptions that say what a call costs")
def _():
    async def main():
        with Simulator(FOLDER, SCRIPT) as sim:
            async with Client(stdio(*spend(1), "--allow-runs", env=sim.env)) as client:
                tools = (await client.list_tools()).tools
                assert len(tools) == 15
                for tool in tools:
                    check_schema(tool)

    asyncio.run(main())


@check_each("each tool")
async def _(transport, sim):
    with target(transport, *spend(2), "--allow-runs", env=sim.env) as server:
        async with Client(server()) as client:
            page = await call(client, "models", {"limit": 2})
            assert len(page["models"]) == 2 and page["next_offset"] == 2, page
            rest = await call(client, "models", {"offset": 2, "limit": 50})
            assert len(rest["models"]) == rest["total"] - 2, rest
            assert (await call(client, "models", {"search": MODEL}))["models"][0]["id"] == MODEL
            bound = float((await call(client, "estimate", CHAT))["at_most_usd"])
            answer = await call(client, "chat", CHAT)
            assert answer["text"] == "The capital of France is Paris." and answer["finish_reason"] == "stop", answer
            assert 0 < float(answer["cost_usd"]) <= bound < 2, (answer, bound)
            assert abs(await left(client) - (2 - float(answer["cost_usd"]))) < 1e-9
            wallet = await call(client, "wallet", {"limit": 3})
            assert len(wallet["rows"]) == 3 and wallet["next_offset"] == 3, wallet
            assert await call(client, "wallet", {"sums_by": "day"})

            path = str(FOLDER / f"run-{transport}.token")
            arguments = {"config_toml": RUN, "hourly_usd": "12.50", "max_hours": 2, "token_file": path}
            created = await call(client, "run_create", arguments)
            assert created["cost_after_max_hours_usd"] == "25.00", created
            token = pathlib.Path(path).read_text().strip()
            assert token and token not in json.dumps(created)
            run = {"run_id": created["run_id"]}
            assert (await call(client, "runs"))["total"] >= 1
            assert (await call(client, "run", run))["id"] == run["run_id"]
            assert (await call(client, "run_usage", run))["run_id"] == run["run_id"]
            assert "logs" in await call(client, "run_logs", run)
            assert "result" in await call(client, "run_delete", run)

            batch = {"input": write_batch(f"each-{transport}", 20), "output": str(FOLDER / f"each-{transport}-out.jsonl")}
            assert (await call(client, "batch_estimate", {"input": batch["input"]}))["requests"] == 20
            started = await call(client, "batch_start", {**batch, "budget_usd": "0.5"})
            assert started["started"], started
            output = {"output": batch["output"]}
            while (status := await call(client, "batch_status", output))["is_running"]:
                await anyio.sleep(0.1)
            assert status["answered"] == 20, status
            while "does not run" not in str(await call(client, "batch_stop", output)):
                await anyio.sleep(0.1)
            assert abs(await left(client) - (2 - float(answer["cost_usd"]) - float(status["known_cost_usd"]))) < 1e-9


@check_each("errors say what to do next")
async def _(transport, sim):
    with target(transport, *spend(1), "--allow-runs", env=sim.env) as server:
        async with Client(server()) as client:
            for name, arguments, expected in [
                ("chat", {**CHAT, "model": "nobody/nothing"}, "`models` lists the models"),
                ("estimate", {**CHAT, "model": "nobody/nothing"}, "`models` lists the models"),
                ("chat", {"model": MODEL}, "missing field `prompt`"),
                ("chat", {**CHAT, "max_tokens": "many"}, "invalid arguments"),
                ("chat", {**CHAT, "max_token": 5}, "unknown field `max_token`"),
                ("chat", {**CHAT, "temperature": 7}, "temperature"),
                ("run", {"run_id": "run_nothing"}, "`runs` lists"),
                ("run_usage", {"run_id": "run_nothing"}, "`runs` lists"),
                ("run_logs", {"run_id": "run_nothing"}, "`runs` lists"),
                ("run_create", {"config_toml": "[", "hourly_usd": "1", "max_hours": 1}, "TOML"),
                ("run_create", {"config_toml": RUN, "hourly_usd": "1", "max_hours": 0}, "nothing was sent"),
                ("run_create", {"config_toml": RUN}, "missing field `hourly_usd`"),
                ("wallet", {"sums_by": "month"}, "resource_type"),
                ("batch_estimate", {"input": str(FOLDER / "nothing.jsonl")}, "nothing.jsonl"),
                ("batch_status", {"output": str(FOLDER / "nothing.jsonl")}, "nothing.jsonl"),
                ("batch_start", {"input": "x", "output": "y", "budget_usd": "much"}, "invalid arguments"),
                ("batch_stop", {"output": "nothing.jsonl"}, "batch_status"),
            ]:
                result = await client.call_tool(name, arguments)
                text = result.content[0].text
                assert result.is_error and expected in text, (name, arguments, text)
            assert await call(client, "run_delete", {"run_id": "run_nothing"}) == {"result": "already gone"}
            assert await left(client) == 1
            assert (await call(client, "chat", CHAT))["text"]


@check_each("a cancelled chat: its bound stays reserved, and the server goes on")
async def _(transport, sim):
    with target(transport, *spend(1), env=sim.env) as server:
        async with Client(server()) as client:
            bound = float((await call(client, "estimate", SLOW_CHAT))["at_most_usd"])
            with anyio.move_on_after(1):
                await client.call_tool("chat", SLOW_CHAT)
            await anyio.sleep(0.5)
            assert abs(await left(client) - (1 - bound)) < 1e-9, await left(client)
            # The service saw that the connection ended: the answer takes 5 s.
            (question,) = sim.questions()
            assert question["status"] is None and question["took_ms"] < 4000, question
            assert (await call(client, "chat", CHAT))["text"]
            await anyio.sleep(5)
            assert await left(client) < 1 - bound


@check_each("progress of a chat", "--token-delay", "50")
async def _(transport, sim):
    with target(transport, *spend(1), env=sim.env) as server:
        for mode in ["legacy", "auto"]:
            seen = []

            async def progress(done, total, message):
                seen.append((done, message))

            async with Client(server(), mode=mode) as client:
                answer = await call(client, "chat", {**CHAT, "prompt": "A long one", "max_tokens": 90}, progress_callback=progress)
                assert len(answer["text"].split()) == 60, answer
                assert len(seen) >= 3, (mode, seen)
                counts = [done for done, _ in seen]
                assert counts == sorted(set(counts)), counts
                assert all("characters" in message for _, message in seen)


@check_each("a limit that runs out, also with calls at once and new connections")
async def _(transport, sim):
    with target(transport, *spend("0.00015"), env=sim.env) as server:
        texts = []
        async with Client(server()) as client:
            bound = float((await call(client, "estimate", CHAT))["at_most_usd"])
            assert 0.00015 / 20 < bound < 0.00015, bound
            # Calls at once, until one is refused; then one at a time, because the others had reserved more than they cost.
            while not any("limit" in text for text in texts):
                texts += await asyncio.gather(*(call(client, "chat", CHAT) for _ in range(5)))
            texts.append(await call(client, "chat", CHAT))
            while "limit" not in texts[-1]:
                texts.append(await call(client, "chat", CHAT))
            rest = await left(client)
            assert 0 <= rest < bound, rest
        refused = [text for text in texts if "limit" in text]
        answers = [text for text in texts if "limit" not in text]
        assert len(answers) == len(sim.questions()) and refused, (len(answers), len(refused))
        assert "--max-usd" in refused[0], refused[0]
        assert sum(float(answer["cost_usd"]) for answer in answers) <= 0.00015
        if transport == "http":
            async with Client(server()) as client:
                assert abs(await left(client) - rest) < 1e-12
                assert "limit" in await call(client, "chat", CHAT)
            assert len(answers) == len(sim.questions())


def wait_until(condition, what, seconds=15):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def is_running(pid):
    try:
        # A zombie has ended.
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def start_disappearing_client(server, started, env):
    more = {"SERVER_ENV": json.dumps(env)}
    command = [sys.executable, __file__, "disappear", server, str(started)]
    return subprocess.Popen(command, env={**os.environ, **more}, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@check("stdio: a client that is killed in the middle of a call: the server ends")
def _():
    with Simulator(FOLDER, SCRIPT) as sim:
        started = FOLDER / "server.pid"
        client = start_disappearing_client("stdio", started, sim.env)
        # The question is in the log when it has ended: until then, wait for the list of models.
        wait_until(lambda: any(one["operation"] == "list_models" for one in sim.log()), "no call was made")
        time.sleep(0.5)
        client.kill()
        client.wait()
        pid = int(started.read_text())
        wait_until(lambda: not is_running(pid), "the server did not end")
        assert len(sim.questions()) == 1


@check("http: a client that is killed in the middle of a call: the server goes on, with the same limit")
def _():
    async def main():
        with Simulator(FOLDER, SCRIPT) as sim, http_server(*spend(1), env=sim.env) as url:
            client = start_disappearing_client(url, FOLDER / "unused", sim.env)
            wait_until(lambda: any(one["operation"] == "list_models" for one in sim.log()), "no call was made")
            time.sleep(0.5)
            client.kill()
            client.wait()
            async with Client(url) as client:
                bound = float((await call(client, "estimate", SLOW_CHAT))["at_most_usd"])
                during = await left(client)
                assert abs(during - (1 - bound)) < 1e-9, during
                wait_until(sim.questions, "the question did not end")
                await anyio.sleep(0.5)
                after = await left(client)
                # The cost is known if the server read the answer to its end. Else its bound stays reserved.
                assert 1 - bound - 1e-9 <= after < 1, after
                assert (await call(client, "chat", CHAT))["text"]
            assert len(sim.questions()) == 2

    asyncio.run(main())


@check("stdio: a batch stops with the server, and is continued by the next one")
def _():
    async def main():
        script = SCRIPT + '[[fault]]\nfault = "delay"\nfor_ms = 200\non = "create_chat_completion"\n'
        with Simulator(FOLDER, script) as sim:
            batch = {"input": write_batch("stop", 300), "output": str(FOLDER / "stop-out.jsonl"), "max_concurrency": 8}
            async with Client(stdio(*spend(1), env=sim.env)) as client:
                started = await call(client, "batch_start", {**batch, "budget_usd": "0.5"})
                assert started["started"], started
                assert abs(await left(client) - 0.5) < 1e-9
                assert "runs this batch already" in await call(client, "batch_start", {**batch, "budget_usd": "0.1"})
                other = {**batch, "output": str(FOLDER / "other-out.jsonl")}
                assert "--max-usd" in await call(client, "batch_start", {**other, "budget_usd": "0.6"})
                await anyio.sleep(1)
            env, output = sim.env, batch["output"]
            code, out, err = run("batch", "status", output, "-o", "json", env=env)
            status = json.loads(out)
            assert code == 0 and 0 < status["answered"] < 300 and status["ambiguous"] == 0, (out, err)
            async with Client(stdio(*spend(1), env=env)) as client:
                assert (await call(client, "batch_start", {**batch, "budget_usd": "0.5"}))["started"]
                while (status := await call(client, "batch_status", {"output": output}))["is_running"]:
                    await anyio.sleep(0.1)
            assert status["answered"] == 300 and len(lines(output)) == 300, status
            assert len(sim.questions()) == 300

    asyncio.run(main())


def post(url, message, **headers):
    """Sends a message without the client. Returns the status and the body."""
    accept = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(message).encode(), {**accept, **headers})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as response:
            return response.status, dict(response.headers), response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read().decode()


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "raw", "version": "1"},
    },
}


@check("http: requests of another site are refused")
def _():
    with Simulator(FOLDER, SCRIPT) as sim, http_server(env=sim.env) as url:
        port = url.split(":")[2].partition("/")[0]
        for headers in [
            {"Origin": "https://example.com"},
            {"Origin": "http://127.0.0.1.example.com"},
            {"Origin": "null"},
            {"Host": "example.com"},
            {"Host": f"example.com:{port}"},
            {"Host": f"127.0.0.1.example.com:{port}"},
        ]:
            status, _, body = post(url, INITIALIZE, **headers)
            assert status == 403, (headers, status, body)
        for headers in [{}, {"Host": f"localhost:{port}"}]:
            status, _, body = post(url, INITIALIZE, **headers)
            assert status == 200 and "prime-mcp" in body, (headers, status, body)


@check("http: only loopback addresses are listened to")
def _():
    with Simulator(FOLDER, SCRIPT) as sim:
        for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"]:
            code, out, err = run("mcp", "--listen", address, env=sim.env, timeout=20)
            assert code == 1 and "not a loopback address" in err, (address, code, err)


def messages(transport):
    """Returns calls of all tools, also with errors."""
    batch = {"input": write_batch(f"key-{transport}", 3), "output": str(FOLDER / f"key-{transport}-out.jsonl")}
    failing = {"input": write_batch(f"bad-{transport}", 3, ECHOING_MODEL), "output": str(FOLDER / f"bad-{transport}-out.jsonl")}
    run = {"run_id": "run_nothing"}
    token = str(FOLDER / f"key-{transport}.token")
    for name, arguments in [
        ("settings", {}),
        ("models", {}),
        ("estimate", CHAT),
        ("chat", CHAT),
        ("chat", {**CHAT, "model": ECHOING_MODEL}),
        ("chat", {**CHAT, "model": "nobody/nothing"}),
        ("wallet", {}),
        ("runs", {}),
        *((name, run) for name in ["run", "run_usage", "run_logs", "run_delete"]),
        ("run_create", {"config_toml": RUN, "hourly_usd": "1", "max_hours": 1, "token_file": token}),
        ("batch_estimate", {"input": batch["input"]}),
        ("batch_start", {**batch, "budget_usd": "0.1"}),
        ("batch_start", {**failing, "budget_usd": "0.1"}),
        ("batch_status", {"output": batch["output"]}),
        ("batch_status", {"output": failing["output"]}),
        ("batch_stop", {"output": batch["output"]}),
    ]:
        yield {"jsonrpc": "2.0", "method": "tools/call", "params": {"name": name, "arguments": arguments}}


def loud(sim):
    return {**sim.env, "PRIME_API_KEY": CANARY, "RUST_LOG": "trace", "RUST_BACKTRACE": "full"}


def assert_secret(transport, texts):
    for name, text in texts.items():
        if name != "results":
            assert "Capital of France" not in text and "is not valid" not in text, f"a prompt or a message is in {name}"
        assert CANARY not in text, f"the key is in {name}: …{text[max(0, text.index(CANARY) - 100):][:200]}"
    results = texts["results"]
    assert "The capital of France is Paris." in results and "redacted" in results, results[:2000]
    assert "is not valid" in results, "the service did not send the key back"
    token = (FOLDER / f"key-{transport}.token").read_text().strip()
    for name, text in texts.items():
        assert token not in text, f"the token of the run is in {name}"
    errors = FOLDER / f"bad-{transport}-out.errors.jsonl"
    assert CANARY not in errors.read_text()
    for path in FOLDER.glob(f"*-{transport}-out.jsonl*"):
        assert CANARY.encode() not in path.read_bytes(), path


@check("stdio: the key is nowhere in the output, also if the service sends it back and everything is logged")
def _():
    with Simulator(FOLDER, SCRIPT) as sim:
        server = prime_rs(
            "mcp", *spend(1), "--allow-runs", env=loud(sim), cwd=FOLDER, stdin=subprocess.PIPE
        )
        err = []
        reader = threading.Thread(target=lambda: err.append(server.stderr.read()))
        reader.start()
        out = ""
        ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        for number, message in enumerate([INITIALIZE, ready, *messages("stdio")]):
            if message is not ready:
                message = {**message, "id": number}
            server.stdin.write(json.dumps(message) + "\n")
            server.stdin.flush()
            while message is not ready:
                line = server.stdout.readline()
                assert line, "the server ended"
                out += line
                if json.loads(line).get("id") == number:
                    break
            if message.get("params", {}).get("name") == "batch_start":
                time.sleep(1)
        server.stdin.close()
        out += server.stdout.read()
        server.wait(timeout=70)
        reader.join()
        assert_secret("stdio", {"results": out, "standard error": err[0]})


@check("http: the key is nowhere in the output, also if the service sends it back and everything is logged")
def _():
    with Simulator(FOLDER, SCRIPT) as sim:
        server = prime_rs("mcp", "--listen", "127.0.0.1:0", *spend(1), "--allow-runs", env=loud(sim), cwd=FOLDER)
        printed = {"standard output": "", "standard error": ""}

        def read(name, stream):
            for line in stream:
                printed[name] += line

        readers = [
            threading.Thread(target=read, args=("standard output", server.stdout)),
            threading.Thread(target=read, args=("standard error", server.stderr)),
        ]
        for reader in readers:
            reader.start()
        wait_until(lambda: "Listening on" in printed["standard error"], "the server did not start")
        url = re.search(r"http://\S+/mcp", printed["standard error"])[0]
        _, headers, out = post(url, INITIALIZE)
        session = next((value for name, value in headers.items() if name.lower() == "mcp-session-id"), None)
        more = {"Mcp-Session-Id": session, "MCP-Protocol-Version": "2025-06-18"} if session else {}
        post(url, {"jsonrpc": "2.0", "method": "notifications/initialized"}, **more)
        for number, message in enumerate(messages("http"), start=2):
            status, headers, body = post(url, {**message, "id": number}, **more)
            assert status == 200, (message, status, body)
            out += f"{headers}{body}"
            if message["params"]["name"] == "batch_start":
                time.sleep(1)
        server.send_signal(signal.SIGINT)
        server.wait(timeout=70)
        for reader in readers:
            reader.join()
        assert_secret("http", {"results": out, **printed})


finish()
