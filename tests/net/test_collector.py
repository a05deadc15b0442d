"""The garbage collector looks less often during a run, and as before afterwards."""

from __future__ import annotations

import gc

from mailsim.net.collector import THRESHOLDS, collecting_rarely


def test_thresholds_are_as_before_afterwards() -> None:
    usual = gc.get_threshold()
    with collecting_rarely():
        assert gc.get_threshold() == THRESHOLDS
    assert gc.get_threshold() == usual


def test_a_collector_that_is_off_stays_off() -> None:
    usual = gc.get_threshold()
    gc.set_threshold(0)
    try:
        with collecting_rarely():
            assert gc.get_threshold()[0] == 0
    finally:
        gc.set_threshold(*usual)
