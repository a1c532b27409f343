"""Tests `prime-rs batch` with the llama.cpp server and real weights: a batch that is killed and continued.

A proxy between them counts the questions.
"""

import collections
import http.client
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from programs import environment, lines, prime_rs, run
from report import check, finish

MODEL = "local/smollm2-135m-instruct"
COUNT = 30
# The exit code of a batch whose only problem is requests without an answer.
OUTCOME_UNKNOWN = 7


class Proxy(http.server.ThreadingHTTPServer):
    """Passes requests on to a server, and counts the questions."""

    daemon_threads = True

    def __init__(self, url):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.server = urllib.parse.urlsplit(url)
        self.questions = collections.Counter()
        self.lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self.server_port}{self.server.path}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        """A client that is gone is no error."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.command == "POST":
            with self.server.lock:
                self.server.questions[json.loads(body)["messages"][0]["content"]] += 1
        upstream = http.client.HTTPConnection(self.server.server.hostname, self.server.server.port)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        upstream.request(self.command, self.path, body, headers)
        response = upstream.getresponse()
        answer = response.read()
        self.send_response(response.status)
        self.send_header("Content-Type", response.headers["Content-Type"])
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = pass_on


def start_server():
    script = pathlib.Path(__file__).with_name("llama_server.py")
    command = [sys.executable, str(script), "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    settings = {}
    while len(settings) < 2:
        line = server.stdout.readline()
        assert line, "the server did not start"
        name, _, value = line.removeprefix("export ").strip().partition("=")
        settings[name] = value
    return server, settings


def request(number):
    message = {"role": "user", "content": f"What is {number} plus {number}? Answer in a few words."}
    body = {"model": MODEL, "messages": [message], "max_tokens": 24, "temperature": 0}
    return {"custom_id": f"request-{number}", "method": "POST", "url": "/v1/chat/completions", "body": body}


def ask(folder, settings):
    proxy = Proxy(settings["PRIME_INFERENCE_URL"])
    env = environment({"PRIME_API_KEY": settings["PRIME_API_KEY"], "PRIME_INFERENCE_URL": proxy.url})
    questions, output = folder / "in.jsonl", folder / "out.jsonl"
    questions.write_text("".join(f"{json.dumps(request(number))}\n" for number in range(COUNT)))
    command = ["batch", "run", questions, output, "--max-concurrency", "4"]

    process = prime_rs(*command, env=env)
    deadline = time.monotonic() + 120
    while proxy.questions.total() < COUNT // 2:
        assert time.monotonic() < deadline and process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.kill()
    process.communicate()

    code, _, err = run(*command, env=env)
    answered, ambiguous = lines(output), lines(folder / "out.errors.jsonl")
    asked = proxy.questions.copy()
    print(f"{len(answered)} answered, {len(ambiguous)} ambiguous", file=sys.stderr)
    assert len(answered) + len(ambiguous) == COUNT and len(ambiguous) <= 4, (code, err)
    assert ambiguous and code == OUTCOME_UNKNOWN, (code, err)
    assert set(asked.values()) == {1}, asked

    code, _, err = run(*command, "--ambiguous", "ask-again", env=env)
    assert code == 0, err
    complete = lines(output)
    assert len(complete) == COUNT
    for line in complete.values():
        assert line["response"]["body"]["choices"][0]["message"]["content"], line
        assert line["response"]["body"]["usage"]["completion_tokens"] > 0, line
    texts = {request(number)["custom_id"]: request(number)["body"]["messages"][0]["content"] for number in range(COUNT)}
    repeated = {id for id, text in texts.items() if proxy.questions[text] > 1}
    assert repeated == set(ambiguous), (repeated, set(ambiguous))
    assert max(proxy.questions.values()) == 2


@check(f"a batch of {COUNT} questions, killed in the middle and continued")
def _():
    server, settings = start_server()
    try:
        with tempfile.TemporaryDirectory() as folder:
            ask(pathlib.Path(folder), settings)
    finally:
        server.terminate()
        server.wait()


finish()
