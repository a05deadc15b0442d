"""The `ssl` contexts of a simulated world, made once and kept, and the secrets of all its connections.

What can make sizes differ between two runs, or two versions of OpenSSL, is switched off here: session tickets,
and the choice of groups; ClientHello is padded to 512 octets (RFC 7685). `ssl` reads keys and
writes its key log (for Wireshark) by way of files only, so there is a folder for a while.

OpenSSL cannot be told what time it is in the simulation, so clients let it overlook dates. For a client that is about
to see a certificate which has expired by the scenario's calendar there is a context of its own: its list of revoked
certificates is out of date, and that has the same alert, `certificate_expired` (RFC 8446 section 6.2).
"""

from __future__ import annotations

import shutil
import ssl
import tempfile
import weakref
from collections.abc import Callable, Sequence
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

    Attributes:
        renewal: host -> what issues a new certificate for it, which ends at a moment of the run (None: not in it).
        expired: host -> the faults because of which its certificate is out of date.
    """

    def __init__(self, authority: Authority, start_us: int) -> None:
        self.authority = authority
        self._start_us = start_us
        self.renewal: dict[str, Callable[[datetime | None], Sequence[Certificate]]] = {}
        self.expired: dict[str, list[int]] = {}
        self._certificates: dict[str, tuple[Certificate, ...]] = {}
        self._ends: dict[str, datetime] = {}
        self._servers: dict[tuple[tuple[Certificate, ...], Versions], ssl.SSLContext] = {}
        self._clients: dict[tuple[bool, bool, Versions], ssl.SSLContext] = {}
        self._verdicts: dict[tuple[bytes, str], Verdict] = {}
        self._folder: Path | None = None

    def install(self, host: str, certificates: Sequence[Certificate]) -> None:
        """Give a host its certificates: the same names, other kinds of keys."""
        self._certificates[host] = tuple(certificates)
        self._ends[host] = x509.load_pem_x509_certificate(certificates[0].certificate).not_valid_after_utc

    def renew(self, host: str, ends_us: int | None) -> None:
        """Give a host a new certificate, which ends with the second that begins at `ends_us` or contains it."""
        ends = None if ends_us is None else EPOCH + timedelta(seconds=-(-(self._start_us + ends_us) // 1_000_000))
        self.install(host, self.renewal[host](ends))

    def server(self, host: str, versions: Versions) -> ssl.SSLContext | None:
        """The context of a server; None when the host has no certificate."""
        if host not in self._certificates:
            return None
        key = (self._certificates[host], versions)
        if key not in self._servers:
            self._servers[key] = self._new_server(self._certificates[host], versions)
        return self._servers[key]

    def client(self, versions: Versions, *, check: bool, host: str = "", at_us: int = 0) -> ssl.SSLContext:
        """The context of a client, which trusts the authority if it checks certificates at all.

        Args: host: the server that it will meet, at a moment of the run.
        """
        out_of_date = check and host in self._ends and self._moment(at_us) > self._ends[host]
        key = (check, out_of_date, versions)
        if key not in self._clients:
            self._clients[key] = self._new_client(versions, check, out_of_date=out_of_date)
        return self._clients[key]

    def problem(self, der: bytes | None, name: str, at_us: int) -> str:
        """What is wrong with a server's certificate at a moment of the run; "" when nothing is."""
        if der is None:
            return "unknown-ca"
        if (der, name) not in self._verdicts:
            certificate = x509.load_der_x509_certificate(der)
            self._verdicts[der, name] = verdict(certificate, self.authority.certificate, name)
        return self._verdicts[der, name].at(self._moment(at_us))

    def _moment(self, at_us: int) -> datetime:
        return EPOCH + timedelta(microseconds=self._start_us + at_us)

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

    def _new_client(self, versions: Versions, check: bool, *, out_of_date: bool) -> ssl.SSLContext:
        context = _limited(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), versions)
        context.set_ecdh_curve(GROUP)
        context.options |= PAD_CLIENT_HELLO
        if check:
            context.load_verify_locations(cadata=self.authority.pem.decode())
            if out_of_date:
                revocations = self._work_folder() / "revocations.pem"
                revocations.write_bytes(self.authority.old_revocations)
                context.load_verify_locations(cafile=revocations)
            context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF if out_of_date else IGNORE_DATES
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


def _tidy(folder: Path, contexts: dict[tuple[tuple[Certificate, ...], Versions], ssl.SSLContext]) -> None:
    for context in contexts.values():
        context.keylog_filename = None  # type: ignore[assignment]
    shutil.rmtree(folder, ignore_errors=True)
