"""DNAME: all names below one are aliases of the same names below another (RFC 6672)."""

from __future__ import annotations

import dns.name
import dns.rdata
from dns.name import Name
from dns.rdataclass import IN
from dns.rdatatype import RdataType

from mailsim.protocols.dns.values import RRset


def made_alias(name: Name, redirection: RRset) -> RRset | None:
    """The CNAME that a DNAME record above a name makes of it; None when its target is too long to be a name."""
    below = name.relativize(redirection.name)
    try:
        target = below.derelativize(redirection.data[0].target)  # type: ignore[attr-defined]
    except dns.name.NameTooLong:
        return None
    alias = dns.rdata.from_text(IN, RdataType.CNAME, target.to_text())
    return RRset(name, RdataType.CNAME, redirection.ttl, (alias,))


def is_made_by(alias: RRset, redirection: RRset) -> bool:
    """Whether this CNAME is what this DNAME makes of its name."""
    if redirection.type != RdataType.DNAME or not is_below(alias.name, redirection.name):
        return False
    made = made_alias(alias.name, redirection)
    return made is not None and made.data == alias.data


def is_below(name: Name, above: Name) -> bool:
    """Whether a name lies below another, which it does not do when they are the same."""
    return name.is_subdomain(above) and name != above
