"""Watches a script: before each operation it notes in the recorder on which line the script stands.

Nobody pays for this who does not look: a network starts its scripts as they are unless its recorder keeps
marks. A script that awaits another one leads to it by `cr_await`, so the whole chain of calls is known.
"""

from __future__ import annotations

import sys
from collections.abc import Coroutine, Generator
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

from mailsim.agents.operations import Operation, Script
from mailsim.trace.code import Mark, Place
from mailsim.trace.recorder import Recorder

PACKAGE = Path(__file__).resolve().parent.parent


class Watched(Coroutine["Operation[Any]", Any, Any]):
    """A script like the one inside, with a mark before each of its operations."""

    def __init__(self, script: Script, node: str, recorder: Recorder) -> None:
        self._script, self._node, self._recorder = script, node, recorder

    def send(self, value: Any, /) -> Operation[Any]:
        return self._marked(self._script.send(value))

    def throw(self, *error: Any) -> Operation[Any]:
        return self._marked(self._script.throw(*error))

    def close(self) -> None:
        self._script.close()

    def __await__(self) -> Generator[Any, None, Any]:
        return self._script.__await__()

    def _marked(self, operation: Operation[Any]) -> Operation[Any]:
        marks = self._recorder.marks
        if marks is not None:
            marks.append(Mark(self._recorder.next_seq, self._node, places(self._script)))
        return operation


def places(script: Script) -> tuple[Place, ...]:
    """Where a waiting script stands: itself, and what it awaits, as far as these are scripts."""
    found: list[Place] = []
    awaited: Any = script
    while (frame := getattr(awaited, "cr_frame", None)) is not None:
        found.append(_place(frame.f_code, frame.f_lineno))
        awaited = awaited.cr_await
    return tuple(found)


@lru_cache(maxsize=4096)
def _place(code: CodeType, line: int) -> Place:
    file = Path(code.co_filename)
    if file.is_relative_to(PACKAGE):
        file = file.relative_to(PACKAGE)
    return Place(sys.intern(file.as_posix()), code.co_qualname, line)
