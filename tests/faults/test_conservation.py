"""Nothing that was accepted is ever lost, whatever breaks; and a second copy has a fault among its causes."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings

from tests.faults.killing import every_event, every_moment
from tests.faults.random_worlds import judge, worlds

WORLDS = int(os.environ.get("MAILSIM_WORLDS", "25"))
EVERY = int(os.environ.get("MAILSIM_KILL_EVERY", "0"))
"""1 kills at every event; by default a sample."""


@pytest.mark.timeout(0 if WORLDS > 25 else 120)
@settings(max_examples=WORLDS, deadline=None, derandomize=WORLDS == 25, suppress_health_check=list(HealthCheck))
@given(worlds())
def test_random_worlds_lose_nothing(world: tuple[str, int]) -> None:
    judge(world)


@pytest.mark.parametrize(("name", "step"), [("cross-domain", 12), ("mx-failover", 29)])
def test_a_server_may_be_killed_at_any_event(name: str, step: int) -> None:
    killed = 0
    for seq, complaints, _ in every_event(name, EVERY or step, start=3):
        assert complaints == [], seq
        killed += 1
    assert killed > 10


@pytest.mark.parametrize(("name", "step"), [("cross-domain", 37), ("mx-failover", 71)])
def test_a_service_or_a_dns_server_may_break_at_any_moment(name: str, step: int) -> None:
    broken = 0
    for what, complaints, _ in every_moment(name, EVERY or step, start=7):
        assert complaints == [], what
        broken += 1
    assert broken > 5
