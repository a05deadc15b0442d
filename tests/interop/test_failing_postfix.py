"""Side by side with a real Postfix: what fails, what is done next, and what the sender is told, field by field."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tests.interop.failing import SITUATIONS, Table, ours, recipients
from tests.interop.failing_really import postfix_in_trouble

ANYTHING = ".*"
FIELDS = ("Reporting-MTA", "Arrival-Date", "Final-Recipient", "Action", "Status", "Diagnostic-Code")
"""What every report about a failure has (RFC 3461 section 6.3, RFC 3464 section 2)."""
REPORTED = {"relayed": (), "bounced": ("failed",), "queued": ("delayed", "failed")}
"""What the sender hears in the end, by what the first attempt came to."""


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


Tables = Mapping[str, tuple[Table, Table]]
"""Situation -> ours, and that of Postfix."""


def test_the_same_next_action_and_the_same_report() -> None:
    """All in one test, so that one Postfix is enough; it works while we do."""
    with postfix_in_trouble() as theirs:
        mine = {name: ours(name) for name in SITUATIONS}
        theirs.wait()
        tables = {name: (mine[name], theirs.table(name)) for name in SITUATIONS}
    assert unexplained(tables) == []
    assert not_there(tables) == []
    assert unreported(tables) == []


def unexplained(tables: Tables) -> list[str]:
    """What is not the same, and stands in no list."""
    return [
        f"{name}: {key}: {mine.get(key)} with us, {theirs.get(key)} with Postfix"
        for name, (mine, theirs) in tables.items()
        for key in differing(mine, theirs)
        if not any(known.explains(name, key, mine.get(key), theirs.get(key)) for known in DIFFERENT)
    ]


def not_there(tables: Tables) -> list[Difference]:
    """Differences of the list that are none any more: they have to be struck out."""
    return [
        known
        for known in DIFFERENT
        for found in [
            {
                name
                for name, (mine, theirs) in tables.items()
                if any(known.explains(name, key, mine.get(key), theirs.get(key)) for key in differing(mine, theirs))
            }
        ]
        if not found or not found >= set(known.only)
    ]


def unreported(tables: Tables) -> list[str]:
    """Reports that should be there in full and are not: lest two empty tables be the same."""
    missing = []
    for name, both in tables.items():
        for table, rcpt in itertools.product(both, recipients(name)):
            who = rcpt.partition("@")[0]
            suffix = "" if who == "borek" else f", {who}"
            for action in REPORTED[table[f"then, {who}"]]:
                fields = (*FIELDS, "Will-Retry-Until") if action == "delayed" else FIELDS
                missing += [f"{name}: {action} {f}" for f in fields if f"{action} {f}{suffix}" not in table]
    return missing


def differing(one: Table, other: Table) -> list[str]:
    return [key for key in {**one, **other} if one.get(key) != other.get(key)]
