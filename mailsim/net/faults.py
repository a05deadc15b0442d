"""Dated faults: at a moment of the scenario something breaks, and for a time it stays broken."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mailsim.net.host import HostNode
from mailsim.trace.facts import FaultEnded, FaultStarted

if TYPE_CHECKING:
    from mailsim.net.network import Network


def _cut_off(host: HostNode, _port: int | None, begins: bool) -> None:
    host.is_down = begins


def _filter(host: HostNode, port: int | None, begins: bool) -> None:
    (host.filtered.add if begins else host.filtered.discard)(port)


def _refuse(host: HostNode, port: int | None, begins: bool) -> None:
    (host.refused.add if begins else host.refused.discard)(port)


KINDS: dict[str, Callable[[HostNode, int | None, bool], None]] = {
    "down": _cut_off,
    "filtered": _filter,
    "refused": _refuse,
}
"""What a fault does to its host when it begins (True) and when it ends (False)."""


def schedule(network: Network, at_us: int, for_us: int | None, kind: str, host: HostNode, port: int | None) -> None:
    """Break a host at `at_us` for `for_us` (None: for good).

    Raises: KeyError for a kind that is not in `KINDS`.
    """
    change = KINDS[kind]

    def begin() -> None:
        change(host, port, True)
        seq = network.note(host.name, FaultStarted(kind, host.name, port), ())
        if for_us is not None:
            network.clock.call(for_us, lambda: end(seq))

    def end(begun: int) -> None:
        change(host, port, False)
        network.note(host.name, FaultEnded(kind, host.name, port), (begun,))

    network.clock.call(at_us, begin)
