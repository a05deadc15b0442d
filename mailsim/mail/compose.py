"""What a MUA does when its user presses Send: it makes the message out of what was typed (RFC 5322)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mailsim.mail.address import Mailbox
from mailsim.mail.body import Part, attachment_part, multipart, text_part
from mailsim.mail.dates import rfc5322_date
from mailsim.mail.encoding import address_field, text_field

__all__ = ["Attachment", "Mailbox", "compose", "rfc5322_date"]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message."""

    filename: str
    data: bytes = field(repr=False)
    content_type: str = "application/octet-stream"


def compose(
    sender: Mailbox,
    to: Sequence[Mailbox],
    cc: Sequence[Mailbox] = (),
    subject: str = "",
    body: str = "",
    *,
    date_us: int,
    utc_offset_minutes: int = 0,
    message_id: str,
    attachments: Sequence[Attachment] = (),
    bcc: Sequence[Mailbox] = (),
    keep_bcc: bool = False,
    extra_headers: Iterable[tuple[str, str]] = (),
) -> bytes:
    """A whole message, lines ending in CRLF, all of it 7-bit unless an address or an attached message is not.

    Args:
        date_us: microseconds since the Unix epoch; utc_offset_minutes: the writer's time zone.
        message_id: with its brackets; boundaries follow from it, so the same call gives the same bytes.
        bcc, keep_bcc: who gets it unseen. Only the writer's own copy (in Sent) may show them.
        extra_headers: more fields, as name and text, e.g. In-Reply-To and References.

    Raises:
        ValueError: a header text has a control character in it, such as a line end.
    """
    fields = [
        text_field("Date", rfc5322_date(date_us, utc_offset_minutes)),
        address_field("From", [sender]),
        *(address_field(name, people) for name, people in (("To", to), ("Cc", cc)) if people),
        *([address_field("Bcc", bcc)] if bcc and keep_bcc else []),
        text_field("Message-ID", message_id),
        text_field("Subject", subject),
        *(text_field(name, text) for name, text in extra_headers),
        b"MIME-Version: 1.0\r\n",
    ]
    return b"".join((*fields, _content(body, attachments, message_id).to_bytes()))


def _content(body: str, attachments: Sequence[Attachment], seed: str) -> Part:
    text = text_part(body)
    if not attachments:
        return text
    files = [attachment_part(file.filename, file.content_type, file.data) for file in attachments]
    return multipart("mixed", [text, *files], seed)
