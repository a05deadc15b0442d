"""The bounce: how an MTA tells the sender that a mail could not be delivered (RFC 3464, RFC 5321 section 3.6.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from typing import TYPE_CHECKING

from mailsim.agents.host import Host
from mailsim.agents.outcome import Outcome
from mailsim.agents.policy import MtaPolicy
from mailsim.mail import header
from mailsim.mail.dsn import Action, RecipientStatus, delivery_status_notification, status_code
from mailsim.mail.envelope import NULL_PATH, Envelope
from mailsim.mail.identity import message_key
from mailsim.trace.facts import DsnMade

if TYPE_CHECKING:
    from mailsim.agents.queue import QueuedMail

SUBJECT = "Undelivered mail"
SENDER_NAME = "Mail delivery system"


@dataclass(frozen=True, slots=True)
class Notification:
    """A bounce that is ready to be queued, and what the trace shall know of it."""

    envelope: Envelope
    content: bytes
    facts: tuple[DsnMade, ...]


def notification(
    host: Host, policy: MtaPolicy, mail: QueuedMail, failed: Mapping[str, Outcome], *, queue_id: str, now_us: int
) -> Notification:
    """One notification about all recipients that failed together.

    It has the null reverse-path, so that it can never cause another one.
    """
    name = policy.hostname or host.name
    to = addressee(policy, mail)
    statuses = [_status(host, recipient, outcome, now_us) for recipient, outcome in failed.items()]
    content = delivery_status_notification(
        reporting_mta=name,
        to=to,
        recipients=statuses,
        original=mail.content,
        subject=SUBJECT,
        text=_text(name, failed),
        date_us=host.calendar.epoch_us(now_us),
        utc_offset_minutes=host.calendar.utc_offset_minutes,
        message_id=f"<{queue_id}@{name}>",
        sender_name=SENDER_NAME,
        arrival_us=host.calendar.epoch_us(mail.arrived_us),
    )
    message = message_key(content)
    facts = tuple(
        DsnMade(mail.message, status.recipient, status.action.value, status.status, message, to) for status in statuses
    )
    return Notification(Envelope(NULL_PATH, (to,)), content, facts)


def addressee(policy: MtaPolicy, mail: QueuedMail) -> str:
    """Whom to tell: the reverse-path, unless the policy believes in the From field (M26)."""
    if policy.dsn_to == "header_from":
        return parseaddr(header.text(mail.content, "From") or "")[1] or mail.envelope.reverse_path
    return mail.envelope.reverse_path


def _status(host: Host, recipient: str, outcome: Outcome, now_us: int) -> RecipientStatus:
    reply = outcome.reply
    return RecipientStatus(
        recipient,
        Action.FAILED,
        status_code(reply.code, reply.enhanced),
        diagnostic=str(reply) if outcome.is_quoted else "",
        remote_mta=outcome.host if outcome.is_quoted else "",
        last_attempt_us=host.calendar.epoch_us(now_us),
    )


def _text(name: str, failed: Mapping[str, Outcome]) -> str:
    """For a person, in the words of the protocol: what was said, by whom, about which recipient."""
    lines = [f"This is the mail server {name}.", "", "Your mail could not be delivered to:", ""]
    for recipient, outcome in failed.items():
        who = f"{outcome.host} said: " if outcome.is_quoted else ""
        lines.append(f"<{recipient}>: {who}{outcome.reply}")
    return "\n".join((*lines, ""))
