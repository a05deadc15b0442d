"""For the whole suite: what its programs share, and no test may be skipped in CI, so that a missing tool is noticed."""

from __future__ import annotations

import gc
import os
import tempfile
from pathlib import Path

import pytest

# Whoever runs the tests has a language and places remembered, which are none of the tests' business.
os.environ["MAILSIM_SETTINGS"] = str(Path(tempfile.gettempdir()) / f"mailsim-tests-{os.getpid()}" / "settings.json")
# Tests and workers are dozens of Pythons: what one of them has compiled the others need not.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
gc.disable()  # until all tests are collected


def pytest_collection_finish() -> None:
    """What is loaded stays to the end: to look through it for garbage would take a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
    gc.enable()


@pytest.fixture(autouse=True, scope="module")
def _what_earlier_tests_remember_is_no_garbage() -> None:
    """A benchmark collects garbage again and again: runs that other files keep should not cost it any time."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With MAILSIM_NO_SKIPS set, a skipped test fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("MAILSIM_NO_SKIPS") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
