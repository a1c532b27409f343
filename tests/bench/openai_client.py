"""Asks the requests of a file with OpenAI's asynchronous client, and prints the measurements as JSON.

The argument is a job: see `Job` in src/batch/client.rs.
"""

import asyncio
import json
import resource
import sys
import time

import openai


async def main():
    job = json.loads(sys.argv[1])
    client = openai.AsyncOpenAI(base_url=job["url"], api_key=job["key"])
    places = asyncio.Semaphore(job["concurrency"][1])
    counts = {"answered": 0, "failed": 0}

    async def ask(line, output):
        async with places:
            try:
                answer = await client.chat.completions.create(**line["body"])
            except openai.OpenAIError:
                counts["failed"] += 1
                return
        counts["answered"] += 1
        body = answer.model_dump(mode="json")
        output.write(json.dumps({"custom_id": line["custom_id"], "response": {"body": body}}) + "\n")

    start = time.monotonic()
    with open(job["input"]) as lines, open(job["output"], "w") as output:
        await asyncio.gather(*[ask(json.loads(line), output) for line in lines])
    usage = resource.getrusage(resource.RUSAGE_SELF)
    # Linux reports kibibytes, macOS bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    taken = {
        "seconds": time.monotonic() - start,
        "cpu": usage.ru_utime + usage.ru_stime,
        "memory": usage.ru_maxrss * unit,
    }
    print(json.dumps(counts | taken))


asyncio.run(main())
