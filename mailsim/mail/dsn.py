"""Delivery status notifications, "bounces": a server tells the sender what became of a mail (RFC 3464).

Three parts: a text for a person, fields for a program, and the message or its header (RFC 6522). It goes to
the reverse-path of the envelope, never to who is in From, and itself has the null reverse-path, so that no
notification is ever made about a notification (RFC 5321 section 4.5.5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from mailsim.mail import header
from mailsim.mail.address import Mailbox
from mailsim.mail.body import Part, multipart, text_part
from mailsim.mail.dates import rfc5322_date
from mailsim.mail.encoding import address_field, fold, text_field

OWN_DIAGNOSTIC = "X-mailsim"
"""The type of a diagnostic code that no server has sent (RFC 3464 section 2.1.2)."""


class Action(Enum):
    """What the reporting server did (RFC 3464 section 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True, slots=True)
class RecipientStatus:
    """What became of the mail for one recipient.

    Attributes:
        recipient: address as in the envelope.
        status: enhanced status code such as `5.1.1` (RFC 3463), see `status_code`.
        diagnostic: the SMTP reply as it came, e.g. `550 5.1.1 No such user`, or what the reporting server found out.
        remote_mta: the server that gave this reply; "" if the reporting server decided alone.
        original_recipient: as the sender wrote it, only if the envelope said so (ORCPT, RFC 3461): an address, or its
            type and the address, `rfc822;alena@skola.example`.
        last_attempt_us, will_retry_until_us: microseconds since the Unix epoch; the latter for `DELAYED` only.
    """

    recipient: str
    action: Action
    status: str
    diagnostic: str = ""
    remote_mta: str = ""
    original_recipient: str = ""
    last_attempt_us: int | None = None
    will_retry_until_us: int | None = None


def delivery_status_notification(
    *,
    reporting_mta: str,
    to: str,
    recipients: Sequence[RecipientStatus],
    original: bytes,
    subject: str,
    text: str,
    date_us: int,
    utc_offset_minutes: int,
    message_id: str,
    sender_name: str = "",
    arrival_us: int | None = None,
    envelope_id: str = "",
    return_full: bool = True,
) -> bytes:
    """The notification as a whole message; send it with the null reverse-path.

    Args:
        reporting_mta: name of the server that reports; to: reverse-path of the original's envelope.
        original: the message that this is about; return_full: give it back whole (RFC 6522 section 3), or
            only its header.
        subject, text, sender_name: what a person reads, in the language of this person.
        date_us, arrival_us: now, and when the original came in, microseconds since the Unix epoch.

    Raises:
        ValueError: no recipients, no reverse-path to send it to, or a control character in a header text.
    """
    if not recipients or not to:
        raise ValueError("a notification is about recipients and has somewhere to go")
    report = _report(reporting_mta, recipients, arrival_us, envelope_id, utc_offset_minutes)
    parts = [text_part(text), report, _returned(original, return_full)]
    fields = (
        text_field("Date", rfc5322_date(date_us, utc_offset_minutes)),
        address_field("From", [Mailbox(sender_name, f"MAILER-DAEMON@{reporting_mta}")]),
        address_field("To", [Mailbox("", to)]),
        text_field("Message-ID", message_id),
        text_field("Subject", subject),
        b"Auto-Submitted: auto-replied\r\n",
        b"MIME-Version: 1.0\r\n",
    )
    return b"".join((*fields, multipart("report", parts, message_id, "report-type=delivery-status").to_bytes()))


def status_code(code: int, enhanced: str = "") -> str:
    """The status for an SMTP reply: its enhanced code if it had one, else `4.0.0` or `5.0.0` (RFC 3463)."""
    return enhanced or f"{code // 100}.0.0"


def _report(
    reporting_mta: str,
    recipients: Sequence[RecipientStatus],
    arrival_us: int | None,
    envelope_id: str,
    utc_offset_minutes: int,
) -> Part:
    """message/delivery-status: fields about the message, and after an empty line fields about each recipient."""
    about_message = [
        _field("Original-Envelope-Id", envelope_id),
        _field("Reporting-MTA", f"dns; {reporting_mta}"),
        _date_field("Arrival-Date", arrival_us, utc_offset_minutes),
    ]
    groups = [about_message, *(_recipient_fields(status, utc_offset_minutes) for status in recipients)]
    body = b"\r\n".join(b"".join(group) for group in groups)
    return Part(b"Content-Type: message/delivery-status\r\n", body)


def _recipient_fields(status: RecipientStatus, utc_offset_minutes: int) -> list[bytes]:
    return [
        _original(status.original_recipient),
        _typed("Final-Recipient", "rfc822", status.recipient),
        _field("Action", status.action.value),
        _field("Status", status.status),
        _typed("Remote-MTA", "dns", status.remote_mta),
        _typed("Diagnostic-Code", "smtp" if status.remote_mta else OWN_DIAGNOSTIC, status.diagnostic),
        _date_field("Last-Attempt-Date", status.last_attempt_us, utc_offset_minutes),
        _date_field("Will-Retry-Until", status.will_retry_until_us, utc_offset_minutes),
    ]


def _original(value: str) -> bytes:
    """ORCPT names the type of the address itself; a bare address is one of mail."""
    kind, semicolon, address = value.partition(";")
    return _typed("Original-Recipient", kind, address) if semicolon else _typed("Original-Recipient", "rfc822", value)


def _typed(name: str, kind: str, value: str) -> bytes:
    return _field(name, f"{kind}; {value}") if value else b""


def _date_field(name: str, at_us: int | None, utc_offset_minutes: int) -> bytes:
    return b"" if at_us is None else _field(name, rfc5322_date(at_us, utc_offset_minutes))


def _field(name: str, value: str) -> bytes:
    """A field of the report; it must be 7-bit (RFC 3464 section 2.1), whatever a foreign server said."""
    if not value:
        return b""
    ascii_value = value.encode("ascii", "backslashreplace").decode()
    printable = "".join(c if c.isprintable() else " " for c in ascii_value)
    return fold(name, printable.split())


def _returned(original: bytes, full: bool) -> Part:
    """The third part: the message, or its header alone."""
    content, kind = (original, "message/rfc822") if full else (header.split(original)[0], "text/rfc822-headers")
    encoding = b"" if content.isascii() else b"Content-Transfer-Encoding: 8bit\r\n"
    end = b"" if content.endswith(b"\r\n") else b"\r\n"
    return Part(f"Content-Type: {kind}\r\n".encode() + encoding, content + end)
