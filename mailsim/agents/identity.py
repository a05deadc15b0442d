"""Who a mail client says that it is, and how it shows it: the client's side of logging in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from mailsim.agents.policy import Mechanism
from mailsim.protocols import sasl


@dataclass(frozen=True, slots=True)
class Identity:
    """A user at a server.

    Attributes:
        mechanisms: those of SASL that the client knows, the best one first.
        chance: where the client takes what nobody can foresee.
    """

    username: str
    password: str = field(repr=False)
    mechanisms: tuple[Mechanism, ...]
    chance: Random

    def choose(self, offered: Iterable[str]) -> sasl.ClientMechanism | None:
        """The first mechanism that both sides know; None when there is none."""
        nonce = f"{self.chance.getrandbits(96):024x}"
        return sasl.choose(offered, self.username, self.password, self.mechanisms, nonce)
