"""A trace in a file: what happened, to be stepped through later, on another computer, without running it again.

The file begins with a line of text that names the format and its version; a zlib stream (RFC 1950) follows, with one
JSON value a line in UTF-8: first the world, then an array for each event, last the number of events. So it is compact,
it can be read by any program, a damaged or cut file is noticed (the checksum of zlib, the count in the last line),
and reading it makes values of a fixed set of classes and runs nothing. Sayings are kept as their bytes, their line of
text and their fields, which is all that any view asks of them.
"""

from __future__ import annotations

import dataclasses
import json
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path as File
from typing import IO, Any, Final, TypeVar

from mailsim.errors import MailsimError
from mailsim.protocols.lines import LineBuffer
from mailsim.protocols.pdu import Json, Plain
from mailsim.trace import facts
from mailsim.trace.events import LOST, Datagram, Event, Noted, Path, Said, Segment
from mailsim.trace.plain import from_plain, octets, to_plain
from mailsim.trace.trace import Trace

P = TypeVar("P", Segment, Datagram)
MAGIC: Final = b"mailsim recording "
VERSION: Final = 1
NOT_IN_HEAD: Final = ("events", "code")
"""The code that ran may have changed when a recording is looked at."""
LARGEST_LINE: Final = 256 * 1024**2
LARGEST: Final = 4 * 1024**3
"""Octets after decompression; a file that claims more is not read on."""
PIECE: Final = 1024**2
LEVEL: Final = 4
"""Of compression: a tenth larger than the best, in half the time."""


class RecordingError(MailsimError):
    """A recording cannot be read.

    Attributes:
        problem: `not-one`, `version`, `damaged`, `cut`, `too-large` or `wrong`.
        line: the last of the JSON lines that could be read, from 1; 0 if none. detail: more about it, in English.
    """

    def __init__(self, file: str, problem: str, line: int = 0, detail: str = "") -> None:
        super().__init__(file, problem, line, detail)
        self.file, self.problem, self.line, self.detail = file, problem, line, detail


def is_recording(file: File) -> bool:
    """Whether the file begins as a recording does."""
    try:
        with file.open("rb") as stream:
            return stream.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


# --- writing --------------------------------------------------------------------------------------


def write_recording(trace: Trace, file: File) -> None:
    """Write a trace; a file that is there already is replaced only when the new one is whole. Raises: OSError."""
    new = file.with_name(f"{file.name}.new")
    try:
        with new.open("wb") as stream:
            _write(trace, stream)
        new.replace(file)
    except BaseException:  # Ctrl+C too
        new.unlink(missing_ok=True)
        raise


def _write(trace: Trace, stream: IO[bytes]) -> None:
    squeeze = zlib.compressobj(LEVEL)
    stream.write(MAGIC + b"%d\n" % VERSION)
    for line in _lines(trace):
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        stream.write(squeeze.compress(text.encode("utf-8", "surrogatepass") + b"\n"))
    stream.write(squeeze.flush())


def _lines(trace: Trace) -> Iterator[Json]:
    names = [field.name for field in dataclasses.fields(trace) if field.name not in NOT_IN_HEAD]
    yield {name: to_plain(getattr(trace, name)) for name in names}
    for event in trace.events:
        yield _record(event)
    yield {"events": len(trace.events)}


def _record(event: Event) -> Json:
    head: list[Json] = [event.at, event.node, list(event.causes)]
    match event:
        case Said():
            pdu = event.pdu
            wire, data = pdu.to_bytes(), getattr(pdu, "data", None) or b""
            said: list[Json] = [pdu.role, to_plain(wire), str(pdu), to_plain(dict(pdu.fields()))]
            kept: list[Json] = [_data_within(wire, data), getattr(pdu, "id", None)]
            place: list[Json] = [event.conn, event.peer, event.protocol, event.port, event.from_client, event.tls]
            return ["s", *head, *place, *said, *kept]
        case Segment():
            tcp: list[Json] = [event.flags, event.sequence, event.acknowledgment, event.window, event.mss]
            return ["t", *head, *_packet(event), *tcp, event.retransmission]
        case Datagram():
            return ["d", *head, *_packet(event)]
        case Noted():
            return ["n", *head, event.fact.kind, to_plain(event.fact)]
    raise TypeError(type(event))


def _data_within(wire: bytes, data: bytes) -> Json:
    """The content of a message: how many octets of the wire it is, which is shorter than to write it twice."""
    return len(data) if wire.startswith(data) else to_plain(data)


def _packet(event: Segment | Datagram) -> list[Json]:
    ends: list[Json] = [event.source, event.source_port, event.destination, event.destination_port]
    return [event.conn, *ends, event.peer, to_plain(event.payload), event.arrives_at]


# --- reading --------------------------------------------------------------------------------------


def read_recording(file: File) -> Trace:
    """The trace in a file. Raises: RecordingError, OSError."""
    with file.open("rb") as stream:
        return _Reader(stream, str(file)).trace()


class _Reader:
    def __init__(self, stream: IO[bytes], name: str) -> None:
        self.stream, self.name = stream, name
        self.line = 0

    def trace(self) -> Trace:
        self._check_version()
        values = self._values()
        events: list[Event] = []
        end: dict[str, Any] | None = None
        try:
            head = next(values, None)
            for value in values:  # to the very end, where zlib has its checksum
                if end is not None:
                    raise ValueError("something follows the last line")
                if isinstance(value, dict):
                    end = value
                else:
                    events.append(_event(value, len(events), events[-1].at if events else 0))
            if end is not None:
                return self._whole(head, events, end)
        except (ValueError, TypeError, KeyError, IndexError, OverflowError) as error:
            raise RecordingError(self.name, "wrong", self.line, str(error)[:200]) from None
        raise RecordingError(self.name, "cut", self.line)

    def _check_version(self) -> None:
        line = self.stream.readline(64)
        if not line.startswith(MAGIC):
            raise RecordingError(self.name, "not-one")
        if line != MAGIC + b"%d\n" % VERSION:
            version = line.removeprefix(MAGIC).strip().decode("ascii", "replace")
            raise RecordingError(self.name, "version", detail=version)

    def _whole(self, head: object, events: list[Event], end: dict[str, Any]) -> Trace:
        if end.get("events") != len(events):
            raise RecordingError(self.name, "cut", self.line)
        if not isinstance(head, dict):
            raise ValueError("the first line has to tell of the world")
        return from_plain(Trace, head, without=NOT_IN_HEAD, events=events)

    def _values(self) -> Iterator[Any]:
        for line in self._split():
            self.line += 1
            try:
                yield json.loads(line.decode("utf-8", "surrogatepass"), parse_constant=_refuse)
            except RecursionError:
                raise RecordingError(self.name, "wrong", self.line, "nested too deeply") from None

    def _split(self) -> Iterator[bytes]:
        buffer = LineBuffer()
        for piece in self._unpacked():
            buffer.feed(piece)
            while (line := buffer.take_line()) is not None:
                yield line
            if len(buffer) > LARGEST_LINE:
                raise RecordingError(self.name, "too-large", self.line + 1)
        if len(buffer):
            raise RecordingError(self.name, "cut", self.line)

    def _unpacked(self) -> Iterator[bytes]:
        unpack = zlib.decompressobj()
        total = 0
        try:
            while not unpack.eof:
                packed = unpack.unconsumed_tail or self.stream.read(PIECE)
                if not packed:
                    raise RecordingError(self.name, "cut", self.line)
                piece = unpack.decompress(packed, PIECE)
                total += len(piece)
                if total > LARGEST:
                    raise RecordingError(self.name, "too-large", self.line)
                yield piece
        except zlib.error:
            raise RecordingError(self.name, "damaged", self.line) from None


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _event(record: Any, seq: int, not_before: int) -> Event:
    """The event of an array. Raises: ValueError, TypeError, KeyError."""
    if not isinstance(record, list):
        raise ValueError("an event has to be an array")
    kind, at, node, causes, *rest = record
    _expect((at, int), (node, str), (causes, list))
    if at < not_before:
        raise ValueError("time goes backwards")
    if not all(type(cause) is int and 0 <= cause < seq for cause in causes):
        raise ValueError("a cause is not before its effect")
    made = _MAKERS[kind](*rest)
    made.seq, made.at, made.node, made.causes = seq, at, node, tuple(causes)
    return made


def _expect(*pairs: tuple[object, type]) -> None:
    for value, kind in pairs:
        if type(value) is not kind:
            raise ValueError(f"{str(value)[:40]!r} has to be {kind.__name__}")


def _said(
    conn: str,
    peer: str,
    protocol: str,
    port: int,
    from_client: bool,
    tls: bool,
    role: str,
    wire: str,
    text: str,
    values: dict[str, Json],
    data: int | str,
    number: int | None,
) -> Event:
    _expect((conn, str), (peer, str), (protocol, str), (port, int), (from_client, bool), (tls, bool))
    _expect((role, str), (wire, str), (text, str), (values, dict))
    _expect((data, int if isinstance(data, int) else str), (number, type(None) if number is None else int))
    octets_wire = octets(wire)
    content = octets_wire[:data] if isinstance(data, int) else octets(data)
    pdu = Plain(role, octets_wire, text, values, content, number)
    return Said(0, 0, "", (), conn, peer, protocol, port, from_client, tls, pdu)


def _datagram(*packet: Any) -> Datagram:
    return _filled(Datagram.__new__(Datagram), *packet)


def _segment(*fields: Any) -> Segment:
    *packet, flags, sequence, acknowledgment, window, mss, retransmission = fields
    segment = _filled(Segment.__new__(Segment), *packet)
    _expect((flags, int), (sequence, int), (acknowledgment, int), (window, int), (mss, int), (retransmission, bool))
    if not (0 <= flags < 256 and 0 <= window < 65536 and 0 <= mss < 65536):
        raise ValueError("a number does not fit into a TCP header")
    if not (0 <= sequence < 1 << 32 and 0 <= acknowledgment < 1 << 32):
        raise ValueError("a number does not fit into a TCP header")
    segment.flags, segment.sequence, segment.acknowledgment = flags, sequence, acknowledgment
    segment.window, segment.mss, segment.retransmission = window, mss, retransmission
    return segment


def _filled(
    packet: P,
    conn: str,
    source: str,
    source_port: int,
    destination: str,
    destination_port: int,
    peer: str,
    payload: str,
    arrives_at: int,
) -> P:
    _expect((conn, str), (source, str), (source_port, int), (destination, str), (destination_port, int))
    _expect((peer, str), (payload, str), (arrives_at, int))
    if arrives_at < LOST:
        raise ValueError("a time is out of range")
    packet.path = _path(conn, source, source_port, destination, destination_port, peer)
    packet.payload, packet.arrives_at = octets(payload), arrives_at
    return packet


@lru_cache(maxsize=16384, typed=True)
def _path(conn: str, source: str, source_port: int, destination: str, destination_port: int, peer: str) -> Path:
    """Where packets come from and go to; those of one conversation share it, as they do in a run."""
    if not (0 <= source_port < 65536 and 0 <= destination_port < 65536):
        raise ValueError("a port is out of range")
    if ip_address(source).version != ip_address(destination).version:
        raise ValueError("the addresses of a packet are of two families")
    return Path(conn, source, source_port, destination, destination_port, peer)


def _noted(kind: str, fields: dict[str, Json]) -> Event:
    return Noted(0, 0, "", (), from_plain(_FACTS[kind], fields))


_FACTS: Final[dict[str, type[facts.Fact]]] = {
    kind.kind: kind
    for kind in vars(facts).values()
    if isinstance(kind, type) and issubclass(kind, facts.Fact) and hasattr(kind, "kind")
}
_MAKERS: Final[dict[str, Callable[..., Event]]] = {"s": _said, "t": _segment, "d": _datagram, "n": _noted}
