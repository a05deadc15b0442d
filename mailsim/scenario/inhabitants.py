"""From the people of a scenario file to the engine: what their mailboxes hold at first, and what they will do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from random import Random

from mailsim.agents.actions import (
    Action,
    DeleteMail,
    ExpungeMail,
    FlagMail,
    MoveMail,
    OpenMail,
    ReadMail,
    SendMail,
    Which,
)
from mailsim.agents.calendar import Calendar
from mailsim.mail.account import Account
from mailsim.mail.changes import Added, Expunged, NoSuchFolder
from mailsim.mail.compose import Attachment, Mailbox, compose
from mailsim.mail.identity import message_key
from mailsim.scenario.people import AttachedFile, Letter, OnMails, Step
from mailsim.trace.facts import Fact, StoreAdded, StoreExpunged, StoreFlagged


def action(step: Step, seed: int) -> Action:
    """What the user does in a step."""
    match step:
        case Step(send=send) if send is not None:
            return SendMail(send.to, send.cc, send.bcc, send.subject, send.text, attachments(send.attach, seed))
        case Step(read=read) if read is not None:
            return ReadMail(read.protocol, read.stay)
        case Step(open=opened) if opened is not None:
            return OpenMail(_which(opened), opened.part)
        case Step(flag=flag) if flag is not None:
            return FlagMail(_which(flag), flag.add, flag.remove)
        case Step(move=move) if move is not None:
            return MoveMail(_which(move), move.to)
        case Step(delete=delete) if delete is not None:
            return DeleteMail(_which(delete))
        case Step(expunge=expunge) if expunge is not None:
            return ExpungeMail(Which(every=True, folder=expunge.folder))
    raise AssertionError("a step has one action")


def _which(mails: OnMails) -> Which:
    return Which(mails.mails, mails.last, mails.all, mails.folder)


def attachments(files: Iterable[AttachedFile], seed: int) -> tuple[Attachment, ...]:
    """Files with bytes by chance, the same for the same seed."""
    return tuple(
        Attachment(file.name, Random(f"{seed} file {file.name} {file.size}").randbytes(file.size), file.type)
        for file in files
    )


def rebuild(account: Account, folder: str) -> Iterator[Fact]:
    """Number the mails of a folder anew; gives what the trace shall know of it."""
    here = account.folder(folder)
    keys = [message_key(message.content) for message in here] if here else []
    changes = account.rebuild(folder)
    if isinstance(changes, NoSuchFolder):
        return
    for change in changes:
        if isinstance(change, Expunged):
            yield StoreExpunged(account.name, folder, change.uid, change.bytes)
        elif isinstance(change, Added):
            yield StoreAdded(account.name, folder, change.uid, change.bytes, keys.pop(0))


def fill(
    account: Account, letters: Iterable[Letter], names: Mapping[str, str], calendar: Calendar, seed: int
) -> Iterator[Fact]:
    """Put mails into a mailbox; gives what the trace shall know of it."""
    for number, letter in enumerate(letters, 1):
        if account.folder(letter.folder) is None:
            account.create(letter.folder)
        date_us = calendar.epoch_us(0) - letter.age
        content = compose(
            Mailbox(names.get(letter.sender, ""), letter.sender),
            [Mailbox(names.get(account.name, ""), account.name)],
            (),
            letter.subject,
            letter.text,
            date_us=date_us,
            utc_offset_minutes=calendar.utc_offset_minutes,
            message_id=f"<{number}.{account.name.replace('@', '.')}@{letter.sender.rpartition('@')[2]}>",
            attachments=attachments(letter.attach, seed),
        )
        added = account.append(letter.folder, content, date_us, letter.flags)
        if isinstance(added, Added):
            yield StoreAdded(account.name, added.folder, added.uid, added.bytes, message_key(content))
            if letter.flags:
                yield StoreFlagged(account.name, added.folder, added.uid, tuple(sorted(letter.flags)))
