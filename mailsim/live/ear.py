"""Writes into the trace what a real program says, as events of their own that cause what follows.

In the clear it is heard at the gateway, before it is sent. Inside TLS it is heard where it is decrypted, at the
simulated server: the gateway has no key, and needs none.
"""

from __future__ import annotations

from mailsim.net.endpoint import Endpoint
from mailsim.protocols.overheard import OVERHEARD
from mailsim.protocols.pdu import Raw
from mailsim.trace.events import Said


class Ear:
    """Listens to one connection, to both sides.

    Args: endpoint: the gateway's end of it. protocol: as the trace calls it.
    """

    def __init__(self, endpoint: Endpoint, protocol: str) -> None:
        self._endpoint, self._protocol = endpoint, protocol
        self._overheard = OVERHEARD[protocol]()
        self._said: Said | None = None
        self._is_tls = False

    def hear_client(self, data: bytes, causes: tuple[int, ...]) -> tuple[bytes, tuple[int, ...]]:
        """The real program says this; gives what may go on to the server, and its causes."""
        network = self._endpoint.host.network
        seqs: list[int] = []
        pieces = self._overheard.client(data)
        for piece in pieces:
            if piece.begins or self._said is None:
                self._said = network.overhear(self._endpoint, self._protocol, causes, self._is_tls)
                causes = (self._said.seq,)
            if self._said.seq not in seqs[-1:]:
                seqs.append(self._said.seq)
            if piece.pdu is not None:
                self._said.pdu = piece.pdu
        return b"".join(piece.data for piece in pieces), tuple(seqs) or causes

    def hear_server(self, data: bytes) -> None:
        """The simulated server says this."""
        self._overheard.server(data)

    def hear_decrypted(self, data: bytes, cause: int) -> int:
        """The server has decrypted this; gives the cause of what it does about it."""
        if not self._is_tls:
            self._overheard, self._is_tls = OVERHEARD[self._protocol](), True
        return self.hear_client(data, (cause,))[1][-1]

    def close(self) -> None:
        """Nothing more is said: what was begun stays as it is."""
        if self._said is not None and self._overheard.unfinished:
            self._said.pdu = Raw(self._overheard.unfinished)
