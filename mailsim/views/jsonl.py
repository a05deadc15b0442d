"""The trace as JSON lines: one object an event, keys in a stable order, UTF-8."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import IO

from mailsim.trace.events import Event
from mailsim.trace.trace import Trace

_NO_LETTERS = re.compile("[\ud800-\udfff]")
"""Octets of a text that is no UTF-8, as Python keeps them: no character, so UTF-8 has no form for them."""


def lines(trace: Trace) -> Iterator[str]:
    """Every event as one line without its line end; `seq`, `at`, `node`, `kind` and `causes` come first."""
    return map(line, trace.events)


def line(event: Event) -> str:
    """One event as one line of JSON; letters beyond ASCII are written as they are, what is no letter as `\\udcff`."""
    text = json.dumps(event.record(), ensure_ascii=False, separators=(", ", ": "), allow_nan=False)
    return text if text.isascii() else _NO_LETTERS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def write_jsonl(trace: Trace, stream: IO[bytes]) -> None:
    """Write all events to a binary stream."""
    for text in lines(trace):
        stream.write(text.encode() + b"\n")
