"""Checks by name. Each prints one line: `ok`, a tab, its name; or `failed`, its name, and why."""

import sys
import traceback

_failed = False


def check(name):
    """Runs the function below it at once, as a check of this name."""

    def run(function):
        global _failed
        try:
            function()
            print(f"ok\t{name}", flush=True)
        except Exception as error:  # noqa: BLE001: whatever it is, the check failed
            _failed = True
            traceback.print_exc()
            why = " ".join(f"{type(error).__name__}: {error}".split())
            print(f"failed\t{name}\t{why[:300]}", flush=True)

    return run


def finish():
    sys.exit(1 if _failed else 0)
