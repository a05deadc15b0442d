"""The scenario file as pydantic models: one schema for the short form and the full one.

The short form has `domains` and little else. Expanding it (`mailsim.scenario.expand`) writes out everything that
the engine needs and takes `domains` away: the full form is hosts, links, zones and users. Anything of the full
form may stand in a short file, and wins over what would have been made.
"""

# Without `from __future__ import annotations`, because pydantic would compile every annotation again, one by one.

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, StrictBool, StrictStr, model_validator

from mailsim.scenario.fields import (
    DomainName,
    Duration,
    IpAddress,
    Line,
    LocalPart,
    MailAddress,
    MailDomain,
    Probability,
    Rate,
    ScenarioId,
    ServerName,
    Size,
    Start,
    Text,
    When,
    ZoneName,
    wrong,
)
from mailsim.scenario.late import Late
from mailsim.scenario.people import ACTIONS, Client, Device, Letter, Send, Step, User
from mailsim.scenario.roles import Imap, Mda, Msa, Mta, Part, Pop3, ResolverSettings
from mailsim.scenario.shorter import TEXT, TEXTS, Or, as_list, as_mapping, text_as

if TYPE_CHECKING:
    from mailsim.scenario.faults import Fault
else:
    Fault = Annotated[Any, Late("mailsim.scenario.faults", "Fault")]

__all__ = ["ACTIONS", "Client", "Device", "Letter", "Scenario", "Send", "Step", "User"]

LANGUAGES = ("en", "cs")
TEXT_KEYS = ("title", "objective", "story")


def _two(value: object) -> object:
    if isinstance(value, list) and len(value) != 2:
        wrong("two-ends")
    return value


class Localized(Part):
    """A text in both languages; a plain text stands for both."""

    en: Text
    cs: Text

    @model_validator(mode="before")
    @classmethod
    def _same_in_both(cls, value: object) -> object:
        return {"en": value, "cs": value} if isinstance(value, str) else text_as("en", value)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [TEXT, handler(core_schema)]}


# --- hosts --------------------------------------------------------------------------------------


class Store(Part):
    """The mailboxes of the users whose `store` is this host."""

    quota: Size | None = None
    """What one mailbox may hold; without it, as much as it likes."""
    separator: Literal["/", "."] = "/"
    """What stands between the levels of a folder's name in IMAP (RFC 9051 section 5.1.1)."""


class Resolver(ResolverSettings):  # type: ignore[misc,valid-type]
    """A recursive resolver."""

    root: tuple[DomainName, ...] = ()
    """Hosts of the root name servers that it starts from."""


class Nameserver(Part):
    """An authoritative name server."""

    zones: tuple[ZoneName, ...] = ()


class Web(Part):
    """A web server: it is there so that the address of a bare domain is not the mail server's."""


class Mua(Part):
    """The mail client of whoever has this host as `pc`; how it is set up stands with the user."""


class Roles(Part):
    """The programs that run on a host, each with its settings; a plain list takes them as they are."""

    msa: Msa | None = None  # type: ignore[valid-type]
    mta: Mta | None = None
    mda: Mda | None = None  # type: ignore[valid-type]
    store: Store | None = None
    imap: Imap | None = None  # type: ignore[valid-type]
    pop3: Pop3 | None = None  # type: ignore[valid-type]
    resolver: Resolver | None = None
    nameserver: Nameserver | None = None
    web: Web | None = None
    mua: Mua | None = None
    without: tuple[Literal["msa", "mta", "mda", "store", "imap", "pop3", "resolver", "nameserver", "web"], ...] = ()
    """Roles that the host would get by itself, and is not to have."""

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, value: object) -> object:
        roles = as_mapping(value)
        if isinstance(value, list) and isinstance(roles, dict):
            roles["without"] = [name for name in ROLE_NAMES if name not in roles and name != "mua"]
        return roles

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        names = {"type": "array", "items": {"enum": list(ROLE_NAMES)}, "uniqueItems": True}
        return {"anyOf": [names, handler(core_schema)]}

    @property
    def names(self) -> tuple[str, ...]:
        """The roles that the host has."""
        return tuple(name for name in ROLE_NAMES if getattr(self, name) is not None)


ROLE_NAMES = ("mua", "msa", "mta", "mda", "store", "imap", "pop3", "resolver", "nameserver", "web")


class Certificate(Part):
    """What the servers of a host show to clients that want TLS; a plain word is the kind."""

    kind: Literal["valid", "expired", "wrong-name", "self-signed", "none"] = "valid"
    """`wrong-name`: it is for `names` and not for the host. `none`: the servers cannot do TLS."""
    names: tuple[ServerName, ...] = ()
    """Other names and IP addresses that it is good for, e.g. localhost; the host's own is always the first."""

    @model_validator(mode="before")
    @classmethod
    def _kind_alone(cls, value: object) -> object:
        return text_as("kind", value)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [{"enum": list(CERTIFICATE_KINDS)}, handler(core_schema)]}


CERTIFICATE_KINDS = ("valid", "expired", "wrong-name", "self-signed", "none")
WITH_TLS = ("msa", "mta", "imap", "pop3")
"""Roles that can do TLS if the host has a certificate."""


class Host(Part):
    """A computer."""

    site: DomainName | None = None
    """The site that it stands in."""
    addresses: Annotated[tuple[IpAddress, ...], BeforeValidator(as_list), Or(TEXT)] = ()
    resolvers: tuple[DomainName, ...] = ()
    """Hosts whose resolver it asks, in this order."""
    roles: Roles = Roles()
    certificate: Certificate | None = None
    """By default, a valid one for its own name if its servers can do TLS."""
    aliases: dict[StrictStr, tuple[MailAddress, ...]] = Field(default_factory=dict)
    """Other names of its users: address or local part -> addresses (RFC 5321 section 3.9.1)."""


class Site(Part):
    """A place with its own network: a school, a company, a provider."""

    router: DomainName | None = None
    resolvers: tuple[DomainName, ...] = ()
    """Resolvers of all hosts of the site that name no other."""


class Router(Part):
    """A router: it passes packets on and does nothing else."""

    site: DomainName | None = None


class Link(Part):
    """A cable between two hosts or routers, in both directions."""

    between: Annotated[tuple[DomainName, DomainName], BeforeValidator(_two)]
    latency: Duration = 1_000
    bandwidth: Rate = 100_000_000
    loss: Probability = 0.0
    """The part of packets that gets lost, by chance."""


# --- what the operators do -----------------------------------------------------------------------


class ZoneChange(Part):
    """The operator of a zone changes it while the world runs."""

    at: When
    zone: ZoneName
    records: Text
    """The zone as it is from then on, written as in `zones`."""


class Rebuild(Part):
    """An operator has the index of a folder made anew: other UIDs, and another UIDVALIDITY."""

    at: When
    mailbox: MailAddress
    folder: Line = "INBOX"


# --- the short form -----------------------------------------------------------------------------


class MailExchanger(Part):
    """One MX record; a plain word is the host."""

    host: MailDomain
    """A name without a dot is one of this domain."""
    preference: Annotated[int, Field(strict=True, ge=0, le=65535)] = 10

    @model_validator(mode="before")
    @classmethod
    def _host_alone(cls, value: object) -> object:
        return text_as("host", value)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [TEXT, handler(core_schema)]}


class Backup(MailExchanger):
    """A server of somebody else that takes the domain's mail when its own servers are away."""

    host: MailDomain
    """Its operator is the domain that this host is in; the domain is made if it is not there."""
    preference: Annotated[int, Field(strict=True, ge=0, le=65535)] = 20


class Domain(Part):
    """A mail domain with all that belongs to it: servers, name server, resolver, web, router, people."""

    users: Annotated[dict[LocalPart, User], BeforeValidator(as_mapping), Or(TEXTS, or_nothing=True)] = Field(
        default_factory=dict
    )
    """Local parts, with or without the settings of each user."""
    mail: DomainName | None = None
    """The host of its mail server; by default the best MX host of its own, or `mail.` and the domain."""
    mx: Annotated[tuple[MailExchanger, ...], BeforeValidator(as_list), Or(TEXT)] = ()
    """Its MX records; by default one for its mail server."""
    backup: Backup | None = None
    relay_domains: tuple[DomainName, ...] = ()
    """Other domains whose mail its server takes and passes on."""
    ipv6: StrictBool | None = None
    """Whether its hosts have IPv6 addresses."""
    tls: StrictBool = True
    """Whether its mail server has a certificate; without one, its users' clients do without TLS."""
    web: StrictBool = True
    """Whether there is a web server on the address of the bare domain."""


# --- all of it ----------------------------------------------------------------------------------

Allowed: TypeAlias = Literal["mx-without-host", "mx-is-alias", "zone-unserved", "outside-zone", "after-until"]


class Scenario(Part):
    """A scenario of mailsim: a small Internet, the people on it, and what happens."""

    id: ScenarioId
    title: Localized | None = None
    objective: Localized | None = None
    story: Localized | None = None
    explain: dict[StrictStr, Localized] = Field(default_factory=dict)
    """Explanations of single events in this scenario: topic -> text."""
    level: Annotated[int, Field(strict=True, ge=1, le=5)] = 1
    detail: Literal["story", "dialogue", "packet"] = "story"
    """How closely the screens look at first."""
    lesson: Line | None = None
    """Its number in the curriculum, e.g. E01; lists are in this order."""
    syllabus: tuple[StrictStr, ...] = ()
    """Claims of the syllabus that it teaches."""
    start: Start | None = None
    """When it begins; by default 2026-11-23T10:00:00+01:00."""
    until: When | None = None
    """When it ends; by default an hour after the last step or fault."""
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**63)] = 7
    """The same seed gives the same run."""
    allow_real_names: StrictBool = False
    allow: tuple[Allowed, ...] = ()
    """Mistakes that are meant."""
    ipv6: StrictBool | None = None
    """Whether hosts of `domains` have IPv6 addresses, unless the domain says otherwise."""
    domains: Annotated[
        dict[MailDomain, Domain],
        BeforeValidator(as_mapping),
        Or(TEXTS, or_nothing=True),
    ] = Field(default_factory=dict)
    sites: dict[DomainName, Site] = Field(default_factory=dict)
    routers: Annotated[dict[DomainName, Router], BeforeValidator(as_mapping), Or(TEXTS, or_nothing=True)] = Field(
        default_factory=dict
    )
    hosts: dict[DomainName, Host] = Field(default_factory=dict)
    links: tuple[Link, ...] = ()
    zones: dict[ZoneName, Text] = Field(default_factory=dict)
    """Zone files. One without SOA is completed: SOA, NS, and addresses of hosts that it does not name."""
    users: dict[MailAddress, User] = Field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    changes: tuple[ZoneChange, ...] = ()
    """Changes of zones during the run."""
    rebuilds: tuple[Rebuild, ...] = ()
    """Folders whose messages get new UIDs during the run."""
    steps: tuple[Step, ...] = ()
    variants: dict[StrictStr, dict[StrictStr, Any]] = Field(default_factory=dict)
    """Other versions of this scenario: keys that are laid over it; `mailsim run ID@NAME`."""

    @property
    def texts(self) -> Mapping[str, Mapping[str, str]]:
        """Language -> `title`, `objective`, `story`, `explain.<topic>` -> text."""
        named = {name: getattr(self, name) for name in TEXT_KEYS}
        named |= {f"explain.{topic}": text for topic, text in self.explain.items()}
        return {
            language: {name: getattr(text, language) for name, text in named.items() if text is not None}
            for language in LANGUAGES
        }


class Texts(Part):
    """The texts of a scenario in one language: `en.yaml` or `cs.yaml` beside `scenario.yaml`."""

    title: Line
    objective: Text = ""
    story: Text = ""
    explain: dict[StrictStr, Text] = Field(default_factory=dict)
    variants: dict[StrictStr, dict[StrictStr, Any]] = Field(default_factory=dict)
    """Texts that are other in a variant."""
