"""The list of a mail client: what each event tells of it adds up to what the client has."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from mailsim.agents.local_folder import LocalFolder, LocalMail
from mailsim.trace.facts import ListedMail, MailsListed
from mailsim.trace.lists import change

Step = Callable[[LocalFolder, int], None]


def come(folder: LocalFolder, number: int) -> None:
    unused = next(uid for uid in itertools.count(number) if folder.by_id(str(uid)) is None)
    folder.add(LocalMail(str(unused), subject=f"mail {number}"))


def be_flagged(folder: LocalFolder, number: int) -> None:
    if mail := folder.at(number):
        mail.flags = ("\\Seen",) * (not mail.flags)
        folder.keep(mail, "", b"x" * number)


def be_expunged(folder: LocalFolder, number: int) -> None:
    folder.expunged(number)


def be_cut(folder: LocalFolder, number: int) -> None:
    folder.have(folder.mails[:number])


def lose_the_first(folder: LocalFolder, number: int) -> None:
    folder.have(folder.mails[number:])


def be_turned(folder: LocalFolder, number: int) -> None:
    folder.have(folder.mails[number:] + folder.mails[:number])


def be_forgotten(folder: LocalFolder, _: int) -> None:
    folder.forget()


STEPS: list[Step] = [come, come, come, be_flagged, be_expunged, be_cut, lose_the_first, be_turned, be_forgotten]


def rows(folder: LocalFolder) -> list[tuple[str, str, str, int]]:
    return [(mail.id, *mail.look) for mail in folder.mails]


@given(st.booleans(), st.lists(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(1, 5)), max_size=4), max_size=12))
def test_changes_add_up_to_the_list(by_number: bool, visits: list[list[tuple[Step, int]]]) -> None:
    folder, mails = LocalFolder("INBOX", by_number), list[ListedMail]()
    for visit in visits:
        before = rows(folder)
        for step, number in visit:
            step(folder, number)
        listed = folder.changed_list("borek@firma.example")
        if listed is not None:
            change(mails, listed)
            assert listed.count == len(mails)
        assert [(mail.id, mail.flags, mail.subject, mail.has) for mail in mails] == rows(folder)
        assert listed is not None or rows(folder) == before
        assert folder.changed_list("borek@firma.example") is None


def test_an_event_tells_only_what_has_changed() -> None:
    folder = LocalFolder("INBOX")
    for number in range(1, 1001):
        folder.add(LocalMail(str(number)))
    folder.changed_list("borek@firma.example")
    folder.add(LocalMail("1001", subject="new"))
    folder.keep(folder.mails[1], "", b"abc")
    folder.expunged(5)
    second, last = ListedMail(2, "2", "", "", 3), ListedMail(1000, "1001", "", "new", 0)
    assert folder.changed_list("borek@firma.example") == MailsListed(
        "borek@firma.example", "INBOX", 1000, (5,), (second, last)
    )
