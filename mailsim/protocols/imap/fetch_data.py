"""The FETCH response: data items of one message, as a value and as octets (RFC 9051 section 7.5.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast

from mailsim.mail.mime import Address, BodyStructure, Envelope
from mailsim.protocols.imap._encode import server_string
from mailsim.protocols.imap.dates import InternalDate
from mailsim.protocols.imap.response import Response
from mailsim.protocols.pdu import Json, printable

FetchValue: TypeAlias = "int | bytes | None | tuple[str, ...] | InternalDate | Envelope | BodyStructure"


@dataclass(frozen=True, slots=True)
class FetchData(Response):
    """`* 23 FETCH (FLAGS (\\Seen) UID 4827313)`: pairs of an item's name and its value, in order.

    Values by name: FLAGS a tuple of str; UID and RFC822.SIZE an int; INTERNALDATE an InternalDate;
    ENVELOPE an Envelope; BODY and BODYSTRUCTURE a BodyStructure; BODY[...], BINARY[...] and RFC822* bytes or None;
    MODSEQ and BINARY.SIZE[...] an int.
    """

    number: int
    items: tuple[tuple[str, FetchValue], ...]

    def get(self, name: str) -> FetchValue:
        """The value of an item, None when it is not there."""
        return next((value for key, value in self.items if key == name), None)

    def __contains__(self, name: object) -> bool:
        return any(key == name for key, _ in self.items)

    @property
    def uid(self) -> int | None:
        """The UID, when the response has it."""
        return cast("int | None", self.get("UID"))

    @property
    def flags(self) -> tuple[str, ...] | None:
        """The flags, when the response has them."""
        return cast("tuple[str, ...] | None", self.get("FLAGS"))

    def to_bytes(self) -> bytes:
        pairs = [b"%b %b" % (name.encode(), _value(name, value)) for name, value in self.items]
        return b"* %d FETCH (%b)\r\n" % (self.number, b" ".join(pairs))

    def __str__(self) -> str:
        """As a person quotes it: of a literal only its count."""
        return f"* {self._text()}"

    def _text(self) -> str:
        shown = (
            f"{printable(name.encode())} "
            + (f"{{{len(value)}}}" if isinstance(value, bytes) else printable(_value(name, value)))
            for name, value in self.items
        )
        return f"{self.number} FETCH ({' '.join(shown)})"

    def fields(self) -> Mapping[str, Json]:
        known: dict[str, Json] = {"item": "FETCH", "number": self.number, "text": self._text()}
        if self.uid is not None:
            known["uid"] = self.uid
        if self.flags is not None:
            known["flags"] = list(self.flags)
        octets = [len(value) for _, value in self.items if isinstance(value, bytes)]
        return {**known, "bytes": sum(octets)} if octets else known


def _value(name: str, value: FetchValue) -> bytes:
    match value:
        case bytes():
            is_8 = b"\0" in value and name.startswith("BINARY[")
            return b"%b{%d}\r\n%b" % (b"~" if is_8 else b"", len(value), value)
        case int():
            return b"(%d)" % value if name == "MODSEQ" else b"%d" % value
        case None:
            return b"NIL"
        case tuple():
            return f"({' '.join(value)})".encode("ascii")
        case InternalDate():
            return f'"{value}"'.encode("ascii")
        case Envelope():
            return encode_envelope(value)
        case BodyStructure():
            return encode_structure(value, name == "BODYSTRUCTURE")


def encode_envelope(envelope: Envelope) -> bytes:
    """`("date" "subject" ((from...)) ... "message-id")`."""
    return b"(%b)" % b" ".join(
        (
            server_string(envelope.date),
            server_string(envelope.subject),
            _addresses(envelope.sender_from),
            _addresses(envelope.sender),
            _addresses(envelope.reply_to),
            _addresses(envelope.to),
            _addresses(envelope.cc),
            _addresses(envelope.bcc),
            server_string(envelope.in_reply_to),
            server_string(envelope.message_id),
        )
    )


def _addresses(addresses: tuple[Address, ...]) -> bytes:
    if not addresses:
        return b"NIL"
    return b"(%b)" % b"".join(
        b"(%b %b %b %b)"
        % (server_string(a.name), server_string(a.route), server_string(a.mailbox), server_string(a.host))
        for a in addresses
    )


def encode_structure(body: BodyStructure, extended: bool) -> bytes:
    """A body: `("TEXT" "PLAIN" ...)` or `((...)(...) "MIXED" ...)`; extension data only when asked for."""
    if body.type == "MULTIPART":
        inside = b"".join(encode_structure(part, extended) for part in body.parts)
        words = [inside, server_string(body.subtype)]
        words += [_parameters(body.parameters)] if extended else []
    else:
        words = _one_part(body, extended)
        words += [server_string(body.md5)] if extended else []
    if extended:
        words += [_disposition(body), _language(body), server_string(body.location)]
    return b"(%b)" % b" ".join(words)


def _one_part(body: BodyStructure, extended: bool) -> list[bytes]:
    words = [
        server_string(body.type),
        server_string(body.subtype),
        _parameters(body.parameters),
        server_string(body.content_id),
        server_string(body.description),
        server_string(body.encoding),
        b"%d" % body.octets,
    ]
    if body.envelope is not None:
        words += [encode_envelope(body.envelope), encode_structure(body.parts[0], extended)]
    if body.lines is not None:
        words.append(b"%d" % body.lines)
    return words


def _parameters(pairs: tuple[tuple[str, str], ...]) -> bytes:
    if not pairs:
        return b"NIL"
    return b"(%b)" % b" ".join(b"%b %b" % (server_string(name), server_string(value)) for name, value in pairs)


def _disposition(body: BodyStructure) -> bytes:
    if body.disposition is None:
        return b"NIL"
    kind, parameters = body.disposition
    return b"(%b %b)" % (server_string(kind), _parameters(parameters))


def _language(body: BodyStructure) -> bytes:
    if not body.language:
        return b"NIL"
    return b"(%b)" % b" ".join(map(server_string, body.language))
