"""Reads the keys of SEARCH (RFC 3501 section 9, search-key)."""

from __future__ import annotations

from mailsim.protocols.imap import keys as k
from mailsim.protocols.imap._tokens import MAX_NUMBER_64, SEQUENCE, Scanner, SyntaxProblem
from mailsim.protocols.imap.dates import parse_date
from mailsim.protocols.imap.sequence import parse_sequence

MAX_DEPTH = 50


def search_keys(scanner: Scanner, codec: str = "ascii") -> tuple[k.SearchKey, ...]:
    """Keys up to the end of the command; `codec` is Python's name of the charset of their texts."""
    return _KeyReader(scanner, codec).keys(0)


class _KeyReader:
    def __init__(self, scanner: Scanner, codec: str) -> None:
        self.scanner, self.codec = scanner, codec

    def keys(self, depth: int) -> tuple[k.SearchKey, ...]:
        found = [self.key(depth)]
        while self.scanner.take(b" "):
            found.append(self.key(depth))
        return tuple(found)

    def key(self, depth: int) -> k.SearchKey:
        if depth > MAX_DEPTH:
            raise SyntaxProblem("search keys are too deep")
        scanner = self.scanner
        if scanner.take(b"("):
            inside = k.And(self.keys(depth + 1))
            scanner.expect(b")")
            return inside
        if scanner.peek() in _SEQUENCE_STARTS:
            return k.Numbers(parse_sequence(scanner.match(SEQUENCE, "a sequence set")))
        word = scanner.word()
        if (simple := k.SIMPLE.get(word)) is not None:
            return simple
        if word not in _WITH_ARGUMENT:
            raise SyntaxProblem(f"Unknown search key {word[:40]}")
        scanner.expect(b" ")
        return self.with_argument(word, depth)

    def with_argument(self, word: str, depth: int) -> k.SearchKey:
        scanner = self.scanner
        match word:
            case "NOT":
                return k.Not(self.key(depth + 1))
            case "OR":
                left = self.key(depth + 1)
                scanner.expect(b" ")
                return k.Or(left, self.key(depth + 1))
            case "HEADER":
                field = scanner.astring().decode("ascii", "replace").upper()
                scanner.expect(b" ")
                return k.HeaderHas(field, self.text())
            case "BODY":
                return k.BodyHas(self.text())
            case "TEXT":
                return k.TextHas(self.text())
            case "KEYWORD":
                return k.HasFlag(scanner.atom())
            case "UNKEYWORD":
                return k.LacksFlag(scanner.atom())
            case "LARGER":
                return k.Larger(scanner.number(maximum=MAX_NUMBER_64))
            case "SMALLER":
                return k.Smaller(scanner.number(maximum=MAX_NUMBER_64))
            case "MODSEQ":
                return self.modified()
            case "UID":
                return k.Uids(parse_sequence(scanner.match(SEQUENCE, "a sequence set")))
            case _ if word in k.FIELDS:
                return k.HeaderHas(word, self.text())
            case _:
                return self.dated(word)

    def text(self) -> str:
        try:
            return self.scanner.astring().decode(self.codec)
        except UnicodeDecodeError as error:
            raise SyntaxProblem("text does not fit the charset") from error

    def modified(self) -> k.SearchKey:
        """A mod-sequence; which flag it is about may stand before it, and makes no difference here."""
        scanner = self.scanner
        if scanner.peek() == b'"':
            entry = scanner.string()
            scanner.expect(b" ")
            if not entry.startswith(b"/flags/") or scanner.word() not in {"PRIV", "SHARED", "ALL"}:
                raise SyntaxProblem("Unknown entry of MODSEQ")
            scanner.expect(b" ")
        return k.Modified(scanner.number(maximum=MAX_NUMBER_64))

    def dated(self, word: str) -> k.SearchKey:
        scanner = self.scanner
        try:
            day = parse_date(scanner.astring().decode("ascii", "replace"))
        except ValueError as error:
            raise SyntaxProblem(str(error)) from error
        return k.Dated(word.removeprefix("SENT"), day, word.startswith("SENT"))


_SEQUENCE_STARTS = frozenset(bytes([octet]) for octet in b"0123456789*$")
_WITH_ARGUMENT = frozenset(
    {
        *("NOT", "OR", "HEADER", "BODY", "TEXT", "KEYWORD", "UNKEYWORD", "LARGER", "SMALLER", "UID", "MODSEQ"),
        *k.FIELDS,
        *k.RELATIONS,
        *(f"SENT{relation}" for relation in k.RELATIONS),
    }
)
