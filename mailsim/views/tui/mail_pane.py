"""The mail as it is on the wire at this step: its envelope, its header and what servers added, its body."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import lru_cache
from typing import cast

from mailsim.lessons.ui import Words
from mailsim.trace.events import Said
from mailsim.views.tui.document import Document
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.telling import printable_line
from mailsim.views.tui.text import Line, Piece

MAX_BODY_LINES = 400


class Mail(Document):
    """The message that was transferred last, as far as the current step."""

    def __init__(self, stepper: Stepper, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(stepper, id)
        events = stepper.score.trace.events
        said = [event for event in events if isinstance(event, Said) and event.protocol in ("smtp", "lmtp")]
        self._commands = [event.seq for event in said if event.from_client]
        self._contents = [event.seq for event in said if event.pdu.role == "data"]

    def document(self) -> Sequence[Line]:
        stepper, words = self._stepper, self._stepper.words
        envelope = self._envelope(stepper.seq)
        message, added = self._message(stepper.seq)
        if not envelope and message is None:
            return [[Piece(words("mail.none"), Ink.DIM)]]
        lines: list[Line] = [_heading(words, "envelope")]
        recipients = _addresses(message)
        for verb, path in envelope:
            line = [Piece(f"{verb}:", bold=True), Piece(f"<{path}>")]
            if message is not None and path and path.casefold() not in recipients:
                line.append(Piece(f"  ! {words('mail.hidden')}", Ink.LATER))
            lines.append(line)
        if message is None:
            return lines
        lines += [[], _heading(words, "header"), *_header(message, added)]
        if added:
            lines.append([Piece(words("mail.added"), Ink.DIM)])
        return [*lines, [], [Piece(f" {words('mail.body')} ", ground=Ground.CHIP, bold=True)], *_body(message, words)]

    def _envelope(self, seq: int) -> list[tuple[str, str]]:
        """MAIL and RCPT of the transaction that was talked about last."""
        number = bisect_right(self._commands, seq) - 1
        if number < 0:
            return []
        last = self._stepper.score.trace.events[self._commands[number]]
        assert isinstance(last, Said)
        found: list[tuple[str, str]] = []
        for event in self._stepper.score.conversations.of(last.conn):
            fields = event.pdu.fields()
            verb, path = fields.get("verb"), str(fields.get("arg", "")).partition("<")[2].partition(">")[0]
            if event.seq > seq:
                break
            if event.from_client and verb == "MAIL":
                found = [("MAIL FROM", path)]
            elif event.from_client and verb == "RCPT":
                found.append(("RCPT TO", path))
        return found

    def _message(self, seq: int) -> tuple[EmailMessage | None, int]:
        """The content that was sent last, and how many header fields it has more than when it was sent first."""
        number = bisect_right(self._contents, seq) - 1
        if number < 0:
            return None, 0
        content = self._content(number)
        key = content.pdu.fields().get("msg")
        first = next(c for c in map(self._content, range(number + 1)) if c.pdu.fields().get("msg") == key)
        message = parsed(_data(content))
        return message, len(message.keys()) - len(parsed(_data(first)).keys())

    def _content(self, number: int) -> Said:
        return cast("Said", self._stepper.score.trace.events[self._contents[number]])


def _data(content: Said) -> bytes:
    data: object = getattr(content.pdu, "data", b"")
    return data if isinstance(data, bytes) else b""


@lru_cache(maxsize=64)
def parsed(data: bytes) -> EmailMessage:
    """The message as stdlib reads it."""
    return message_from_bytes(data, policy=policy.default)


def _addresses(message: EmailMessage | None) -> str:
    """All addresses that the header shows, in one searchable text."""
    fields = ("From", "To", "Cc", "Sender", "Reply-To")
    values = [] if message is None else [str(v) for f in fields for v in message.get_all(f, [])]
    return " ".join(values).casefold()


def _heading(words: Words, part: str) -> Line:
    title = Piece(f" {words(f'mail.{part}')} ", ground=Ground.CHIP, bold=True)
    return [title, Piece(f" {words(f'mail.{part}.note')}", Ink.DIM)]


def _header(message: EmailMessage, added: int) -> Iterator[Line]:
    """The fields; servers add theirs at the top."""
    for number, (name, value) in enumerate(message.items()):
        new = number < added
        text = printable_line(" ".join(str(value).split()))
        yield [Piece(f"{'+ ' if new else ''}{name}: ", Ink.REPLY if new else Ink.TEXT, bold=not new), Piece(text)]


def _body(message: EmailMessage, words: Words) -> Iterator[Line]:
    for part in message.walk():
        if part.is_multipart():
            continue
        if part.get_content_maintype() != "text":
            size = len(cast("bytes", part.get_payload(decode=True)) or b"")
            yield [Piece(words("mail.part", kind=part.get_content_type(), n=size), Ink.DIM)]
            continue
        charset = part.get_content_charset("utf-8")
        raw = cast("bytes", part.get_payload(decode=True)) or b""
        try:
            text = raw.decode(charset, "replace")
        except LookupError:
            text = raw.decode("utf-8", "replace")
        for line in text.splitlines()[:MAX_BODY_LINES]:
            yield [Piece(printable_line(line))]
