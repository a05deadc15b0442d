"""What a gateway has to survive: garbage, crowds, halves. `python -m tests.interop.hard` does it in full size."""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
import random
import smtplib
import socket
import sys
import tempfile
import time
from pathlib import Path

from .served import DAN, PASSWORDS, Served, fresh, serve

TCP = ("smtp", "submission", "submissions", "imap", "imaps", "pop3", "pop3s", "dns")
FULL_GARBAGE, FULL_CROWD = 1_000_000, 2000
FULL_TIME_S = 600.0


def garbage(served: Served, octets: int, seed: int = 7) -> None:
    """Send random octets to every port, in one piece or line by line, and read whatever comes until the end."""
    chance = random.Random(seed)
    for service in TCP:
        data = chance.randbytes(octets)
        for start, stop in ((0, octets // 2), (octets // 2, octets)):
            with contextlib.suppress(OSError), dial(served, service) as link:
                link.settimeout(2.0)
                _send_and_read(link, data[start:stop])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        for number in range(min(octets // 500, 2000)):
            udp.sendto(chance.randbytes(number % 600), ("127.0.0.1", served.port("dns")))


def _send_and_read(link: socket.socket, data: bytes) -> None:
    link.setblocking(False)
    end = time.monotonic() + 20
    while data and time.monotonic() < end:
        with contextlib.suppress(BlockingIOError):
            data = data[link.send(data[:65536]) :]
        with contextlib.suppress(BlockingIOError):
            if not link.recv(1 << 20):
                return
    link.shutdown(socket.SHUT_WR)
    link.settimeout(2.0)
    while link.recv(1 << 20):
        pass


def dial(served: Served, service: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.port(service)), 10)


def crowd(served: Served, count: int) -> int:
    """Hold many connections at once, each with half a command; gives how many were greeted."""
    return asyncio.run(_crowd(served, count))


async def _crowd(served: Served, count: int) -> int:
    services = ("smtp", "submission", "imap", "pop3")
    guests: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    greeted = 0
    for start in range(0, count, 100):
        ports = [served.port(services[number % 4]) for number in range(start, min(start + 100, count))]
        guests += await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for port in ports))
    for reader, writer in guests:
        writer.write(b"NO")
        greeted += bool(await asyncio.wait_for(reader.readline(), 60))
    for number, (_, writer) in enumerate(guests):
        if number % 3 == 0:
            writer.transport.abort()
        elif number % 3 == 1:
            writer.write_eof()
        writer.close()
    return greeted


def halves(served: Served, count: int) -> None:
    """Close one direction in the middle of a dialogue, and still get the answers to what was asked."""
    for _ in range(count):
        with dial(served, "smtp") as link:
            link.settimeout(10)
            link.sendall(b"EHLO a.example\r\nNOOP\r\nMAIL FR")
            link.shutdown(socket.SHUT_WR)
            said = b""
            while data := link.recv(65536):
                said += data
            assert said.startswith(b"220 ")
            assert b"250 2.0.0" in said.splitlines()[-1] or b"\r\n250 " in said


def still_serves(served: Served) -> None:
    """Everything works as before."""
    subject = fresh("after")
    served.deliver(DAN, subject)
    with smtplib.SMTP_SSL("localhost", served.port("submissions"), context=served.context, timeout=20) as smtp:
        smtp.login(DAN, PASSWORDS[DAN])
    with imaplib.IMAP4_SSL("localhost", served.port("imaps"), ssl_context=served.context, timeout=20) as imap:
        imap.login(DAN, PASSWORDS[DAN])


def memory_mb(served: Served) -> float:
    """What the gateway's process has in memory, in 10**6 octets; 0 where the system does not tell."""
    status = Path(f"/proc/{served.process.pid}/status")
    if not status.exists():
        return 0.0
    fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) * 1024 / 1e6


def main() -> int:
    """Everything in full size, with numbers."""
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as served:
        print(f"start: {memory_mb(served):.0f} MB")
        for name, act in (
            ("garbage", lambda: garbage(served, FULL_GARBAGE)),
            ("crowd", lambda: print(f"greeted: {crowd(served, FULL_CROWD)} of {FULL_CROWD}")),
            ("halves", lambda: halves(served, 200)),
            ("garbage again", lambda: garbage(served, FULL_GARBAGE, 8)),
            ("crowd again", lambda: crowd(served, FULL_CROWD)),
        ):
            began = time.monotonic()
            act()
            still_serves(served)
            print(f"{name}: {time.monotonic() - began:.1f} s, {memory_mb(served):.0f} MB, still serving")
    return 0


if __name__ == "__main__":
    sys.exit(main())
