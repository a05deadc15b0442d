"""What a mail client keeps of a folder: the list that its user sees, and what it has downloaded.

Over IMAP the list is an agreement with the server about numbers: EXPUNGE takes one out and all behind it move up
(RFC 9051 section 7.5.1). What is kept from one visit to the next must hang on the UID instead, and is worth nothing
once UIDVALIDITY has changed (RFC 9051 section 2.3.1.1).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from mailsim.agents.actions import Which
from mailsim.mail.header import decoded
from mailsim.mail.mime import BodyStructure, Envelope
from mailsim.protocols.imap import FetchData
from mailsim.trace.facts import ListedMail, MailsListed

SEEN = "\\Seen"
T = TypeVar("T", bound=Hashable)


@dataclass(slots=True, eq=False)
class LocalMail:
    """One mail of the list.

    Attributes:
        id: its UID as text, or the unique-id of POP3. subject: as the list shows it.
        parts: what is here of it, by section: "" the whole mail, `1` its first part. octets: how much that is.
        is_complete: the sections that are here to their last octet.
        since_us: when it came to this client.
    """

    id: str
    flags: tuple[str, ...] = ()
    sender: str = ""
    subject: str = ""
    msg: str = ""
    structure: BodyStructure | None = None
    parts: dict[str, bytes] = field(default_factory=dict)
    octets: int = 0
    is_complete: set[str] = field(default_factory=set)
    since_us: int = 0

    @property
    def uid(self) -> int:
        return int(self.id)

    @property
    def look(self) -> tuple[str, str, int]:
        """What the list shows of it."""
        return " ".join(self.flags), self.subject, self.octets

    def keep(self, section: str, content: bytes) -> None:
        """Remember a part, instead of what was there of it."""
        self.octets += len(content) - len(self.parts.get(section, b""))
        self.parts[section] = content

    def learn(self, data: FetchData) -> None:
        """Take over what the server told of it."""
        if data.flags is not None:
            self.flags = tuple(sorted(flag for flag in data.flags if flag != "\\Recent"))
        envelope, structure = data.get("ENVELOPE"), data.get("BODYSTRUCTURE")
        if isinstance(envelope, Envelope):
            self.subject, self.sender, self.msg = shown(envelope)
        if isinstance(structure, BodyStructure):
            self.structure = structure


@dataclass(slots=True)
class LocalFolder:
    """A folder as one client knows it; the mail with the number n is `mails[n - 1]`.

    `by_number`: belief M31. The client thinks that a mail keeps its number, so when the server says that one is
    gone, it drops the last.
    """

    name: str
    by_number: bool = False
    uid_validity: str = ""
    modseq: str = ""
    mails: list[LocalMail] = field(default_factory=list)
    _by_id: dict[str, LocalMail] = field(default_factory=dict)
    _shown: list[tuple[LocalMail, tuple[str, str, int]]] = field(default_factory=list)
    """What the screen shows of it."""
    _settled: int = 0
    """So many mails at the beginning are as they are shown."""

    # --- looking -------------------------------------------------------------------------------

    def by_id(self, name: str) -> LocalMail | None:
        return self._by_id.get(name)

    def at(self, number: int) -> LocalMail | None:
        """The mail with this message number, as far as the list goes."""
        return self.mails[number - 1] if 1 <= number <= len(self.mails) else None

    def number_of(self, mail: LocalMail) -> int:
        return self.mails.index(mail) + 1

    def chosen(self, which: Which) -> list[LocalMail]:
        """Those that the user means, in the order of the list."""
        if which.every:
            return list(self.mails)
        if which.last:
            return self.mails[-which.last :]
        return [mail for mail in self.mails if mail.subject in which.subjects]

    # --- changing ------------------------------------------------------------------------------

    def add(self, mail: LocalMail) -> None:
        """A new mail, at the end of the list."""
        self.mails.append(mail)
        self._by_id[mail.id] = mail

    def keep(self, mail: LocalMail, section: str, content: bytes) -> None:
        """Remember a part of a mail of the list."""
        mail.keep(section, content)
        self._unsettle(mail)

    def learn(self, mail: LocalMail, data: FetchData) -> None:
        """Take over what the server told of a mail of the list."""
        before = mail.look
        mail.learn(data)
        if mail.look != before:
            self._unsettle(mail)

    def expunged(self, number: int) -> None:
        """EXPUNGE: the mail is gone, and those behind it move up."""
        if self.at(number) is not None:
            at = len(self.mails) - 1 if self.by_number else number - 1
            self.have([*self.mails[:at], *self.mails[at + 1 :]])

    def have(self, mails: list[LocalMail]) -> None:
        """Only these mails are still there."""
        if mails != self.mails:
            self.mails, self._by_id, self._settled = mails, {mail.id: mail for mail in mails}, 0

    def forget(self) -> None:
        """Everything that was known is worth nothing any more."""
        self.have([])
        self.modseq = ""

    def _unsettle(self, mail: LocalMail) -> None:
        self._settled = min(self._settled, self.mails.index(mail))

    # --- showing -------------------------------------------------------------------------------

    def changed_list(self, user: str) -> MailsListed | None:
        """What changes on the screen, if anything does."""
        start = self._settled
        before, now = self._shown[start:], [(mail, mail.look) for mail in self.mails[start:]]
        gone, changed = _differences(before, now)
        self._shown[start:], self._settled = now, len(self.mails)
        if not gone and not changed:
            return None
        mails = (ListedMail(start + at + 1, now[at][0].id, *now[at][1]) for at in changed)
        return MailsListed(user, self.name, len(self.mails), tuple(start + at + 1 for at in gone), tuple(mails))


def _differences(before: Sequence[tuple[T, object]], now: Sequence[tuple[T, object]]) -> tuple[list[int], list[int]]:
    """Which places of the first list are gone, and which of the second are new or look different.

    What has moved to another place among those that stay is gone from the old one, and new at its new one.
    """
    places = {thing: at for at, (thing, _) in enumerate(before)}
    gone, changed, passed = list[int](), list[int](), 0
    for at, (thing, look) in enumerate(now):
        place = places.get(thing, -1)
        if place < passed:
            changed.append(at)
            continue
        gone += range(passed, place)
        passed = place + 1
        if before[place][1] != look:
            changed.append(at)
    return [*gone, *range(passed, len(before))], changed


def shown(envelope: Envelope) -> tuple[str, str, str]:
    """Subject, sender and Message-ID, as a list of mails shows them."""
    sender = next(iter(envelope.sender_from), None)
    address = "" if sender is None else f"{_text(sender.mailbox)}@{_text(sender.host)}"
    name = "" if sender is None else _text(sender.name)
    return _text(envelope.subject), f"{name} <{address}>" if name else address, _text(envelope.message_id)


def _text(value: str | None) -> str:
    return decoded((value or "").encode("utf-8", "surrogateescape"))


def leaves(structure: BodyStructure, path: tuple[int, ...] = ()) -> list[tuple[tuple[int, ...], BodyStructure]]:
    """The parts that are no multipart, with their part numbers (RFC 9051 section 6.4.5.1)."""
    if structure.type.upper() != "MULTIPART":
        return [(path or (1,), structure)]
    return [leaf for number, part in enumerate(structure.parts, 1) for leaf in leaves(part, (*path, number))]


def first_text(structure: BodyStructure) -> tuple[int, ...]:
    """The part that a person reads first; part 1 if there is no text."""
    texts = (path for path, part in leaves(structure) if part.type.upper() == "TEXT")
    return next(texts, (1,))
