"""The states of a TCP connection (RFC 9293 section 3.3.2) that this network knows; TIME-WAIT is not modelled."""

from __future__ import annotations

from enum import Enum


class State(Enum):
    """What one side knows about its connection."""

    __hash__ = object.__hash__  # members are single; Enum's own hash is a call in Python, on the hot path

    SYN_SENT = "SYN-SENT"
    SYN_RECEIVED = "SYN-RECEIVED"
    ESTABLISHED = "ESTABLISHED"
    FIN_WAIT = "FIN-WAIT"
    CLOSE_WAIT = "CLOSE-WAIT"
    LAST_ACK = "LAST-ACK"
    CLOSED = "CLOSED"


SYN_SENT, SYN_RECEIVED, ESTABLISHED, FIN_WAIT, CLOSE_WAIT, LAST_ACK, CLOSED = State
"""By themselves, since they are asked for with every segment, and to look into an Enum takes long."""
SILENT = frozenset((CLOSED, FIN_WAIT, LAST_ACK))
"""States in which we have said that nothing more will come from us."""
ENDING = frozenset((FIN_WAIT, LAST_ACK))
"""States in which we wait for nothing but the acknowledgment of our FIN, and that of the other side."""
