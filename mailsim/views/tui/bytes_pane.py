"""The bytes of a step: its layers, and a hex dump that a student can compare with Wireshark's."""

from __future__ import annotations

from collections.abc import Sequence

from mailsim.trace.events import Event, Packet, Said, Segment, flag_names
from mailsim.views.tui.document import Document
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.text import Line, Piece

MAX_BYTES = 16_384
"""More than this of one message is not dumped: nobody reads it, and the count says how much there is."""


class Bytes(Document):
    """What this step puts on the wire."""

    def __init__(self, stepper: Stepper) -> None:
        super().__init__(stepper, id="bytes")

    def document(self) -> Sequence[Line]:
        event, words = self._stepper.event, self._stepper.words
        data = b"" if event is None else bytes_of(event)
        if event is None or (not data and not isinstance(event, Packet)):
            return [[Piece(words("bytes.none"), Ink.DIM)]]
        lines: list[Line] = [
            [Piece(f" {layer} ", ground=Ground.CHIP, bold=True), Piece(f" {text}")] for layer, text in layers(event)
        ]
        lines.append([Piece(words("bytes.count", n=len(data)), Ink.DIM)])
        return [*lines, [], *hex_dump(data[:MAX_BYTES], 16 if self.text_width >= 74 else 8)]


def bytes_of(event: Event) -> bytes:
    """The bytes that an event puts on the wire."""
    match event:
        case Said():
            return event.pdu.to_bytes()
        case Packet():
            return event.payload
    return b""


def layers(event: Event) -> list[tuple[str, str]]:
    """The layers from the network up: name and what matters of each."""
    match event:
        case Segment():
            return [
                ("IPv6" if ":" in event.source else "IPv4", f"{event.source} ► {event.destination}"),
                (
                    "TCP",
                    f"{event.source_port} ► {event.destination_port}  {flag_names(event.flags)}"
                    f"  seq {event.sequence}  ack {event.acknowledgment}  win {event.window}",
                ),
            ]
        case Packet():
            return [
                ("IPv6" if ":" in event.source else "IPv4", f"{event.source} ► {event.destination}"),
                ("UDP", f"{event.source_port} ► {event.destination_port}"),
            ]
        case Said():
            return [(event.protocol.upper(), f"{event.pdu.role}  {event.conn}  port {event.port}")]
    return []


def hex_dump(data: bytes, per_row: int) -> list[Line]:
    """Offset, bytes in hexadecimal, and the same as ASCII."""
    rows: list[Line] = []
    for offset in range(0, len(data), per_row):
        part = data[offset : offset + per_row]
        halves = (part[: per_row // 2], part[per_row // 2 :])
        dump = "  ".join(half.hex(" ").ljust(per_row // 2 * 3 - 1) for half in halves)
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        rows.append([Piece(f"{offset:04x}  ", Ink.DIM), Piece(dump), Piece(f"  {text}", Ink.COMMAND)])
    return rows
