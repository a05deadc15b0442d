"""Faults in a scenario file: what can break, where, when, and which keys each kind of fault has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from mailsim.scenario.fault_words import COMMANDS, Command, Service, parse_reply, speakers
from mailsim.scenario.fields import (
    DomainName,
    Duration,
    IpNetwork,
    Line,
    MailAddress,
    Port,
    Probability,
    Rate,
    When,
    wrong,
)
from mailsim.scenario.roles import Part

FaultKind: TypeAlias = Literal[
    "down",
    "stopped",
    "refused",
    "filtered",
    "cut",
    "slow",
    "lossy",
    "delayed",
    "dns_silent",
    "dns_servfail",
    "closed",
    "reply_lost",
    "reply",
    "disk_full",
    "over_quota",
    "certificate_expired",
    "starttls_stripped",
]


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a kind of fault beside `at`, `for`, `every`, `repeat` and `probability`.

    Attributes:
        needed: all of them must be there. one_of: one of them must be there. others: may be there.
    """

    needed: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def known(self) -> tuple[str, ...]:
        return (*self.needed, *self.one_of, *self.others)


_PLACE = ("host", "link")
_DIALOGUE = ("service", "command", "address", "times")
KEYS: Mapping[FaultKind, Keys] = {
    "down": Keys(("host",)),
    "stopped": Keys(("host", "service")),
    "refused": Keys(("host",), others=("port", "network")),
    "filtered": Keys((), _PLACE, ("port", "direction", "network")),
    "cut": Keys((), _PLACE, ("direction",)),
    "slow": Keys(("bandwidth",), _PLACE, ("direction",)),
    "lossy": Keys(("loss",), _PLACE, ("direction",)),
    "delayed": Keys(("delay",), _PLACE, ("direction",)),
    "dns_silent": Keys(("host",), others=("zone", "times")),
    "dns_servfail": Keys(("host",), others=("zone", "times")),
    "closed": Keys(("host", "command"), others=("service", "address", "times")),
    "reply_lost": Keys(("host", "command"), others=("service", "address", "times")),
    "reply": Keys(("host", "command", "reply"), others=("service", "address", "times")),
    "disk_full": Keys(("host",), others=("service", "times")),
    "over_quota": Keys(("mailbox",), others=("times",)),
    "certificate_expired": Keys(("host",)),
    "starttls_stripped": Keys((), _PLACE, ("port", "network")),
}
ROLES: Mapping[FaultKind, tuple[str, ...]] = {
    **dict.fromkeys(("dns_silent", "dns_servfail"), ("resolver", "nameserver")),
    **dict.fromkeys(("closed", "reply_lost", "reply"), ("mta", "msa", "mda", "imap", "pop3")),
    "disk_full": ("mta", "msa", "mda", "imap"),
}
"""Services that can have such a fault."""
ALWAYS = ("at", "for", "every", "repeat", "probability", "kind")
HITS = ("dns_silent", "dns_servfail", "closed", "reply_lost", "reply", "disk_full", "over_quota")
"""Kinds that strike single commands: `times` and `probability` are about each of these, not about the whole fault."""


def _reply(value: str) -> str:
    try:
        parse_reply(value)
    except ValueError:
        wrong("bad-reply", value)
    return value


def _two(value: object) -> object:
    if isinstance(value, list) and len(value) != 2:
        wrong("two-ends")
    return value


Chance: TypeAlias = Annotated[float, Field(strict=True, gt=0, le=1)]
Count: TypeAlias = Annotated[int, Field(strict=True, ge=1)]


class Fault(Part):
    """Something that does not work for a time."""

    model_config = ConfigDict(validate_by_alias=True, validate_by_name=False, serialize_by_alias=True)

    at: When
    for_: Duration | None = Field(None, alias="for")
    """How long; without it, to the end."""
    every: Duration | None = None
    """It comes again and again: the time from one beginning to the next."""
    repeat: Count | None = None
    """How often it comes in all; without it, to the end. Only with `every`."""
    probability: Chance = 1.0
    """By chance: whether it really comes, each time; for faults of single commands, whether it hits, each time."""
    kind: FaultKind
    """What breaks.

    `down`: the host has no power, and boots when it is over. `stopped`: one service does not run.
    `refused`: it answers that nobody listens. `filtered`: packets vanish. `cut`, `slow`, `lossy`, `delayed`: a link.
    `dns_silent`, `dns_servfail`: a DNS server. `closed`: it closes the connection instead of obeying a command.
    `reply_lost`: it obeys and closes before the reply. `reply`: it says something else.
    `disk_full`, `over_quota`: there is no room for mail. `certificate_expired`: the host's certificate runs out, and
    is renewed when it is over. `starttls_stripped`: an attacker on the link overwrites STARTTLS (POP3: STLS) wherever
    it is offered or asked for in the clear.
    """
    host: DomainName | None = None
    link: Annotated[tuple[DomainName, DomainName], BeforeValidator(_two)] | None = None
    """The two ends of a link; a fault of a `host` is one of all its links."""
    port: Port | None = None
    """The port that it is about; without it, all of them."""
    direction: Literal["in", "out", "both"] | None = None
    """Seen from the host; on a link, `out` is from the first end to the second. `filtered`: `in` unless said."""
    network: IpNetwork | None = None
    """Only packets whose far end is in this network; of an attacker, those that come from it too."""
    service: Service | None = None
    """The role that it is about."""
    command: Command | None = None
    """When it happens; CONNECT is the greeting, CONTENT what follows DATA. Without `service`, in all that know it."""
    address: MailAddress | None = None
    """Only for this recipient, or this user of IMAP or POP3."""
    reply: Annotated[Line, AfterValidator(_reply)] | None = None
    """What it says: `451 4.3.0 Try later`, by IMAP `NO [UNAVAILABLE] Not now`, `BAD ...` or `BYE ...`, by POP3
    `-ERR [SYS/TEMP] Not now`."""
    times: Count | None = None
    """How many commands it hits; without it, all of them."""
    zone: DomainName | None = None
    """Only questions about this domain and what is below it."""
    mailbox: MailAddress | None = None
    delay: Duration | None = None
    """What the link adds to its latency."""
    bandwidth: Rate | None = None
    """What is left of it."""
    loss: Probability | None = None
    """The part of packets that gets lost."""

    @model_validator(mode="after")
    def _keys_fit(self) -> Fault:
        keys = KEYS[self.kind]
        said = [name for name in OPTIONAL if getattr(self, name) is not None]
        for name in said:
            if name not in keys.known:
                wrong("fault-key", self.kind, kind=self.kind, name=name, choices=", ".join(keys.known))
        missing = [name for name in keys.needed if name not in said]
        if missing:
            wrong("fault-lacks", self.kind, kind=self.kind, name=missing[0])
        if keys.one_of and sum(name in said for name in keys.one_of) != 1:
            wrong("fault-place", self.kind, kind=self.kind, choices=", ".join(keys.one_of))
        self._words_fit()
        self._times_fit()
        return self

    def _words_fit(self) -> None:
        """The service must be able to have the fault, to get the command, and to say the reply."""
        roles = ROLES.get(self.kind, ())
        if self.service is not None and roles and self.service not in roles:
            wrong("fault-service", self.kind, kind=self.kind, choices=", ".join(roles))
        if self.command is None:
            return
        if self.service is not None and self.command not in COMMANDS[self.service]:
            choices = ", ".join(COMMANDS[self.service])
            wrong("fault-command", self.command, service=self.service, name=self.command, choices=choices)
        if not self.services:
            wrong("fault-reply", self.reply, service=self.service or "-", name=self.command)

    def _times_fit(self) -> None:
        if self.repeat is not None and self.every is None:
            wrong("fault-lacks", self.kind, kind="repeat", name="every")
        if self.every is not None and (self.for_ is None or self.for_ > self.every or not self.every):
            wrong("fault-every", self.kind)

    @property
    def services(self) -> tuple[str, ...]:
        """The services that it is about, of which the host must have one; none where it is not about services."""
        services = ROLES.get(self.kind, ()) if self.service is None else (self.service,)
        if self.command is None:
            return services
        if self.reply is not None:
            services = tuple(name for name in services if name in speakers(self.reply, self.command or ""))
        return tuple(name for name in services if self.command in COMMANDS[name])

    @property
    def target(self) -> str:
        """What breaks, as the trace says it."""
        return ">".join(self.link) if self.link else self.host or self.mailbox or ""


OPTIONAL = tuple(name for name in Fault.model_fields if name not in (*ALWAYS, "for_"))


def detail(fault: Fault) -> str:
    """What tells this fault from others of its kind, in protocol words."""
    said: list[Any] = [fault.service, fault.command, fault.address, fault.zone, fault.network]
    where = [str(word) for word in said if word is not None]
    where += [fault.direction] if fault.direction and not fault.link else []
    return ", ".join(part for part in (fault.reply, " ".join(where)) if part)
