"""Runs any server engine behind a loopback TCP socket, so that real clients can talk to it.

A session is anything with `connect()`, `receive()` and `closed`: the bytes to send first, the bytes to
send in answer to what has arrived, and whether the server wants to hang up. One thread per connection,
because the clients under test (smtplib, poplib, imaplib, curl) block.

    with loopback.serve(lambda: MySession()) as server:
        smtplib.SMTP("127.0.0.1", server.port)
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Protocol

HOST = "127.0.0.1"
PATIENCE_S = 20.0


class Session(Protocol):
    """One connection of a server, as bytes."""

    closed: bool

    def connect(self) -> bytes:
        """What the server says first; b"" when it waits for the client."""

    def receive(self, data: bytes) -> bytes:
        """What the server sends after `data` has arrived; sets `closed` when it is done."""


class Server:
    """A listening socket on 127.0.0.1 and its connections; use it through `serve`."""

    def __init__(self, factory: Callable[[], Session], chunk: int) -> None:
        self._factory, self._chunk = factory, chunk
        self._listener = socket.create_server((HOST, 0))
        self._threads: list[threading.Thread] = []
        self._links: list[socket.socket] = []
        self.errors: list[BaseException] = []
        self.sessions: list[Session] = []
        self.host: str = HOST
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    def _start(self, job: Callable[[], None]) -> None:
        thread = threading.Thread(target=job, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            link.settimeout(PATIENCE_S)
            self._links.append(link)
            self._start(lambda link=link: self._talk(link))  # type: ignore[misc]

    def _talk(self, link: socket.socket) -> None:
        with link:
            try:
                session = self._factory()
                self.sessions.append(session)
                link.sendall(session.connect())
                while not session.closed and (data := link.recv(self._chunk)):
                    link.sendall(session.receive(data))
            except OSError:
                pass  # the client went away, or the test is over
            except BaseException as error:
                self.errors.append(error)

    def close(self) -> None:
        """Stop listening, hang up every connection, wait for the threads."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes a thread that sits in accept()
        self._listener.close()
        for link in self._links:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE_S)


@contextlib.contextmanager
def serve(factory: Callable[[], Session], chunk: int = 65536) -> Iterator[Server]:
    """Serve each connection with a fresh `factory()`; an error inside a session fails the test.

    `chunk` is the size of one read: 1 gives the engine its bytes one by one. `server.sessions` are the
    sessions that were made, in order.
    """
    server = Server(factory, chunk)
    try:
        yield server
    finally:
        server.close()
    if server.errors:
        raise server.errors[0]


def dial(server: Server) -> socket.socket:
    """A raw client socket to the server, for what no client library would send."""
    return socket.create_connection((server.host, server.port), PATIENCE_S)
