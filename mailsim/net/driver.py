"""Runs scripts on the simulated network.

A task is a script that is running. Driving it is one loop: take the operation that the script awaits,
perform it, come back with the answer or throw the error into the script. Most operations are answered at
once; those that wait (`Receive`, `Accept`, `Sleep`, ...) leave the loop, and whoever has the answer later
calls `resume`, from inside the callback of the segment that has just arrived. No SimPy process is involved.

The task also carries the causes. What a script does is caused by what it did before, and by what woke it:
a segment, a datagram, a signal. Nothing has to pass causes along by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from mailsim.agents import operations as ops
from mailsim.errors import ConnectionLost, ConnectionTimedOut
from mailsim.net.clock import NEVER, Alarm
from mailsim.trace.facts import Fact, WaitTimedOut

if TYPE_CHECKING:
    from mailsim.net.endpoint import Endpoint
    from mailsim.net.host import HostNode
    from mailsim.net.network import Network

BLOCKED: Any = object()
"""What a handler gives when the answer comes later."""


class Task:
    """A running script, and why it does what it does.

    Attributes:
        causes: what the next event of this script follows from.
        service: the service of its host that it belongs to.
        waits_since: when its patience began.
    """

    __slots__ = (
        "_alarm",
        "_clock",
        "_gives_up_at",
        "_on_timeout",
        "causes",
        "host",
        "name",
        "network",
        "script",
        "service",
        "waiter",
        "waits_since",
    )

    def __init__(
        self,
        network: Network,
        host: HostNode,
        name: str,
        script: ops.Script,
        causes: tuple[int, ...],
        service: str = "",
    ):
        self.network, self.host, self.name, self.causes, self.service = network, host, name, causes, service
        self._clock = network.clock
        self.script: ops.Script | None = script
        self._alarm = Alarm(self._clock, self._look_at_deadline)
        self._gives_up_at = NEVER
        self.waits_since = 0
        self._on_timeout: Callable[[], None] | None = None
        self.waiter: _Waiter | None = None

    # --- the loop -------------------------------------------------------------------------------

    def resume(self, answer: Any = None, error: BaseException | None = None) -> None:
        """Give the script its answer (or error), and drive it until it waits again or ends."""
        script = self.script
        if script is None:
            return
        self._gives_up_at = NEVER
        if self.waiter is not None:
            self.waiter.leave()
            self.waiter = None
        try:
            operation = script.send(answer) if error is None else script.throw(error)
            while True:
                try:
                    answer = HANDLERS[type(operation)](self, operation)
                except ConnectionLost as lost:
                    operation = script.throw(lost)
                    continue
                if answer is BLOCKED:
                    return
                operation = script.send(answer)
        except (StopIteration, ConnectionLost):
            self._end()

    def woken(self, cause: int, answer: Any = None, error: BaseException | None = None) -> None:
        """Resume because of an event: what the script does next is caused by it."""
        self.causes = (cause,)
        self.resume(answer, error)

    def kill(self) -> None:
        """End the script where it stands: its host is gone."""
        if self.script is not None:
            if self.waiter is not None:
                self.waiter.leave()
                self.waiter = None
            self.script.close()
            self._end()

    def _end(self) -> None:
        self.script = None
        self._on_timeout = None
        self._alarm.drop()
        self.host.tasks.pop(self, None)

    # --- waiting --------------------------------------------------------------------------------

    def patience(self, timeout_us: int, on_timeout: Callable[[], None]) -> None:
        """Call `on_timeout` unless the script is resumed within `timeout_us`."""
        self._on_timeout = on_timeout
        now = self.waits_since = self._clock.now_us
        gives_up_at = self._gives_up_at = now + timeout_us
        if gives_up_at < self._alarm.wakes_at:
            self._alarm.wake_by(gives_up_at)

    def _look_at_deadline(self) -> None:
        if self._gives_up_at > self._clock.now_us:
            self._alarm.wake_by(self._gives_up_at)
        elif self._on_timeout is not None:
            self._gives_up_at = NEVER
            self._on_timeout()

    def give_up(self, conn: str) -> None:
        """Note that nothing came in time, and tell the script."""
        self.also_because_of(self.network.silenced.pop(conn, -1))
        self.note(WaitTimedOut(conn, self._clock.now_us - self.waits_since))
        self.resume(error=ConnectionTimedOut(f"nothing came on {conn}"))

    # --- the trace ------------------------------------------------------------------------------

    def note(self, fact: Fact) -> int:
        """Write a fact into the trace; the script's next event follows from it."""
        seq = self.network.note(self.host.name, fact, self.causes)
        self.causes = (seq,)
        return seq

    def also_because_of(self, cause: int) -> None:
        """What the script does next has one more cause: bytes that were there before it asked."""
        if cause >= 0 and cause not in self.causes:
            self.causes = (*self.causes, cause)


def _endpoint(connection: ops.Connection) -> Endpoint:
    """The connections that scripts hold are this network's own endpoints."""
    return cast("Endpoint", connection)


# --- one handler an operation -------------------------------------------------------------------


def _connect(task: Task, operation: ops.Connect) -> Any:
    task.host.tcp.connect(task, operation.address, operation.port, operation.timeout_us)
    return BLOCKED


def _listen(task: Task, operation: ops.Listen) -> Any:
    return task.host.tcp.listen(operation.port, task.service)


def _accept(task: Task, operation: ops.Accept) -> Any:
    return task.host.tcp.accept(task, operation.listener)


def _send(task: Task, operation: ops.Send) -> Any:
    endpoint: Any = operation.connection
    return endpoint.say(task, operation.protocol, operation.pdus)


def _receive(task: Task, operation: ops.Receive) -> Any:
    endpoint: Any = operation.connection
    return endpoint.read(task, operation.timeout_us)


def _receive_or_signal(task: Task, operation: ops.ReceiveOrSignal) -> Any:
    answer = _endpoint(operation.connection).read(task, operation.timeout_us)
    if answer is BLOCKED:
        _join(task, operation.signal, lambda: _endpoint(operation.connection).stop_reading(None))
    return answer


def _start_tls(task: Task, operation: ops.StartTls) -> Any:
    return _endpoint(operation.connection).start_tls(task, operation)


def _close(task: Task, operation: ops.Close) -> Any:
    _endpoint(operation.connection).close(task)


def _abort(task: Task, operation: ops.Abort) -> Any:
    _endpoint(operation.connection).abort(task)


def _open_socket(task: Task, operation: ops.OpenSocket) -> Any:
    return task.host.udp.open(operation.port, task.service)


def _send_datagram(task: Task, operation: ops.SendDatagram) -> Any:
    return task.host.udp.send(task, operation)


def _receive_datagram(task: Task, operation: ops.ReceiveDatagram) -> Any:
    return task.host.udp.receive(task, operation)


def _close_socket(task: Task, operation: ops.CloseSocket) -> Any:
    task.host.udp.close(operation.socket)


def _sleep(task: Task, operation: ops.Sleep) -> Any:
    task.patience(operation.delay_us, task.resume)
    return BLOCKED


def _wait(task: Task, operation: ops.Wait) -> Any:
    _join(task, operation.signal, lambda: task.resume(True))
    if operation.timeout_us is not None:
        task.patience(operation.timeout_us, lambda: task.resume(False))
    return BLOCKED


class _Waiter:
    """A task in the list of a signal, until the task is resumed by whatever comes first."""

    __slots__ = ("signal", "task", "wake")

    def __init__(self, task: Task, signal: ops.Signal, wake: Callable[[], None]) -> None:
        self.task, self.signal, self.wake = task, signal, wake

    def leave(self) -> None:
        if self in self.signal.waiting:
            self.signal.waiting.remove(self)


def _join(task: Task, signal: ops.Signal, wake: Callable[[], None]) -> None:
    task.waiter = _Waiter(task, signal, wake)
    signal.waiting.append(task.waiter)


def _raise(task: Task, operation: ops.Raise) -> Any:
    waiting, operation.signal.waiting = operation.signal.waiting, []
    if not waiting:
        return
    causes = task.causes

    def wake_all() -> None:
        for waiter in waiting:
            if waiter.task.waiter is waiter:
                waiter.task.causes = tuple(sorted({*waiter.task.causes, *causes}))
                waiter.wake()

    task.network.clock.call(0, wake_all)


def _spawn(task: Task, operation: ops.Spawn) -> Any:
    service = operation.service or task.service
    task.network.start_task(task.host, operation.name, operation.script, task.causes, service)


def _note(task: Task, operation: ops.Note) -> int:
    if operation.because >= 0:
        task.also_because_of(operation.because)
    return task.note(operation.fact)


def _now(task: Task, _: ops.Now) -> Any:
    return task.network.clock.now_us


HANDLERS: dict[type[Any], Callable[[Task, Any], Any]] = {
    ops.Connect: _connect,
    ops.Listen: _listen,
    ops.Accept: _accept,
    ops.Send: _send,
    ops.Receive: _receive,
    ops.ReceiveOrSignal: _receive_or_signal,
    ops.StartTls: _start_tls,
    ops.Close: _close,
    ops.Abort: _abort,
    ops.OpenSocket: _open_socket,
    ops.SendDatagram: _send_datagram,
    ops.ReceiveDatagram: _receive_datagram,
    ops.CloseSocket: _close_socket,
    ops.Sleep: _sleep,
    ops.Wait: _wait,
    ops.Raise: _raise,
    ops.Spawn: _spawn,
    ops.Note: _note,
    ops.Now: _now,
}
