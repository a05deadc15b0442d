"""Domain names beyond ASCII: the form that people read, and the one that the DNS knows (RFC 5890)."""

from __future__ import annotations

from functools import lru_cache

_OTHER_DOTS = frozenset("\u3002\uff0e\uff61")


@lru_cache(maxsize=4096)
def ascii_domain(domain: str) -> str:
    """The form of a domain that the DNS knows, in lower case: `žluť.example` is `xn--lu-yta1h.example`.

    An address literal stays as it is. Raises ValueError for a name that has no such form.
    """
    if domain.isascii():
        return domain.lower()
    if _OTHER_DOTS & set(domain):  # IDNA 2003 took them for dots; on the wire a dot is a dot (RFC 5891 section 5.2)
        raise ValueError(f"no domain name: {domain}")
    try:
        name = domain.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise ValueError(f"no domain name: {domain}") from error
    if not name.replace("-", "").replace(".", "").isalnum():
        raise ValueError(f"no domain name: {domain}")
    return name


def same_domain(one: str, other: str) -> bool:
    """Do two spellings name the same domain?"""
    try:
        return ascii_domain(one) == ascii_domain(other)
    except ValueError:
        return False
