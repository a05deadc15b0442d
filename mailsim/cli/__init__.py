"""The command line: thin, and every command imports what it needs only when it runs."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import typer
from typer.main import get_command

from mailsim.cli.helping import language_asked, translate

MODULES = {
    "files": ("list", "schema", "expand", "lint"),
    "watching": ("run", "why", "pcap"),
    "stepping": ("step", "compare"),
    "browsing": ("web",),
    "serving": ("serve",),
    "digging": ("dig",),
    "talking": ("talk",),
    "queueing": ("queue",),
}
"""Where the commands are, in the order of the help."""
ALLOCATIONS = 20_000
"""How many new objects make Python look for garbage: most of what is made at first stays to the end."""


def application(words: Sequence[str] = ()) -> typer.Typer:
    """The commands, all of them unless the first word is one: then only its module, for the others take time."""
    app = typer.Typer(name="mailsim", add_completion=False, pretty_exceptions_enable=False)
    import_module("mailsim.cli.stepping").add_callback_to(app)
    asked = [module for module, commands in MODULES.items() if words and words[0] in commands]
    for module in asked or MODULES:
        import_module(f"mailsim.cli.{module}").add_to(app)
    return app


def main() -> None:
    """What the command `mailsim` runs."""
    gc.set_threshold(ALLOCATIONS, *gc.get_threshold()[1:])
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # to look for them, every installed package is read
    if os.environ.get("COLUMNS") == "0":  # as some terminals without a size say: nothing would fit
        del os.environ["COLUMNS"]
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal without some letter is no reason to crash
    words = sys.argv[1:]
    command = get_command(application(words))
    if (language := language_asked(words)) != "en":
        translate(command, language)
    command()
