"""Every check in one command: `python -m tests [pytest arguments]`.

Formatter, linter, types, import contracts, spelling, and the tests, on all cores and
one worker more, since some tests wait for other programs. All run, even after one
has failed; the exit status says whether all passed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
WORKERS = str((os.cpu_count() or 1) + 1)

CHECKS: tuple[tuple[str, list[str]], ...] = (
    ("format", [sys.executable, "-m", "ruff", "format", "--check", "."]),
    ("lint", [sys.executable, "-m", "ruff", "check", "."]),
    ("types", [sys.executable, "-m", "mypy"]),
    ("imports", [str(BIN / "lint-imports"), "--no-logo"]),
    ("spelling", [str(BIN / "codespell")]),
    ("tests", [sys.executable, "-m", "pytest", "-n", WORKERS, "--dist", "worksteal", "-q", "-ra", *sys.argv[1:]]),
)


def main() -> int:
    """Run all checks from the top of the checkout; gives 0 when all passed."""
    failed = []
    for name, command in CHECKS:
        print(f"== {name}", flush=True)
        began = time.monotonic()
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            failed.append(name)
        print(f"== {name}: {time.monotonic() - began:.1f} s", flush=True)
    if failed:
        print(f"failed: {', '.join(failed)}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
