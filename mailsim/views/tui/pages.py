"""The pages: what the panes of text show at a step, as lines. Screens, plain mode and handouts print the same ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from mailsim.views.tui.bytes_page import BytesPage
from mailsim.views.tui.code_page import code_page
from mailsim.views.tui.dns_page import DnsPage
from mailsim.views.tui.mail_page import MailPage
from mailsim.views.tui.mailboxes_page import MailboxesPage
from mailsim.views.tui.queues_page import queues_page
from mailsim.views.tui.score import Score
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.text import Line

Page: TypeAlias = Callable[[Stepper, int], Sequence[Line]]
"""Gives the lines for the current step; the number is how many columns there are."""
PAGES = ("mail", "dns", "queues", "mailboxes", "bytes", "code")


class Pages:
    """All pages over one trace, each with its indexes."""

    def __init__(self, score: Score) -> None:
        self.mail = MailPage(score)
        self._pages: Mapping[str, Page] = {
            "mail": self.mail,
            "dns": DnsPage(score),
            "queues": queues_page,
            "mailboxes": MailboxesPage(score, self.mail),
            "bytes": BytesPage(score),
            "code": code_page,
        }

    def __getitem__(self, name: str) -> Page:
        """The page of this name, one of `PAGES`."""
        return self._pages[name]

    def lines(self, name: str, stepper: Stepper, width: int = 100) -> list[str]:
        """A page as plain text."""
        return ["".join(piece.text for piece in line).rstrip() for line in self[name](stepper, width)]
