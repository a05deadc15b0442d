"""The queues of servers as text, in the manner of `mailq`: a line for each mail, and below it who waits, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mailsim.lessons.telling import say
from mailsim.trace.trace import World
from mailsim.views.queues import HostQueue, QueuedMessage, QueuedRecipient
from mailsim.views.text.clock import clock_time, date_and_time
from mailsim.views.text.lines import Line, wrapped

COLUMNS = "  {:<12}{:>8}  {:<18}{}"


def queue_lines(world: World, queues: Iterable[HostQueue], at_us: int, lang: str, width: int) -> Iterator[Line]:
    """Every queue; an empty one in a single line."""
    yield from wrapped("", say("queue.at", lang, time=date_and_time(world, at_us)), width, "note")
    for queue in queues:
        yield Line("")
        count = len(queue.mails)
        title = say("queue.title" if count else "queue.empty", lang, n=count, host=queue.host)
        yield from wrapped("", title, width, "heading")
        if count:
            head = [say(f"queue.head.{column}", lang) for column in ("id", "size", "arrived", "people")]
            yield Line(COLUMNS.format(*head), "dim")
        for mail in queue.mails:
            yield from _mail_lines(world, mail, lang, width)


def _mail_lines(world: World, mail: QueuedMessage, lang: str, width: int) -> Iterator[Line]:
    sender = mail.sender or "<>"
    yield from wrapped(COLUMNS.format(mail.id, mail.octets, clock_time(world, mail.arrived_us), ""), sender, width)
    for recipient in mail.recipients:
        yield from wrapped("      ", recipient.address, width)
        yield from wrapped("        ", _words(world, recipient, lang), width, "later")
        if recipient.reason:
            yield from wrapped("        ", f"({recipient.reason})", width, "dim")


def _words(world: World, recipient: QueuedRecipient, lang: str) -> str:
    next_try = "" if recipient.next_us is None else clock_time(world, recipient.next_us)
    return say(f"queue.state.{recipient.state}", lang, n=recipient.tries, next=next_try)
