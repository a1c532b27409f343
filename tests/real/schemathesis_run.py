"""schemathesis with a specification, as the provider publishes it, against prime-sim.

Arguments: the API's name, its specification, the environment variable with its address.

What is not checked, and why:
- Both: `status_code_conformance`. The files list neither 402, 403, 404 nor 405.
- Inference: `ignored_auth` and `missing_required_header`, as `GET /models` works without a key;
  `positive_data_acceptance`, as the file allows what no server takes (`max_tokens: 0`, no messages).
"""

import os
import re
import subprocess
import sys

api, specification, address = sys.argv[1:]
UNCHECKED = ["status_code_conformance"]
if api == "inference":
    UNCHECKED += ["ignored_auth", "missing_required_header", "positive_data_acceptance"]

done = subprocess.run(
    [
        sys.executable,
        "-m",
        "schemathesis.cli",
        "--no-color",
        "run",
        specification,
        *("--url", os.environ[address]),
        *("-H", f"Authorization: Bearer {os.environ['PRIME_API_KEY']}"),
        *("--phases", "examples,coverage,fuzzing"),
        *("--max-examples", "100"),
        *("--seed", "7"),
        *("--generation-database", "none"),
        *("--exclude-checks", ",".join(UNCHECKED)),
        *("--suppress-health-check", "all"),
        "--continue-on-failure",
    ],
    capture_output=True,
    text=True,
)
cases = re.search(r"(\d+) generated", done.stdout)
name = f"the published specification, {cases[1] if cases else 'no'} cases"
if done.returncode == 0 and cases:
    print(f"ok\t{name}")
else:
    print(done.stdout, done.stderr, file=sys.stderr)
    found = re.findall(r"❌ (ST\d+ .*)", done.stdout)
    print(f"failed\t{name}\t{'; '.join(found) or f'exit {done.returncode}'}")
    sys.exit(1)
