"""What could be typed next: whole lines that are legal now, with names, addresses and passwords of this very world.

The order is that of a lesson: what a session needs comes first. What has been used up (a second STARTTLS, a login of
somebody who is logged in) is not in the table of `standing` any more, so it is not offered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mailsim.protocols import sasl
from mailsim.trace.standing import Standing
from mailsim.views.tui.hand.switchboard import Call

SMTP = (
    "STARTTLS",
    "AUTH PLAIN {plain}",
    "AUTH LOGIN",
    "DATA",
    "RCPT TO:<{recipient}>",
    "MAIL FROM:<{sender}>",
    "MAIL FROM:<>",
    "EHLO {me}",
    "LHLO {me}",
    "HELO {me}",
    "RSET",
    "VRFY {recipient}",
    "HELP",
    "NOOP",
    "QUIT",
)
POP3 = (
    "STLS",
    "USER {user}",
    "PASS {password}",
    "AUTH PLAIN {plain}",
    "STAT",
    "LIST",
    "UIDL",
    "TOP 1 0",
    "RETR 1",
    "DELE 1",
    "RSET",
    "CAPA",
    "NOOP",
    "QUIT",
)
IMAP = (
    "STARTTLS",
    "LOGIN {user} {password}",
    "AUTHENTICATE PLAIN {plain}",
    "FETCH 1:* (FLAGS ENVELOPE)",
    "FETCH 1 BODY[]",
    "SEARCH UNSEEN",
    "STORE 1 +FLAGS (\\Deleted)",
    "EXPUNGE",
    "SELECT INBOX",
    'LIST "" "*"',
    "STATUS INBOX (MESSAGES UNSEEN)",
    "APPEND INBOX {{{size}}}",
    "IDLE",
    "CAPABILITY",
    "CLOSE",
    "NOOP",
    "LOGOUT",
)
TEMPLATES: Mapping[str, Sequence[str]] = {"smtp": SMTP, "lmtp": SMTP, "pop": POP3, "imap": IMAP}
MOST_PEOPLE = 6
"""Of so many people the address is offered."""


SUBMISSION = (465, 587)
"""Ports at which mail goes out, from the people who have their mailbox there; elsewhere it comes in for them."""


class Suggestions:
    """Suggestions for one call."""

    def __init__(self, call: Call, standing: Standing) -> None:
        self._call, self._standing = call, standing
        self._commands_typed = self._sasl_lines = 0
        self._user = self._mechanism = ""
        own = list(call.accounts)
        others = [address for address in call.so_far().world.users if address not in call.accounts]
        is_outgoing = call.service.port in SUBMISSION
        self._senders = [*own, *others] if is_outgoing else [*others[::-1], *own[::-1]]
        self._recipients = [*others, *own[::-1]] if is_outgoing else [*own, *others]

    def typed(self, line: str) -> None:
        """A line was typed: who it names, which mechanism, and that the next command of IMAP has another tag."""
        if self._standing.awaits:
            self._sasl_lines += self._standing.awaits == "sasl"
            return
        self._commands_typed += 1
        words = line.removeprefix(self._tag).split(" ")
        if self._call.service.protocol == "imap":
            words = line.split(" ")[1:] or [""]
        match words:
            case [("USER" | "user"), name]:
                self._user = name
            case [verb, mechanism, *_] if verb.upper() in ("AUTH", "AUTHENTICATE"):
                self._mechanism, self._sasl_lines = mechanism.upper(), 0

    def lines(self) -> list[str]:
        """What could be typed now, the most useful first."""
        match self._standing.awaits:
            case _ if self._call.is_over:
                return []
            case "content":
                return self._letter([*self._message(), "."])
            case "literal":
                return self._letter([*self._message(), ""])
            case "sasl":
                return [*self._credentials(), "*"]
            case "done":
                return ["DONE"]
            case _ if self._call.octets_due:
                return []
        return list(dict.fromkeys(self._commands()))

    def verbs(self) -> list[str]:
        """What may come now: the verbs of the suggestions, then all the others that are legal."""
        legal = self._standing.legal
        suggested = [template.partition(" ")[0] for template in TEMPLATES[self._call.service.protocol]]
        return [verb for verb in dict.fromkeys([*suggested, *legal]) if verb in legal]

    def beginning_with(self, typed: str) -> list[str]:
        """Those that go on from what is typed already, in capitals or not."""
        wanted = typed.casefold()
        return [line for line in self.lines() if line.casefold().startswith(wanted)]

    def example(self, verb: str) -> str:
        """A line with this verb."""
        return next((line for line in self._commands() if line.startswith(self._tag + verb)), f"{self._tag}{verb} ")

    # --- inside ---

    @property
    def _tag(self) -> str:
        """The tag of the next command, with its space; only IMAP has tags."""
        return f"a{self._commands_typed + 1} " if self._call.service.protocol == "imap" else ""

    def _commands(self) -> Iterator[str]:
        legal = set(self._standing.legal)
        for template in TEMPLATES[self._call.service.protocol]:
            if template.partition(" ")[0] in legal:
                yield from (self._tag + line for line in self._filled(template))

    def _filled(self, template: str) -> Iterator[str]:
        """The template for everybody whom it may be about."""
        if "{sender}" in template or "{recipient}" in template:
            people = self._senders if "{sender}" in template else self._recipients
            yield from (template.format(sender=person, recipient=person) for person in people[:MOST_PEOPLE])
        elif "{user}" in template or "{password}" in template or "{plain}" in template:
            for user, password in self._accounts():
                yield template.format(user=user, password=password, plain=_plain(user, password))
        else:
            yield template.format(me=self._call.me, size=sum(len(line.encode()) + 2 for line in self._message()))

    def _accounts(self) -> Sequence[tuple[str, str]]:
        """Names and passwords; first of all of the one who was named."""
        accounts = sorted(self._call.accounts.items(), key=lambda item: not item[0].startswith(self._user or item[0]))
        return accounts[:MOST_PEOPLE]

    def _message(self) -> list[str]:
        """A short mail, line by line."""
        author, reader = (people[0] if people else "" for people in (self._senders, self._recipients))
        return [f"From: {author}", f"To: {reader}", "Subject: Hello", "", "Hello!"]

    def _letter(self, lines: Sequence[str]) -> list[str]:
        """The next line of it, after those that were typed."""
        number = min(self._call.unfinished.count(b"\n"), len(lines) - 1)
        return [lines[number]]

    def _credentials(self) -> Iterator[str]:
        """The next line of SASL: LOGIN wants the name, then the password; PLAIN all at once."""
        for user, password in self._accounts():
            if self._mechanism == "PLAIN":
                yield _plain(user, password)
            elif self._mechanism == "LOGIN":
                yield sasl.encode((password if self._sasl_lines else user).encode())


def _plain(user: str, password: str) -> str:
    """What PLAIN sends (RFC 4616 section 2)."""
    return sasl.encode(f"\0{user}\0{password}".encode())
