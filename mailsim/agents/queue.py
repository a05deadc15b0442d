"""The queue of an MTA: from its 250 until somebody else's, the mail is here, and it is never lost.

Each mail that comes in is split by destination, and each part gets a script of its own: it tries, waits, tries
again, until every recipient has an end. There are four ends (`QueueDone.fate`):

    relayed      the next server said 250 and answers for it now
    delivered    it is in a mailbox of this host
    bounced      it went back: a notification to the sender is in the queue instead
    discarded    nobody is told: it has no sender (RFC 5321 section 6.1), or he did not want to hear (RFC 3461)

Whoever accepts a mail awaits `add` before saying 250, so that no broken connection can come in between. `mails` is
the disk: it outlives a breakdown of the host, and `run` goes on from it. All else dies with the scripts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from mailsim.agents import bounce, routing
from mailsim.agents.bounce import Report
from mailsim.agents.host import Host
from mailsim.agents.lanes import Lanes, Line
from mailsim.agents.operations import Note, Now, Signal, Sleep, Spawn, Wait
from mailsim.agents.outcome import Outcome
from mailsim.agents.policy import MtaPolicy
from mailsim.agents.queued_mail import Entry, QueuedMail, next_try
from mailsim.mail.dsn import Action
from mailsim.mail.envelope import Envelope
from mailsim.mail.identity import message_key
from mailsim.mail.queue_id import queue_ids
from mailsim.protocols.smtp import Reply
from mailsim.trace.facts import Fact, PolicyVerdict, QueueAdded, QueueDeferred, QueueDone, QueueExpired, QueueTried

if TYPE_CHECKING:
    from mailsim.agents.delivery import Taken

EXPIRED = Reply.of(451, "4.4.7", "Delivery time expired")


class Queue:
    """The mails for which a host is responsible. `mails` are those now in it, by queue id."""

    def __init__(self, host: Host, policy: MtaPolicy) -> None:
        self.host, self.policy = host, policy
        self.mails: dict[str, QueuedMail] = {}
        self.is_running = True
        self._lanes = Lanes(policy)
        self._ids = queue_ids(host.name)

    def next_id(self) -> str:
        """A queue id for a mail that is about to come in: its Received line needs it first."""
        return next(self._ids)

    async def run(self) -> None:
        """Work, until the host breaks down; and go on with what its disk has when it is up again."""
        self.is_running, self._lanes = True, Lanes(self.policy)
        try:
            for mail in list(self.mails.values()):
                await self._start(mail)
            await Wait(Signal())
        finally:
            self.is_running = False

    async def add(self, queue_id: str, envelope: Envelope, content: bytes) -> None:
        """Take the responsibility for a mail. Local aliases are replaced by whom they stand for."""
        now_us = await Now()
        mail, facts = self._store(queue_id, self._expanded(envelope), content, now_us)
        await self.host.record(*facts)
        await self._start(mail)
        await self._report_expansion(mail, envelope)

    def _store(self, queue_id: str, envelope: Envelope, content: bytes, now_us: int) -> tuple[QueuedMail, list[Fact]]:
        """Write a mail to the disk; gives also what the trace shall know of it."""
        message = message_key(content)
        entries = {recipient: Entry(next_us=now_us) for recipient in envelope.recipients}
        mail = self.mails[queue_id] = QueuedMail(queue_id, message, envelope, content, now_us, entries)
        sender, size = envelope.reverse_path, len(content)
        return mail, [QueueAdded(message, recipient, queue_id, sender, size) for recipient in entries]

    def _expanded(self, envelope: Envelope) -> Envelope:
        """An alias keeps the reverse-path and replaces the recipient (RFC 5321 section 3.9.1)."""
        return envelope.redirected({name: self._targets(name) for name in envelope.recipients})

    def _targets(self, recipient: str) -> tuple[str, ...]:
        is_local = routing.is_local(self.policy, recipient.rpartition("@")[2])
        return tuple(self.host.directory.mailboxes(recipient)) if is_local else ()

    async def _start(self, mail: QueuedMail) -> None:
        """One script for each destination; it belongs to the MTA, whoever has brought the mail."""
        if self.is_running:
            for (destination, _), recipients in self._parts(mail).items():
                await Spawn(f"deliver {mail.id}", self._deliver(mail, recipients, destination), "mta")

    def _parts(self, mail: QueuedMail) -> dict[tuple[str, int], list[str]]:
        """One transaction carries all recipients of one destination and time (RFC 5321 section 4.5.4.1)."""
        parts: dict[tuple[str, int], list[str]] = {}
        for recipient, entry in mail.entries.items():
            where = routing.destination(self.policy, recipient.rpartition("@")[2])
            parts.setdefault((where, entry.next_us), []).append(recipient)
        return parts

    # --- the life of a part ---------------------------------------------------------------------

    async def _deliver(self, mail: QueuedMail, recipients: list[str], destination: str) -> None:
        """Try, and wait, until every recipient has an end. Whoever added the mail says 250 first, while this sleeps."""
        while recipients:
            await Sleep(max(0, mail.entries[recipients[0]].next_us - await Now()))
            line = await self._lanes.enter(destination)
            recipients = await self._try(mail, recipients, line)
            await self._lanes.leave(line)

    async def _try(self, mail: QueuedMail, recipients: list[str], line: Line) -> list[str]:
        """One attempt; gives the recipients who are to be tried again."""
        from mailsim.agents.delivery import Parcel, attempt  # loaded when there is a mail

        started_us = await Now()
        tries = mail.entries[recipients[0]].tries + 1
        for recipient in recipients:
            mail.entries[recipient].tries = tries
            await Note(QueueTried(mail.message, recipient, mail.id, tries))
        parcel = Parcel(mail.message, mail.envelope.to(*recipients), mail.content)
        good_news: dict[str, Report] = {}
        outcomes = await attempt(self.host, self.policy, parcel, self._taken(mail, good_news), line)
        again = await self._settle(mail, outcomes) if outcomes else []
        if again:
            await self._defer(mail, {recipient: outcomes[recipient] for recipient in again}, started_us)
        if good_news:
            await self._report(mail, good_news)
        return again

    def _taken(self, mail: QueuedMail, good_news: dict[str, Report]) -> Taken:
        """What happens when somebody says 250 for a recipient."""

        async def done(recipient: str, outcome: Outcome) -> None:
            if mail.envelope.wish(recipient).wants("SUCCESS") and not outcome.reports_itself:
                action = Action.DELIVERED if outcome.is_final_delivery else Action.RELAYED
                good_news[recipient] = Report(action, outcome)
            fate = "delivered" if outcome.is_final_delivery else "relayed"
            await self.host.record(*self._end(mail, (recipient,), fate, outcome.host))

        return done

    async def _settle(self, mail: QueuedMail, outcomes: Mapping[str, Outcome]) -> list[str]:
        """Give back what has failed for good; gives the recipients who are to be tried again."""
        failed: dict[str, Report] = {}
        again: list[str] = []
        is_too_old = await Now() - mail.arrived_us >= self.policy.expire_us
        for recipient, outcome in outcomes.items():
            if not self._may_try_again(outcome.reply):
                failed[recipient] = Report(Action.FAILED, outcome)
            elif is_too_old:
                await Note(QueueExpired(mail.message, recipient, mail.id, mail.entries[recipient].tries))
                final = Outcome(EXPIRED, outcome.host) if outcome.reply.is_transient else outcome
                failed[recipient] = Report(Action.FAILED, final, last=outcome)
            else:
                again.append(recipient)
        if failed:
            await self._give_back(mail, failed)
        return again

    def _may_try_again(self, reply: Reply) -> bool:
        return self.policy.retry and (reply.is_transient or self.policy.retry_5xx)

    async def _defer(self, mail: QueuedMail, outcomes: Mapping[str, Outcome], started_us: int) -> None:
        """Write down when they are tried again and why, and tell the sender if the mail is late."""
        now_us = await Now()
        chance = self.host.random("mta retry")
        tries = mail.entries[next(iter(outcomes))].tries
        at_us = next_try(self.policy, mail.arrived_us, tries, started_us, now_us, chance)
        facts: list[Fact] = []
        for recipient, outcome in outcomes.items():
            entry = mail.entries[recipient]
            entry.next_us, entry.reason = at_us, outcome.words
            facts.append(QueueDeferred(mail.message, recipient, mail.id, tries, at_us, entry.reason))
        await self.host.record(*facts)
        await self._warn(mail, outcomes, now_us)

    async def _warn(self, mail: QueuedMail, outcomes: Mapping[str, Outcome], now_us: int) -> None:
        """Once, and only to a sender who wants to hear of it (RFC 3461 section 4.1)."""
        if not self.policy.delay_warning_us or now_us - mail.arrived_us < self.policy.delay_warning_us:
            return
        until_us = mail.arrived_us + self.policy.expire_us
        late = {
            recipient: Report(Action.DELAYED, outcome, retries_until_us=until_us)
            for recipient, outcome in outcomes.items()
            if not mail.entries[recipient].is_warned and mail.envelope.wish(recipient).wants("DELAY")
        }
        for recipient in outcomes:
            mail.entries[recipient].is_warned = True
        await self._report(mail, late)

    # --- ends, and who is told ------------------------------------------------------------------

    async def _give_back(self, mail: QueuedMail, failed: Mapping[str, Report]) -> None:
        """Tell the sender; nobody is told about the failure of a notification (RFC 5321 section 4.5.5).

        The bounce takes the place of the mail on the disk in one stroke, so no breakdown can come in between.
        """
        silent = [r for r in failed if mail.envelope.is_notification or not mail.envelope.wish(r).wants("FAILURE")]
        told = {recipient: report for recipient, report in failed.items() if recipient not in silent}
        if silent and not mail.envelope.is_notification:
            await Note(PolicyVerdict("dsn", "discard", "NOTIFY", mail.message))
        made, facts = self._notify(mail, told, await Now())
        copies, more = self._copies(mail, failed, await Now())
        facts += more + self._end(mail, told, "bounced") + self._end(mail, silent, "discarded")
        await self.host.record(*facts)
        for notification in (*made, *copies):
            await self._start(notification)

    async def _report(self, mail: QueuedMail, reports: Mapping[str, Report]) -> None:
        """Tell the sender something that is not the end: late, relayed, delivered, expanded."""
        if not reports or mail.envelope.is_notification:
            return
        made, facts = self._notify(mail, reports, await Now())
        is_delay = any(report.action is Action.DELAYED for report in reports.values())
        copies, more = self._copies(mail, reports, await Now()) if is_delay else ([], [])
        await self.host.record(*facts, *more)
        for notification in (*made, *copies):
            await self._start(notification)

    async def _report_expansion(self, mail: QueuedMail, envelope: Envelope) -> None:
        """Who asked to hear of success hears that the alias has become several (RFC 3461 section 5.2.7.3)."""
        for name in envelope.wishes:
            if envelope.wish(name).wants("SUCCESS") and len(self._targets(name)) > 1:
                expanded = Report(Action.EXPANDED, Outcome(Reply.of(250, "2.1.5", "Expanded")))
                wished = replace(mail, envelope=envelope)
                await self._report(wished, {name: expanded})

    def _notify(
        self, mail: QueuedMail, reports: Mapping[str, Report], now_us: int
    ) -> tuple[list[QueuedMail], list[Fact]]:
        """Write the notification to the disk, if there is anything to tell and somebody to tell it to."""
        if not reports or mail.envelope.is_notification:
            return [], []
        return self._written(bounce.notification(self.host, self.policy, mail, reports, self.next_id(), now_us), now_us)

    def _copies(
        self, mail: QueuedMail, reports: Mapping[str, Report], now_us: int
    ) -> tuple[list[QueuedMail], list[Fact]]:
        """The postmaster's copy, if the policy wants him to have one."""
        kind = bounce.kind(mail, reports)
        to = f"postmaster@{self.policy.local_domains[0] if self.policy.local_domains else self.host.name}"
        if kind not in self.policy.tell_postmaster or to in mail.entries:
            return [], []
        copy = bounce.notification(self.host, self.policy, mail, reports, self.next_id(), now_us, postmaster=to)
        return self._written(copy, now_us)

    def _written(self, notification: bounce.Notification, now_us: int) -> tuple[list[QueuedMail], list[Fact]]:
        envelope = self._expanded(notification.envelope)
        written, facts = self._store(notification.queue_id, envelope, notification.content, now_us)
        return [written], [*notification.facts, *facts]

    def _end(self, mail: QueuedMail, recipients: Iterable[str], fate: str, next_hop: str = "") -> list[Fact]:
        """Take recipients off the disk; gives what the trace shall know of it."""
        facts: list[Fact] = []
        for recipient in recipients:
            tries = mail.entries.pop(recipient).tries
            facts.append(QueueDone(mail.message, recipient, mail.id, tries, fate, next_hop))
        if not mail.entries:
            self.mails.pop(mail.id, None)
        return facts
