"""Reads ENVELOPE and BODYSTRUCTURE back into values (RFC 3501 section 9, envelope and body)."""

from __future__ import annotations

from mailsim.mail.mime import Address, BodyStructure, Envelope
from mailsim.protocols.imap._tokens import MAX_NUMBER_64, Scanner, SyntaxProblem, text_of

MAX_DEPTH = 120
Parameters = tuple[tuple[str, str], ...]


def envelope(scanner: Scanner) -> Envelope:
    """The ten fields."""
    scanner.expect(b"(")
    date = _then_space(scanner, _text(scanner))
    subject = _then_space(scanner, _text(scanner))
    sender_from, sender, reply_to, to, cc, bcc = (_spaced_addresses(scanner) for _ in range(6))
    in_reply_to = _then_space(scanner, _text(scanner))
    message_id = _text(scanner)
    scanner.expect(b")")
    return Envelope(date, subject, sender_from, sender, reply_to, to, cc, bcc, in_reply_to, message_id)


def _then_space(scanner: Scanner, value: str | None) -> str | None:
    scanner.expect(b" ")
    return value


def _text(scanner: Scanner) -> str | None:
    raw = scanner.nstring()
    return None if raw is None else text_of(raw)


def _string(scanner: Scanner) -> str:
    return text_of(scanner.string())


def _spaced_addresses(scanner: Scanner) -> tuple[Address, ...]:
    addresses: list[Address] = []
    if not scanner.take_nil():
        scanner.expect(b"(")
        while not scanner.take(b")"):
            scanner.take(b" ")  # some servers separate addresses, the grammar does not
            scanner.expect(b"(")
            name = _then_space(scanner, _text(scanner))
            route = _then_space(scanner, _text(scanner))
            mailbox = _then_space(scanner, _text(scanner))
            addresses.append(Address(name, route, mailbox, _text(scanner)))
            scanner.expect(b")")
    scanner.expect(b" ")
    return tuple(addresses)


def body(scanner: Scanner, depth: int = 0) -> BodyStructure:
    """One body with all below it; extension data may be missing at any point."""
    if depth > MAX_DEPTH:
        raise SyntaxProblem("body structure is too deep")
    scanner.expect(b"(")
    found = _multipart(scanner, depth) if scanner.peek() == b"(" else _one_part(scanner, depth)
    scanner.expect(b")")
    return found


def _multipart(scanner: Scanner, depth: int) -> BodyStructure:
    parts = []
    while scanner.peek() == b"(":
        parts.append(body(scanner, depth + 1))
        if scanner.data[scanner.position : scanner.position + 2] == b" (":
            scanner.position += 1
    scanner.expect(b" ")
    subtype = _string(scanner).upper()
    parameters = _parameters(scanner) if scanner.take(b" ") else ()
    return _extended(scanner, depth, "MULTIPART", subtype, parameters, parts=tuple(parts))


def _one_part(scanner: Scanner, depth: int) -> BodyStructure:
    kind, subtype = _spaced_string(scanner), _spaced_string(scanner)
    parameters = _parameters(scanner)
    scanner.expect(b" ")
    content_id = _then_space(scanner, _text(scanner))
    description = _then_space(scanner, _text(scanner))
    encoding = _spaced_string(scanner)
    octets = scanner.number(maximum=MAX_NUMBER_64)
    inner: Envelope | None = None
    parts: tuple[BodyStructure, ...] = ()
    lines = None
    if kind == "MESSAGE" and subtype in {"RFC822", "GLOBAL"}:
        scanner.expect(b" ")
        inner = envelope(scanner)
        scanner.expect(b" ")
        parts = (body(scanner, depth + 1),)
    if kind == "TEXT" or inner is not None:
        scanner.expect(b" ")
        lines = scanner.number(maximum=MAX_NUMBER_64)
    md5 = _text(scanner) if scanner.take(b" ") else None
    return _extended(
        scanner, depth, kind, subtype, parameters, content_id, description, encoding, octets, lines, inner, parts, md5
    )


def _spaced_string(scanner: Scanner) -> str:
    word = _string(scanner).upper()
    scanner.expect(b" ")
    return word


def _extended(
    scanner: Scanner,
    depth: int,
    kind: str,
    subtype: str,
    parameters: Parameters,
    content_id: str | None = None,
    description: str | None = None,
    encoding: str = "7BIT",
    octets: int = 0,
    lines: int | None = None,
    inner: Envelope | None = None,
    parts: tuple[BodyStructure, ...] = (),
    md5: str | None = None,
) -> BodyStructure:
    disposition = _disposition(scanner) if scanner.take(b" ") else None
    language = _language(scanner) if scanner.take(b" ") else ()
    location = _text(scanner) if scanner.take(b" ") else None
    while scanner.take(b" "):
        _skip_extension(scanner, depth)
    return BodyStructure(
        kind, subtype, parameters, content_id, description, encoding, octets, lines, inner, parts, md5,
        disposition, language, location,
    )  # fmt: skip


def _parameters(scanner: Scanner) -> Parameters:
    if scanner.take_nil():
        return ()
    scanner.expect(b"(")
    pairs: list[tuple[str, str]] = []
    while not scanner.take(b")"):
        if pairs:
            scanner.expect(b" ")
        name = _spaced_string(scanner)
        pairs.append((name, _string(scanner)))
    return tuple(pairs)


def _disposition(scanner: Scanner) -> tuple[str, Parameters] | None:
    if scanner.take_nil():
        return None
    scanner.expect(b"(")
    kind = _string(scanner)
    scanner.expect(b" ")
    parameters = _parameters(scanner)
    scanner.expect(b")")
    return kind, parameters


def _language(scanner: Scanner) -> tuple[str, ...]:
    if scanner.take_nil():
        return ()
    if not scanner.take(b"("):
        return (_string(scanner),)
    tags = [_string(scanner)]
    while scanner.take(b" "):
        tags.append(_string(scanner))
    scanner.expect(b")")
    return tuple(tags)


def _skip_extension(scanner: Scanner, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise SyntaxProblem("body extension is too deep")
    if scanner.take(b"("):
        _skip_extension(scanner, depth + 1)
        while scanner.take(b" "):
            _skip_extension(scanner, depth + 1)
        scanner.expect(b")")
    elif scanner.peek().isdigit():
        scanner.number(maximum=MAX_NUMBER_64)
    else:
        scanner.nstring()
