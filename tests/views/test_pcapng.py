"""The capture: its blocks, its headers and its checksums, read back by hand."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.trace.events import Packet
from mailsim.trace.trace import Trace
from mailsim.views.frames import Framer, checksum
from mailsim.views.pcapng import to_pcapng
from tests.trace.scribe import MSA, MX1, PC, WORLD, Scribe, failover_trace

TRACE = failover_trace()
CAPTURE = to_pcapng(TRACE)


def blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    while data:
        kind, length = struct.unpack_from("<II", data)
        assert length % 4 == 0
        assert struct.unpack_from("<I", data, length - 4) == (length,)
        yield kind, data[8 : length - 4]
        data = data[length:]


def packets(data: bytes) -> list[tuple[int, int, bytes, str]]:
    """Interface, time, frame and comment of each packet."""
    found = []
    for kind, body in blocks(data):
        if kind == 6:
            interface, high, low, size, _ = struct.unpack_from("<IIIII", body)
            options = body[20 + size + (-size % 4) :]
            code, length = struct.unpack_from("<HH", options)
            assert code == 1
            found.append((interface, high << 32 | low, body[20 : 20 + size], options[4 : 4 + length].decode()))
    return found


def ones_complement_sum(data: bytes) -> int:
    """The textbook way (RFC 1071), which is not how the code does it."""
    total = 0
    for position in range(0, len(data), 2):
        total += int.from_bytes(data[position : position + 2].ljust(2, b"\0"), "big")
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def test_one_packet_for_each_segment_and_datagram_at_its_time() -> None:
    expected = [event for event in TRACE.events if isinstance(event, Packet)]
    found = packets(CAPTURE)
    assert [at for _, at, _, _ in found] == [WORLD.start_us + event.at for event in expected]
    for (_, _, frame, comment), event in zip(found, expected, strict=True):
        assert frame.endswith(event.payload)
        assert comment.split(" ")[:2] == ["seq", str(event.seq)]


def test_comments_say_what_is_said() -> None:
    comments = [comment for _, _, _, comment in packets(CAPTURE)]
    assert any(c.endswith("smtp.mail: MAIL FROM:<alena@skola.example>") for c in comments)
    assert any("smtp.reply.taken: 250 2.0.0 Ok" in c for c in comments)


def test_headers_of_ipv4_and_tcp() -> None:
    frame = next(frame for _, _, frame, _ in packets(CAPTURE) if b"MAIL FROM" in frame)
    assert frame[:14].hex() == "020000000002" + "020000000001" + "0800"
    ip, tcp = frame[14:34], frame[34:]
    assert (ip[0], ip[6:8], ip[8], ip[9]) == (0x45, b"\x40\x00", 64, 6)
    assert int.from_bytes(ip[2:4], "big") == len(ip) + len(tcp)
    assert ones_complement_sum(ip) == 0xFFFF
    assert ones_complement_sum(ip[12:20] + struct.pack("!HH", 6, len(tcp)) + tcp) == 0xFFFF
    assert tcp[12] >> 4 == 5


def test_a_syn_has_the_mss_option() -> None:
    tcp = packets(CAPTURE)[0][2][34:]
    assert tcp[12] >> 4 == 6
    assert tcp[20:] == b"\x02\x04" + (1440).to_bytes(2, "big")


def test_identification_counts_for_each_sender() -> None:
    seen: dict[bytes, list[int]] = {}
    for _, _, frame, _ in packets(CAPTURE):
        seen.setdefault(frame[26:30], []).append(int.from_bytes(frame[18:20], "big"))
    for numbers in seen.values():
        assert numbers == list(range(1, len(numbers) + 1))


def test_headers_of_ipv6() -> None:
    scribe = Scribe()
    scribe.handshake("c1", MSA, MX1, 25, v6=True)
    (_, _, frame, _), *_ = packets(to_pcapng(scribe.trace()))
    assert frame[12:14] == b"\x86\xdd"
    ip, tcp = frame[14:54], frame[54:]
    assert (ip[0] >> 4, ip[6], ip[7]) == (6, 6, 64)
    assert int.from_bytes(ip[4:6], "big") == len(tcp)
    assert ones_complement_sum(ip[8:40] + struct.pack("!II", len(tcp), 6) + tcp) == 0xFFFF


def test_names_of_all_hosts_are_there() -> None:
    (names,) = (body for kind, body in blocks(CAPTURE) if kind == 4)
    assert bytes((192, 0, 2, 25)) + MSA.encode() + b"\0" in names
    assert bytes.fromhex("20010db8000f00000000000000000025") + MX1.encode() + b"\0" in names
    assert names.endswith(bytes(4))


def test_each_host_that_talks_to_itself_has_an_interface() -> None:
    scribe = Scribe()
    for number, node in enumerate((MSA, MX1, MSA, PC), 1):
        packet = scribe.packet(f"c{number}", node, node, 24, b"", True)
        if node != PC:
            packet.path.source = packet.path.destination = "127.0.0.1"
        scribe.events.append(packet)
    capture = to_pcapng(scribe.trace())
    names = [body for kind, body in blocks(capture) if kind == 1]
    assert len(names) == 3
    assert [b"lo " + MSA.encode() in body for body in names] == [False, True, False]
    assert [interface for interface, *_ in packets(capture)] == [1, 2, 1, 0]


def test_tls_secrets_have_their_block_before_the_packets() -> None:
    secrets = b"CLIENT_RANDOM 00 11\n"
    capture = to_pcapng(replace(TRACE, tls_secrets=secrets))
    kinds = [kind for kind, _ in blocks(capture)]
    assert kinds.index(10) < kinds.index(6)
    body = next(body for kind, body in blocks(capture) if kind == 10)
    assert body[:8] == struct.pack("<II", 0x544C534B, len(secrets))


def test_a_trace_without_packets_is_a_capture() -> None:
    assert [kind for kind, _ in blocks(to_pcapng(Trace(WORLD, (), 0)))] == [0x0A0D0D0A, 1, 4]


def test_the_same_trace_gives_the_same_bytes() -> None:
    assert to_pcapng(failover_trace()) == CAPTURE


def test_hosts_keep_their_macs_when_others_say_nothing() -> None:
    packet = next(event for event in TRACE.events if isinstance(event, Packet))
    assert Framer(WORLD).frame(packet)[6:12] == Framer(replace(WORLD, nodes=WORLD.nodes[:1])).frame(packet)[6:12]


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.binary(min_size=1, max_size=80))
def test_the_checksum_makes_the_sum_right(data: bytes) -> None:
    data = b"\x01" + data
    padded = data + b"\0" * (len(data) % 2)
    assert ones_complement_sum(padded + checksum(data).to_bytes(2, "big")) == 0xFFFF


@pytest.mark.parametrize("data", [b"\xff\xff", b"\xff\xfe\x00\x01", b"\xff\xff\xff\xff"])
def test_the_checksum_of_a_sum_of_ones_is_zero(data: bytes) -> None:
    assert checksum(data) == 0
