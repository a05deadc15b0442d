"""What waits where: the queue of each server, with its next try."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mailsim.lessons.ui import Words
from mailsim.trace.snapshot import Queued
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.text import Line, Piece

SHOWN = 100
"""So many entries of one queue are listed."""


def queues_page(stepper: Stepper, _: int) -> Sequence[Line]:
    """The queues at the current step: per host, with the state and next try of each recipient."""
    words = stepper.words
    snapshot = stepper.score.snapshot(stepper.seq)
    lines: list[Line] = []
    for node, entries in snapshot.queues.items():
        if lines:
            lines.append([])
        heading = f" {words('queue.of', node=stepper.score.atlas.label(node))} "
        lines.append([Piece(heading, ground=Ground.CHIP, bold=True), Piece(f" {words('queue.size', n=len(entries))}")])
        for entry in entries[:SHOWN]:
            lines += _entry(entry, snapshot.at, words)
        if len(entries) > SHOWN:
            lines.append([Piece(f"  {words('map.hidden', n=len(entries) - SHOWN)}", Ink.DIM)])
    return lines or [[Piece(words("queue.none"), Ink.DIM)]]


def _entry(entry: Queued, now: int, words: Words) -> Iterator[Line]:
    yield [Piece(f"  {entry.qid}", bold=True), Piece(f"  <{entry.sender}> ► <{entry.rcpt}>")]
    state = [words(f"queue.{entry.state}"), words("queue.attempts", n=entry.tries)]
    if entry.next is not None:
        state.append(words("queue.next", time=words.duration(max(0, entry.next - now))))
    state.append(words("queue.age", time=words.duration(max(0, now - entry.since))))
    yield [Piece(f"    {', '.join(state)}", Ink.LATER if entry.state == "deferred" else Ink.TEXT)]
    if entry.reason:
        yield [Piece(f"    {words('queue.reason', reason=entry.reason)}", Ink.DIM)]
