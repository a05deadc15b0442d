"""The envelope of a mail: who is told of failures and who shall get it (RFC 5321 section 2.3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from mailsim.mail.xtext import decode_unicode, decode_xtext

NULL_PATH = ""

Event: TypeAlias = Literal["SUCCESS", "FAILURE", "DELAY"]
Body: TypeAlias = Literal["7BIT", "8BITMIME", "BINARYMIME"]

BY_DEFAULT: frozenset[str] = frozenset({"FAILURE", "DELAY"})
"""What the sender hears of when nobody has said what to report (RFC 3461 section 4.1)."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the sender wants to hear about one recipient (RFC 3461 sections 4.1 and 4.2).

    `notify` is None when NOTIFY was not said, an empty set for NEVER. `orcpt` is the value of ORCPT as it was
    said, "" when it was not: it has to be passed on as it is.
    """

    notify: frozenset[str] | None = None
    orcpt: str = ""

    @property
    def original(self) -> str:
        """Type and address that the sender wrote, for a notification: `rfc822;alena@skola.example`, or ""."""
        kind, _, address = self.orcpt.partition(";")
        if kind.lower() == "utf-8":
            return f"{kind};{decode_unicode(address)}"
        return f"{kind};{decode_xtext(address)}" if address else ""

    def wants(self, event: Event) -> bool:
        """Is the sender to be told of this?"""
        return event in (BY_DEFAULT if self.notify is None else self.notify)

    def shared(self) -> Wish:
        """The wish about one target of an alias that has several (RFC 3461 section 5.2.7.3 c)."""
        return self if self.notify is None else replace(self, notify=self.notify - {"SUCCESS"})


NO_WISH = Wish()


@dataclass(frozen=True, slots=True)
class Envelope:
    """What MAIL and RCPT said; the header of the message has no part in it.

    Attributes:
        reverse_path: an address without brackets, or "" for the null reverse-path of notifications
            (RFC 5321 section 4.5.5).
        recipients: addresses in the order of the RCPT commands.
        ret: RET, how much of the mail a notification returns: FULL, HDRS, or "" (RFC 3461 section 4.3).
        envid: the value of ENVID as it was said: the sender's own name of this transaction (RFC 3461 section 4.4).
        wishes: NOTIFY and ORCPT of each recipient that had one; ask with `wish`.
        smtputf8: whether the mail needs SMTPUTF8: MAIL said so (RFC 6531 section 3.4).
        body: BODY of MAIL (RFC 6152, RFC 3030).
    """

    reverse_path: str
    recipients: tuple[str, ...]
    ret: Literal["", "FULL", "HDRS"] = ""
    envid: str = ""
    wishes: Mapping[str, Wish] = field(default_factory=dict, hash=False)
    smtputf8: bool = False
    body: Body = "7BIT"

    @property
    def is_notification(self) -> bool:
        """Has it the null reverse-path, so that its failure must not be reported to anybody?"""
        return self.reverse_path == NULL_PATH

    @property
    def envelope_id(self) -> str:
        """ENVID decoded, for a notification; "" when there was none."""
        return decode_xtext(self.envid)

    def wish(self, recipient: str) -> Wish:
        """What the sender wants to hear about `recipient`."""
        return self.wishes.get(recipient, NO_WISH)

    def to(self, *recipients: str) -> Envelope:
        """The same sender, other recipients: one copy takes its own way from here."""
        if recipients == self.recipients:
            return self
        wishes = {name: self.wishes[name] for name in recipients if name in self.wishes} if self.wishes else {}
        return replace(self, recipients=recipients, wishes=wishes)

    def redirected(self, targets: Mapping[str, tuple[str, ...]]) -> Envelope:
        """Aliases replaced by whom they stand for; who is not in `targets` stays (RFC 5321 section 3.9.1).

        The wishes about an alias are those about each of its targets; success of one of several is not the
        success of the alias, and whoever expands it reports that itself (RFC 3461 sections 5.2.7.2 and 5.2.7.3).
        """
        if all(targets.get(name) in (None, (), (name,)) for name in self.recipients):
            return self
        recipients: dict[str, None] = {}
        wishes: dict[str, Wish] = {}
        for name in self.recipients:
            found = targets.get(name) or (name,)
            for target in found:
                recipients[target] = None
                if name in self.wishes:
                    wishes.setdefault(target, self.wishes[name].shared() if len(found) > 1 else self.wishes[name])
        return replace(self, recipients=tuple(recipients), wishes=wishes)
