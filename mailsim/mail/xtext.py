"""xtext: any text in the value of an ESMTP parameter (RFC 3461 section 4), and its form beyond ASCII (RFC 6533)."""

from __future__ import annotations

import re

_IS_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*").fullmatch
_ESCAPE = re.compile(r"\+([0-9A-F]{2})")
_PLAIN = re.compile(r"[!-*,-<>-~]").fullmatch
_UNICODE_ESCAPE = re.compile(r"\\x\{([0-9A-F]{2,6})\}")


def is_xtext(text: str) -> bool:
    """Whether `text` is ASCII of `!` to `~` without `=`, where every `+` begins two capital hexadecimal digits."""
    return _IS_XTEXT(text) is not None


def decode_xtext(text: str) -> str:
    """Undo `+3D` for `=` and its like; raises ValueError for what is no xtext."""
    if not is_xtext(text):
        raise ValueError("bad xtext")
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)


def encode_xtext(text: str) -> str:
    """ASCII text as the value of a parameter; raises ValueError beyond ASCII."""
    if not text.isascii():
        raise ValueError("xtext has ASCII only")
    return "".join(character if _PLAIN(character) else f"+{ord(character):02X}" for character in text)


def decode_unicode(text: str) -> str:
    """Undo `\\x{161}` for `š`: the ASCII form of an address of type utf-8 (RFC 6533 section 3). Raises ValueError."""
    rest = _UNICODE_ESCAPE.sub("", text)
    if "\\" in rest:
        raise ValueError("bad utf-8 address")
    try:
        return _UNICODE_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    except OverflowError:
        raise ValueError("bad utf-8 address") from None


def encode_unicode(text: str) -> str:
    """Any text as the ASCII form of an address of type utf-8, ready to be a parameter's value."""
    return "".join(
        character if character.isascii() and _PLAIN(character) and character != "\\" else f"\\x{{{ord(character):02X}}}"
        for character in text
    )
