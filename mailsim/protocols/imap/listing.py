"""Which names LIST and LSUB show, and with which attributes (RFC 9051 section 6.3.9, RFC 3501 section 6.3.9); pure.

A name is *there* when it can be selected. One that only has others below it is shown with `\\Noselect` to a client
of IMAP4rev1, with `\\NonExistent` to one that speaks RFC 5258 or IMAP4rev2. Selection options choose names; with
RECURSIVEMATCH a name is also shown because something below it was chosen that the patterns do not reach.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from mailsim.protocols.imap.commands import List, Lsub
from mailsim.protocols.imap.mailbox_names import INBOX, canonical_pattern, matches_pattern, root_of
from mailsim.protocols.imap.responses import ListData

CHILD_INFO = ("SUBSCRIBED", "SPECIAL-USE")


@dataclass(frozen=True)
class Names:
    """What there is to show.

    Args:
        special_use: every name that can be selected, with its special use or "".
        subscribed: names that are subscribed, there or not.
        delimiter: what separates levels.
        utf8: write names in UTF-8.
    """

    special_use: Mapping[str, str]
    subscribed: frozenset[str]
    delimiter: str
    utf8: bool = False

    @cached_property
    def parents(self) -> frozenset[str]:
        """The names that have something below them that is there."""
        return frozenset(self.above(self.special_use))

    def above(self, names: Iterable[str]) -> Iterable[str]:
        """Every name above these, as often as it is."""
        for name in names:
            steps = name.split(self.delimiter)
            for depth in range(1, len(steps)):
                yield self.delimiter.join(steps[:depth])

    def matching(self, names: Iterable[str], reference: str, patterns: Iterable[str]) -> set[str]:
        """Those that a pattern matches; INBOX in any case of letters. An empty pattern matches nothing (RFC 5258)."""
        wanted = [canonical_pattern(reference + pattern, self.delimiter) for pattern in patterns if pattern]
        return {name for name in names if any(self._matches(name, pattern) for pattern in wanted)}

    def _matches(self, name: str, pattern: str) -> bool:
        if name == INBOX:
            pattern = pattern.upper()
        return matches_pattern(name, pattern, self.delimiter)

    def shown(self, name: str, missing: str) -> tuple[str, ...]:
        """The attributes of a name; `missing` is said of one that is not there."""
        there = () if name in self.special_use else (missing,)
        children = "\\HasChildren" if name in self.parents else "\\HasNoChildren"
        special = self.special_use.get(name, "")
        return (*there, children, *((special,) if special else ()))


def list_answers(names: Names, command: List) -> list[ListData]:
    """The answers to LIST, INBOX first and the others by name."""
    if command.patterns == ("",) and not command.is_extended:
        return [ListData(("\\Noselect",), names.delimiter, root_of(command.reference, names.delimiter))]
    selection = command.selection or frozenset()
    chosen = _chosen(names, selection)
    everything = {*chosen, *names.above(chosen)} if "RECURSIVEMATCH" in selection else chosen
    matching = names.matching(everything, command.reference, command.patterns)
    below = _with_more_below(names, chosen, matching) if "RECURSIVEMATCH" in selection else frozenset[str]()
    has_below = frozenset(names.above(chosen)) if below or "RECURSIVEMATCH" in selection else frozenset[str]()
    missing = "\\NonExistent" if command.is_extended or names.utf8 else "\\Noselect"
    with_subscribed = "SUBSCRIBED" in selection | (command.returns or frozenset())
    answers = []
    for name in _in_order(name for name in matching if name in chosen or name in below):
        attributes = names.shown(name, missing)
        if with_subscribed and name in names.subscribed:
            attributes = ("\\Subscribed", *attributes)
        info = tuple(option for option in CHILD_INFO if option in selection) if name in has_below else ()
        answers.append(ListData(attributes, names.delimiter, name, "LIST", info, names.utf8))
    return answers


def _chosen(names: Names, selection: frozenset[str]) -> set[str]:
    chosen = set(names.subscribed) if "SUBSCRIBED" in selection else {*names.special_use, *names.parents}
    if "SPECIAL-USE" in selection:
        chosen = {name for name in chosen if names.special_use.get(name)}
    return chosen


def _with_more_below(names: Names, chosen: set[str], matching: set[str]) -> frozenset[str]:
    """Names above a chosen one that the patterns do not reach (RFC 9051 section 6.3.9.3, reason 2.B)."""
    return frozenset(names.above(chosen - matching))


def lsub_answers(names: Names, command: Lsub) -> list[ListData]:
    """The answers to LSUB: with `%` also a level of which only something below is subscribed, as `\\Noselect`."""
    if not command.pattern:
        return [ListData(("\\Noselect",), names.delimiter, root_of(command.reference, names.delimiter), "LSUB")]
    levels = set(names.subscribed)
    if "%" in command.pattern:
        levels.update(names.above(names.subscribed))
    matching = names.matching(levels, command.reference, (command.pattern,))
    return [
        ListData(_lsub_attributes(names, name), names.delimiter, name, "LSUB", utf8=names.utf8)
        for name in _in_order(matching)
    ]


def _lsub_attributes(names: Names, name: str) -> tuple[str, ...]:
    return () if name in names.subscribed else ("\\Noselect",)


def _in_order(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (name != INBOX, name))
