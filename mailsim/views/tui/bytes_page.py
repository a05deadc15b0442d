"""The bytes of a step: its layers dissected, and a hex dump that a student can compare with Wireshark's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import zip_longest
from typing import NamedTuple

from mailsim.trace.events import Event, Noted, Packet, Said, Segment, flag_names
from mailsim.trace.facts import PacketRewritten
from mailsim.trace.rewriting import as_it_arrived
from mailsim.views.frames import Framer
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.lens import FIRST_LOOK
from mailsim.views.tui.score import Score
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.text import Line, Piece, width_of

MAX_BYTES = 16_384
"""More than this of one message is not dumped: nobody reads it, and the count says how much there is."""
ETHERNET_BYTES = 14
WIDE = 74
"""Columns from which a row of the dump has sixteen bytes."""


class Layer(NamedTuple):
    """One layer of a packet: its name, its fields in words of the protocol, its bytes."""

    name: str
    fields: str
    data: bytes
    ink: Ink


class BytesPage:
    """What a step puts on the wire: a packet with all its headers, or what a program says and the packets with it."""

    def __init__(self, score: Score) -> None:
        self._score = score

    @cached_property
    def _framer(self) -> Framer:
        return Framer(self._score.world)

    @cached_property
    def _numbers(self) -> dict[int, int]:
        """By packet: how many its source had sent with it, which a capture shows as identification."""
        sent: Counter[str] = Counter()
        numbers: dict[int, int] = {}
        for event in self._score.trace.events:
            if isinstance(event, Packet):
                sent[event.source] += 1
                numbers[event.seq] = sent[event.source]
        return numbers

    @cached_property
    def _carriers(self) -> dict[int, list[Packet]]:
        """By saying: the packets that carry it, in order."""
        found: dict[int, list[Packet]] = {}
        for event in self._score.trace.events:
            if isinstance(event, Packet) and event.payload:
                for cause in event.causes:
                    found.setdefault(cause, []).append(event)
        return found

    def __call__(self, stepper: Stepper, width: int) -> Sequence[Line]:
        per_row = 16 if width >= WIDE else 8
        match stepper.event:
            case Said() as said:
                return [*self._said(said, stepper, width, per_row)]
            case Packet() as packet:
                return [*self._packet(packet, stepper, per_row)]
            case Noted(fact=PacketRewritten() as fact):
                return [*self._packet(as_it_arrived(self._score.trace.events, fact), stepper, per_row)]
        return [[Piece(stepper.words("bytes.none"), Ink.DIM)]]

    def layers(self, packet: Packet) -> list[Layer]:
        """The packet from the network layer up, as its bytes are on the wire."""
        data = self._framer.frame(packet, self._numbers[packet.seq])[ETHERNET_BYTES:]
        six = ":" in packet.source
        head = 40 if six else (data[0] & 0x0F) * 4
        transport = (data[head + 12] >> 4) * 4 if isinstance(packet, Segment) else 8
        found = [
            Layer("IPv6" if six else "IPv4", _network_fields(packet, data), data[:head], Ink.DIM),
            Layer(*_transport_fields(packet), data[head : head + transport], Ink.COMMAND),
        ]
        return [*found, Layer("", "", bytes(packet.payload), Ink.DATA)] if packet.payload else found

    # --- inside ---

    def _packet(self, packet: Packet, stepper: Stepper, per_row: int) -> Iterator[Line]:
        layers = self.layers(packet)
        records = list(tls_records(bytes(packet.payload)))
        for layer in layers:
            name = layer.name or stepper.words("bytes.payload")
            fields = layer.fields or stepper.words("bytes.count", n=len(layer.data))
            if layer.ink is Ink.DATA and records:
                yield [Piece(" TLS ", ground=Ground.CHIP, bold=True), Piece(f" {'; '.join(records)}")]
                continue
            yield [Piece(f" {name} ", ground=Ground.CHIP, bold=True), Piece(f" {fields}")]
        offset = 0
        for layer in layers:
            yield []
            yield from hex_dump(layer.data[:MAX_BYTES], per_row, offset, layer.ink)
            offset += len(layer.data)
        yield from _cut(len(packet.payload), stepper)

    def _said(self, said: Said, stepper: Stepper, width: int, per_row: int) -> Iterator[Line]:
        words, data = stepper.words, said.pdu.to_bytes()
        carriers = self._carriers.get(said.seq, [])
        beneath = stepper.lens.everything or stepper.score.world.level > FIRST_LOOK
        if beneath:
            for packet in carriers[:1]:
                for layer in self.layers(packet)[:2]:
                    yield [Piece(f" {layer.name} ", ground=Ground.CHIP, bold=True), Piece(f" {layer.fields}")]
        if said.tls and beneath:
            yield [Piece(" TLS ", ground=Ground.CHIP, bold=True), Piece(f" {words('bytes.tls')}")]
        protocol = f"{words(f'bytes.role.{said.pdu.role}')}, {words('bytes.count', n=len(data))}"
        yield [Piece(f" {said.protocol.upper()} ", ground=Ground.CHIP, bold=True), Piece(f" {protocol}")]
        if len(carriers) > 1:
            yield [Piece(words("bytes.packets", n=len(carriers)), Ink.DIM)]
        yield []
        if said.tls and carriers and beneath:
            secret = b"".join(bytes(packet.payload) for packet in carriers)
            yield from self._beside(data, secret, stepper, width)
            return
        yield from hex_dump(data[:MAX_BYTES], per_row)
        yield from _cut(len(data), stepper)

    def _beside(self, plain: bytes, secret: bytes, stepper: Stepper, width: int) -> Iterator[Line]:
        """Plaintext and ciphertext side by side, or one under the other where that does not fit."""
        words, per_row = stepper.words, 8
        left: list[list[Piece]] = [[Piece(words("bytes.plain"), bold=True)], *hex_dump(plain[:MAX_BYTES], per_row)]
        right: list[list[Piece]] = [
            [Piece(words("bytes.cipher"), bold=True)],
            *hex_dump(secret[:MAX_BYTES], per_row, ink=Ink.DIM),
        ]
        column = max(map(width_of, left)) + 3
        if column + max(map(width_of, right)) > width:
            yield from [*left, [], *right]
            return
        for one, other in zip_longest(left, right):
            yield [*(one or []), Piece(" " * (column - width_of(one or []))), *(other or [])]


def bytes_of(event: Event) -> bytes:
    """The bytes that an event puts on the wire."""
    match event:
        case Said():
            return event.pdu.to_bytes()
        case Packet():
            return bytes(event.payload)
    return b""


_RECORDS = {20: "change cipher spec", 21: "alert", 22: "handshake", 23: "application data"}
_HANDSHAKES = {1: "ClientHello", 2: "ServerHello", 11: "Certificate", 20: "Finished"}


def tls_records(payload: bytes) -> Iterator[str]:
    """The TLS records that begin a payload, each in a few words (RFC 8446 section 5.1); none when it has none."""
    at = 0
    while at + 5 <= len(payload):
        kind, version, length = payload[at], payload[at + 1 : at + 3], int.from_bytes(payload[at + 3 : at + 5], "big")
        if kind not in _RECORDS or version[0] != 3 or length > 1 << 14 | 256:
            return
        first = payload[at + 5] if kind == 22 and at + 5 < len(payload) else 0
        message = f" {_HANDSHAKES[first]}" if first in _HANDSHAKES else ""
        yield f"{_RECORDS[kind]}{message}, len {length}"
        at += 5 + length


def _network_fields(packet: Packet, data: bytes) -> str:
    return f"{packet.source} ► {packet.destination}  TTL {data[7] if ':' in packet.source else data[8]}"


def _transport_fields(packet: Packet) -> tuple[str, str]:
    ports = f"{packet.source_port} ► {packet.destination_port}"
    if not isinstance(packet, Segment):
        return "UDP", f"{ports}  len {8 + len(packet.payload)}"
    mss = f"  MSS {packet.mss}" if packet.mss else ""
    return "TCP", (
        f"{ports}  [{flag_names(packet.flags)}]  seq {packet.sequence}  ack {packet.acknowledgment}"
        f"  win {packet.window}{mss}"
    )


def _cut(count: int, stepper: Stepper) -> Iterator[Line]:
    if count > MAX_BYTES:
        yield [Piece(stepper.words("map.hidden", n=count - MAX_BYTES), Ink.DIM)]


def hex_dump(data: bytes, per_row: int, first: int = 0, ink: Ink = Ink.COMMAND) -> list[list[Piece]]:
    """Offset (from `first`), bytes in hexadecimal, and the same as ASCII."""
    rows: list[list[Piece]] = []
    for offset in range(0, len(data), per_row):
        part = data[offset : offset + per_row]
        halves = (part[: per_row // 2], part[per_row // 2 :])
        dump = "  ".join(half.hex(" ").ljust(per_row // 2 * 3 - 1) for half in halves)
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        rows.append([Piece(f"{first + offset:04x}  ", Ink.DIM), Piece(dump), Piece(f"  {text}", ink)])
    return rows
