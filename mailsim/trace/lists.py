"""The lists that mail clients show, put together from what the trace tells: each event says only what has changed."""

from __future__ import annotations

from mailsim.trace.facts import ListedMail, MailsListed


def change(mails: list[ListedMail], listed: MailsListed) -> None:
    """Bring a list up to date: what is gone goes first, as its numbers are those of before."""
    for number in reversed(listed.gone):
        del mails[number - 1]
    for mail in listed.mails:
        at = mail.number - 1
        is_known = at < len(mails) and mails[at].id == mail.id
        mails[at : at + is_known] = [mail]
