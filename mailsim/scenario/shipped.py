"""The scenarios that come with mailsim."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import mailsim
from mailsim.scenario.source import FILE_NAME


@cache
def shipped() -> dict[str, Path]:
    """The folders of the scenarios that come with mailsim, by id (which is the folder's name)."""
    return {file.parent.name: file.parent for file in sorted(shipped_folder().glob(f"*/{FILE_NAME}"))}


def shipped_folder() -> Path:
    """Inside the package when it is installed, beside it in a checkout."""
    package = Path(mailsim.__file__).resolve().parent
    installed = package / "_scenarios"
    return installed if installed.is_dir() else package.parent / "scenarios"
