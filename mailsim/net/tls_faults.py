"""A certificate that runs out at a moment of the run, and is renewed later or never."""

from __future__ import annotations

from dataclasses import dataclass

from mailsim.net.clock import Clock
from mailsim.net.faults import Plan
from mailsim.net.tls_contexts import TlsContexts


@dataclass(slots=True)
class Expiring:
    """The certificate of a host ends; when the fault is over, the operator has put in another one.

    The host has the certificate with that end from the beginning. Only if chance decides whether it comes to that,
    one that has just run out takes the place of a better one at the moment itself.
    """

    contexts: TlsContexts
    host: str
    plan: Plan
    clock: Clock
    _ends_us: int | None = None
    _occurrences: int = 0

    def __post_init__(self) -> None:
        if self.plan.probability == 1:
            self._renew(self.plan.at_us)

    def begin(self, seq: int) -> None:
        self._occurrences += 1
        if self._ends_us != self.clock.now_us:
            self._renew(self.clock.now_us)
        self.contexts.expired.setdefault(self.host, []).append(seq)

    def end(self, seq: int) -> None:  # noqa: ARG002
        faults = self.contexts.expired[self.host]
        faults.pop(0)
        if not faults:
            self._renew(self._next_us())

    def _next_us(self) -> int | None:
        """When the next certificate is going to run out."""
        plan = self.plan
        if not plan.every_us or plan.probability < 1 or self._occurrences == plan.repeat:
            return None
        return plan.at_us + self._occurrences * plan.every_us

    def _renew(self, ends_us: int | None) -> None:
        self.contexts.renew(self.host, ends_us)
        self._ends_us = ends_us
