"""The garbage collector during a run: most of what survives is the trace, and is kept to the end anyhow.

With Python's usual thresholds the collector walks over a growing trace again and again, which costs a fifth of a run
of some thousand mails. References of the network are let go of when connections close, so that hardly anything is
left for it; it looks less often, and not at what is old.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (20_000, 1_000, 1_000)


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Let the collector look less often, until the block ends."""
    usual = gc.get_threshold()
    if usual[0]:  # 0 means that somebody has switched it off
        gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
