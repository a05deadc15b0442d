"""Certificates of the simulated world: one authority, and what it signs for the servers (RFC 5280).

Three things bite:
- Sizes must be the same in every run. An Ed25519 signature always has 64 octets and an RSA one as many as its key,
  but one by ECDSA is DER and has 70 to 72: the authority signs again until it has the usual 71.
- Some real clients refuse Ed25519 and say so in their ClientHello. A server that shall talk to them has a second
  certificate, RSA, and TLS chooses; making that key costs a tenth of a second, so only who needs it asks for it.
- Real clients check dates by the clock on the wall, simulated ones by the scenario's. A good certificate is good on
  both, an expired one on neither.

Keys are new in each run and never leave it: whoever trusts the authority of a run trusts nothing that others have.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Literal, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Kind: TypeAlias = Literal["valid", "expired", "wrong-name", "self-signed"]
Key: TypeAlias = "ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey"

AUTHORITY_NAME = "mailsim simulated CA"
SIGNATURE_OCTETS = 71
RSA_BITS = 2048
VALID_FROM, VALID_UNTIL = 2020, 2049
"""Years that every good certificate covers, whatever the scenario's own year is."""
LONG_AGO = 1980
EXPIRED_FOR = timedelta(days=30)
LIFETIME = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key, both PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """The certification authority (CA) that the simulated clients trust.

    Args: start: of the scenario, with a time zone.
    """

    def __init__(self, start: datetime) -> None:
        self._start = start.astimezone(UTC)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, AUTHORITY_NAME)])
        self._count = 0
        usage = _usage(key_cert_sign=True, crl_sign=True)
        unsigned = (
            self._unsigned(self._name, self._key, self._good_dates())
            .issuer_name(self._name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
        )
        self._certificate = self._signed(unsigned)

    @property
    def pem(self) -> bytes:
        """The authority's own certificate: what a client has to trust."""
        return self._certificate.public_bytes(Encoding.PEM)

    @property
    def old_revocations(self) -> bytes:
        """A list of revoked certificates (PEM) that the authority should have renewed long ago."""
        crl = x509.CertificateRevocationListBuilder().issuer_name(self._name)
        dated = crl.last_update(_january(LONG_AGO)).next_update(_january(LONG_AGO + 1))
        return dated.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)

    @property
    def certificate(self) -> x509.Certificate:
        """The same, parsed."""
        return self._certificate

    def issue(
        self,
        names: Sequence[str],
        kind: Kind = "valid",
        *,
        with_rsa: bool = False,
        ends: datetime | None = None,
    ) -> tuple[Certificate, ...]:
        """Certificates for a server: Ed25519, and RSA when real clients shall come.

        Args:
            names: what it is good for, host names or IP addresses; the first one is its subject.
            kind: `wrong-name` says nothing here: its names are the wrong ones already.
            ends: when it runs out, if that is to happen at a certain moment (a whole second).
        """
        keys: list[Key] = [ed25519.Ed25519PrivateKey.generate()]
        if with_rsa:
            keys.append(rsa.generate_private_key(65537, RSA_BITS))
        dates = self._bad_dates() if kind == "expired" else self._good_dates()
        if ends is not None:
            dates = min(self._start, ends) - LIFETIME, ends
        return tuple(self._issued(key, names, dates, is_self_signed=kind == "self-signed") for key in keys)

    def _issued(
        self, key: Key, names: Sequence[str], dates: tuple[datetime, datetime], *, is_self_signed: bool
    ) -> Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
        unsigned = (
            self._unsigned(subject, key, dates)
            .issuer_name(subject if is_self_signed else self._name)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True, key_encipherment=isinstance(key, rsa.RSAPrivateKey)), True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName(list(_general_names(names))), critical=False)
        )
        if is_self_signed:
            algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
            certificate = unsigned.sign(key, algorithm)
        else:
            issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
            certificate = self._signed(unsigned.add_extension(issuer, critical=False))
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return Certificate(certificate.public_bytes(Encoding.PEM), pem)

    def _unsigned(self, subject: x509.Name, key: Key, dates: tuple[datetime, datetime]) -> x509.CertificateBuilder:
        self._count += 1
        public = key.public_key()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .public_key(public)
            .serial_number(0x4D61696C_00000000 + self._count)
            .not_valid_before(dates[0])
            .not_valid_after(dates[1])
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        )

    def _signed(self, unsigned: x509.CertificateBuilder) -> x509.Certificate:
        """Sign until the signature has the usual size, which is every second time."""
        while True:
            certificate = unsigned.sign(self._key, hashes.SHA256())
            if len(certificate.signature) == SIGNATURE_OCTETS:
                return certificate

    def _good_dates(self) -> tuple[datetime, datetime]:
        year = self._start.year
        return _january(min(year - 1, VALID_FROM)), _january(max(year + 10, VALID_UNTIL))

    def _bad_dates(self) -> tuple[datetime, datetime]:
        end = min(self._start, _january(VALID_FROM)) - EXPIRED_FOR
        return end - LIFETIME, end


def _january(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=UTC)


def _general_names(names: Iterable[str]) -> Iterable[x509.GeneralName]:
    for name in names:
        try:
            yield x509.IPAddress(ip_address(name))
        except ValueError:
            yield x509.DNSName(name)


def _usage(
    *,
    digital_signature: bool = False,
    key_encipherment: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_encipherment=key_encipherment,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


Problem: TypeAlias = Literal["", "self-signed", "unknown-ca", "wrong-name", "expired", "not-yet-valid"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a client thinks of a server's certificate: something that is wrong at any time, and when it is valid."""

    problem: Problem
    valid_from: datetime
    valid_until: datetime

    def at(self, moment: datetime) -> Problem:
        """What is wrong at a moment; "" when nothing is."""
        if self.problem:
            return self.problem
        if moment > self.valid_until:
            return "expired"
        return "not-yet-valid" if moment < self.valid_from else ""


def verdict(certificate: x509.Certificate, authority: x509.Certificate, name: str) -> Verdict:
    """Judge a certificate (RFC 9525, RFC 5280). Args: name: the host that the client wants, or its IP address."""
    problem: Problem = ""
    if certificate.issuer == certificate.subject:
        problem = "self-signed"
    elif not _is_by(certificate, authority):
        problem = "unknown-ca"
    elif not _is_for(certificate, name):
        problem = "wrong-name"
    return Verdict(problem, certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def _is_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except Exception:
        return False
    return True


def _is_for(certificate: x509.Certificate, name: str) -> bool:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    try:
        return ip_address(name) in names.get_values_for_type(x509.IPAddress)
    except ValueError:
        return name.lower() in (known.lower() for known in names.get_values_for_type(x509.DNSName))
