"""What a POP3 server is set up to offer (RFC 2449)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pop3Config:
    """What a server offers.

    Attributes:
        hostname: its name, for greeting and goodbye.
        mechanisms: SASL mechanisms for AUTH, of those in `sasl.MECHANISMS`.
        stls: whether the connection can be turned into TLS.
        cleartext_login: whether a password may come in the clear before TLS is up.
        implementation: for the IMPLEMENTATION capability; "" for none.
        more_capabilities: further lines for CAPA, e.g. `EXPIRE NEVER` or `LOGIN-DELAY 60`.
        utf8: whether UTF8 is offered (RFC 6856).
        max_errors: after so many refused lines it hangs up; 0 for never.
    """

    hostname: str
    mechanisms: tuple[str, ...] = ("PLAIN",)
    stls: bool = False
    cleartext_login: bool = True
    implementation: str = ""
    more_capabilities: tuple[str, ...] = ()
    utf8: bool = True
    max_errors: int = 0
