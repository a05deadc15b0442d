"""Reads the arguments of the commands about messages (RFC 9051 section 9, RFC 4731, RFC 7162)."""

from __future__ import annotations

from collections.abc import Callable

from mailsim.protocols.imap import commands as c
from mailsim.protocols.imap._parse_items import fetch_items
from mailsim.protocols.imap._parse_keys import search_keys
from mailsim.protocols.imap._parse_mailbox_commands import Unservable, mailbox, settable
from mailsim.protocols.imap._tokens import MAX_NUMBER_64, SEQUENCE, Scanner, SyntaxProblem
from mailsim.protocols.imap.sequence import SequenceSet, parse_sequence

CHARSETS = {
    "US-ASCII": "ascii",
    "UTF-8": "utf-8",
    "ISO-8859-1": "iso-8859-1",
    "ISO-8859-2": "iso-8859-2",
    "ISO-8859-15": "iso-8859-15",
    "WINDOWS-1250": "cp1250",
    "WINDOWS-1252": "cp1252",
}
"""Charsets of SEARCH: what RFC 9051 section 6.4.4 demands, and what old Czech and western clients speak."""
SEARCH_RETURNS = frozenset({"MIN", "MAX", "ALL", "COUNT", "SAVE"})


def sequence(scanner: Scanner) -> SequenceSet:
    """A space and a set of numbers."""
    scanner.expect(b" ")
    return parse_sequence(scanner.match(SEQUENCE, "a sequence set"))


def uid_expunge(scanner: Scanner) -> c.Command:
    """UID EXPUNGE."""
    return c.Expunge(sequence(scanner))


def fetch(by_uid: bool) -> Callable[[Scanner], c.Command]:
    """A reader of FETCH or UID FETCH."""

    def read(scanner: Scanner) -> c.Command:
        messages = sequence(scanner)
        scanner.expect(b" ")
        items = fetch_items(scanner)
        changed_since, vanished = _modifiers(scanner) if scanner.take(b" (") else (None, False)
        if vanished and (not by_uid or changed_since is None):
            raise SyntaxProblem("VANISHED needs UID FETCH and CHANGEDSINCE")
        return c.Fetch(messages, items, by_uid, changed_since, vanished)

    return read


def _modifiers(scanner: Scanner) -> tuple[int | None, bool]:
    """`(CHANGEDSINCE 12345 VANISHED)`, the opening parenthesis taken already."""
    since, vanished = None, False
    while True:
        match scanner.word():
            case "CHANGEDSINCE":
                scanner.expect(b" ")
                since = scanner.number(maximum=MAX_NUMBER_64)
            case "VANISHED":
                vanished = True
            case word:
                raise SyntaxProblem(f"Unknown modifier {word[:40]}")
        if scanner.take(b")"):
            return since, vanished
        scanner.expect(b" ")


def store(by_uid: bool) -> Callable[[Scanner], c.Command]:
    """A reader of STORE or UID STORE."""

    def read(scanner: Scanner) -> c.Command:
        messages = sequence(scanner)
        scanner.expect(b" ")
        unchanged_since = _condition(scanner) if scanner.take(b"(") else None
        how, _, suffix = scanner.word().partition(".")
        if how not in {mode.value for mode in c.StoreMode} or suffix not in {"", "SILENT"}:
            raise SyntaxProblem("expected FLAGS, +FLAGS or -FLAGS")
        scanner.expect(b" ")
        flags = settable(_loose_flags(scanner))
        return c.Store(messages, c.StoreMode(how), flags, suffix == "SILENT", by_uid, unchanged_since)

    return read


def _condition(scanner: Scanner) -> int:
    if scanner.word() != "UNCHANGEDSINCE":
        raise SyntaxProblem("Unknown modifier")
    scanner.expect(b" ")
    since = scanner.number(maximum=MAX_NUMBER_64)
    scanner.expect(b") ")
    return since


def _loose_flags(scanner: Scanner) -> tuple[str, ...]:
    """STORE also takes flags without parentheses."""
    if scanner.peek() == b"(":
        return scanner.flags()
    flags = [scanner.flag()]
    while scanner.take(b" "):
        flags.append(scanner.flag())
    return tuple(flags)


def to_mailbox(kind: Callable[[SequenceSet, str, bool], c.Command], by_uid: bool) -> Callable[[Scanner], c.Command]:
    """A reader of COPY or MOVE."""

    def read(scanner: Scanner) -> c.Command:
        messages = sequence(scanner)
        scanner.expect(b" ")
        return kind(messages, mailbox(scanner), by_uid)

    return read


def search(by_uid: bool) -> Callable[[Scanner], c.Command]:
    """A reader of SEARCH or UID SEARCH."""

    def read(scanner: Scanner) -> c.Command:
        scanner.expect(b" ")
        returns = _search_returns(scanner) if _take_word(scanner, b"RETURN ") else None
        charset = "UTF-8" if scanner.utf8 else "US-ASCII"
        if _take_word(scanner, b"CHARSET "):
            charset = scanner.astring().decode("ascii", "replace").upper()
            scanner.expect(b" ")
        if charset not in CHARSETS:
            raise Unservable(f"BADCHARSET ({' '.join(CHARSETS)})", "This charset is not supported")
        return c.Search(search_keys(scanner, CHARSETS[charset]), by_uid, returns)

    return read


def _take_word(scanner: Scanner, word: bytes) -> bool:
    if scanner.data[scanner.position : scanner.position + len(word)].upper() != word:
        return False
    scanner.position += len(word)
    return True


def _search_returns(scanner: Scanner) -> frozenset[str]:
    """`(MIN COUNT)`; nothing between the parentheses means ALL (RFC 4731 section 3.1)."""
    scanner.expect(b"(")
    found: list[str] = []
    while not scanner.take(b")"):
        if found:
            scanner.expect(b" ")
        found.append(scanner.word())
        if found[-1] not in SEARCH_RETURNS:
            raise SyntaxProblem(f"Unknown option {found[-1][:40]}")
    scanner.expect(b" ")
    return frozenset(found or ["ALL"])
