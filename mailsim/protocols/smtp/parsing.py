"""Reads the lines of an SMTP client: bytes to typed commands, once, here (RFC 5321 section 4.1.1).

What is no command becomes a `BadCommand` that carries the reply which the RFC gives for it: 500 for a
verb that nobody knows, 502 for one that is known and not implemented, 501 for an argument that breaks
the grammar.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from mailsim.errors import RemoteProtocolError
from mailsim.protocols import sasl
from mailsim.protocols.smtp import grammar, replies
from mailsim.protocols.smtp.commands import (
    Auth,
    AuthCancel,
    AuthResponse,
    Bdat,
    BdatLast,
    Data,
    Ehlo,
    Expn,
    Hello,
    Helo,
    Help,
    Lhlo,
    Mail,
    Noop,
    Quit,
    Rcpt,
    Rset,
    StartTls,
    Verb,
    Vrfy,
)
from mailsim.protocols.smtp.grammar import GrammarError, Parameters
from mailsim.protocols.smtp.replies import Reply


class BadCommand(RemoteProtocolError):
    """A line that is no command; `reply` is what a server answers."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply)
        self.reply = reply

    def __str__(self) -> str:
        return str(self.reply)


Parser = Callable[[str], Verb]


def _path(text: str, keyword: str, enhanced: str, bare_postmaster: bool) -> tuple[str, Parameters]:
    start = len(keyword)
    if text[:start].upper() != keyword:
        raise BadCommand(Reply.of(501, "5.5.4", f"Write {keyword}<address>"))
    try:
        path, end = grammar.parse_path(text, start, bare_postmaster=bare_postmaster)
    except GrammarError as error:
        raise BadCommand(Reply.of(501, enhanced, str(error))) from None
    if end == len(text):
        return path, ()
    if text[end] != " ":
        raise BadCommand(Reply.of(501, enhanced, "Nothing may follow the closing bracket directly"))
    try:
        return path, grammar.parse_parameters(text[end + 1 :])
    except GrammarError as error:
        raise BadCommand(Reply.of(501, "5.5.4", str(error))) from None


def _mail(text: str) -> Mail:
    return Mail(*_path(text, "FROM:", "5.1.7", False))


def _rcpt(text: str) -> Rcpt:
    path, parameters = _path(text, "TO:", "5.1.3", True)
    if not path:
        raise BadCommand(Reply.of(501, "5.1.3", "A recipient cannot be null"))
    return Rcpt(path, parameters)


def _hello(make: Callable[[str], Hello]) -> Parser:
    def parse(text: str) -> Hello:
        # RFC 5321 section 4.1.1.1: be prepared for words after an address literal.
        domain = text.partition(" ")[0] if text.startswith("[") else text
        try:
            # Real hosts have underscores in their names, and section 4.1.4 wants no mail refused for a name.
            grammar.check_domain(domain.replace("_", "x"))
        except GrammarError as error:
            raise BadCommand(Reply.of(501, "5.5.4", str(error))) from None
        return make(domain)

    return parse


def _alone(command: Verb) -> Parser:
    def parse(text: str) -> Verb:
        if text:
            raise BadCommand(replies.NO_ARGUMENT_ALLOWED)
        return command

    return parse


def _text(make: Callable[[str], Verb]) -> Parser:
    def parse(text: str) -> Verb:
        if not text.isprintable():
            raise BadCommand(Reply.of(501, "5.5.4", "Bad or missing argument"))
        return make(text)

    return parse


def _verify(make: type[Vrfy] | type[Expn]) -> Parser:
    def parse(text: str) -> Verb:
        words, _, last = text.rpartition(" ")
        is_asked = bool(words) and last.upper() == "SMTPUTF8"  # RFC 6531 section 3.7.4.2
        what = words if is_asked else text
        if not what or not what.isprintable():
            raise BadCommand(Reply.of(501, "5.5.4", "Bad or missing argument"))
        return make(what, is_asked)

    return parse


_chunk_size = re.compile(r"([0-9]{1,20})(?: ([Ll][Aa][Ss][Tt]))?").fullmatch


def _bdat(text: str) -> Bdat:
    found = _chunk_size(text)
    if found is None:
        raise BadCommand(replies.BAD_CHUNK_SIZE)
    return (BdatLast if found[2] else Bdat)(int(found[1]))


_mechanism_name = re.compile(r"[A-Za-z0-9_-]{1,20}").fullmatch  # RFC 4422 section 3.1


def _auth(text: str) -> Auth:
    mechanism, space, initial = text.partition(" ")
    if not _mechanism_name(mechanism):
        raise BadCommand(Reply.of(501, "5.5.4", "Write AUTH mechanism"))
    if not space:
        return Auth(mechanism.upper())
    try:
        return Auth(mechanism.upper(), b"" if initial == "=" else _base64(initial))
    except sasl.SaslError:
        raise BadCommand(replies.AUTH_BAD_RESPONSE) from None


def _base64(text: str) -> bytes:
    if not text:
        raise sasl.SaslError("an empty initial response is written =")
    return sasl.decode(text)


VERBS: dict[str, tuple[type[Verb], Parser]] = {
    "EHLO": (Ehlo, _hello(Ehlo)),
    "HELO": (Helo, _hello(Helo)),
    "MAIL": (Mail, _mail),
    "RCPT": (Rcpt, _rcpt),
    "DATA": (Data, _alone(Data())),
    "BDAT": (Bdat, _bdat),
    "RSET": (Rset, _alone(Rset())),
    "NOOP": (Noop, _text(Noop)),
    "VRFY": (Vrfy, _verify(Vrfy)),
    "EXPN": (Expn, _verify(Expn)),
    "HELP": (Help, _text(Help)),
    "QUIT": (Quit, _alone(Quit())),
    "STARTTLS": (StartTls, _alone(StartTls())),
    "AUTH": (Auth, _auth),
}
"""The class and the parser of each verb of SMTP."""

LMTP_VERBS = {"LHLO": (Lhlo, _hello(Lhlo)), **{v: p for v, p in VERBS.items() if v not in ("EHLO", "HELO")}}
"""The same for LMTP, which knows neither EHLO nor HELO (RFC 2033 section 4.1)."""

OBSOLETE = frozenset({"SEND", "SOML", "SAML", "TURN"})
"""Verbs that a server still recognizes and no longer implements (RFC 5321 appendix F)."""


def read_line(line: bytes, is_lmtp: bool) -> tuple[type[Verb] | None, Verb | Reply]:
    """The verb of a line, if it has one, and the command, or the reply to a line that is none.

    Both are wanted: whether a verb has its turn is judged before its argument. A simulated world says the
    same lines again and again, so what they mean is remembered.
    """
    return _remembered(line, is_lmtp) if len(line) <= REMEMBERED_LENGTH else _read(line, is_lmtp)


def _read(line: bytes, is_lmtp: bool) -> tuple[type[Verb] | None, Verb | Reply]:
    # RFC 5321 section 4.1.1: tolerate white space before the CRLF.
    text = line.rstrip(b" \t\r\n").decode("utf-8", "surrogateescape")
    verb, _, argument = text.partition(" ")
    verb = verb.upper()
    kind, parse = (LMTP_VERBS if is_lmtp else VERBS).get(verb, (None, None))
    if kind is None or parse is None:
        return None, replies.NOT_IMPLEMENTED if verb in OBSOLETE else replies.UNRECOGNIZED
    if not text.isascii() and (refusal := _beyond_ascii(kind, text)):
        return kind, refusal
    try:
        command = parse(argument)
    except BadCommand as error:
        return kind, error.reply
    return type(command), command


def _beyond_ascii(kind: type[Verb], text: str) -> Reply | None:
    """Only addresses may have letters beyond ASCII, and only in UTF-8 (RFC 6531 section 3.2)."""
    if kind not in (Mail, Rcpt, Vrfy, Expn):
        return replies.NOT_ASCII
    return replies.NOT_UTF8 if any("\ud800" <= character <= "\udfff" for character in text) else None


REMEMBERED_LENGTH = 512
_remembered = lru_cache(maxsize=4096)(_read)


def parse_command(line: bytes, *, is_lmtp: bool = False) -> Verb:
    """Read one line with its CRLF; raises BadCommand, which knows the reply."""
    _, meaning = read_line(line, is_lmtp)
    if isinstance(meaning, Reply):
        raise BadCommand(meaning)
    return meaning


def parse_auth_line(line: bytes) -> AuthResponse | AuthCancel:
    """Read a line inside a SASL exchange; raises BadCommand when it is not base64."""
    if line == b"*\r\n":
        return AuthCancel()
    try:
        return AuthResponse(sasl.decode(line.removesuffix(b"\r\n").decode("ascii", "replace")))
    except sasl.SaslError:
        raise BadCommand(replies.AUTH_BAD_RESPONSE) from None
