"""Facts about trust: who has logged in, and what a policy has said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mailsim.trace.facts.base import Fact


@dataclass(frozen=True, slots=True)
class AuthSucceeded(Fact):
    """A server accepted who the client says it is (RFC 4954)."""

    kind: ClassVar[str] = "auth.ok"
    conn: str
    mech: str
    user: str
    tls: bool


@dataclass(frozen=True, slots=True)
class AuthFailed(Fact):
    """A server did not accept the credentials."""

    kind: ClassVar[str] = "auth.fail"
    conn: str
    mech: str
    user: str
    tls: bool


@dataclass(frozen=True, slots=True)
class PolicyVerdict(Fact):
    """A policy was asked and said something."""

    kind: ClassVar[str] = "policy.verdict"
    check: str
    result: str
    detail: str = ""
    msg: str = ""
    rcpt: str = ""
