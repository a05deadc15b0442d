"""The mailboxes: as the server has them, and as each client has seen them up to this step."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mailsim.lessons.ui import Words
from mailsim.trace.events import Noted, Said
from mailsim.trace.facts import ListedMail, MailsListed, MessageShown, UserActed
from mailsim.trace.lists import change
from mailsim.trace.snapshot import Folder, Stored
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.mail_page import MailPage
from mailsim.views.tui.score import Score
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.text import Line, Piece

SHOWN = 100
"""So many messages of one folder are listed, the last ones."""
_ACCESS = frozenset(("pop", "imap"))


@dataclass(slots=True)
class Client:
    """What a client knows: the last count that a server told it, how it asked, and what it put before its user."""

    told: str = ""
    protocol: str = ""
    at: int = 0
    shown: list[MessageShown] = field(default_factory=list)
    lists: dict[str, list[ListedMail]] = field(default_factory=dict)
    sent: int = 0


class MailboxesPage:
    """Servers first, then clients: what differs is what a synchronisation has not told yet."""

    def __init__(self, score: Score, mails: MailPage) -> None:
        self._score, self._mails = score, mails
        self._events = [event for event in score.trace.events if self._concerns(event)]
        self._seqs = [event.seq for event in self._events]

    def __call__(self, stepper: Stepper, _: int) -> Sequence[Line]:
        snapshot = stepper.score.snapshot(stepper.seq)
        lines = [*self._servers(snapshot.mailboxes, stepper.words), *self._clients(stepper)]
        return lines[0 if lines and lines[0] else 1 :] or [[Piece(stepper.words("mailbox.none"), Ink.DIM)]]

    def clients(self, seq: int) -> dict[str, Client]:
        """By host: what its mail client has seen up to an event."""
        clients: dict[str, Client] = {}
        for event in self._events[: bisect_right(self._seqs, seq)]:
            match event:
                case Noted(fact=MessageShown() as shown):
                    clients.setdefault(event.node, Client()).shown.append(shown)
                case Noted(fact=MailsListed() as listed):
                    change(clients.setdefault(event.node, Client()).lists.setdefault(listed.folder, []), listed)
                case Noted(fact=UserActed(action="send")):
                    clients.setdefault(event.node, Client()).sent += 1
                case Said():
                    client = clients.setdefault(event.peer, Client())
                    client.told, client.protocol, client.at = _count(event, self._score), event.protocol, event.at
        return clients

    # --- inside ---

    def _concerns(self, event: object) -> bool:
        match event:
            case Noted(fact=MessageShown() | MailsListed() | UserActed()):
                return True
            case Said(from_client=False) if event.protocol in _ACCESS:
                return bool(_count(event, self._score))
        return False

    def _servers(self, mailboxes: Mapping[str, Mapping[str, Folder]], words: Words) -> Iterator[Line]:
        for number, (mailbox, folders) in enumerate(mailboxes.items()):
            if number:
                yield []
            heading = f" {words('mailbox.of', mailbox=mailbox)} "
            yield [Piece(heading, ground=Ground.CHIP, bold=True), Piece(f" {words('mailbox.server')}", Ink.DIM)]
            for folder, messages in folders.items():
                unseen = sum("\\Seen" not in stored.flags for stored in messages.values())
                counted = words("mailbox.count", folder=folder, n=len(messages), unseen=unseen)
                yield [Piece(f"  {counted}", bold=True)]
                yield from (self._message(stored, words) for stored in list(messages.values())[-SHOWN:])
                if len(messages) > SHOWN:
                    yield [Piece(f"    {words('map.hidden', n=len(messages) - SHOWN)}", Ink.DIM)]

    def _message(self, stored: Stored, words: Words) -> Line:
        flags = " ".join(stored.flags) or "-"
        size = words("bytes.count", n=stored.bytes)
        message = self._mails.by_key(stored.msg)
        subject = "" if message is None else f"  {message.get('Subject', '')}"
        return [Piece(f"    UID {stored.uid}  {flags}  {size}", Ink.DIM), Piece(subject)]

    def _clients(self, stepper: Stepper) -> Iterator[Line]:
        words, label = stepper.words, stepper.score.atlas.label
        for node, client in self.clients(stepper.seq).items():
            yield []
            heading = f" {words('mailbox.client', node=label(node))} "
            yield [Piece(heading, ground=Ground.CHIP, bold=True), Piece(f" {words('mailbox.client.note')}", Ink.DIM)]
            if client.sent:
                yield [Piece(f"  {words('mailbox.sent', n=client.sent)}")]
            if client.told:
                protocol = {"pop": "POP3"}.get(client.protocol, client.protocol.upper())
                when = words.duration(client.at)
                yield [Piece(f"  {words('mailbox.told', protocol=protocol, what=client.told, time=when)}")]
            elif not client.shown and not client.lists:
                yield [Piece(f"  {words('mailbox.not-asked')}", Ink.DIM)]
            for folder, mails in client.lists.items():
                yield [Piece(f"  {words('mailbox.list', folder=folder, n=len(mails))}", bold=True)]
                yield from _rows(mails)
            if client.lists and client.shown:
                yield [Piece(f"  {words('mailbox.shown')}", Ink.DIM)]
            for shown in client.shown[-SHOWN:]:
                yield [Piece(f"    {shown.from_}: ", Ink.DIM), Piece(shown.subject or "-")]


def _rows(mails: Sequence[ListedMail]) -> Iterator[Line]:
    """The list on a client's screen: number, UID, flags, and how much of the mail it has."""
    for number, mail in enumerate(mails[:SHOWN], 1):
        seen = f"    {number:>3}  {mail.id}  {mail.flags or '-'}  {mail.has} B  "
        yield [Piece(seen, Ink.DIM), Piece(mail.subject or "-")]


def _count(event: Said, score: Score) -> str:
    """The server's sentence that says how many messages there are, "" for any other."""
    text = str(event.pdu)
    if event.protocol == "imap":
        return text if text.endswith(" EXISTS") else ""
    asked = score.conversations.asked(event)
    verb = "" if asked is None else str(asked.pdu.fields().get("verb", ""))
    return text if verb == "STAT" and text.startswith("+OK") else ""
