"""How a server receives its clients: what it offers, whom it turns away, how long its patience is (RFC 5321).

None of it decides about a mail. It is what a server does about the dialogue itself: clients that do not wait for
the greeting, that give themselves strange names, that make one mistake after the other or ask for nothing useful.
"""

from __future__ import annotations

from typing import Any

from mailsim.agents.directory import Directory
from mailsim.agents.host import Host
from mailsim.agents.operations import Note
from mailsim.agents.policy import Reception
from mailsim.agents.stub import Found, TryAgain
from mailsim.protocols.smtp import (
    Command,
    ContentReceived,
    Expn,
    Greeting,
    Help,
    Noop,
    Reply,
    Rset,
    SmtpServerConfig,
    Vrfy,
)
from mailsim.protocols.smtp.grammar import is_address_literal
from mailsim.protocols.smtp.replies import TOO_MANY_RECIPIENTS, VERIFY_NOT_ASCII
from mailsim.trace.facts import PolicyVerdict

TOO_MANY_ERRORS = Reply.of(421, "4.7.0", "Too many errors, closing")
TALKED_TOO_EARLY = "Talked before the greeting: no service for you"
NOT_QUALIFIED = Reply.of(504, "5.5.2", "Your name is not fully qualified")
NOT_KNOWN = Reply.of(550, "5.7.1", "Your name is not in the DNS")
NOT_KNOWN_YET = Reply.of(450, "4.7.1", "Your name cannot be looked up now")
NO_SUCH_USER = Reply.of(550, "5.1.1", "No such user here")
AMBIGUOUS = Reply.of(553, "5.1.4", "More than one user is meant")
NO_SUCH_LIST = Reply.of(550, "5.1.1", "No such list here")
IDLE_COMMANDS = frozenset({Noop, Rset, Vrfy, Expn, Help})
REMEMBERED = IDLE_COMMANDS | {ContentReceived}
"""What counts for the patience of a server even when the answer is yes."""


def server_config(reception: Reception, **more: Any) -> SmtpServerConfig:
    """The settings of the engine, as the policy says."""
    return SmtpServerConfig(
        eight_bit_mime=reception.eight_bit_mime,
        chunking=reception.chunking,
        dsn=reception.dsn,
        smtputf8=reception.smtputf8 and reception.eight_bit_mime,
        enhanced_status_codes=reception.enhanced_status_codes,
        help=reception.help,
        vrfy=reception.vrfy != "off",
        expn=reception.expn != "off",
        command_line_limit=reception.command_line_limit,
        text_line_limit=reception.text_line_limit,
        **more,
    )


def greeting(reception: Reception, hostname: str, talked_too_early: bool) -> Greeting | None:
    """The first words: None for the usual 220, 421 for "not now", 554 for "never" (RFC 5321 section 3.1)."""
    if talked_too_early:
        return Greeting(554, (f"{hostname} {TALKED_TOO_EARLY}",))
    match reception.greeting:
        case "ready":
            return None
        case "busy":
            return Greeting(421, (f"{hostname} Service not available, try later",))
        case "no_service":
            return Greeting(554, (f"{hostname} No SMTP service here",))


class Patience:
    """Counts what a client does wrong or for nothing since the last mail that was accepted."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._errors = self._idle_commands = 0
        self._idles_too_long = False
        self.is_over = False
        """Whether it is time for 421."""

    def saw(self, kind: type, reply: Reply) -> None:
        """Remember a kind of command and the answer to it.

        A recipient too many is no mistake: a client has to find the limit out that way (RFC 5321 section 4.5.3.1.10).
        """
        if kind not in REMEMBERED and not reply.is_negative and not self._idles_too_long:
            return
        if kind is ContentReceived and reply.is_positive:
            self._forgive()
            return
        if kind in IDLE_COMMANDS:
            self._idle_commands += 1
            self._idles_too_long = 0 < self._reception.max_idle_commands < self._idle_commands
        if self._idles_too_long or (reply.is_negative and reply.enhanced != TOO_MANY_RECIPIENTS.enhanced):
            self._errors += 1
            self.is_over = 0 < self._reception.max_errors <= self._errors

    def _forgive(self) -> None:
        """A mail was accepted: all is forgotten."""
        self._errors = self._idle_commands = 0
        self._idles_too_long = self.is_over = False


async def refusal_of_name(reception: Reception, host: Host, name: str) -> Reply | None:
    """Why a client may not call itself so; None when it may (RFC 5321 section 4.1.4 asks for tolerance)."""
    reply = await _judge_name(reception, host, name)
    if reply is not None:
        await Note(PolicyVerdict("helo", "reject", f"{name}: {reply}"))
    return reply


async def _judge_name(reception: Reception, host: Host, name: str) -> Reply | None:
    if is_address_literal(name):
        return None
    if "." not in name:
        return NOT_QUALIFIED
    if reception.hello_names == "qualified":
        return None
    found = [await host.stub.lookup_mx(name), await host.stub.lookup_addresses(name, ("ipv6", "ipv4"))]
    if any(isinstance(answer, Found) for answer in found):
        return None
    return NOT_KNOWN_YET if any(isinstance(answer, TryAgain) for answer in found) else NOT_KNOWN


def verify(asked: Vrfy, directory: Directory, local_domains: tuple[str, ...]) -> Reply:
    """Who is it that VRFY asks about (RFC 5321 section 3.5)? The address may stand alone or in brackets."""
    found = {box: None for address in _candidates(asked.text, local_domains) for box in directory.mailboxes(address)}
    if not found:
        return NO_SUCH_USER
    if len(found) > 1:
        return AMBIGUOUS
    return _told(Reply.of(250, "2.1.5", *(f"<{box}>" for box in found)), asked)


def expand(asked: Expn, directory: Directory, local_domains: tuple[str, ...]) -> Reply:
    """Whom an alias stands for (RFC 5321 section 3.5.2)."""
    found = {box: None for address in _candidates(asked.text, local_domains) for box in directory.mailboxes(address)}
    if not found:
        return NO_SUCH_LIST
    return _told(Reply.of(250, "2.1.5", *(f"<{box}>" for box in found)), asked)


def _candidates(text: str, local_domains: tuple[str, ...]) -> tuple[str, ...]:
    address = text.rpartition("<")[2].removesuffix(">")
    return (address,) if "@" in address else tuple(f"{address}@{domain}" for domain in local_domains)


def _told(reply: Reply, asked: Command) -> Reply:
    """Names beyond ASCII are for clients who have asked for them (RFC 6531 section 3.7.4.2)."""
    if isinstance(asked, Vrfy | Expn) and not asked.smtputf8 and not reply.text.isascii():
        return VERIFY_NOT_ASCII
    return reply
