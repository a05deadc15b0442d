"""The stepper: a terminal application over a trace, and a plain mode for screen readers.

`run` is all that others need; the application is imported only when it is called, because it takes
Textual with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from mailsim.trace.levels import Level
    from mailsim.trace.trace import Trace


def run(
    trace: Trace,
    language: str = "en",
    theme: str = "dark",
    level: Level | None = None,
    motion: bool = True,
    folder: Path | None = None,
) -> None:
    """Step through a trace until the reader leaves.

    Args:
        language: `en` or `cs`. theme: `dark`, `light` or `contrast`. level: None for the scenario's own.
        motion: whether anything may glide. folder: where screenshots go; None for the current folder.
    """
    import gc

    from mailsim.views.tui.app import StepperApp

    app = StepperApp(trace, language, theme, level, motion, folder)
    gc.collect()
    gc.freeze()  # the trace is for ever; looking through it again and again would cost a third of each step
    app.run()
