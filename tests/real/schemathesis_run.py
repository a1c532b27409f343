"""Runs schemathesis with a published specification against prime-sim.

Arguments: the name of the API, its specification, and the environment variable with its URL.

Excluded checks:
- Both APIs: `status_code_conformance`, because the specifications do not list 402, 403, 404 and 405.
- Inference: `ignored_auth` and `missing_required_header`, because `GET /models` needs no key;
  `positive_data_acceptance`, because the specification allows requests that no server accepts
  (`max_tokens: 0`, no messages).
"""

import os
import re
import subprocess
import sys

api, specification, url_variable = sys.argv[1:]
EXCLUDED = ["status_code_conformance"]
if api == "inference":
    EXCLUDED += ["ignored_auth", "missing_required_header", "positive_data_acceptance"]

done = subprocess.run(
    [
        sys.executable,
        "-m",
        "schemathesis.cli",
        "--no-color",
        "run",
        specification,
        *("--url", os.environ[url_variable]),
        *("-H", f"Authorization: Bearer {os.environ['PRIME_API_KEY']}"),
        *("--phases", "examples,coverage,fuzzing"),
        *("--max-examples", "100"),
        *("--seed", "7"),
        *("--generation-database", "none"),
        *("--exclude-checks", ",".join(EXCLUDED)),
        *("--suppress-health-check", "all"),
        "--continue-on-failure",
    ],
    capture_output=True,
    text=True,
)
cases = re.search(r"(\d+) generated", done.stdout)
name = f"published specification, {cases[1] if cases else 'no'} cases"
if done.returncode == 0 and cases:
    print(f"ok\t{name}")
else:
    print(done.stdout, done.stderr, file=sys.stderr)
    found = re.findall(r"❌ (ST\d+ .*)", done.stdout)
    print(f"failed\t{name}\t{'; '.join(found) or f'exit {done.returncode}'}")
    sys.exit(1)
