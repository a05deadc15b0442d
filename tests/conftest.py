"""For the whole suite: in CI no test may be skipped, so that a missing tool is noticed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

# Whoever runs the tests has a language and places remembered, which are none of the tests' business.
os.environ["MAILSIM_SETTINGS"] = str(Path(tempfile.gettempdir()) / f"mailsim-tests-{os.getpid()}" / "settings.json")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With MAILSIM_NO_SKIPS set, a skipped test fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("MAILSIM_NO_SKIPS") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
