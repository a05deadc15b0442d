"""The loopback helper itself: an echo server, byte by byte, and an error that must not hide."""

from __future__ import annotations

import pytest

from tests.interop import loopback


class Echo:
    """Says hello, then repeats; hangs up after a Q."""

    def __init__(self) -> None:
        self.closed = False
        self.pieces: list[bytes] = []

    def connect(self) -> bytes:
        return b"hello\r\n"

    def receive(self, data: bytes) -> bytes:
        self.pieces.append(data)
        self.closed = b"Q" in data
        return data


class Broken(Echo):
    def receive(self, data: bytes) -> bytes:
        raise ValueError(data)


@pytest.mark.parametrize("chunk", [1, 65536])
def test_echo(chunk: int) -> None:
    with loopback.serve(Echo, chunk) as server, loopback.dial(server) as link:
        reader = link.makefile("rb")
        assert reader.readline() == b"hello\r\n"
        link.sendall(b"abc\nQ")
        assert reader.read() == b"abc\nQ"
        reader.close()
    (session,) = server.sessions
    assert isinstance(session, Echo)
    assert b"".join(session.pieces) == b"abc\nQ"
    assert max(map(len, session.pieces)) <= chunk


def say_x(server: loopback.Server) -> None:
    with loopback.dial(server) as link:
        link.sendall(b"x")
        assert link.recv(100) == b"hello\r\n"
        assert link.recv(100) == b""


def test_an_error_in_a_session_fails_the_test() -> None:
    with pytest.raises(ValueError, match="x"), loopback.serve(Broken) as server:
        say_x(server)
