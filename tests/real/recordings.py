"""Compares what prime-ext and openai-python read from recorded responses: texts, tool calls and usage.

    python recordings.py FOLDER COMMAND...   # the command runs ../examples/recordings.rs with the folder
    python recordings.py FOLDER              # stores what openai-python reads as `expected` of each recording
                                           # that has no `difference`

`../tests/recordings/read.rs` describes the format of the recordings.
"""

import json
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import httpx2
import openai
from report import check, finish

FIELDS = ["text", "tool_calls", "usage"]


def openai_reads(about, body):
    """Returns what openai-python reads from a recording."""
    media = "text/event-stream" if about["stream"] else "application/json"
    answer = httpx2.Response(200, headers={"content-type": media}, content=body)
    transport = httpx2.MockTransport(lambda _: answer)
    client = openai.OpenAI(
        base_url="http://localhost",
        api_key="test",
        max_retries=0,
        http_client=httpx2.Client(transport=transport),
    )
    read = {"text": "", "tool_calls": [], "usage": None}
    try:
        answer = client.chat.completions.create(
            model="some/model", messages=[], stream=about["stream"]
        )
        if about["stream"]:
            add_chunks(read, answer)
        else:
            add_response(read, answer)
    except Exception as error:
        read["error"] = f"{type(error).__name__}: {error}"
    return read


def add_response(read, response):
    message = response.choices[0].message if response.choices else None
    read["text"] = text(get(message, "content"))
    for call in get(message, "tool_calls") or []:
        function = get(call, "function")
        name, arguments = get(function, "name"), get(function, "arguments")
        # An empty id is no id.
        call = {"id": get(call, "id") or None, "name": name, "arguments": arguments}
        read["tool_calls"].append(call)
    read["usage"] = usage(response)


def add_chunks(read, chunks):
    """Combines chunks as openai-python's own accumulator does, which fails if a field is missing."""
    calls = {}
    for chunk in chunks:
        read["usage"] = usage(chunk) or read["usage"]
        for choice in get(chunk, "choices") or []:
            if get(choice, "index"):
                continue
            delta = get(choice, "delta")
            read["text"] += text(get(delta, "content"))
            for piece in get(delta, "tool_calls") or []:
                function = get(piece, "function")
                empty = dict.fromkeys(["id", "name", "arguments"])
                call = calls.setdefault(get(piece, "index"), empty)
                for name, value in [
                    ("id", get(piece, "id")),
                    ("name", get(function, "name")),
                    ("arguments", get(function, "arguments")),
                ]:
                    if value is not None:
                        call[name] = (call[name] or "") + value
    for call in calls.values():
        read["tool_calls"].append({**call, "id": call["id"] or None})


def get(value, name):
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)


def text(content):
    """Returns a text, or the joined texts of text parts."""
    if isinstance(content, list):
        texts = [part["text"] for part in content if part.get("type") == "text"]
        return "".join(texts)
    return content or ""


def usage(answer):
    names = ["prompt_tokens", "completion_tokens", "total_tokens"]
    counts = [get(get(answer, "usage"), name) for name in names]
    # An empty usage does not count.
    return None if counts == [None] * 3 else counts


def reason(ours, theirs):
    """Returns why a difference is right, or `None` if it is not."""
    if "error" in theirs:
        if "error" in ours:
            return "both report an error"
        return "what is not JSON is replaced" if ours["warnings"] else None
    if "error" in ours:
        is_incomplete = ours.get("stream_end") in ["CutOff", "Empty", "ServiceError"]
        if is_incomplete and all(ours[name] == theirs[name] for name in FIELDS):
            return "an incomplete stream is an error, with the same contents"
        return None
    if ours["usage"] != theirs["usage"]:
        is_moved = "usage: missing; read from a choice" in ours["warnings"]
        return "usage in a choice counts" if is_moved else None
    if ours["text"] != theirs["text"]:
        is_parsed = is_json_of(ours["text"], theirs["text"])
        return "parsed content is read as its JSON" if is_parsed else None
    pairs = list(zip(ours["tool_calls"], theirs["tool_calls"]))
    if all(is_json_of(a["arguments"], b["arguments"]) for a, b in pairs):
        return "parsed arguments are read as their JSON"
    if joined_arguments(ours) == joined_arguments(theirs):
        return "calls with one index are separate, and repeated names and ids are not joined"
    return None


def joined_arguments(read):
    return "".join(call["arguments"] or "" for call in read["tool_calls"])


def is_json_of(ours, theirs):
    return not isinstance(theirs, str) and ours is not None and json.loads(ours) == theirs


def recordings(folder):
    for path in sorted(folder.glob("*.json")):
        yield path, json.loads(path.read_text("utf-8")), path.with_suffix(".body").read_bytes()


def store(folder):
    for path, about, body in recordings(folder):
        if "difference" in about:
            continue
        about["expected"] = openai_reads(about, body)
        path.write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n", "utf-8")


def compare(folder, command):
    theirs = {}
    for path, about, body in recordings(folder):
        theirs[path.stem] = about["stream"], openai_reads(about, body)
    reader = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    alike, different = Counter(), defaultdict(list)
    for line in reader.stdout:
        ours = json.loads(line)
        stream, other = theirs[ours["name"]]
        has_error = "error" in ours or "error" in other
        is_equal = not has_error and all(ours[name] == other[name] for name in FIELDS)
        why = "equal" if is_equal else reason(ours, other)
        group = f"{'streams' if stream else 'responses'} {ours['way']}"
        if why is None:
            different[group].append(ours["name"])
        else:
            alike[f"{group}: {why}"] += 1

    for name, count in sorted(alike.items()):
        check(f"{name}: {count}")(lambda: None)
    for group, names in sorted(different.items()):

        @check(f"{group}: {len(names)} differ")
        def _():
            raise AssertionError(" ".join(names))

    @check("all recordings were read")
    def _():
        assert reader.wait() == 0, "the reader failed"
        assert theirs and sum(alike.values()) + sum(map(len, different.values())) >= len(theirs)

    finish()


folder, *command = sys.argv[1:]
if command:
    compare(Path(folder), command)
else:
    store(Path(folder))
