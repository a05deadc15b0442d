"""A conversation typed by hand, line by line: who said it, and how the line ended on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailsim.lessons.telling import say
from mailsim.protocols.pdu import printable
from mailsim.trace.events import Event, Said
from mailsim.trace.trace import Trace
from mailsim.views.text.sentence import sentence


@dataclass(frozen=True, slots=True)
class Row:
    """One line. `mark` is `C:`, `S:` or `--` for what was not said; `end` is `<CRLF>`, `<LF>`, `<CR>` or ""."""

    mark: str
    text: str
    end: str = ""

    def __str__(self) -> str:
        return f"{self.mark} {self.text}{self.end}"


def heard(event: Event, trace: Trace, lang: str, longest: int = 0) -> Iterator[Row]:
    """The rows of what came from the server, or of what else happened on the connection; none for the client's own.

    Args: longest: of something longer the middle is left out, and a row says so; 0 for whatever length.
    """
    if not isinstance(event, Said):
        yield Row("--", sentence(event, trace, lang))
    elif not event.from_client:
        lines = event.pdu.to_bytes().splitlines(keepends=True)
        left_out = len(lines) - longest if longest else 0
        if left_out <= 0:
            yield from (row("S:", line) for line in lines)
            return
        yield from (row("S:", line) for line in lines[: longest // 2])
        yield Row("--", say("talk.left-out", lang, n=left_out))
        yield from (row("S:", line) for line in lines[longest // 2 + left_out :])


def typed(line: bytes) -> Row:
    """The row of a line that somebody has typed, given without its end."""
    return row("C:", line + b"\r\n")


def row(mark: str, wire: bytes) -> Row:
    """A line of the wire with its end made visible."""
    text = wire.removesuffix(b"\n")
    end = "<LF>" if len(text) < len(wire) else ""
    if text.endswith(b"\r"):
        text, end = text[:-1], "<CRLF>" if end else "<CR>"
    return Row(mark, printable(text), end)
