"""APOP: proves a shared secret without sending it (RFC 1939 section 7). MD5 makes it a thing of the past."""

from __future__ import annotations

import hashlib
import hmac


def apop_digest(timestamp: str, secret: str) -> str:
    """The digest for a greeting's timestamp (with its angle brackets), in lower-case hexadecimal."""
    return hashlib.md5((timestamp + secret).encode(), usedforsecurity=False).hexdigest()


def apop_matches(timestamp: str, secret: str, digest: str) -> bool:
    """Does the digest that a client sent show that it knows the secret?"""
    return hmac.compare_digest(apop_digest(timestamp, secret).encode(), digest.encode())
