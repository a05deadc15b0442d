"""Reads what FETCH asks for (RFC 3501 section 9, fetch-att and section)."""

from __future__ import annotations

import re

from mailsim.mail.mime import Section
from mailsim.protocols.imap._tokens import MAX_NUMBER_64, Scanner, SyntaxProblem, text_of
from mailsim.protocols.imap.items import (
    MACROS,
    NAMES,
    TEXTS_WITH_FIELDS,
    Attribute,
    Binary,
    BinarySize,
    Body,
    FetchItem,
    Partial,
)

_NAME = re.compile(rb"[A-Za-z0-9.]+")
_PART = re.compile(rb"[1-9][0-9]{0,9}")
_TEXT = re.compile(rb"[A-Za-z.]+")
MAX_DEPTH = 100


def fetch_items(scanner: Scanner) -> tuple[FetchItem, ...]:
    """One item, a list in parentheses, or a macro (which comes out as the items it stands for)."""
    if scanner.take(b"("):
        items = [_item(scanner)]
        while scanner.take(b" "):
            items.append(_item(scanner))
        scanner.expect(b")")
        return tuple(items)
    start = scanner.position
    macro = MACROS.get(scanner.match(_NAME, "a data item").decode("ascii").upper())
    if macro is not None:
        return macro
    scanner.position = start
    return (_item(scanner),)


def _item(scanner: Scanner) -> FetchItem:
    name = scanner.match(_NAME, "a data item").decode("ascii").upper()
    if scanner.peek() == b"[" and name in {"BODY", "BODY.PEEK"}:
        section = read_section(scanner)
        return Body(section, name == "BODY.PEEK", _partial(scanner))
    if name.startswith("BINARY") and scanner.peek() == b"[":
        return _binary(scanner, name)
    if name not in NAMES:
        raise SyntaxProblem(f"Unknown data item {name[:40]}")
    return Attribute(name)


def _binary(scanner: Scanner, name: str) -> FetchItem:
    section = read_section(scanner)
    match name:
        case "BINARY" | "BINARY.PEEK":
            return Binary(section, name == "BINARY.PEEK", _partial(scanner))
        case "BINARY.SIZE":
            return BinarySize(section)
    raise SyntaxProblem(f"Unknown data item {name[:40]}")


def read_section(scanner: Scanner) -> Section:
    """`[1.2.HEADER.FIELDS (FROM TO)]`."""
    scanner.expect(b"[")
    path: list[int] = []
    while (part := _PART.match(scanner.data, scanner.position)) is not None:
        path.append(int(part[0]))
        scanner.position = part.end()
        if len(path) > MAX_DEPTH:
            raise SyntaxProblem("section is too deep")
        if not scanner.take(b"."):
            scanner.expect(b"]")
            return Section(tuple(path))
    if not path and scanner.take(b"]"):
        return Section()
    text = scanner.match(_TEXT, "a section").decode("ascii").upper()
    if text in TEXTS_WITH_FIELDS:
        section = Section(tuple(path), text, _field_names(scanner))
    elif text in {"HEADER", "TEXT"} or (text == "MIME" and path):
        section = Section(tuple(path), text)
    else:
        raise SyntaxProblem("Unknown section")
    scanner.expect(b"]")
    return section


def _field_names(scanner: Scanner) -> tuple[str, ...]:
    scanner.expect(b" (")
    names = [text_of(scanner.astring())]
    while scanner.take(b" "):
        names.append(text_of(scanner.astring()))
    scanner.expect(b")")
    return tuple(names)


def _partial(scanner: Scanner) -> Partial | None:
    if not scanner.take(b"<"):
        return None
    start = scanner.number(maximum=MAX_NUMBER_64)
    if scanner.take(b">"):
        return start, None
    scanner.expect(b".")
    count = scanner.number(minimum=1, maximum=MAX_NUMBER_64)
    scanner.expect(b">")
    return start, count
