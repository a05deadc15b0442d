"""Reads one complete command or response, word by word (RFC 9051 section 9).

The unit is given as it stood on the wire, without its last CRLF, *with* its literals inline: `{5}`,
CRLF, five octets. So one cursor over one bytes object reads everything, on both sides of a connection.
Octets become text here and nowhere else.
"""

from __future__ import annotations

import re
from typing import Final

ATOM: Final = re.compile(rb'[^(){%*"\\\] \x00-\x1f\x7f-\xff]+')
ASTRING: Final = re.compile(rb'[^(){%*"\\ \x00-\x1f\x7f-\xff]+')
PATTERN: Final = re.compile(rb'[^(){"\\ \x00-\x1f\x7f-\xff]+')
TAG: Final = re.compile(rb'[^(){%*"\\+ \x00-\x1f\x7f-\xff]+')
NUMBER: Final = re.compile(rb"[0-9]{1,20}")
FLAG: Final = re.compile(rb'\\?[^(){%*"\\\] \x00-\x1f\x7f-\xff]+|\\\*')
QUOTED: Final = re.compile(rb'"((?:[^"\\\r\n\x00\x80-\xff]|\\["\\])*)"')
QUOTED_UTF8: Final = re.compile(rb'"((?:[^"\\\r\n\x00]|\\["\\])*)"')
LITERAL: Final = re.compile(rb"~?\{([0-9]{1,20})\+?\}\r\n")
LITERAL_AT_END: Final = re.compile(rb"\{([0-9]{1,20})(\+?)\}\r\n\Z")
SEQUENCE: Final = re.compile(rb"[0-9*:,]+|\$")
MAX_NUMBER = 2**32 - 1
MAX_NUMBER_64 = 2**63 - 1


class SyntaxProblem(Exception):
    """The grammar does not allow what stands at the cursor; never leaves the package."""


class Scanner:
    """A cursor over one unit. Methods named after the grammar take what they name or raise."""

    __slots__ = ("data", "position", "quoted", "utf8")

    def __init__(self, data: bytes, utf8: bool = False) -> None:
        self.data = data
        self.position = 0
        self.utf8 = utf8
        self.quoted = QUOTED_UTF8 if utf8 else QUOTED

    def at_end(self) -> bool:
        """Is everything taken?"""
        return self.position >= len(self.data)

    def peek(self) -> bytes:
        """The next octet, b"" at the end."""
        return self.data[self.position : self.position + 1]

    def take(self, what: bytes) -> bool:
        """Take exactly these octets, if they come next."""
        if not self.data.startswith(what, self.position):
            return False
        self.position += len(what)
        return True

    def expect(self, what: bytes) -> None:
        """Take exactly these octets."""
        if not self.take(what):
            raise SyntaxProblem(f"expected {what.decode()!r}" if what != b" " else "expected a space")

    def match(self, pattern: re.Pattern[bytes], name: str) -> bytes:
        """Take what the pattern matches."""
        match = pattern.match(self.data, self.position)
        if match is None:
            raise SyntaxProblem(f"expected {name}")
        self.position = match.end()
        return match[0]

    def end(self) -> None:
        """Nothing may follow."""
        if self.position != len(self.data):
            raise SyntaxProblem("unexpected text after the arguments")

    def atom(self) -> str:
        """1*ATOM-CHAR, as it was written."""
        return self.match(ATOM, "an atom").decode("ascii")

    def word(self) -> str:
        """An atom that is a keyword: upper-case."""
        return self.match(ATOM, "a keyword").decode("ascii").upper()

    def number(self, minimum: int = 0, maximum: int = MAX_NUMBER) -> int:
        """A number within the RFC's range."""
        value = int(self.match(NUMBER, "a number"))
        if not minimum <= value <= maximum:
            raise SyntaxProblem("number out of range")
        return value

    def string(self, binary: bool = False) -> bytes:
        """A quoted string or a literal; with `binary` also a literal8, which alone may have NUL."""
        quoted = self.quoted.match(self.data, self.position)
        if quoted is not None:
            self.position = quoted.end()
            text = quoted[1]
            return text if b"\\" not in text else re.sub(rb"\\(.)", rb"\1", text)
        literal = LITERAL.match(self.data, self.position)
        if literal is None or (self.peek() == b"~" and not binary):
            raise SyntaxProblem("expected a string")
        start, count = literal.end(), int(literal[1])
        if start + count > len(self.data):
            raise SyntaxProblem("literal is cut short")
        self.position = start + count
        octets = self.data[start : start + count]
        if literal[0][:1] != b"~" and b"\0" in octets:
            raise SyntaxProblem("NUL in a literal")
        return octets

    def astring(self) -> bytes:
        """A string, or 1*ASTRING-CHAR."""
        match = ASTRING.match(self.data, self.position)
        if match is None:
            return self.string()
        self.position = match.end()
        return match[0]

    def list_mailbox(self) -> bytes:
        """A string, or an atom that may have wildcards."""
        match = PATTERN.match(self.data, self.position)
        if match is None:
            return self.string()
        self.position = match.end()
        return match[0]

    def nstring(self) -> bytes | None:
        """A string or NIL."""
        return None if self.take_nil() else self.string()

    def take_nil(self) -> bool:
        """Take NIL in any case, if it comes next."""
        if self.data[self.position : self.position + 3].upper() != b"NIL":
            return False
        self.position += 3
        return True

    def flag(self) -> str:
        """A flag, a keyword or `\\*`."""
        return self.match(FLAG, "a flag").decode("ascii")

    def flags(self) -> tuple[str, ...]:
        """`( flag flag ... )`, possibly empty."""
        self.expect(b"(")
        found: list[str] = []
        while not self.take(b")"):
            if found:
                self.expect(b" ")
            found.append(self.flag())
        return tuple(found)

    def rest(self) -> bytes:
        """Everything that is left."""
        rest = self.data[self.position :]
        self.position = len(self.data)
        return rest


def text_of(raw: bytes) -> str:
    """Octets as text; octets that are not UTF-8 survive (`bytes_of` is the inverse)."""
    return raw.decode("utf-8", "surrogateescape")


def bytes_of(text: str) -> bytes:
    """The inverse of `text_of`."""
    return text.encode("utf-8", "surrogateescape")
