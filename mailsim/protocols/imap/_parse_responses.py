"""Turns the octets of one complete response into a value (RFC 3501 section 9, response).

A client must accept every untagged response at any time, so what is not known becomes `OtherData`;
what breaks the grammar of a known one is a `SyntaxProblem`, and the connection is worth nothing any more.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mailsim.protocols.imap import responses as r
from mailsim.protocols.imap._parse_data import body, envelope
from mailsim.protocols.imap._parse_items import read_section
from mailsim.protocols.imap._tokens import MAX_NUMBER_64, SEQUENCE, TAG, Scanner, SyntaxProblem, text_of
from mailsim.protocols.imap.dates import InternalDate
from mailsim.protocols.imap.fetch_data import FetchData, FetchValue
from mailsim.protocols.imap.items import section_name
from mailsim.protocols.imap.mailbox_names import canonical_mailbox, decode_mailbox
from mailsim.protocols.imap.sequence import parse_sequence

_STATUS = re.compile(rb"(OK|NO|BAD|BYE|PREAUTH)(?: (?:\[([^\]\r\n]+)\](?: |\Z))?(.*))?\Z", re.IGNORECASE | re.DOTALL)
_NUMBERED = re.compile(rb"([0-9]{1,10}) (EXISTS|RECENT|EXPUNGE|FETCH)(?: |\Z)", re.IGNORECASE)
_MODSEQ = re.compile(rb"MODSEQ ([0-9]{1,19})\)")
_ITEM = re.compile(rb"[A-Za-z0-9.]+")
_TEXTUAL = re.compile(rb"[^ ]+ (?:OK|NO|BAD|BYE|PREAUTH)(?: |\r)", re.IGNORECASE)
TAGGED_STATUS = frozenset({"OK", "NO", "BAD"})


def has_free_text(line: bytes) -> bool:
    """Is it a line whose end is text for people, so that `{5}` there is no literal?"""
    return line.startswith(b"+") or _TEXTUAL.match(line) is not None


def parse_response(unit: bytes) -> r.Response:
    """A complete response without its last CRLF; a greeting comes out as a `Condition`."""
    if unit.startswith(b"* "):
        return _untagged(unit[2:])
    if unit.startswith(b"+"):
        return r.Continuation(text_of(unit[1:].removeprefix(b" ")))
    scanner = Scanner(unit)
    tag = scanner.match(TAG, "a tag").decode("ascii")
    scanner.expect(b" ")
    status = _STATUS.match(unit, scanner.position)
    if status is None or (word := status[1].decode("ascii").upper()) not in TAGGED_STATUS:
        raise SyntaxProblem("expected OK, NO or BAD")
    return r.Tagged(tag, word, text_of(status[3] or b""), text_of(status[2] or b""))


def _untagged(data: bytes) -> r.Response:
    if (status := _STATUS.match(data)) is not None:
        word = status[1].decode("ascii").upper()
        return r.Condition(word, text_of(status[3] or b""), text_of(status[2] or b""))
    if (numbered := _NUMBERED.match(data)) is not None:
        return _about_message(data, numbered)
    word = data.partition(b" ")[0].upper().decode("ascii", "replace")
    read = _READERS.get(word)
    if read is None:
        return r.OtherData(data)
    scanner = Scanner(data, utf8=True)
    scanner.position = len(word)
    response = read(scanner)
    if not scanner.at_end() and scanner.rest() != b" ":  # real servers end some lines with a space
        raise SyntaxProblem("unexpected text after the response")
    return response


def _about_message(data: bytes, head: re.Match[bytes]) -> r.Response:
    number, word = int(head[1]), head[2].upper()
    if word == b"FETCH":
        scanner = Scanner(data, utf8=True)
        scanner.position = head.end()
        items = _fetch_items(scanner)
        scanner.end()
        return FetchData(number, items)
    if head.end() != len(data):
        raise SyntaxProblem("unexpected text after the response")
    return {b"EXISTS": r.Exists, b"RECENT": r.Recent, b"EXPUNGE": r.Expunged}[word](number)


def _words(scanner: Scanner) -> tuple[str, ...]:
    return tuple(scanner.rest().decode("ascii", "replace").split())


def _search(scanner: Scanner) -> r.Response:
    rest, _, tail = scanner.rest().partition(b"(")
    words = rest.split()
    if not all(word.isdigit() for word in words):
        raise SyntaxProblem("expected numbers")
    modseq = _MODSEQ.fullmatch(tail) if tail else None
    if tail and modseq is None:
        raise SyntaxProblem("expected MODSEQ")
    return r.SearchData(tuple(map(int, words)), int(modseq[1]) if modseq else None)


def _esearch(scanner: Scanner) -> r.Response:
    """Options that are not known are left out (RFC 4466 section 2.6.2)."""
    tag = ""
    if scanner.take(b" (TAG "):
        tag = text_of(scanner.string())
        scanner.expect(b")")
    found: dict[str, bytes] = {}
    by_uid = False
    while scanner.take(b" "):
        word = scanner.word()
        if word == "UID":
            by_uid = True
            continue
        scanner.expect(b" ")
        found[word] = scanner.astring()
    numbers = {name: int(found[name]) for name in ("MIN", "MAX", "COUNT", "MODSEQ") if found.get(name, b"").isdigit()}
    everything = parse_sequence(found["ALL"]) if "ALL" in found else None
    return r.EsearchData(
        tag, by_uid, numbers.get("MIN"), numbers.get("MAX"), everything, numbers.get("COUNT"), numbers.get("MODSEQ")
    )


def _vanished(scanner: Scanner) -> r.Response:
    earlier = scanner.take(b" (EARLIER)")
    scanner.expect(b" ")
    return r.Vanished(parse_sequence(scanner.match(SEQUENCE, "a set of UIDs")), earlier)


def _id(scanner: Scanner) -> r.Response:
    scanner.expect(b" ")
    if scanner.take_nil():
        return r.IdData(None)
    scanner.expect(b"(")
    pairs: list[tuple[str, str | None]] = []
    while not scanner.take(b")"):
        if pairs:
            scanner.expect(b" ")
        field = text_of(scanner.string())
        scanner.expect(b" ")
        value = scanner.nstring()
        pairs.append((field, None if value is None else text_of(value)))
    return r.IdData(tuple(pairs))


def _quota(scanner: Scanner) -> r.Response:
    scanner.expect(b" ")
    root = text_of(scanner.astring())
    scanner.expect(b" (")
    resources: list[tuple[str, int, int]] = []
    while not scanner.take(b")"):
        if resources:
            scanner.expect(b" ")
        name = scanner.word()
        scanner.expect(b" ")
        used = scanner.number(maximum=MAX_NUMBER_64)
        scanner.expect(b" ")
        resources.append((name, used, scanner.number(maximum=MAX_NUMBER_64)))
    return r.QuotaData(root, tuple(resources))


def _quota_root(scanner: Scanner) -> r.Response:
    scanner.expect(b" ")
    name = _name(scanner.astring())
    roots = []
    while scanner.take(b" "):
        roots.append(text_of(scanner.astring()))
    return r.QuotaRootData(name, tuple(roots))


def _flags(scanner: Scanner) -> r.Response:
    scanner.expect(b" ")
    return r.FlagsData(scanner.flags())


def _name(raw: bytes) -> str:
    """A name that is not modified UTF-7 is shown as it came: other servers are not ours to judge."""
    text = text_of(raw)
    try:
        return canonical_mailbox(decode_mailbox(text))
    except ValueError:
        return text


def _list(verb: str) -> Callable[[Scanner], r.Response]:
    def read(scanner: Scanner) -> r.Response:
        scanner.expect(b" ")
        attributes = scanner.flags()
        scanner.expect(b" ")
        delimiter = scanner.nstring()
        scanner.expect(b" ")
        name = _name(scanner.list_mailbox())
        child_info = _extended(scanner) if scanner.take(b" (") else ()
        return r.ListData(attributes, None if delimiter is None else text_of(delimiter), name, verb, child_info)

    return read


def _extended(scanner: Scanner) -> tuple[str, ...]:
    """`("CHILDINFO" ("SUBSCRIBED"))`, the first parenthesis taken; other items are passed over."""
    child_info: tuple[str, ...] = ()
    while not scanner.take(b")"):
        scanner.take(b" ")
        label = text_of(scanner.astring()).upper()
        scanner.expect(b" ")
        values: list[str] = []
        scanner.expect(b"(")
        while not scanner.take(b")"):
            scanner.take(b" ")
            values.append(text_of(scanner.astring()))
        if label == "CHILDINFO":
            child_info = tuple(values)
    return child_info


def _status(scanner: Scanner) -> r.Response:
    scanner.expect(b" ")
    mailbox = _name(scanner.astring())
    scanner.expect(b" (")
    items: list[tuple[str, int]] = []
    while not scanner.take(b")"):
        if items:
            scanner.expect(b" ")
        word = scanner.word()
        scanner.expect(b" ")
        items.append((word, scanner.number(maximum=MAX_NUMBER_64)))
    return r.StatusData(mailbox, tuple(items))


def _namespace(scanner: Scanner) -> r.Response:
    groups = []
    for _ in range(3):
        scanner.expect(b" ")
        groups.append(_places(scanner))
    return r.NamespaceData(*groups)


def _places(scanner: Scanner) -> r.Places:
    if scanner.take_nil():
        return ()
    scanner.expect(b"(")
    places: list[tuple[str, str | None]] = []
    while not scanner.take(b")"):
        scanner.expect(b"(")
        prefix = _name(scanner.string())
        scanner.expect(b" ")
        delimiter = scanner.nstring()
        scanner.expect(b")")
        places.append((prefix, None if delimiter is None else text_of(delimiter)))
    return tuple(places)


def _fetch_items(scanner: Scanner) -> tuple[tuple[str, FetchValue], ...]:
    scanner.expect(b"(")
    items: list[tuple[str, FetchValue]] = []
    while not scanner.take(b")"):
        if items:
            scanner.expect(b" ")
        name = scanner.match(_ITEM, "a data item").decode("ascii").upper()
        if scanner.peek() == b"[":
            name += _body_tail(scanner)
        scanner.expect(b" ")
        items.append((name, _fetch_value(name, scanner)))
    return tuple(items)


def _body_tail(scanner: Scanner) -> str:
    text = f"[{section_name(read_section(scanner))}]"
    if scanner.take(b"<"):
        text += f"<{scanner.number(maximum=MAX_NUMBER_64)}>"
        scanner.expect(b">")
    return text


def _fetch_value(name: str, scanner: Scanner) -> FetchValue:
    match name:
        case "FLAGS":
            return scanner.flags()
        case "UID" | "RFC822.SIZE":
            return scanner.number(maximum=MAX_NUMBER_64)
        case "MODSEQ":
            scanner.expect(b"(")
            modseq = scanner.number(maximum=MAX_NUMBER_64)
            scanner.expect(b")")
            return modseq
        case _ if name.startswith("BINARY.SIZE["):
            return scanner.number(maximum=MAX_NUMBER_64)
        case _ if name.startswith("BINARY["):
            return None if scanner.take_nil() else scanner.string(binary=True)
        case "INTERNALDATE":
            return _moment(scanner)
        case "ENVELOPE":
            return envelope(scanner)
        case "BODY" | "BODYSTRUCTURE":
            return body(scanner)
        case _ if name.startswith(("BODY[", "RFC822")):
            return scanner.nstring()
        case _:
            raise SyntaxProblem(f"Unknown data item {name[:40]}")


def _moment(scanner: Scanner) -> InternalDate:
    try:
        return InternalDate.parse(text_of(scanner.string()))
    except ValueError as error:
        raise SyntaxProblem(str(error)) from error


_READERS: dict[str, Callable[[Scanner], r.Response]] = {
    "CAPABILITY": lambda scanner: r.CapabilityData(_words(scanner)),
    "ENABLED": lambda scanner: r.Enabled(_words(scanner)),
    "SEARCH": _search,
    "ESEARCH": _esearch,
    "VANISHED": _vanished,
    "ID": _id,
    "QUOTA": _quota,
    "QUOTAROOT": _quota_root,
    "FLAGS": _flags,
    "LIST": _list("LIST"),
    "LSUB": _list("LSUB"),
    "STATUS": _status,
    "NAMESPACE": _namespace,
}
