"""Kills a host at any single event of a run, and boots it again: not between two things that it does, but in them.

The recording of events is the place: when the list of events grows to the chosen length, the power goes. What the host
was about to do next does not happen; the event itself has happened.

A single service, and the DNS server of others, breaks down at every moment of a run in which its host did anything.

    python -m tests.faults.killing cross-domain mx-failover     every event, on every host that has a queue
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace

from mailsim.scenario.build import Simulation, build
from mailsim.scenario.faults import Fault
from mailsim.scenario.loader import open_scenario
from mailsim.scenario.units import Moment
from mailsim.trace.conservation import conservation
from mailsim.trace.events import Event, Noted
from mailsim.trace.facts import FaultEnded, FaultHit, FaultStarted, MdaDelivered, PacketDropped, QueueAdded
from mailsim.trace.recorder import Recorder
from mailsim.trace.trace import Trace

OUTAGE_US = 60_000_000


class PowerCut(BaseException):
    """Not an Exception: no program survives it."""


class DeadlyList(list[Event]):
    """A list of events in which one is the last thing that its host does."""

    deadline = -1

    def append(self, event: Event) -> None:
        super().append(event)
        if len(self) - 1 == self.deadline:
            raise PowerCut


def run_and_kill(simulation: Simulation, seq: int, host: str = "") -> Trace:
    """Run; after event `seq` kill `host` (by default its own) and boot it a minute later."""
    network = simulation.network
    events = network.recorder.events = DeadlyList()
    events.deadline = seq
    try:
        network.run(simulation.until_us)
    except PowerCut:
        events.deadline = -1
        node = network.hosts[host or events[-1].node]
        down = network.note(node.name, FaultStarted("down", node.name), ())
        node.crash(down)

        def boot() -> None:
            node.boot(network.note(node.name, FaultEnded("down", node.name), (down,)))

        network.clock.call(OUTAGE_US, boot)
        network.run(simulation.until_us)
    return Trace(simulation.world, network.recorder.events, simulation.until_us)


def complaints(trace: Trace) -> list[str]:
    """What is wrong with a run in which a host was killed once."""
    wrong = [f"{violation.rule} at {violation.seq} for {violation.rcpt}" for violation in conservation(trace)]
    facts = [event.fact for event in trace.events if isinstance(event, Noted)]
    accepted = {(fact.msg, fact.rcpt) for fact in facts if isinstance(fact, QueueAdded)}
    delivered = [(fact.msg, fact.rcpt) for fact in facts if isinstance(fact, MdaDelivered)]
    wrong += [f"lost: {msg} for {rcpt}" for msg, rcpt in sorted(accepted - set(delivered))]
    if len(delivered) > len(set(delivered)) + 1:
        wrong.append(f"delivered {len(delivered)} times")
    return wrong + [f"{copy} has no reason" for copy in unexplained_copies(trace)]


def unexplained_copies(trace: Trace) -> list[str]:
    """Second deliveries of the same mail that do not follow from a fault (RFC 5321 section 6.1)."""
    seen: set[tuple[str, str]] = set()
    unexplained = []
    for event in trace.events:
        if isinstance(event, Noted) and isinstance(event.fact, MdaDelivered):
            key = event.fact.msg, event.fact.rcpt
            if key in seen and not _follows_from_a_fault(trace, event):
                unexplained.append(f"second {key[0]} for {key[1]} at {event.seq}")
            seen.add(key)
    return unexplained


def _follows_from_a_fault(trace: Trace, event: Event) -> bool:
    found, waiting = {event.seq}, [event.seq]
    while waiting:
        cause = trace.events[waiting.pop()]
        if isinstance(cause, Noted) and isinstance(cause.fact, FaultStarted | FaultEnded | FaultHit | PacketDropped):
            return True
        new = set(cause.causes) - found
        found |= new
        waiting += new
    return False


def fresh(name: str, until_us: int = 0) -> Simulation:
    """The scenario with time enough after its end for what a breakdown delays."""
    simulation = build(open_scenario(name), recorder=Recorder())
    return replace(simulation, until_us=simulation.until_us + until_us)


HOUR_US = 3600_000_000
SERVICES = ("mta", "msa", "mda")


def servers(name: str) -> list[str]:
    return [host.name for host in fresh(name).hosts.values() if host.queue is not None]


def every_event(name: str, step: int = 1, start: int = 0) -> Iterator[tuple[int, list[str], bool]]:
    """Kill a mail server after each of its own events; gives the event, the complaints, and whether it came twice."""
    events = fresh(name).run().events
    mail_servers = set(servers(name))
    for seq in [event.seq for event in events if event.node in mail_servers and not event.kind.startswith("fault")][
        start::step
    ]:
        trace = run_and_kill(fresh(name, 2 * HOUR_US), seq)
        yield seq, complaints(trace), _came_twice(trace)


def parts(name: str) -> list[Fault]:
    """What else may break for a minute: each service of the mail servers, and every host of DNS."""
    scenario = open_scenario(name)
    found: list[dict[str, str]] = []
    for host, settings in scenario.hosts.items():
        roles = settings.roles.names
        found += [{"kind": "stopped", "host": host, "service": role} for role in SERVICES if role in roles]
        found += [{"kind": "down", "host": host}] if {"resolver", "nameserver"} & set(roles) else []
    return [Fault.model_validate({"at": "0s", "for": "1m", **fault}) for fault in found]


def every_moment(name: str, step: int = 1, start: int = 0) -> Iterator[tuple[str, list[str], bool]]:
    """Break every part at every moment; gives the part and the moment, the complaints, and whether it came twice."""
    scenario, events = open_scenario(name), fresh(name).run().events
    plans = [(part, at) for part in parts(name) for at in sorted({e.at for e in events if e.node == part.host})]
    for part, at in plans[start::step]:
        fault = part.model_copy(update={"at": Moment(at)})
        simulation = build(scenario.model_copy(update={"faults": (*scenario.faults, fault)}))
        trace = replace(simulation, until_us=simulation.until_us + 2 * HOUR_US).run()
        yield f"{part.host} {part.service or ''} at {at}", complaints(trace), _came_twice(trace)


def _came_twice(trace: Trace) -> bool:
    delivered = [event.fact for event in trace.events if isinstance(event, Noted)]
    return sum(isinstance(fact, MdaDelivered) for fact in delivered) > 1


def main(names: list[str]) -> int:
    """Every event of the scenarios; prints what was wrong, and gives how much."""
    return sum(_told(name, every_event(name)) + _told(name, every_moment(name)) for name in names)


def _told(name: str, runs: Iterable[tuple[object, list[str], bool]]) -> int:
    count = twice = wrong = 0
    for what, found, came_twice in runs:
        count, twice = count + 1, twice + came_twice
        if found:
            wrong += 1
            print(f"{name}, {what}: {'; '.join(found)}")
    print(
        f"{name}: killed {count} times, {twice} times a second copy (RFC 5321 section 6.1), {wrong} wrong", flush=True
    )
    return wrong


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:] or ["cross-domain", "mx-failover"])))
