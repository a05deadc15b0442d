"""The kinds of values in a scenario file, each with its check, its written form and its JSON Schema."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, NoReturn, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, StrictStr, WithJsonSchema
from pydantic_core import PydanticCustomError

from mailsim.mail.address import Address
from mailsim.scenario import units
from mailsim.scenario.mistakes import shown
from mailsim.scenario.units import Moment

DOMAIN_PATTERN = (
    r"^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
    r"(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$"
)
ID_PATTERN = r"^[a-z0-9]+(?:-[a-z0-9]+)*(?:@[a-z0-9]+(?:-[a-z0-9]+)*)?$"
LONGEST_MAIL_DOMAIN = 180
_DOMAIN = re.compile(DOMAIN_PATTERN)
_ID = re.compile(ID_PATTERN)


def wrong(code: str, value: object = "", **details: str) -> NoReturn:
    """Refuse a value inside a pydantic validator; `code` is one of `mailsim.lessons.errors`."""
    raise PydanticCustomError(code, "{value}", {"value": shown(value), **details})


def found_kind(value: object) -> str:
    """The kind of a plain value, as `mailsim.lessons.errors.EXPECTED` names it."""
    kinds: tuple[tuple[type, str], ...] = (
        (bool, "boolean"),
        (int, "integer"),
        (float, "number"),
        (str, "text"),
        (list, "list"),
        (dict, "mapping"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), "nothing")


def text_of(value: object) -> str:
    """The value if it is text; otherwise refuse it."""
    if not isinstance(value, str):
        wrong("wrong-type", value, expected="text", found=found_kind(value))
    return value


def _read(parse: Callable[[str], Any], code: str, *, integers: bool = False) -> Callable[[object], Any]:
    def read(value: object) -> Any:
        if integers and isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= units.LARGEST_SIZE:
            return value
        if value is None or isinstance(value, list | dict | bool):
            wrong("wrong-type", value, expected="text", found=found_kind(value))
        try:
            return parse(str(value))
        except ValueError:
            wrong(code, value)

    return read


def _quantity(parse: Callable[[str], Any], write: Callable[[Any], str], code: str, pattern: str) -> tuple[Any, ...]:
    integers = code == "bad-size"
    schema: dict[str, Any] = {"type": "string", "pattern": pattern}
    return (
        BeforeValidator(_read(parse, code, integers=integers)),
        PlainSerializer(write, return_type=str, when_used="json"),
        WithJsonSchema({"anyOf": [schema, {"type": "integer", "minimum": 0}]} if integers else schema),
    )


Duration: TypeAlias = Annotated[
    int, *_quantity(units.parse_duration, units.format_duration, "bad-duration", units.DURATION_PATTERN)
]
"""Microseconds, written `30s`."""

Size: TypeAlias = Annotated[int, *_quantity(units.parse_size, units.format_size, "bad-size", units.SIZE_PATTERN)]
"""Octets, written `10MB`."""

Rate: TypeAlias = Annotated[int, *_quantity(units.parse_rate, units.format_rate, "bad-rate", units.RATE_PATTERN)]
"""Bits a second, written `100Mbit/s`."""

When: TypeAlias = Annotated[Moment, *_quantity(units.parse_moment, str, "bad-moment", units.MOMENT_PATTERN)]
"""A moment of the run, written `30s` (after the start) or `10:05`."""


def _start(value: object) -> datetime:
    try:
        start = datetime.fromisoformat(text_of(value))
    except ValueError:
        wrong("bad-start", value)
    offset = start.utcoffset()
    if offset is None or offset.seconds % 60 or offset.microseconds or not 1980 <= start.year <= 2100:
        wrong("bad-start", value)
    return start


Start: TypeAlias = Annotated[
    datetime,
    BeforeValidator(_start),
    PlainSerializer(datetime.isoformat, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A date and time with its time zone."""


def _domain(value: object) -> str:
    name = text_of(value).removesuffix(".").lower()
    if not _DOMAIN.match(name) or name.replace(".", "").isdigit():
        wrong("bad-name", value)
    return name


def _mail_domain(value: object) -> str:
    name = _domain(value)
    if len(name) > LONGEST_MAIL_DOMAIN:
        wrong("bad-name", value)
    return name


def _zone(value: object) -> str:
    return "." if value == "." else _domain(value)


DomainName: TypeAlias = Annotated[
    str, BeforeValidator(_domain), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 254})
]
"""A domain or host name in small letters, without the final dot."""

MailDomain: TypeAlias = Annotated[
    str,
    BeforeValidator(_mail_domain),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST_MAIL_DOMAIN + 1}),
]
"""A domain that leaves room for the names of its hosts."""

ZoneName: TypeAlias = Annotated[
    str, BeforeValidator(_zone), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 254})
]
"""A zone: a domain name, or `.` for the root."""


def _address(value: object) -> str:
    try:
        if "%" in text_of(value):
            raise ValueError
        return str(ipaddress.ip_address(text_of(value)))
    except ValueError:
        wrong("bad-address", value)


def _network(value: object) -> str:
    try:
        return str(ipaddress.ip_network(text_of(value)))
    except ValueError:
        wrong("bad-network", value)


IpAddress: TypeAlias = Annotated[
    str,
    BeforeValidator(_address),
    WithJsonSchema({"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}),
]
"""An IPv4 or IPv6 address in its usual form (RFC 5952)."""


def _server_name(value: object) -> str:
    try:
        return str(ipaddress.ip_address(text_of(value)))
    except ValueError:
        return _domain(value)


ServerName: TypeAlias = Annotated[
    str, BeforeValidator(_server_name), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 254})
]
"""A host name or an IP address, as it stands in a certificate."""

IpNetwork: TypeAlias = Annotated[str, BeforeValidator(_network), WithJsonSchema({"type": "string"})]
"""A network in CIDR form."""


def _mail_address(value: object) -> str:
    try:
        address = Address.parse(text_of(value))
    except ValueError:
        wrong("bad-mail-address", value)
    if not str(address).isascii():
        wrong("bad-mail-address", value)
    return f"{str(address).removesuffix(address.domain)}{address.domain.lower()}"


def _local_part(value: object) -> str:
    text = text_of(value)
    try:
        address = Address.parse(f"{text}@a.example")
    except ValueError:
        wrong("bad-local-part", value)
    if "@" in text or not text.isascii():
        wrong("bad-local-part", value)
    return str(address).removesuffix("@a.example")


MailAddress: TypeAlias = Annotated[
    str, BeforeValidator(_mail_address), WithJsonSchema({"type": "string", "minLength": 3})
]
"""An address without a display name; the domain in small letters."""

LocalPart: TypeAlias = Annotated[str, BeforeValidator(_local_part), WithJsonSchema({"type": "string", "minLength": 1})]
"""What stands before the @."""


def _one_line(value: str) -> str:
    if not value.isprintable():
        wrong("bad-text", value)
    return value


def _text(value: str) -> str:
    if not value.replace("\n", "").replace("\t", "").isprintable():
        wrong("bad-text", value)
    return value


Line: TypeAlias = Annotated[StrictStr, AfterValidator(_one_line)]
"""One line of text: a name, a subject."""

Text: TypeAlias = Annotated[StrictStr, AfterValidator(_text)]
"""Text of any number of lines."""

Port: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=65535)]
Probability: TypeAlias = Annotated[float, Field(strict=True, ge=0, lt=1)]


def _id(value: object) -> str:
    if not _ID.match(text_of(value)) or len(text_of(value)) > 60:
        wrong("bad-id", value)
    return text_of(value)


ScenarioId: TypeAlias = Annotated[
    str, BeforeValidator(_id), WithJsonSchema({"type": "string", "pattern": ID_PATTERN, "maxLength": 60})
]
"""The name of a scenario; what follows `@` is its variant."""
