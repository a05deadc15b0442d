"""The queue of an MTA: from its 250 until somebody else's, the mail is here, and it is never lost.

Each mail that comes in is split by destination, and each part gets a script of its own: it tries, waits, tries
again, until every recipient has an end. There are four ends (`QueueDone.fate`):

    relayed      the next server said 250 and answers for it now
    delivered    it is in a mailbox of this host
    bounced      it went back: a notification to the sender is in the queue instead
    discarded    it could not go back either, because it has no sender (RFC 5321 section 6.1)

Whoever accepts a mail awaits `add` before saying 250, so that no broken connection can come in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mailsim.agents import bounce, routing
from mailsim.agents.delivery import Parcel, Taken, attempt
from mailsim.agents.host import Host
from mailsim.agents.operations import Note, Now, Signal, Sleep, Spawn, Wait
from mailsim.agents.outcome import Outcome
from mailsim.agents.policy import MINUTE_US, MtaPolicy
from mailsim.mail.envelope import Envelope
from mailsim.mail.identity import message_key
from mailsim.mail.queue_id import queue_ids
from mailsim.protocols.smtp import Reply
from mailsim.trace.facts import QueueAdded, QueueDeferred, QueueDone, QueueExpired, QueueTried

EXPIRED = Reply.of(554, "5.4.7", "Delivery time expired")


@dataclass(slots=True)
class QueuedMail:
    """A mail in the queue; `waiting` are the recipients who have no end yet."""

    id: str
    message: str
    envelope: Envelope
    content: bytes = field(repr=False)
    arrived_us: int
    waiting: list[str]


class Queue:
    """The mails for which a host is responsible. `mails` are those now in it, by queue id."""

    def __init__(self, host: Host, policy: MtaPolicy) -> None:
        self.host, self.policy = host, policy
        self.mails: dict[str, QueuedMail] = {}
        self.is_running = True
        self._ids = queue_ids(host.name)

    def next_id(self) -> str:
        """A queue id for a mail that is about to come in: its Received line needs it first."""
        return next(self._ids)

    async def run(self) -> None:
        """Go on where the host broke down: whoever waits in the queue is tried at once."""
        self.is_running = True
        try:
            for mail in list(self.mails.values()):
                for part in self._by_destination(tuple(mail.waiting)):
                    await Spawn(f"deliver {mail.id}", self._deliver(mail, part), "mta")
            await Wait(Signal())
        finally:
            self.is_running = False

    async def add(self, queue_id: str, envelope: Envelope, content: bytes) -> None:
        """Take the responsibility for a mail. Local aliases are replaced by whom they stand for."""
        envelope = self._expanded(envelope)
        recipients, message = envelope.recipients, message_key(content)
        mail = QueuedMail(queue_id, message, envelope, content, await Now(), list(recipients))
        self.mails[queue_id] = mail
        for recipient in recipients:
            await Note(QueueAdded(message, recipient, queue_id, envelope.reverse_path, len(content)))
        if self.is_running:
            for part in self._by_destination(recipients):
                await Spawn(f"deliver {queue_id}", self._deliver(mail, part), "mta")

    def _expanded(self, envelope: Envelope) -> Envelope:
        """An alias keeps the reverse-path and replaces the recipient (RFC 5321 section 3.9.1)."""
        local = (name for name in envelope.recipients if routing.is_local(self.policy, name.rpartition("@")[2]))
        return envelope.redirected({name: tuple(self.host.directory.mailboxes(name)) for name in local})

    def _by_destination(self, recipients: tuple[str, ...]) -> list[list[str]]:
        """One transaction carries all recipients of one destination (RFC 5321 section 4.5.4.1)."""
        parts: dict[str, list[str]] = {}
        for recipient in recipients:
            where = routing.destination(self.policy, recipient.rpartition("@")[2])
            parts.setdefault(where, []).append(recipient)
        return list(parts.values())

    # --- the life of a part ---------------------------------------------------------------------

    async def _deliver(self, mail: QueuedMail, recipients: list[str]) -> None:
        """Try until every recipient has an end."""
        await Sleep(0)  # whoever added the mail says 250 first
        tries = 0
        while recipients:
            tries += 1
            started_us = await Now()
            for recipient in recipients:
                await Note(QueueTried(mail.message, recipient, mail.id, tries))
            parcel = Parcel(mail.message, mail.envelope.to(*recipients), mail.content)
            outcomes = await attempt(self.host, self.policy, parcel, self._taken(mail, tries))
            recipients = await self._settle(mail, outcomes, tries)
            if recipients:
                await self._wait(mail, recipients, outcomes, tries, started_us)

    def _taken(self, mail: QueuedMail, tries: int) -> Taken:
        """What happens when somebody says 250 for a recipient."""

        async def done(recipient: str, outcome: Outcome) -> None:
            fate = "delivered" if outcome.is_final_delivery else "relayed"
            await self._done(mail, recipient, tries, fate, outcome.host)

        return done

    async def _settle(self, mail: QueuedMail, outcomes: Mapping[str, Outcome], tries: int) -> list[str]:
        """Give back what has failed for good; gives the recipients who are to be tried again."""
        failed: dict[str, Outcome] = {}
        again: list[str] = []
        is_too_old = await Now() - mail.arrived_us >= self.policy.expire_us
        for recipient, outcome in outcomes.items():
            if not self._may_try_again(outcome.reply):
                failed[recipient] = outcome
            elif is_too_old:
                await Note(QueueExpired(mail.message, recipient, mail.id, tries))
                failed[recipient] = Outcome(EXPIRED, outcome.host) if outcome.reply.is_transient else outcome
            else:
                again.append(recipient)
        if failed:
            await self._give_back(mail, failed, tries)
        return again

    def _may_try_again(self, reply: Reply) -> bool:
        return self.policy.retry and (reply.is_transient or self.policy.retry_5xx)

    async def _wait(
        self, mail: QueuedMail, recipients: list[str], outcomes: Mapping[str, Outcome], tries: int, started_us: int
    ) -> None:
        """Defer: at least the retry interval lies between attempts, and the last one is at the time of expiry."""
        now_us = await Now()
        next_us = max(started_us + self.policy.retry_interval_us, now_us + MINUTE_US)
        last_us = mail.arrived_us + self.policy.expire_us
        if now_us < last_us:
            next_us = min(next_us, last_us)
        for recipient in recipients:
            reason = str(outcomes[recipient].reply)
            await Note(QueueDeferred(mail.message, recipient, mail.id, tries, next_us, reason))
        await Sleep(next_us - now_us)

    # --- ends -----------------------------------------------------------------------------------

    async def _give_back(self, mail: QueuedMail, failed: Mapping[str, Outcome], tries: int) -> None:
        """Tell the sender; nobody is told about the failure of a notification (RFC 5321 section 4.5.5)."""
        fate = "discarded"
        if not mail.envelope.is_notification:
            fate = "bounced"
            queue_id = self.next_id()
            notification = bounce.notification(
                self.host, self.policy, mail, failed, queue_id=queue_id, now_us=await Now()
            )
            for fact in notification.facts:
                await Note(fact)
            await self.add(queue_id, notification.envelope, notification.content)
        for recipient in failed:
            await self._done(mail, recipient, tries, fate, "")

    async def _done(self, mail: QueuedMail, recipient: str, tries: int, fate: str, next_hop: str) -> None:
        mail.waiting.remove(recipient)
        if not mail.waiting:
            del self.mails[mail.id]
        await Note(QueueDone(mail.message, recipient, mail.id, tries, fate, next_hop))
