"""The notification: how an MTA tells the sender what became of a mail (RFC 3464, RFC 3461, RFC 5321 section 3.6.3).

A bounce is one kind of it: the mail could not be delivered. Others say that it is late, or, to a sender who asked,
that it has arrived.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from typing import TYPE_CHECKING, Literal

from mailsim.agents.host import Host
from mailsim.agents.outcome import Outcome
from mailsim.agents.policy import MtaPolicy
from mailsim.mail import header
from mailsim.mail.dsn import Action, RecipientStatus, delivery_status_notification, status_code
from mailsim.mail.envelope import NULL_PATH, Envelope
from mailsim.mail.identity import message_key
from mailsim.trace.facts import DsnMade

if TYPE_CHECKING:
    from mailsim.agents.queued_mail import QueuedMail

SENDER_NAME = "Mail delivery system"
SUBJECTS = {
    Action.FAILED: "Undelivered mail",
    Action.DELAYED: "Delayed mail",
    Action.DELIVERED: "Delivered mail",
    Action.RELAYED: "Relayed mail",
    Action.EXPANDED: "Delivered mail",
}
BEGINNINGS = {
    Action.FAILED: "Your mail could not be delivered to:",
    Action.DELAYED: "Your mail could not be delivered yet. You need not send it again: this server goes on trying.",
    Action.DELIVERED: "Your mail is in the mailbox of:",
    Action.RELAYED: "Your mail was passed on to a server that sends no such reports, for:",
    Action.EXPANDED: "Your mail was passed on to all who stand behind:",
}


@dataclass(frozen=True, slots=True)
class Report:
    """What is to be told about one recipient.

    Attributes:
        action: what kind of news. outcome: what decided.
        last: what the last attempt ended with, when it was time that decided; the status is about it (RFC 3463, X.4.7).
        retries_until_us: simulated time, for a mail that is late.
    """

    action: Action
    outcome: Outcome
    last: Outcome | None = None
    retries_until_us: int | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification that is ready to be queued, and what the trace shall know of it."""

    queue_id: str
    envelope: Envelope
    content: bytes
    facts: tuple[DsnMade, ...]


def notification(
    host: Host,
    policy: MtaPolicy,
    mail: QueuedMail,
    reports: Mapping[str, Report],
    queue_id: str,
    now_us: int,
    *,
    postmaster: str = "",
) -> Notification:
    """One notification about all recipients of whom there is news at once; `postmaster` gets it instead of the sender.

    It has the null reverse-path, so that it can never cause another one.
    """
    name = policy.hostname or host.name
    to = postmaster or addressee(policy, mail)
    statuses = [_status(host, mail, recipient, report, now_us) for recipient, report in reports.items()]
    action = statuses[0].action
    content = delivery_status_notification(
        reporting_mta=name,
        to=to,
        recipients=statuses,
        original=mail.content,
        subject=SUBJECTS[action],
        text=_text(name, reports),
        date_us=host.calendar.epoch_us(now_us),
        utc_offset_minutes=host.calendar.utc_offset_minutes,
        message_id=f"<{queue_id}@{name}>",
        sender_name=SENDER_NAME,
        arrival_us=host.calendar.epoch_us(mail.arrived_us),
        envelope_id=mail.envelope.envelope_id,
        return_full=not postmaster and returns_all(policy, mail, action),
    )
    message = message_key(content)
    facts = tuple(
        DsnMade(mail.message, status.recipient, status.action.value, status.status, message, to) for status in statuses
    )
    return Notification(queue_id, Envelope(NULL_PATH, (to,)), content, facts)


def returns_all(policy: MtaPolicy, mail: QueuedMail, action: Action) -> bool:
    """Whether the whole mail comes back, or its header: RET is about failures alone (RFC 3461 section 4.3)."""
    if action is not Action.FAILED:
        return False
    return mail.envelope.ret == "FULL" or (not mail.envelope.ret and policy.dsn_returns == "full")


def kind(mail: QueuedMail, reports: Mapping[str, Report]) -> Literal["bounce", "double_bounce", "delay"]:
    """What this is in the words of the policy `tell_postmaster`."""
    if any(report.action is Action.DELAYED for report in reports.values()):
        return "delay"
    return "double_bounce" if mail.envelope.is_notification else "bounce"


def addressee(policy: MtaPolicy, mail: QueuedMail) -> str:
    """Whom to tell: the reverse-path, unless the policy believes in the From field (M26)."""
    if policy.dsn_to == "header_from":
        return parseaddr(header.text(mail.content, "From") or "")[1] or mail.envelope.reverse_path
    return mail.envelope.reverse_path


def _status(host: Host, mail: QueuedMail, recipient: str, report: Report, now_us: int) -> RecipientStatus:
    outcome = report.last or report.outcome
    status = status_code(outcome.reply.code, outcome.reply.enhanced)
    until_us = report.retries_until_us
    return RecipientStatus(
        recipient,
        report.action,
        f"2{status[1:]}" if report.action is Action.RELAYED else status,
        diagnostic=_diagnostic(report.action, outcome),
        remote_mta=outcome.host if outcome.said else "",
        original_recipient=mail.envelope.wish(recipient).original,
        last_attempt_us=host.calendar.epoch_us(now_us),
        will_retry_until_us=None if until_us is None else host.calendar.epoch_us(until_us),
    )


def _diagnostic(action: Action, outcome: Outcome) -> str:
    """What the other server said; where nobody said anything, what we found out (RFC 3464 section 2.3.6)."""
    if outcome.said or action not in (Action.FAILED, Action.DELAYED):
        return str(outcome.said or "")
    return ": ".join(word for word in (outcome.host, outcome.reply.text) if word)


def _text(name: str, reports: Mapping[str, Report]) -> str:
    """For a person, in the words of the protocol: what was said, by whom, about which recipient."""
    lines = [f"This is the mail server {name}.", ""]
    for action in dict.fromkeys(report.action for report in reports.values()):
        lines += [BEGINNINGS[action], ""]
        for recipient, report in reports.items():
            if report.action is action:
                lines.append(f"<{recipient}>: {_words(report)}")
    return "\n".join((*lines, ""))


def _words(report: Report) -> str:
    said = [report.outcome] + ([report.last] if report.last else [])
    return "; ".join(f"{o.host} said: {o.said}" if o.said else str(o.reply) for o in said)
