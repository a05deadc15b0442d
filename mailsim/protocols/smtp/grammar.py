"""The grammar of SMTP's arguments: domains, mailboxes, paths, parameters (RFC 5321 section 4.1.2).

An address in the envelope is not an address in a header: it stands in angle brackets, has no comments,
no display name and no white space around it. Only the shape is judged here. Whether a mailbox exists,
and whether two spellings mean the same one, is the business of the host behind its domain.

With SMTPUTF8 (RFC 6531 section 3.3) letters beyond ASCII stand wherever a letter may; whether a session allows
them is for the server to judge, not for the grammar.

Nearly every address is a dot-string at a domain. One expression takes that; quoted local parts, source
routes and address literals go the long way round. The quantifiers are possessive (`++`): a match never
goes back, so no input makes it slow.
"""

from __future__ import annotations

import re
from functools import cache
from ipaddress import AddressValueError, IPv6Address

from mailsim.errors import RemoteProtocolError
from mailsim.mail.domains import ascii_domain

MAX_LOCAL_PART, MAX_DOMAIN, MAX_PATH = 64, 255, 256  # octets, RFC 5321 section 4.5.3.1
MAX_LABEL = 63  # RFC 1035 section 2.3.4: the domain must fit into a DNS query

Parameters = tuple[tuple[str, str | None], ...]

_BEYOND = "\u00a1"
"""Stands for every letter beyond ASCII (see `_shape`): expressions that know them all would be slow to compile."""
_ATOM = rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~{_BEYOND}-]++"
_LABEL = rf"[A-Za-z0-9{_BEYOND}]++(?:-++[A-Za-z0-9{_BEYOND}]++)*+"
_DOT_STRING = rf"{_ATOM}(?:\.{_ATOM})*+"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*+"

_is_domain = re.compile(_DOMAIN).fullmatch
_plain_path = re.compile(rf"<(({_DOT_STRING})@({_DOMAIN}))>").match
_local_part = re.compile(rf'{_DOT_STRING}|"(?:[ !#-\[\]-~{_BEYOND}]|\\[ -~])*+"').match
_domain_or_literal = re.compile(rf"{_DOMAIN}|\[[!-Z^-~]++\]").match
_source_route = re.compile(rf"@{_DOMAIN}(?:,@{_DOMAIN})*+:").match
_snum = re.compile(r"[0-9]{1,3}").fullmatch
_parameter = re.compile(rf"([A-Za-z0-9][A-Za-z0-9-]*+)(?:=([!-<>-~{_BEYOND}]++))?").fullmatch


def _shape(text: str) -> str:
    """The text with one and the same letter for each that is beyond ASCII; positions stay as they are."""
    return text if text.isascii() else _beyond_ascii().sub(_BEYOND, text)


@cache
def _beyond_ascii() -> re.Pattern[str]:
    """Beyond ASCII, without C1 controls and what Unicode calls space or line end (RFC 6531 section 3.3)."""
    allowed = (
        "\u00a1-\u167f\u1681-\u1fff\u200c-\u2027\u202a-\u202e\u2030-\u205e\u2060-\u2fff\u3001-\ud7ff\ue000-\U0010ffff"
    )
    return re.compile(f"[{allowed}]")


class GrammarError(RemoteProtocolError):
    """An argument that the grammar does not allow; `str()` says what is wrong."""


def check_domain(text: str) -> None:
    """Raises GrammarError unless `text` is a Domain, in ASCII, or an address-literal."""
    if text.startswith("["):
        if not is_address_literal(text):
            raise GrammarError("Bad address literal")
    elif not text.isascii() or not _is_domain(text):
        raise GrammarError("Bad domain name")
    _check_domain_length(text)


def _check_domain_length(domain: str) -> None:
    if len(domain) > MAX_DOMAIN:
        raise GrammarError("Domain too long")
    # Only a domain longer than one label may be has to be looked at label by label.
    if len(domain) > MAX_LABEL and domain[0] != "[" and max(map(len, domain.split("."))) > MAX_LABEL:
        raise GrammarError("Label of the domain too long")


def _check_u_labels(domain: str) -> None:
    """A label beyond ASCII must have a form in ASCII: only then can the DNS be asked for it (RFC 5890)."""
    try:
        ascii_domain(domain)
    except ValueError:
        raise GrammarError("Bad domain name") from None


def is_address_literal(text: str) -> bool:
    """Whether `text` is `[192.0.2.1]` or `[IPv6:2001:db8::1]` (RFC 5321 section 4.1.3).

    No other tag has ever been registered, so a General-address-literal is none that we could use.
    """
    inside = text[1:-1]
    if text[:1] != "[" or text[-1:] != "]":
        return False
    if inside[:5].upper() == "IPV6:":
        return _is_ipv6(inside[5:])
    return _is_ipv4(inside)


def _is_ipv4(text: str) -> bool:
    numbers = text.split(".")
    return len(numbers) == 4 and all(_snum(number) and int(number) < 256 for number in numbers)


def _is_ipv6(text: str) -> bool:
    if "%" in text:  # a zone means nothing to the other host
        return False
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    groups = [group for group in text.split(":") if group]
    return "::" not in text or len(groups) + ("." in text) <= 6


def parse_path(text: str, start: int = 0, *, bare_postmaster: bool = False) -> tuple[str, int]:
    """Read `<...>` at `start`; give the mailbox ("" for `<>`) and where the path ends.

    A source route is accepted and forgotten (RFC 5321 section 3.6.1). `bare_postmaster` allows
    `<Postmaster>` without a domain, as RCPT does (section 4.1.1.3). Raises GrammarError.
    """
    shape = _shape(text)
    match = _plain_path(shape, start)
    if match is None:
        mailbox, local_part, domain, end = _long_way(text, shape, start, bare_postmaster)
    else:
        mailbox, local_part, domain = (text[slice(*match.span(group))] for group in (1, 2, 3))
        end = match.end()
    if end - start > MAX_PATH:
        raise GrammarError("Path too long")
    if len(local_part) > MAX_LOCAL_PART:
        raise GrammarError("Local part too long")
    if len(domain) > MAX_LABEL:
        _check_domain_length(domain)
    if not mailbox.isascii():
        _check_beyond_ascii(mailbox, local_part, domain)
    return mailbox, end


def _check_beyond_ascii(mailbox: str, local_part: str, domain: str) -> None:
    """The limits count octets, also where a character has several."""
    if len(mailbox.encode()) + 2 > MAX_PATH:
        raise GrammarError("Path too long")
    if len(local_part.encode()) > MAX_LOCAL_PART:
        raise GrammarError("Local part too long")
    if not domain.isascii():
        _check_u_labels(domain)


def _long_way(text: str, shape: str, start: int, bare_postmaster: bool) -> tuple[str, str, str, int]:
    if text[start : start + 1] != "<":
        raise GrammarError("A path stands in angle brackets")
    begin = start + 1
    if text[begin : begin + 1] == ">":
        return "", "", "", begin + 1
    if route := _source_route(shape, begin):
        begin = route.end()
    matched = _local_part(shape, begin)
    if matched is None:
        raise GrammarError("Bad local part")
    at = matched.end()
    local_part = text[begin:at]
    if bare_postmaster and text[at : at + 1] == ">" and local_part.lower() == "postmaster":
        return local_part, local_part, "", at + 1
    if text[at : at + 1] != "@":
        raise GrammarError("A mailbox is local-part@domain")
    matched = _domain_or_literal(shape, at + 1)
    if matched is None:
        raise GrammarError("Bad domain or address literal")
    end = matched.end()
    domain = text[at + 1 : end]
    if domain[0] == "[" and not is_address_literal(domain):
        raise GrammarError("Bad domain or address literal")
    if text[end : end + 1] != ">":
        raise GrammarError("A path stands in angle brackets")
    return text[begin:end], local_part, domain, end + 1


def check_path(path: str, *, bare_postmaster: bool = False) -> None:
    """Raises GrammarError unless `path` may stand between angle brackets ("" may)."""
    wire = f"<{path}>"
    mailbox, end = parse_path(wire, bare_postmaster=bare_postmaster)
    if end != len(wire) or mailbox != path:
        raise GrammarError("Bad path")


def split_mailbox(mailbox: str) -> tuple[str, str]:
    """Local part (quotes kept) and domain; the domain of a bare `postmaster` is ""."""
    local_part, at, domain = mailbox.rpartition("@")  # a quoted local part may hold an @, a domain cannot
    return (local_part, domain) if at else (mailbox, "")


def parse_parameters(text: str) -> Parameters:
    """Read `KEY=value KEY`: the parameters of MAIL or RCPT, keys in capitals. Raises GrammarError."""
    if not text:
        return ()
    found: dict[str, str | None] = {}
    for word in text.split(" "):
        if not _parameter(_shape(word)):
            raise GrammarError("Bad parameter")
        key, equals, value = word.partition("=")
        if key.upper() in found:
            raise GrammarError("The same parameter twice")
        found[key.upper()] = value if equals else None
    return tuple(found.items())


def format_parameters(parameters: Parameters) -> str:
    """The opposite of `parse_parameters`, with a space in front of each."""
    return "".join(f" {key}" if value is None else f" {key}={value}" for key, value in parameters)
