"""One attempt to pass a mail on: an SMTP client that goes down the list of candidates.

    for each mail exchanger, the most preferred first, and each of its addresses:
        connect, greet, hand the mail over
        whoever was taken is done; for the others, look into the failover table:
            next_address, next_mx   try on
            queue, bounce           these recipients need no other candidate

The failover table of the policy is asked whenever a candidate does not take the mail, and it is asked for each
recipient alone: one may be refused for good while another shall be tried at the next host. Whoever is left
when the list is at its end stays in the queue.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from mailsim.agents import routing
from mailsim.agents.host import Host
from mailsim.agents.lanes import Line
from mailsim.agents.operations import Call, Note
from mailsim.agents.outcome import DROPPED, NO_ADDRESS_YET, Conclusion, Outcome, conclusion
from mailsim.agents.policy import Action, MtaPolicy, Situation
from mailsim.agents.smtp_client import SmtpClient
from mailsim.agents.tls import NO_TLS, ClientTls
from mailsim.errors import ConnectionLost, RemoteProtocolError, TlsFailed
from mailsim.mail.envelope import Envelope
from mailsim.protocols.smtp import Reply
from mailsim.trace.facts import RouteFailed

Taken: TypeAlias = Callable[[str, Outcome], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is to be passed on: the content, its envelope, and its name in the trace."""

    message: str
    envelope: Envelope
    content: bytes


def attempt(host: Host, policy: MtaPolicy, parcel: Parcel, taken: Taken, line: Line) -> Call[dict[str, Outcome]]:
    """Route the mail, all of whose recipients have one destination, and try to pass it on.

    Args:
        taken: awaited for each recipient in the moment of the 250, which ends our responsibility.
        line: the lane to the destination, with a connection that may still be open.
    Returns: an outcome for each recipient who was not taken. Never raises because of the network.
    """
    return Attempt(host, policy, parcel, taken, line).run()


class Attempt:
    """The choice of a route, and the walk down its candidates.

    Attributes:
        waiting: recipients who may still find somebody to take the mail.
        outcomes: the last word about each recipient whom nobody has taken yet.
    """

    def __init__(self, host: Host, policy: MtaPolicy, parcel: Parcel, taken: Taken, line: Line) -> None:
        self.host, self.policy, self.parcel = host, policy, parcel
        self.taken, self.line = taken, line
        self.is_local = False
        self.waiting = list(parcel.envelope.recipients)
        self.outcomes: dict[str, Outcome] = {}

    async def run(self) -> dict[str, Outcome]:
        """Try one candidate after the other until nobody waits any more."""
        recipients = self.parcel.envelope.recipients
        route = await routing.decide(self.host, self.policy, recipients[0].rpartition("@")[2])
        for recipient in recipients:
            await Note(route.fact(self.parcel.message, recipient))
        if route.failure:
            return dict.fromkeys(recipients, Outcome(route.failure))
        self.is_local = route.how == "local"
        for hop in route.hops:
            if not hop.addresses:
                await self._failed(self.waiting, hop.host, "", "no_address", NO_ADDRESS_YET)
            for address in hop.addresses:
                actions = await self._try_address(hop.host, address)
                if not self.waiting or "next_mx" in actions:
                    break
            if not self.waiting:
                break
        return self.outcomes

    async def _try_address(self, name: str, address: str, *, without_tls: bool = False) -> set[Action]:
        """Speak to one server. Gives what the table said, for those who still wait."""
        try:
            smtp = await self.line.take(address) or await self._connect(name, address, without_tls)
        except ConnectionLost as error:
            situation, reply = conclusion(error)
            return await self._failed(self.waiting, name, address, situation, reply)
        replies: dict[str, Reply] = {}
        try:
            turned_away = await self._converse(smtp, replies)
        except (ConnectionLost, RemoteProtocolError) as error:
            if isinstance(error, TlsFailed) and not smtp.engine.tls_active:
                await smtp.quit()
                return await self._go_without_tls(name, address, error)
            actions = await self._sort(name, address, replies, smtp.reports_itself)
            actions |= await self._failed(self._without(replies), name, address, "dropped", DROPPED)
            await smtp.quit()
            return actions
        if turned_away:
            situation = _situation("greeting", turned_away)
            actions = await self._failed(self.waiting, name, address, situation, turned_away, turned_away)
        else:
            actions = await self._sort(name, address, replies, smtp.reports_itself)
        await self.line.put_back(smtp, address)
        return actions

    async def _go_without_tls(self, name: str, address: str, error: TlsFailed) -> set[Action]:
        """Once more in the clear, which is better than not at all (RFC 7435); unless the policy insists."""
        if self.policy.relay_tls == "opportunistic":
            return await self._try_address(name, address, without_tls=True)
        return await self._failed(self.waiting, name, address, *conclusion(error))

    async def _connect(self, name: str, address: str, without_tls: bool) -> SmtpClient:
        policy = self.policy
        if self.is_local:
            return await SmtpClient.connect(address, policy.lmtp_port, policy.timeouts, protocol="lmtp")
        tls = (
            NO_TLS if without_tls else ClientTls(policy.relay_tls, name, policy.check_certificate, policy.tls_versions)
        )
        return await SmtpClient.connect(
            address, policy.relay_port, policy.timeouts, pipelining=policy.pipelining, tls=tls
        )

    async def _converse(self, smtp: SmtpClient, replies: dict[str, Reply]) -> Reply | None:
        """The dialogue; gives the reply by which the server wanted no mail at all, if it did so."""
        reply = smtp.greeting if smtp.is_ready else await smtp.greet()
        if reply.is_positive and not smtp.is_ready:
            reply = await smtp.hello(self.policy.hostname or self.host.name)
        if reply.is_positive:
            self.line.mails += 1
            envelope = self.parcel.envelope.to(*self.waiting)
            await smtp.transact(
                envelope,
                self.parcel.content,
                replies,
                self.policy.transfer,
                message=self.parcel.message,
                all_or_nothing=self.policy.all_or_nothing,
            )
        return None if reply.is_positive else reply

    async def _sort(self, name: str, address: str, replies: dict[str, Reply], reports_itself: bool) -> set[Action]:
        """Give each recipient the reply of the server, and let the table say what it means."""
        actions: set[Action] = set()
        for recipient, reply in replies.items():
            if reply.is_positive:
                self.waiting.remove(recipient)
                self.outcomes.pop(recipient, None)
                await self.taken(recipient, Outcome(reply, name, self.is_local, reports_itself=reports_itself))
            else:
                situation = _situation("reply", reply)
                said = None if isinstance(reply, Conclusion) else reply
                actions |= await self._failed([recipient], name, address, situation, reply, said)
        return actions

    async def _failed(
        self,
        recipients: Iterable[str],
        name: str,
        address: str,
        situation: Situation,
        reply: Reply,
        said: Reply | None = None,
    ) -> set[Action]:
        """Look into the failover table, and let those go who need not be tried elsewhere.

        Args: name, address: the candidate. situation: the row of the table. reply: what the failure amounts to.
            said: what the server really said, if that decided.
        Returns: the action, if it sends somebody on to another candidate.
        """
        recipients = tuple(recipients)
        if not recipients:
            return set()
        action = self.policy.failover[situation]
        await Note(RouteFailed(self.parcel.message, name, address, situation, action, str(reply)))
        verdict = _as_the_table_says(reply, action, situation)
        for recipient in recipients:
            self.outcomes[recipient] = Outcome(verdict, name, said=said)
            if action in ("queue", "bounce"):
                self.waiting.remove(recipient)
        return {action} - {"queue", "bounce"}

    def _without(self, replies: dict[str, Reply]) -> list[str]:
        return [recipient for recipient in self.waiting if recipient not in replies]


def _situation(where: Literal["greeting", "reply"], reply: Reply) -> Situation:
    if where == "greeting":
        return "greeting_5yz" if reply.is_permanent else "greeting_4yz"
    return "reply_5yz" if reply.is_permanent else "reply_4yz"


def _as_the_table_says(reply: Reply, action: Action, situation: Situation) -> Reply:
    """A bounce must be 5yz and a place in the queue 4yz, whatever the server called it.

    A greeting of 5yz speaks about the server, not about the mail, so it does not make the failure final.
    """
    is_final = action == "bounce" or (action != "queue" and situation == "reply_5yz")
    digit = 5 if is_final else 4
    if reply.code // 100 == digit:
        return reply
    enhanced = f"{digit}{reply.enhanced[1:]}" if reply.enhanced else ""
    return Reply(digit * 100 + reply.code % 100, reply.lines, enhanced)
