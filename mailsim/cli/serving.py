"""The command `serve`: real mail programs of this computer as guests in the simulated Internet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailsim.cli.complaints import complaining, refuse
from mailsim.cli.options import Language, ScenarioName, Seed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsim.live.gateway import Gateway
    from mailsim.scenario.build import Simulation
    from mailsim.scenario.schema import Scenario
    from mailsim.scenario.services import Block

HIGHEST_PORT = 65535
HIGHEST_SERVICE = 995

PortBase = Annotated[int, typer.Option(min=0, max=HIGHEST_PORT - HIGHEST_SERVICE, help="Added to each port.")]
Speed = Annotated[float, typer.Option(min=0.001, max=1000, help="Simulated seconds in a real second.")]
Names = Annotated[
    list[str] | None,
    typer.Option(
        "--domain",
        "--host",
        metavar="NAME",
        help="Domain or host to offer, by default the first domain; each further one 1000 ports later.",
    ),
]
CaFile = Annotated[
    Path | None, typer.Option("--ca-file", metavar="FILE", help="Write the certificate of the simulated CA there.")
]
Save = Annotated[Path | None, typer.Option("--save", metavar="FILE", help="Record everything into this file.")]
Bind = Annotated[
    list[str] | None, typer.Option(metavar="ADDRESS", help="Other addresses than loopback; needs --let-others-in.")
]
LetOthersIn = Annotated[bool, typer.Option("--let-others-in", help="With --bind: other computers may come in too.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print what is offered as one line of JSON, for programs.")]
ScenarioDate = Annotated[bool, typer.Option("--scenario-date", help="Keep the scenario's date; by default, now.")]
Connections = Annotated[int, typer.Option(min=1, max=100_000, help="How many may be open at one time.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command()(serve)


def serve(
    scenario: ScenarioName,
    lang: Language,
    port_base: PortBase = 11000,
    speed: Speed = 1.0,
    name: Names = None,
    ca_file: CaFile = None,
    save: Save = None,
    seed: Seed = None,
    bind: Bind = None,
    let_others_in: LetOthersIn = False,
    scenario_date: ScenarioDate = False,
    max_connections: Connections = 4096,
    as_json: AsJson = False,
) -> None:
    """Let mail programs of this computer into a scenario, as long as it runs: Ctrl+C ends it."""
    import asyncio
    import gc

    gc.disable()  # what is loaded and built now stays to the end: there is nothing to collect
    from mailsim.live.gateway import LOOPBACK, Gateway, PortTaken
    from mailsim.live.limits import Limits, allow_many_files

    addresses = _addresses(bind, let_others_in, lang) if bind else LOOPBACK
    if save is not None:
        _try_to_write(save)
    with complaining(lang):
        offered, simulation = _world(scenario, seed, name or [], port_base, not scenario_date, save is not None, lang)
        if ca_file is not None and simulation.network.tls is not None:
            ca_file.write_bytes(simulation.network.tls.authority.pem)
    gc.freeze()
    gc.enable()
    limits = Limits(connections=allow_many_files(max_connections))

    async def run() -> None:
        doors = [door for block in offered for door in block.doors]
        gateway = Gateway(simulation.network, doors, _report, addresses=addresses, speed=speed, limits=limits)
        await gateway.open()
        _tell(offered, addresses, lang, as_json)
        _end_on_signals(gateway)
        await gateway.run()
        if gateway.is_full:
            typer.echo(_say("serve.full", lang), err=True)

    try:
        asyncio.run(run())
    except PortTaken as taken:
        refuse(_say("serve.port-taken", lang, address=taken.address, port=taken.port, reason=taken.reason))
    except KeyboardInterrupt:
        pass
    if save is not None:
        _save(simulation, save, lang)


def _world(
    scenario: str, seed: int | None, names: Sequence[str], port_base: int, now: bool, is_recorded: bool, lang: str
) -> tuple[list[Block], Simulation]:
    """The scenario with its ways in, ready to run."""
    from mailsim.scenario.build import build
    from mailsim.scenario.loader import open_scenario
    from mailsim.scenario.services import BLOCK, NothingToServe, blocks, with_gateways
    from mailsim.trace.recorder import Recorder

    if port_base + HIGHEST_SERVICE + BLOCK * max(len(names) - 1, 0) > HIGHEST_PORT:
        refuse(_say("serve.too-many-blocks", lang))
    opened = open_scenario(scenario)
    try:
        offered = blocks(opened, names, port_base)
    except NothingToServe as nothing:
        known = ", ".join(nothing.known[:20]) or "-"
        refuse(_say("serve.nothing", lang, name=nothing.name or scenario, known=known))
    served = with_gateways(_today(opened) if now else opened, offered)
    return offered, build(served, seed, Recorder(keep=is_recorded), for_real_clients=True)


def _today(scenario: Scenario) -> Scenario:
    """The scenario, as if it began now: mail programs sort by date, and check certificates by it."""
    from datetime import datetime

    assert scenario.start is not None
    return scenario.model_copy(update={"start": datetime.now(scenario.start.tzinfo).replace(microsecond=0)})


def _addresses(bind: Sequence[str], let_others_in: bool, lang: str) -> tuple[str, ...]:
    import ipaddress

    from mailsim.live.gateway import is_loopback

    for address in bind:
        try:
            ipaddress.ip_address(address)
        except ValueError:
            refuse(_say("serve.no-address", lang, address=address))
    if not is_loopback(bind):
        if not let_others_in:
            refuse(_say("serve.bind-refused", lang))
        typer.echo(_say("serve.bind-warning", lang), err=True)
    return tuple(dict.fromkeys(bind))


def _tell(offered: Sequence[Block], addresses: Sequence[str], lang: str, as_json: bool) -> None:
    """What to type into a mail program."""
    import json

    if as_json:
        typer.echo(json.dumps({"ready": True, "blocks": [_as_data(block, addresses) for block in offered]}))
        return
    server = addresses[0]
    for block in offered:
        typer.echo(_say("serve.title", lang, name=block.name))
        typer.echo()
        head = [_say(f"serve.column.{column}", lang) for column in ("what", "server", "port", "security")]
        rows = [head] + [
            [
                _say(f"serve.service.{door.service}", lang),
                server,
                str(door.port),
                _say(f"serve.security.{door.security}", lang),
            ]
            for door in block.doors
            if not door.is_udp
        ]
        _print_table(rows)
        typer.echo()
        _print_table([[_say("serve.column.user", lang), _say("serve.column.password", lang)], *block.users.items()])
        typer.echo()
    typer.echo(_say("serve.ready", lang))


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo(f"  {'   '.join(cells)}".rstrip())


def _as_data(block: Block, addresses: Sequence[str]) -> dict[str, object]:
    return {
        "name": block.name,
        "addresses": list(addresses),
        "users": dict(block.users),
        "services": [
            {"name": d.service, "port": d.port, "security": d.security, "udp": d.is_udp, "host": d.host}
            for d in block.doors
        ],
    }


def _report(error: Exception) -> None:
    """A server of the simulation has a bug: say so, and go on serving."""
    import traceback

    typer.echo("mailsim: this is a bug, please report it. The gateway goes on.", err=True)
    traceback.print_exception(error)


def _end_on_signals(gateway: Gateway) -> None:
    """Ctrl+C, Ctrl+Break and SIGTERM end the service in order; a second one ends it at once."""
    import asyncio
    import signal

    loop = asyncio.get_running_loop()

    def end(number: int, _frame: object) -> None:
        signal.signal(number, signal.default_int_handler)
        loop.call_soon_threadsafe(gateway.stop)

    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)


def _try_to_write(file: Path) -> None:
    """Find out now, and not at the end, that a recording cannot be written there."""
    try:
        with file.open("ab"):
            pass
    except OSError as problem:
        refuse(f"{file}: {problem.strerror}")


def _save(simulation: Simulation, file: Path, lang: str) -> None:
    from mailsim.trace.recording import write_recording

    trace = simulation.so_far()
    with complaining(lang):
        write_recording(trace, file)
    typer.echo(_say("serve.saved", lang, n=len(trace.events), file=file))


def _say(key: str, lang: str, **values: object) -> str:
    from mailsim.lessons.telling import say

    return say(key, lang, **values)
