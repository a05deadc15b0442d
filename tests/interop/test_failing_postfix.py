"""Side by side with a real Postfix: what fails, what is done next, and what the sender is told, field by field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.interop.failing import SITUATIONS, Table, ours, recipients
from tests.interop.failing_really import postfix_in_trouble

ANYTHING = ".*"
FIELDS = ("Reporting-MTA", "Arrival-Date", "Final-Recipient", "Action", "Status", "Diagnostic-Code")
"""What every report about a failure has (RFC 3461 section 6.3, RFC 3464 section 2)."""


@dataclass(frozen=True)
class Difference:
    """What is not the same on purpose.

    Attributes:
        key: of the table, a regular expression, as are `ours` and `theirs`; None where there is nothing.
        reason: why. only: the situations in which it is so, all of them; empty for many.
    """

    key: str
    ours: str | None
    theirs: str | None
    reason: str
    only: tuple[str, ...] = ()

    def explains(self, name: str, key: str, mine: str | None, postfixes: str | None) -> bool:
        """Is it this one?"""
        if (self.only and name not in self.only) or not re.fullmatch(self.key, key):
            return False
        return _fits(self.ours, mine) and _fits(self.theirs, postfixes)


def _fits(pattern: str | None, value: str | None) -> bool:
    if pattern is None or value is None:
        return pattern is value
    return re.fullmatch(pattern, value) is not None


DIFFERENT = (
    Difference("(failed|delayed) X-Postfix-.*", None, ANYTHING, "fields of its own (RFC 3464 section 2.4)"),
    Difference(
        "(failed|delayed) Original-Recipient.*",
        None,
        "rfc822; .*",
        "without ORCPT the field must not appear (RFC 3461 section 6.3 d)",
    ),
    Difference(
        "(failed|delayed) Last-Attempt-Date.*", "now", None, "optional, and we know it (RFC 3464 section 2.3.7)"
    ),
    Difference(
        "(failed|delayed) Diagnostic-Code.*",
        "X-mailsim; .*",
        "X-Postfix; .*",
        "what no server has said, each client puts in its own words (RFC 3464 section 2.3.6)",
    ),
    Difference(
        "failed Status",
        re.escape("5.1.2"),
        re.escape("5.4.4"),
        "a domain that does not exist is a bad destination system address (RFC 3463 section 3.2)",
        ("no such domain",),
    ),
    Difference(
        "failed Status",
        re.escape("5.1.10"),
        re.escape("5.1.0"),
        "5.1.10 was made for it (RFC 7505 section 7)",
        ("null MX",),
    ),
    Difference(
        "tried|then, borek|failed .*",
        "mx1 mx2|relayed|now",
        "mx1|bounced",
        "who is refused at EHLO has said nothing of the mail yet, so another host may still take it; to Postfix it is "
        "the refusal of the mail",
        ("550 to EHLO",),
    ),
    Difference("failed .*", None, ANYTHING, "as the one before: the report of that bounce", ("550 to EHLO",)),
)


@pytest.fixture(scope="module")
def tables() -> Iterator[dict[str, tuple[Table, Table]]]:
    """Situation -> ours, and that of Postfix, which works while we do."""
    with postfix_in_trouble() as theirs:
        mine = {name: ours(name) for name in SITUATIONS}
        theirs.wait()
        yield {name: (mine[name], theirs.table(name)) for name in SITUATIONS}


def differing(one: Table, other: Table) -> list[str]:
    return [key for key in {**one, **other} if one.get(key) != other.get(key)]


@pytest.mark.parametrize("name", SITUATIONS)
def test_the_same_next_action_and_the_same_report(tables: dict[str, tuple[Table, Table]], name: str) -> None:
    mine, theirs = tables[name]
    unexplained = {
        key: (mine.get(key), theirs.get(key))
        for key in differing(mine, theirs)
        if not any(known.explains(name, key, mine.get(key), theirs.get(key)) for known in DIFFERENT)
    }
    assert unexplained == {}


@pytest.mark.parametrize("name", SITUATIONS)
def test_every_failure_is_reported_in_full(tables: dict[str, tuple[Table, Table]], name: str) -> None:
    """Lest two empty tables be the same."""
    for table in tables[name]:
        for rcpt in recipients(name):
            who = rcpt.partition("@")[0]
            actions = {"relayed": (), "bounced": ("failed",), "queued": ("delayed", "failed")}[table[f"then, {who}"]]
            suffix = "" if who == "borek" else f", {who}"
            assert {f"{action} {field}{suffix}" for action in actions for field in FIELDS} <= set(table)
            assert ("delayed Will-Retry-Until" + suffix in table) == ("delayed" in actions)


def test_a_difference_is_one(tables: dict[str, tuple[Table, Table]]) -> None:
    """One that is listed and no longer there has to be struck out."""
    for known in DIFFERENT:
        found = [
            name
            for name, (mine, theirs) in tables.items()
            if any(known.explains(name, key, mine.get(key), theirs.get(key)) for key in differing(mine, theirs))
        ]
        assert set(found) >= set(known.only or found[:1]), known
        assert found, known
        assert known.reason
