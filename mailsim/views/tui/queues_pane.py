"""What waits where: the queue of each server with its next try, and what lies in the mailboxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mailsim.trace.snapshot import Queued, Snapshot
from mailsim.views.tui.document import Document
from mailsim.views.tui.inks import Ink
from mailsim.views.tui.text import Line, Piece

SHOWN = 100
"""So many entries of one queue are listed."""


class Queues(Document):
    """Queues and mailboxes at the current step."""

    def document(self) -> Sequence[Line]:
        words = self._stepper.words
        snapshot = self._stepper.score.snapshot(self._stepper.seq)
        lines: list[Line] = []
        for node, entries in snapshot.queues.items():
            label = self._stepper.score.atlas.label(node)
            lines.append([Piece(words("queue.of", node=label), Ink.HEADING, bold=True), Piece(f"  {len(entries)}")])
            for entry in entries[:SHOWN]:
                lines += self._entry(entry, snapshot.at)
        if not lines:
            lines.append([Piece(words("queue.none"), Ink.DIM)])
        return [*lines, *self._mailboxes(snapshot)]

    def _entry(self, entry: Queued, now: int) -> Iterator[Line]:
        words = self._stepper.words
        yield [Piece(f"  {entry.qid}", bold=True), Piece(f"  <{entry.sender}> ► <{entry.rcpt}>")]
        state = [words(f"queue.{entry.state}"), words("queue.attempts", n=entry.tries)]
        if entry.next is not None:
            state.append(words("queue.next", time=words.duration(max(0, entry.next - now))))
        yield [Piece(f"    {', '.join(state)}", Ink.LATER if entry.state == "deferred" else Ink.TEXT)]
        if entry.reason:
            yield [Piece(f"    {words('queue.reason', reason=entry.reason)}", Ink.DIM)]

    def _mailboxes(self, snapshot: Snapshot) -> Iterator[Line]:
        words = self._stepper.words
        for mailbox, folders in snapshot.mailboxes.items():
            yield []
            yield [Piece(words("mailbox.of", mailbox=mailbox), Ink.HEADING, bold=True)]
            for folder, messages in folders.items():
                unseen = sum("\\Seen" not in stored.flags for stored in messages.values())
                yield [Piece("  " + words("mailbox.count", folder=folder, n=len(messages), unseen=unseen))]
                for stored in list(messages.values())[:SHOWN]:
                    flags = " ".join(stored.flags) or "-"
                    size = words("bytes.count", n=stored.bytes)
                    yield [Piece(f"    UID {stored.uid}  {flags}  {size}", Ink.DIM)]
