"""Two hosts, a router, and a recorder: enough network for a test."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mailsim.net.network import Network
from mailsim.trace.recorder import Recorder

A, B = "a.example", "b.example"
ADDRESSES = {A: ("192.0.2.1", "2001:db8::1"), B: ("192.0.2.2", "2001:db8::2")}


@pytest.fixture
def pair() -> Callable[..., Network]:
    """Makes a network of two hosts and a router between them; 5 ms and 100 Mbit/s a link."""

    def make(latency_us: int = 5_000, bandwidth_bps: int = 100_000_000, loss: float = 0.0, seed: int = 1) -> Network:
        network = Network(Recorder(), seed)
        for name, addresses in ADDRESSES.items():
            network.add_host(name, addresses)
        network.add_router("r.example")
        for name in ADDRESSES:
            network.add_link(name, "r.example", latency_us, bandwidth_bps, loss)
        return network

    return make
