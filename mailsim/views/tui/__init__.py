"""The stepper: a terminal application over a trace, and a plain mode for screen readers.

`run` is all that others need; the application is imported only when it is called, because it takes
Textual with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

FEW_COLOURS = ("standard", "windows")
"""Rich's names of terminals with sixteen colours."""

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mailsim.trace.levels import Level
    from mailsim.trace.trace import Trace
    from mailsim.views.tui.hand.switchboard import Switchboard
    from mailsim.views.tui.library import Library
    from mailsim.views.tui.memory import Memory


def run(
    trace: Trace | Callable[[], Trace] | None,
    language: str = "en",
    theme: str = "dark",
    level: Level | None = None,
    motion: bool = True,
    folder: Path | None = None,
    *,
    library: Library | None = None,
    switchboard: Switchboard | None = None,
    memory: Memory | None = None,
    key: str = "",
    ascii_only: bool = False,
    colours: int = 0,
    mouse: bool = True,
) -> None:
    """Step through a trace, or through those that the reader chooses, until the reader leaves.

    Raises: whatever running the trace raises.

    Args:
        trace: the run, or what runs it; None to choose from `library`.
        language: `en` or `cs`. theme: `dark`, `light` or `contrast`. level: None for the scenario's own.
        motion: whether anything may glide. folder: where screenshots go; None for the current folder.
        switchboard: connects who wants to type to a server of a scenario.
        memory: what is remembered of the last time, and where; key: the name of `trace` in it.
        mouse: whether clicks are for us; else the terminal selects text with them.
        ascii_only: draw with ASCII alone. colours: 16, or 0 for as many as the terminal has.
    """
    from rich.console import Console

    from mailsim.views.tui.app import StepperApp, settle_memory

    if not colours and Console().color_system in FEW_COLOURS:
        colours = 16
    app = StepperApp(
        trace,
        language,
        theme,
        level,
        motion,
        folder,
        library=library,
        switchboard=switchboard,
        memory=memory,
        key=key,
        ascii_only=ascii_only,
        colours=colours,
    )
    settle_memory()
    app.run(mouse=mouse)
    if app.problem is not None:
        raise app.problem
