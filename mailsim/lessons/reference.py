"""What is looked up: titles of RFCs, meanings of header fields and reply codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from mailsim.lessons.explanations import Citation, read_toml
from mailsim.lessons.languages import LANGUAGES, language_of


@dataclass(frozen=True, slots=True)
class Meaning:
    """A sentence or two, and where the rule stands."""

    text: str
    citations: tuple[Citation, ...] = ()


def rfc_title(number: int) -> str:
    """What an RFC is called; "" for one that is not listed."""
    return str(_reference()["rfc"].get(str(number), ""))


def section_title(citation: Citation) -> str:
    """What a section of an RFC is called; "" for one that is not cited anywhere, and for a whole RFC."""
    return str(_sections().get(str(citation.rfc), {}).get(citation.section, ""))


def header_names() -> list[str]:
    """The header fields that have a meaning here."""
    return list(_reference()["header"])


def role_term(role: str) -> str:
    """The key of the glossary's term for a host's role; "" when it has none."""
    return str(_reference()["role"].get(role, ""))


def header_meaning(name: str, lang: str) -> Meaning | None:
    """What a header field is for; None for a field that is not listed."""
    entry = _headers().get(name.lower())
    if entry is None:
        return None
    places = (place.partition(" ") for place in entry["rfc"])
    return Meaning(_said(entry["text"], lang), tuple(Citation(int(rfc), section) for rfc, _, section in places))


def code_meanings(code: str, enhanced: str | None, lang: str) -> tuple[str, ...]:
    """What the digits of an SMTP reply say (RFC 5321 section 4.2.1, RFC 3463 section 3)."""
    codes = _reference()["code"]
    found = [codes["1"].get(code[:1]), codes["2"].get(code[1:2])]
    if enhanced:
        found.append(codes["enhanced"].get(enhanced.split(".")[1]))
    return tuple(_said(text, lang) for text in found if text)


def _said(texts: list[str], lang: str) -> str:
    return texts[LANGUAGES.index(language_of(lang))]


@cache
def _reference() -> Mapping[str, Any]:
    return read_toml("reference.toml")


@cache
def _sections() -> Mapping[str, Mapping[str, str]]:
    return read_toml("sections.toml")


@cache
def _headers() -> Mapping[str, Any]:
    return {name.lower(): entry for name, entry in _reference()["header"].items()}
