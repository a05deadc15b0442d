"""The `ssl` contexts of a simulated world, made once and kept, and the secrets of all its connections.

What can make sizes differ between two runs, or two versions of OpenSSL, is switched off here: session tickets,
and the choice of groups; ClientHello is padded to 512 octets (RFC 7685). `ssl` reads keys and
writes its key log (for Wireshark) by way of files only, so there is a folder for a while.
"""

from __future__ import annotations

import shutil
import ssl
import tempfile
import weakref
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from cryptography import x509

from mailsim.net.certificates import Authority, Certificate, Verdict, verdict

Versions: TypeAlias = "tuple[str, ...]"

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
GROUP = "X25519"
PAD_CLIENT_HELLO = 0x10  # SSL_OP_TLSEXT_PADDING
IGNORE_DATES = 0x200000  # X509_V_FLAG_NO_CHECK_TIME: OpenSSL would ask the clock on the wall
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class TlsContexts:
    """Who is who in TLS: the authority, the certificates of hosts, and contexts for both sides.

    Args: start_us: of the scenario, microseconds since the Unix epoch.
    """

    def __init__(self, authority: Authority, start_us: int) -> None:
        self.authority = authority
        self._start_us = start_us
        self._certificates: dict[str, tuple[Certificate, ...]] = {}
        self._servers: dict[tuple[str, Versions], ssl.SSLContext] = {}
        self._clients: dict[tuple[bool, Versions], ssl.SSLContext] = {}
        self._verdicts: dict[tuple[bytes, str], Verdict] = {}
        self._folder: Path | None = None

    def install(self, host: str, certificates: Sequence[Certificate]) -> None:
        """Give a host its certificates: the same names, other kinds of keys."""
        self._certificates[host] = tuple(certificates)

    def server(self, host: str, versions: Versions) -> ssl.SSLContext | None:
        """The context of a server; None when the host has no certificate."""
        if host not in self._certificates:
            return None
        key = (host, versions)
        if key not in self._servers:
            self._servers[key] = self._new_server(self._certificates[host], versions)
        return self._servers[key]

    def client(self, versions: Versions, *, check: bool) -> ssl.SSLContext:
        """The context of a client, which trusts the authority if it checks certificates at all."""
        key = (check, versions)
        if key not in self._clients:
            self._clients[key] = self._new_client(versions, check)
        return self._clients[key]

    def problem(self, der: bytes | None, name: str, at_us: int) -> str:
        """What is wrong with a server's certificate at a moment of the run; "" when nothing is."""
        if der is None:
            return "unknown-ca"
        if (der, name) not in self._verdicts:
            certificate = x509.load_der_x509_certificate(der)
            self._verdicts[der, name] = verdict(certificate, self.authority.certificate, name)
        return self._verdicts[der, name].at(EPOCH + timedelta(microseconds=self._start_us + at_us))

    def secrets(self) -> bytes:
        """The secrets of every connection so far, in the format of NSS key logs."""
        log = self._folder / "keys.log" if self._folder else None
        return log.read_bytes() if log and log.exists() else b""

    def _new_server(self, certificates: Sequence[Certificate], versions: Versions) -> ssl.SSLContext:
        context = _limited(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), versions)
        if len(certificates) == 1:  # one with more is for clients that we did not make, and may know no X25519
            context.set_ecdh_curve(GROUP)
        context.num_tickets = 0
        context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
        folder = self._work_folder()
        for certificate in certificates:
            file = folder / "server.pem"
            file.write_bytes(certificate.certificate + certificate.key)
            context.load_cert_chain(file)
            file.unlink()
        context.keylog_filename = str(folder / "keys.log")
        return context

    def _new_client(self, versions: Versions, check: bool) -> ssl.SSLContext:
        context = _limited(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), versions)
        context.set_ecdh_curve(GROUP)
        context.options |= PAD_CLIENT_HELLO
        if check:
            context.load_verify_locations(cadata=self.authority.pem.decode())
            context.verify_flags |= IGNORE_DATES
        else:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _work_folder(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="mailsim-"))
            weakref.finalize(self, _tidy, self._folder, self._servers)
        return self._folder


def _limited(context: ssl.SSLContext, versions: Versions) -> ssl.SSLContext:
    allowed = sorted(VERSIONS[version] for version in versions)
    context.minimum_version, context.maximum_version = allowed[0], allowed[-1]
    return context


def _tidy(folder: Path, contexts: dict[tuple[str, Versions], ssl.SSLContext]) -> None:
    for context in contexts.values():
        context.keylog_filename = None  # type: ignore[assignment]
    shutil.rmtree(folder, ignore_errors=True)
