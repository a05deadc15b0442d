"""Tests of the screens are coroutines; each gets an event loop of its own."""

from __future__ import annotations

import inspect

import pytest

from tests.views.tui import clock


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine function as a test; others are left to pytest."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    clock.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True
