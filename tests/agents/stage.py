"""A second world for scripts, without SimPy: pipes of bytes, a clock that jumps, and a list of what was noted.

stage = Stage()
stage.start("192.0.2.25", servers.mta(host, policy, queue))
stage.start("192.0.2.10", client())
stage.run()
assert stage.dialogue == [">> EHLO pc.example", "<< 250 ..."]

`chop` cuts every write into pieces of that many bytes, each of which arrives alone.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from typing import Any

from mailsim.agents import operations as ops
from mailsim.errors import ConnectionLost, ConnectionRefused, ConnectionReset, ConnectionTimedOut
from mailsim.trace.facts import Fact

BLOCKED: Any = object()


class Pipe(ops.Connection):
    """One side of a connection."""

    other: Pipe

    def __init__(self, number: int, local: str, peer: str, port: int, is_client: bool) -> None:
        self.id, self.is_client, self.tls = f"c{number}", is_client, False
        self.local_address, self.peer_address, self.peer_name = local, peer, peer
        self.local_port = self.peer_port = port
        self.arrived: deque[bytes] = deque()
        self.is_closed = self.is_reset = False
        self.reader: Running | None = None


class Running:
    """A script on the stage."""

    def __init__(self, stage: Stage, address: str, script: ops.Script) -> None:
        self.stage, self.address, self.script = stage, address, script
        self.is_done = False
        self.wait = 0
        self.result: Any = None

    def resume(self, answer: Any = None, error: Exception | None = None) -> None:
        """Drive the script until it waits or ends."""
        self.wait += 1
        try:
            while True:
                operation = self.script.throw(error) if error else self.script.send(answer)
                error = None
                try:
                    answer = self.stage.perform(self, operation)
                except ConnectionLost as lost:
                    answer, error = None, lost
                if answer is BLOCKED:
                    return
        except StopIteration as end:
            self.is_done, self.result = True, end.value
        except ConnectionLost:
            self.is_done = True

    def later(self, delay_us: int, answer: Any = None, error: Exception | None = None) -> None:
        """Resume after a while, unless something else does before."""
        wait = self.wait
        self.stage.at(delay_us, lambda: self.resume(answer, error) if self.wait == wait else None)


class Stage:
    """The world. `unreachable` maps addresses to the error that connecting to them raises."""

    def __init__(self, chop: int = 0) -> None:
        self.chop, self.now_us = chop, 0
        self.notes: list[Fact] = []
        self.dialogue: list[str] = []
        self.connects: list[str] = []
        self.unreachable: dict[str, ConnectionLost] = {}
        self.running: list[Running] = []
        self._listeners: dict[tuple[str, int], tuple[deque[Pipe], list[Running]]] = {}
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0

    def start(self, address: str, script: ops.Script) -> Running:
        """Put a script on the stage; it begins when the stage runs."""
        running = Running(self, address, script)
        self.running.append(running)
        self.at(0, running.resume)
        return running

    def at(self, delay_us: int, action: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._due, (self.now_us + delay_us, self._count, action))

    def run(self, until_us: int | None = None) -> None:
        """Let everything happen that is due, up to `until_us`."""
        while self._due and (until_us is None or self._due[0][0] <= until_us):
            self.now_us, _, action = heapq.heappop(self._due)
            action()

    def play(self, address: str, script: ops.Script, until_us: int | None = None) -> Any:
        """Run one script to its end, and give what it returned."""
        running = self.start(address, script)
        self.run(until_us)
        assert running.is_done, "the script still waits"
        return running.result

    def facts(self, kind: type[Any]) -> list[Any]:
        """What was noted of one kind."""
        return [fact for fact in self.notes if isinstance(fact, kind)]

    # --- operations -----------------------------------------------------------------------------

    def perform(self, task: Running, operation: Any) -> Any:
        match operation:
            case ops.Now():
                return self.now_us
            case ops.Note(fact):
                self.notes.append(fact)
                return len(self.notes)
            case ops.Sleep(delay_us):
                task.later(delay_us)
                return BLOCKED
            case ops.Spawn(_, script):
                return self.start(task.address, script) and None
            case ops.Raise(signal):
                waiting, signal.waiting = signal.waiting, []
                for action in waiting:
                    self.at(0, action)
                return None
            case ops.Wait(signal, timeout_us):
                wait = task.wait
                signal.waiting.append(lambda: task.resume(True) if task.wait == wait else None)
                if timeout_us is not None:
                    task.later(timeout_us, False)
                return BLOCKED
            case ops.Listen(port):
                self._listeners[task.address, port] = (deque(), [])
                return (task.address, port)
            case ops.Accept(listener):
                return self._accept(task, *self._listeners[listener])
            case ops.Connect(address, port, timeout_us):
                return self._connect(task, address, port, timeout_us)
            case ops.Send(connection, _, pdus):
                return self._send(connection, pdus)
            case ops.Receive(connection, timeout_us):
                return self._receive(task, connection, timeout_us)
            case ops.Close(connection) | ops.Abort(connection):
                self._close(connection)
                return None
        raise AssertionError(f"{operation} is not played here")

    def _accept(self, task: Running, arrived: deque[Pipe], waiting: list[Running]) -> Any:
        if arrived:
            return arrived.popleft()
        waiting.append(task)
        return BLOCKED

    def _connect(self, task: Running, address: str, port: int, timeout_us: int) -> Any:
        target = task.address if address == "127.0.0.1" else address
        self.connects.append(f"{target}:{port}")
        if target in self.unreachable:
            error = self.unreachable[target]
            task.later(timeout_us if isinstance(error, ConnectionTimedOut) else 0, error=error)
            return BLOCKED
        if (target, port) not in self._listeners:
            raise ConnectionRefused(f"{target}:{port}")
        number = len(self.connects)
        near = Pipe(number, task.address, address, port, True)
        far = Pipe(number, target, task.address, port, False)
        near.other, far.other = far, near
        arrived, waiting = self._listeners[target, port]
        if waiting:
            server = waiting.pop(0)
            self.at(0, lambda: server.resume(far))
        else:
            arrived.append(far)
        return near

    def _send(self, pipe: Pipe, pdus: Any) -> int:
        if pipe.is_closed or pipe.other.is_reset:
            raise ConnectionReset("closed")
        mark = ">>" if pipe.is_client else "<<"
        self.dialogue += [f"{mark} {pdu}" for pdu in pdus]
        data = b"".join(pdu.to_bytes() for pdu in pdus)
        size = self.chop or len(data)
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            self.at(0, lambda piece=piece: self._arrive(pipe.other, piece))
        return len(self.dialogue)

    def _arrive(self, pipe: Pipe, data: bytes) -> None:
        pipe.arrived.append(data)
        reader, pipe.reader = pipe.reader, None
        if reader and not reader.is_done:
            reader.resume(pipe.arrived.popleft())

    def _receive(self, task: Running, pipe: Pipe, timeout_us: int | None) -> Any:
        if pipe.arrived:
            return pipe.arrived.popleft()
        pipe.reader = task
        if timeout_us is not None:
            wait = task.wait

            def give_up() -> None:
                if task.wait == wait:
                    pipe.reader = None
                    task.resume(error=ConnectionTimedOut("nothing came"))

            self.at(timeout_us, give_up)
        return BLOCKED

    def _close(self, pipe: Pipe) -> None:
        if not pipe.is_closed:
            pipe.is_closed = True
            self.at(0, lambda: self._arrive(pipe.other, b""))


class FakeServer:
    """A mail server that says what a test wants: verb -> replies, the last one again and again.

    None as a reply closes the connection without a word, "" is silence. `said` is what it was told, `mails` what it
    took.
    """

    def __init__(self, greeting: str | None = "220 mx ESMTP", *, port: int = 25, **answers: list[str | None]) -> None:
        self.greeting, self.port = greeting, port
        self.answers = {
            "EHLO": ["250-mx\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES"],
            "LHLO": ["250-mx\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES"],
            "DATA": ["354 go on"],
            "QUIT": ["221 2.0.0 bye"],
            **answers,
        }
        self.said: list[str] = []
        self.mails: list[bytes] = []

    async def serve(self) -> None:
        listener = await ops.Listen(self.port)
        while True:
            await ops.Spawn("visit", self._visit(await ops.Accept(listener)))

    async def _visit(self, connection: ops.Connection) -> None:
        if not await self._reply(connection, self.greeting):
            return
        buffer = b""
        end = b"\r\n"
        while data := await ops.Receive(connection):
            buffer += data
            while end in buffer:
                line, buffer = buffer.split(end, 1)
                if end == b"\r\n.\r\n":
                    self.mails.append((line + b"\r\n")[2:])
                    verb, end = ".", b"\r\n"
                else:
                    self.said.append(line.decode())
                    verb = line[:4].decode().upper()
                reply = self._next(verb)
                if verb == "DATA" and reply and reply.startswith("354"):
                    end, buffer = b"\r\n.\r\n", b"\r\n" + buffer
                if not await self._reply(connection, reply):
                    return
                if verb == "QUIT":
                    await ops.Close(connection)
                    return

    def _next(self, verb: str) -> str | None:
        answers = self.answers.get(verb, ["250 2.0.0 ok"])
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def _reply(self, connection: ops.Connection, reply: str | None) -> bool:
        if reply is None:
            await ops.Close(connection)
            return False
        if reply:
            await ops.Send(connection, "smtp", [_Text(reply)])
        return True


class _Text:
    """A reply as the test wrote it."""

    role = "reply"

    def __init__(self, text: str) -> None:
        self.text = text

    def to_bytes(self) -> bytes:
        return self.text.encode() + b"\r\n"

    def __str__(self) -> str:
        return self.text.splitlines()[-1]

    def fields(self) -> dict[str, Any]:
        return {}
