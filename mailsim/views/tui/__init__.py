"""The stepper: a terminal application over a trace, and a plain mode for screen readers.

`run` and `show_side_by_side` are all that others need; the applications are imported only when these are called,
because they take Textual with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mailsim.trace.levels import Level
    from mailsim.trace.trace import Trace
    from mailsim.views.tui.hand.switchboard import Switchboard
    from mailsim.views.tui.library import Library
    from mailsim.views.tui.memory import Memory
    from mailsim.views.tui.stepper import Stepper
    from mailsim.views.tui.worn import Worn


@dataclass(frozen=True, slots=True)
class Looks:
    """How a screen is drawn, and whether the mouse is for it.

    Attributes:
        theme: `dark`, `light` or `contrast`. motion: whether anything may glide.
        ascii_only: draw with ASCII alone. colours: 16, or 0 for as many as the terminal has.
        mouse: whether clicks are for us; else the terminal selects text with them.
    """

    theme: str = "dark"
    motion: bool = True
    ascii_only: bool = False
    colours: int = 0
    mouse: bool = True


def run(
    trace: Trace | Callable[[], Trace] | None,
    language: str,
    looks: Looks,
    level: Level | None = None,
    *,
    library: Library | None = None,
    switchboard: Switchboard | None = None,
    memory: Memory | None = None,
    key: str = "",
    folder: Path | None = None,
) -> None:
    """Step through a trace, or through those that the reader chooses, until the reader leaves.

    Raises: MailsimError or OSError, as running the trace raises it.

    Args:
        trace: the run, or what runs it; None to choose from `library`.
        language: `en` or `cs`. level: None for the scenario's own.
        switchboard: connects who wants to type to a server of a scenario.
        memory: what is remembered of the last time, and where; key: the name of `trace` in it.
        folder: where screenshots go; None for the current folder.
    """
    from mailsim.views.tui.app import StepperApp, settle_memory

    app = StepperApp(
        trace,
        language,
        looks.theme,
        level,
        looks.motion,
        folder,
        library=library,
        switchboard=switchboard,
        memory=memory,
        key=key,
        ascii_only=looks.ascii_only,
        colours=looks.colours,
    )
    settle_memory()
    _show(app, looks)
    if app.problem is not None:
        raise app.problem


def show_side_by_side(left: Stepper, right: Stepper, looks: Looks) -> None:
    """Show two runs side by side, until the reader leaves."""
    from mailsim.views.tui.side_by_side import CompareApp

    _show(CompareApp(left, right, looks.theme, looks.ascii_only, looks.colours), looks)


def _show(app: Worn, looks: Looks) -> None:
    """Let it run to its end. Raises: SystemExit when it ended by a mistake of ours, which has been told."""
    app.run(mouse=looks.mouse)
    if app.return_code:
        raise SystemExit(app.return_code)
