"""Gives the hosts of a scenario the certificates that it asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from mailsim.agents.calendar import Calendar
from mailsim.scenario.schema import Certificate

if TYPE_CHECKING:
    from mailsim.net.certificates import Authority, Kind
    from mailsim.net.certificates import Certificate as Issued
    from mailsim.net.tls_contexts import TlsContexts

SOMEBODY_ELSE = "elsewhere.example"
"""What a certificate with a wrong name is for, unless the scenario says."""


def certify(hosts: Mapping[str, Certificate], calendar: Calendar, *, with_rsa: bool) -> TlsContexts | None:
    """The authority of the world, and what it has signed; None when nobody has a certificate.

    Args: hosts: host name -> what it shall have. with_rsa: also of the kind that every real client understands.
    """
    wanted = {host: certificate for host, certificate in hosts.items() if certificate.kind != "none"}
    if not wanted:
        return None
    from mailsim.net.certificates import Authority  # cryptography takes a while to load, and not every world needs it
    from mailsim.net.tls_contexts import TlsContexts

    authority = Authority(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=calendar.start_us))
    contexts = TlsContexts(authority, calendar.start_us)
    for host, certificate in wanted.items():
        assert certificate.kind != "none"
        names = _names(host, certificate)
        contexts.renewal[host] = partial(_issue, authority, names, certificate.kind, with_rsa)
        contexts.renew(host, None)
    return contexts


def _issue(
    authority: Authority, names: tuple[str, ...], kind: Kind, with_rsa: bool, ends: datetime | None
) -> Sequence[Issued]:
    return authority.issue(names, kind, with_rsa=with_rsa, ends=ends)


def _names(host: str, certificate: Certificate) -> tuple[str, ...]:
    if certificate.kind == "wrong-name":
        return certificate.names or (SOMEBODY_ELSE,)
    return tuple(dict.fromkeys((host, *certificate.names)))
