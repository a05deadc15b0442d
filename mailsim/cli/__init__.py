"""The command line: thin, and every command imports what it needs only when it runs."""

from __future__ import annotations

import sys

import typer

from mailsim.cli import digging, files, queueing, serving, stepping, talking, watching

app = typer.Typer(
    name="mailsim",
    add_completion=False,
    pretty_exceptions_enable=False,
)
files.add_to(app)
watching.add_to(app)
stepping.add_to(app)
serving.add_to(app)
digging.add_to(app)
talking.add_to(app)
queueing.add_to(app)


def main() -> None:
    """What the command `mailsim` runs."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal without some letter is no reason to crash
    app()
