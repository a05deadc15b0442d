"""What goes wrong inside the programs of a host for a time, because the scenario wants it so.

A program asks its host's `troubles` in the moment when a trouble could show: before it answers a command, before it
writes a mail to the disk. If one strikes, that is noted, and the beginning of the fault is a cause of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Literal, TypeAlias

from mailsim.agents.operations import Abort, Connection, Note
from mailsim.errors import ConnectionLost
from mailsim.trace.facts import FaultHit

if TYPE_CHECKING:
    from mailsim.protocols.dns import Query
    from mailsim.protocols.smtp import Reply

Kind: TypeAlias = Literal["reply", "closed", "reply_lost", "disk_full", "over_quota", "dns_servfail"]


@dataclass(frozen=True, slots=True)
class Words:
    """A refusal by an IMAP or POP3 server: NO, BAD, BYE or -ERR, a response code if there is one, and a text."""

    status: str
    text: str
    code: str = ""

    def __str__(self) -> str:
        return f"{self.status} [{self.code}] {self.text}" if self.code else f"{self.status} {self.text}"


@dataclass(slots=True, eq=False)
class Trouble:
    """One trouble while it lasts; an empty text and no names at all mean: any.

    Attributes:
        seq: the event with which the fault began.
        services: the roles that have it. commands: what it happens at. address: the recipient or user that it is about.
        zone: the domain (with all below it) that DNS questions must be about.
        reply: what a server of SMTP or LMTP says instead of the right answer. words: what another server says.
        left: how often it may still strike (None: always). probability: whether it does, each time anew.
    """

    kind: Kind
    seq: int
    services: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    address: str = ""
    zone: str = ""
    reply: Reply | None = None
    words: Words | None = None
    left: int | None = None
    probability: float = 1.0
    chance: Random = field(default_factory=lambda: Random(0))

    def fits(self, service: str, command: str, addresses: tuple[str, ...], zone: str) -> bool:
        """Is it about this?"""
        return (
            (not self.services or service in self.services)
            and (not self.commands or command in self.commands)
            and (not self.address or self.address.lower() in (address.lower() for address in addresses))
            and (not self.zone or f".{zone.lower()}".endswith(f".{self.zone}"))
        )

    def strikes(self) -> bool:
        """Does it happen this time?"""
        if self.left == 0 or (self.probability < 1 and self.chance.random() >= self.probability):
            return False
        if self.left is not None:
            self.left -= 1
        return True


class Troubles:
    """The troubles of one host; `active` are those that are on."""

    def __init__(self, host: str = "") -> None:
        self.host = host
        self.active: list[Trouble] = []

    async def strike(
        self, *kinds: Kind, service: str = "", command: str = "", addresses: tuple[str, ...] = (), zone: str = ""
    ) -> Trouble | None:
        """The trouble of one of these kinds that shows now, noted in the trace; None, as nearly always."""
        for trouble in self.active:
            if trouble.kind in kinds and trouble.fits(service, command, addresses, zone) and trouble.strikes():
                detail = " ".join(word for word in (command, trouble.address, zone.rstrip(".")) if word)
                await Note(FaultHit(trouble.kind, self.host, detail), because=trouble.seq)
                return trouble
        return None


@dataclass(frozen=True, slots=True)
class InSession:
    """The troubles of one service in one connection to it."""

    troubles: Troubles
    service: str
    connection: Connection

    async def strike(self, command: str, *kinds: Kind, about: tuple[str, ...] = ()) -> Trouble | None:
        """The trouble that shows at a command, if any. Raises: ConnectionLost when it ends the connection."""
        if not self.troubles.active:
            return None
        struck = await self.troubles.strike(*kinds, service=self.service, command=command, addresses=about)
        if struck is not None and struck.kind in ("closed", "reply_lost"):
            await Abort(self.connection)
            raise ConnectionLost("a fault closed the connection")
        return struck


async def dns_trouble(troubles: Troubles, query: Query, service: str) -> Trouble | None:
    """The trouble of a DNS server with this question."""
    name = query.question.name.to_text(omit_final_dot=True)
    return await troubles.strike("dns_servfail", service=service, zone=name)
