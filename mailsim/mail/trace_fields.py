"""The trace fields of a mail: Received, which every server puts on top, and Return-Path (RFC 5321 section 4.4).

    Received: from pc.skola.example (pc.skola.example [192.0.2.10])
    \tby mail.skola.example with ESMTPSA id 52S2SL2222
    \tfor <borek@firma.example>
    \ttls TLS_AES_256_GCM_SHA384; Mon, 01 Sep 2025 10:00:00 +0200

Read them from the bottom up and they tell the way of the mail. Only the lines that were added by servers
whom the reader trusts are more than a claim.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from mailsim.mail import header
from mailsim.mail.dates import parse_date, rfc5322_date

Protocol: TypeAlias = Literal[
    "SMTP",
    "ESMTP",
    "ESMTPA",
    "ESMTPS",
    "ESMTPSA",
    "LMTP",
    "LMTPA",
    "LMTPS",
    "LMTPSA",
    "UTF8SMTP",
    "UTF8SMTPA",
    "UTF8SMTPS",
    "UTF8SMTPSA",
    "UTF8LMTP",
    "UTF8LMTPA",
    "UTF8LMTPS",
    "UTF8LMTPSA",
]
"""What stands after WITH: A for authenticated, S for TLS (RFC 3848), UTF8 with SMTPUTF8 (RFC 6531 section 4.3)."""

_ADDRESS = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f:.]+)\]", re.IGNORECASE)
_BEGINNING = re.compile(rb"[!-9;-~]+[ \t]*:|>?From |\r\n")
_TOKEN = re.compile(r"\s*(\((?:[^()\\]|\\.|\([^()]*\))*\)|<[^<>]*>|[^\s();]+|;)")
_CLAUSES = frozenset({"from", "by", "via", "with", "id", "for", "tls"})


@dataclass(frozen=True, slots=True)
class Received:
    """One Received line.

    Attributes:
        from_helo: what the client called itself in EHLO: a claim.
        from_ip: the address that the connection came from: a fact ("" when unknown).
        from_name: the name that the DNS has for this address ("" when none).
        by: the server that adds the line.
        with_protocol: `SMTP`, `ESMTPA`, ... (RFC 3848).
        id: the server's queue id.
        for_recipient: set only when there is just one, so that nobody learns of others (RFC 5321 section 7.2).
        at_us, utc_offset_minutes: when it was received, microseconds since the Unix epoch, and the local zone.
        tls: the registered name of the cipher suite, if the connection was encrypted (RFC 8314 section 4.3).
    """

    from_helo: str
    from_ip: str
    from_name: str
    by: str
    with_protocol: str
    id: str
    for_recipient: str
    at_us: int
    utc_offset_minutes: int = 0
    tls: str = ""

    def to_bytes(self) -> bytes:
        """The folded header field, CRLF included."""
        date = rfc5322_date(self.at_us, self.utc_offset_minutes)
        more = f"\r\n\tfor <{self.for_recipient}>" if self.for_recipient else ""
        more += f"\r\n\ttls {self.tls}" if self.tls else ""
        return (
            f"Received: from {self.from_helo}{self._tcp_info()}\r\n"
            f"\tby {self.by} with {self.with_protocol} id {self.id}{more};{_space(more)}{date}\r\n"
        ).encode()

    def _tcp_info(self) -> str:
        if not self.from_ip:
            return ""
        literal = address_literal(self.from_ip)
        return f" ({self.from_name} {literal})" if self.from_name else f" ({literal})"


def _space(more: str) -> str:
    return " " if more else "\r\n\t"


def received(
    from_helo: str,
    from_ip: str,
    from_name: str | None,
    by: str,
    with_protocol: Protocol,
    id: str,  # noqa: A002 - the clause is called so
    for_recipient: str | None,
    at_us: int,
    utc_offset_minutes: int,
    tls: str = "",
) -> bytes:
    """The Received field that a server prepends, see `Received`."""
    return Received(
        from_helo, from_ip, from_name or "", by, with_protocol, id, for_recipient or "", at_us, utc_offset_minutes, tls
    ).to_bytes()


def return_path(reverse_path: str) -> bytes:
    """The Return-Path field that final delivery adds; `""` gives `<>`."""
    return f"Return-Path: <{reverse_path}>\r\n".encode()


def address_literal(ip: str) -> str:
    """`[192.0.2.1]` or `[IPv6:2001:db8::1]` (RFC 5321 section 4.1.3)."""
    return f"[IPv6:{ip}]" if ":" in ip else f"[{ip}]"


def separated(content: bytes) -> bytes:
    """The message with an empty line in front when it begins with its text (RFC 7103 section 7.2).

    Who types `Hello` after DATA by hand sends no header: were our fields put right above, the text would
    become a part of the header, and the mail would look empty. The line that an mbox file has above each
    mail is no text.
    """
    return content if not content or _BEGINNING.match(content) else b"\r\n" + content


def prepend(content: bytes, *fields: bytes) -> bytes:
    """The message with fields on top, the first one first; nothing else in it changes but for `separated`."""
    return b"".join((*fields, separated(content)))


def without_return_path(content: bytes) -> bytes:
    """The message without the Return-Path fields that it came with: a delivered one has just ours."""
    end = header.header_end(content)
    if not header.count(content, "Return-Path"):
        return content
    return _RETURN_PATH.sub(b"", content[:end]) + content[end:]


_RETURN_PATH = re.compile(
    rb"^return-path[ \t]*:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*(?:\r?\n|\Z)", re.MULTILINE | re.IGNORECASE
)


def count_received(content: bytes) -> int:
    """How many servers a message has passed: the loop test (RFC 5321 section 6.3)."""
    return header.count(content, "Received")


def received_lines(content: bytes) -> tuple[Received, ...]:
    """The Received fields from the top down, the last server first; those that make no sense are left out."""
    read = map(parse_received, header.field_all(content, "Received"))
    return tuple(line for line in read if line)


def parse_received(value: bytes) -> Received | None:
    """An unfolded Received value, ours or anybody's; None without `by` or date."""
    text, semicolon, date = value.decode("utf-8", "replace").rpartition(";")
    when = parse_date(date.strip())
    clauses = _clauses(text)
    if not semicolon or when is None or "by" not in clauses:
        return None
    source, comment = clauses.get("from", ("", ""))
    name, ip = _tcp_info(comment)
    return Received(
        from_helo=source,
        from_ip=ip,
        from_name=name,
        by=clauses["by"][0],
        with_protocol=clauses.get("with", ("", ""))[0],
        id=clauses.get("id", ("", ""))[0],
        for_recipient=clauses.get("for", ("", ""))[0].strip("<>"),
        at_us=when[0],
        utc_offset_minutes=when[1],
        tls=clauses.get("tls", ("", ""))[0],
    )


def _clauses(text: str) -> dict[str, tuple[str, str]]:
    """Keyword in lower case -> its word and the comment behind it."""
    clauses: dict[str, tuple[str, str]] = {}
    keyword = ""
    for token in _TOKEN.findall(text):
        if token.lower() in _CLAUSES and token.lower() not in clauses:
            keyword = token.lower()
            clauses[keyword] = ("", "")
        elif keyword:
            word, comment = clauses[keyword]
            is_comment = token.startswith("(")
            clauses[keyword] = (word, comment or token[1:-1]) if is_comment else (word or token, comment)
    return clauses


def _tcp_info(comment: str) -> tuple[str, str]:
    """The name and the address in the comment after FROM's word."""
    match = _ADDRESS.search(comment)
    if not match:
        return "", ""
    return comment[: match.start()].strip(), match[1]
