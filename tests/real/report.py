"""Named checks. Each prints one line: `ok` and its name, or `failed`, its name and the reason, separated by tabs."""

import os
import sys
import traceback

_failed = False


def check(name):
    """Decorator that runs a function immediately as a check, unless the variable `ONLY` has a text that is not in its name."""

    def run(function):
        global _failed
        if os.environ.get("ONLY", "") not in name:
            return
        try:
            function()
            print(f"ok\t{name}", flush=True)
        except Exception as error:  # noqa: BLE001: any exception is a failure
            _failed = True
            traceback.print_exc()
            while exceptions := getattr(error, "exceptions", None):  # an ExceptionGroup
                error = exceptions[0]
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            print(f"failed\t{name}\t{reason[:300]}", flush=True)

    return run


def finish():
    sys.exit(1 if _failed else 0)
