"""Reads what an IMAP server says into plain values in which only what a program would act upon is left.

Free text, the order of flags, the order of untagged responses, the numbers that a server may choose (UIDVALIDITY,
mod-sequences) and the two ways to say which messages are expunged are all made equal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Value = Any
_ATOM = re.compile(rb'[^ ()"\r\n\[\]{]+|\\\*')
_LITERAL = re.compile(rb"~?\{(\d+)\+?\}\r\n")
_STATUS = re.compile(rb"(OK|NO|BAD|BYE|PREAUTH)(?: \[(.*?)\])?(?: |$)", re.DOTALL)


class Reader:
    """A cursor over the words of one response."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def peek(self) -> bytes:
        return self.data[self.at : self.at + 1]

    def values(self, end: bytes = b"") -> list[Value]:
        found = []
        while self.at < len(self.data):
            if end and self.peek() == end:
                self.at += 1
                return found
            if self.peek() in b" \r\n":
                self.at += 1
                continue
            found.append(self.value())
        return found

    def value(self) -> Value:
        here = self.peek()
        if here == b"(":
            self.at += 1
            return self.values(b")")
        if here == b'"':
            return self.quoted()
        if (literal := _LITERAL.match(self.data, self.at)) is not None:
            start = literal.end()
            self.at = start + int(literal[1])
            return self.data[start : self.at].decode("utf-8", "surrogateescape")
        return self.atom()

    def quoted(self) -> str:
        match = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.DOTALL).match(self.data, self.at)
        assert match, self.data
        self.at = match.end()
        return re.sub(rb"\\(.)", rb"\1", match[1]).decode("utf-8", "surrogateescape")

    def atom(self) -> Value:
        """A word, with what stands in brackets behind it: `BODY[HEADER.FIELDS (DATE)]<0>`."""
        start, depth = self.at, 0
        while self.at < len(self.data):
            here = self.data[self.at]
            depth += (here == 0x5B) - (here == 0x5D)
            if not depth and here in b' ()\r\n"':
                break
            self.at += 1
        word = self.data[start : self.at].decode("utf-8", "surrogateescape")
        return None if word.upper() == "NIL" else word


@dataclass
class Answer:
    """All that a server said until a tagged response, or until it wanted more."""

    status: str = ""
    code: tuple[Value, ...] = ()
    expunged: tuple[int, ...] = ()
    said: tuple[Value, ...] = ()
    raw: bytes = field(default=b"", repr=False, compare=False)


class Listener:
    """One session's ears: `meaning` turns octets into an `Answer`. UIDVALIDITY numbers become V1, V2, ..."""

    def __init__(self) -> None:
        self.validities: dict[str, str] = {}

    def validity(self, number: str) -> str:
        return self.validities.setdefault(number, f"V{len(self.validities) + 1}")

    def meaning(self, raw: bytes, tag: str) -> Answer:
        answer = Answer(raw=raw)
        expunges: list[int] = []
        said: list[Value] = []
        for line in split(raw):
            head, _, rest = line.partition(b" ")
            if head == b"*":
                self.untagged(rest, said, expunges)
            elif head == tag.encode():
                answer.status, answer.code = self.status(rest)
            elif head == b"+":
                answer.status = "+"
            else:
                said.append(("tagged", head.decode("utf-8", "replace"), self.status(rest)[0]))
        answer.expunged = originals(expunges)
        answer.said = tuple(sorted(said, key=repr))
        return answer

    def status(self, rest: bytes) -> tuple[str, tuple[Value, ...]]:
        match = _STATUS.match(rest)
        assert match, rest
        return match[1].decode(), self.code(match[2])

    def code(self, raw: bytes | None) -> tuple[Value, ...]:
        if raw is None:
            return ()
        name, *arguments = Reader(raw).values()
        match name:
            case "UIDVALIDITY":
                return (name, self.validity(arguments[0]))
            case "APPENDUID" | "COPYUID":
                return (name, self.validity(arguments[0]), *arguments[1:])
            case "HIGHESTMODSEQ":
                return (name,)
            case "PERMANENTFLAGS":
                return (name, flags(arguments[0]))
            case "CAPABILITY" | "BADCHARSET":
                return (name,)
        return (name, *map(str, arguments))

    def untagged(self, rest: bytes, said: list[Value], expunges: list[int]) -> None:
        if (match := _STATUS.match(rest)) is not None:
            said.append((match[1].decode(), self.code(match[2])))
            return
        first, *words = Reader(rest).values()
        if isinstance(first, str) and first.isdigit():
            self.numbered(int(first), words, said, expunges)
        else:
            said.append(self.data(first.upper(), words))

    def numbered(self, number: int, words: list[Value], said: list[Value], expunges: list[int]) -> None:
        match words[0].upper():
            case "EXPUNGE":
                expunges.append(number)
            case "FETCH":
                said.append(("FETCH", number, items(words[1])))
            case name:
                said.append((name, number))

    def data(self, name: str, words: list[Value]) -> Value:
        match name:
            case "FLAGS":
                return (name, flags(words[0]))
            case "LSUB":  # the attributes may be others than those of LIST (RFC 3501 section 6.3.9)
                return (name, flags(word for word in words[0] if word == "\\Noselect"), *map(str, words[1:]))
            case "LIST":
                return (name, flags(words[0]), *map(str, words[1:]))
            case "QUOTA" | "QUOTAROOT":
                return (name, *(str(word) for word in words if isinstance(word, list) or word.upper() == "INBOX"))
            case "STATUS":
                shown = "INBOX" if words[0].upper() == "INBOX" else words[0]
                return (name, shown, self.status_items(words[1]))
            case "SEARCH":
                return (name, tuple("M" if isinstance(word, list) else word for word in words))
            case "ESEARCH":
                return (name, *esearch(words))
            case "CAPABILITY" | "ID":
                return (name,)
        return (name, *map(str, words))

    def status_items(self, words: list[Value]) -> tuple[tuple[str, str], ...]:
        pairs = []
        for item, value in zip(words[::2], words[1::2], strict=True):
            shown = {"UIDVALIDITY": lambda value=value: self.validity(value), "HIGHESTMODSEQ": lambda: "M"}
            pairs.append((item, shown.get(item, lambda value=value: value)()))
        return tuple(sorted(pairs))


def split(raw: bytes) -> list[bytes]:
    """Responses, each without its last CR LF but with its literals."""
    found, start, at = [], 0, 0
    while (end := raw.find(b"\r\n", at)) >= 0:
        literal = re.search(rb"\{(\d+)\}$", raw[at:end])
        is_text = not raw.startswith(b"* ", start) or _STATUS.match(raw, start + 2)
        if literal and not is_text:
            at = end + 2 + int(literal[1])
            continue
        found.append(raw[start:end])
        start = at = end + 2
    assert start == len(raw), raw[start:]
    return found


def flags(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(word.lower() for word in words))


def esearch(words: list[Value]) -> tuple[Value, ...]:
    rest = [word for word in words if not isinstance(word, list)]
    by_uid = "UID" in rest
    rest = [word for word in rest if word != "UID"]
    pairs = zip(rest[::2], rest[1::2], strict=True)
    return (by_uid, tuple(sorted((name, "M" if name == "MODSEQ" else value) for name, value in pairs)))


def items(words: list[Value]) -> tuple[Value, ...]:
    pairs = []
    for name, value in zip(words[::2], words[1::2], strict=True):
        match name.upper():
            case "FLAGS":
                pairs.append((name, flags(value)))
            case "MODSEQ":
                pairs.append((name, "M"))
            case "BODY" | "BODYSTRUCTURE":
                pairs.append((name, lowered(value)))
            case "INTERNALDATE":
                pairs.append((name, value.lstrip(" 0")))
            case "ENVELOPE":
                pairs.append((name, value))
            case _ if "[" in name:  # a section that is not there is NIL, or empty: RFC 9051 does not say which
                pairs.append((name.upper().replace('"', ""), value or ""))
            case _:
                pairs.append((name.upper(), value))
    return tuple(sorted(pairs, key=repr))


def lowered(value: Value) -> Value:
    """A body structure with its words in one case: types and encodings have none of their own."""
    if isinstance(value, list):
        return [lowered(one) for one in value]
    return value.lower() if isinstance(value, str) else value


def originals(expunges: list[int]) -> tuple[int, ...]:
    """The numbers that messages had before any of them went: `7, 7, 7` is 7, 8, 9."""
    gone: list[int] = []
    for number in expunges:
        for earlier in sorted(gone):
            number += earlier <= number
        gone.append(number)
    return tuple(sorted(gone))


OPTIONAL = {("CAPABILITY",): "a server may tell of it with the login, in a code or untagged"}
OPTIONAL |= {
    ("OK", ("HIGHESTMODSEQ",)): "Dovecot tells it only to who has asked; RFC 7162 section 3.1.2.1 wants it always"
}
MORE_THAN_WE_SAY = {"ALERT", "CLIENTBUG", "SERVERBUG"}


def essence(answer: Answer, other: Answer) -> tuple[Value, ...]:
    """What must be the same in both answers.

    The codes of RFC 5530 are optional: where Dovecot has none, ours is no difference; a lacking one of ours is.
    """
    code = answer.code
    codes = [one.code[0] if one.code else "" for one in (answer, other)]
    is_refused = answer.status in {"NO", "BAD"}
    if "CAPABILITY" in codes or MORE_THAN_WE_SAY.intersection(codes) or (is_refused and "" in codes):
        code = ()
    asked = {value[3]: value[1] for value in other.said if value[0] == "LIST"}
    said = [_without_extras(value, asked) for value in answer.said if not any(value == one for one in OPTIONAL)]
    return (answer.status, code, answer.expunged, tuple(sorted(said, key=repr)))


def _without_extras(value: Value, asked: dict[str, tuple[str, ...]]) -> Value:
    """A LIST without what a server may show unasked (RFC 9051 sections 6.3.9.5, 7.3.1), if the other did not."""
    if value[0] != "LIST":
        return value
    theirs = asked.get(value[3], value[1])
    return ("LIST", tuple(flag for flag in value[1] if flag in theirs or flag not in UNASKED), *value[2:])


UNASKED = {"\\haschildren", "\\hasnochildren", "\\drafts", "\\junk", "\\sent", "\\trash"}
