"""Who is who on a host: users with their passwords, and aliases (RFC 5321 section 3.9.1)."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mailsim.mail.address import Address
from mailsim.mail.domains import ascii_domain
from mailsim.protocols.sasl import Credentials, Password, Proof

MAX_ALIAS_DEPTH = 10
POSTMASTER = "postmaster"


def _key(address: str) -> str:
    """The one spelling under which an address is known: without needless quotes (RFC 5321 section 4.1.2), the domain
    as the DNS has it, in lower case."""
    if address.isascii() and not address.startswith('"'):
        return address.lower()
    try:
        known = Address.parse(address)
        return str(Address(known.local_part, ascii_domain(known.domain))).lower()
    except ValueError:
        return address.lower()


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who has an account: `address` is the mailbox, its name in the store and the login name."""

    address: str
    password: str


class Directory:
    """The users of a host and the aliases that lead to them; addresses are compared in any case of letters.

    RFC 5321 section 2.4 lets a host tell `Dan` from `dan`, and advises against it; this one does not.
    An alias without a domain, such as `postmaster`, is one of every local domain. Postmaster always exists
    (RFC 5321 section 4.5.1): without an alias somebody has to read it, and that is the first user.
    """

    def __init__(self, users: Iterable[User] = (), aliases: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self._users = {_key(user.address): user for user in users}
        self._aliases = {_key(address): targets for address, targets in (aliases or {}).items()}

    def find(self, login: str) -> User | None:
        """The user with this login name; the bare local part is enough if only one user has it."""
        return self._users.get(_key(login)) or self._by_local_part(login)

    def accept(self, credentials: Credentials) -> User | None:
        """The user who has shown who he is, and wants to act for nobody else; None otherwise."""
        user = self.find(credentials.username)
        match credentials:
            case Password(password=password):
                is_right = user is not None and hmac.compare_digest(
                    user.password.encode(), password.encode("utf-8", "surrogatepass")
                )
            case Proof(is_right=is_right):
                pass
        wanted = credentials.authorization_id
        if user is None or not is_right or (wanted and self.find(wanted) is not user):
            return None
        return user

    def mailboxes(self, address: str) -> tuple[str, ...]:
        """The addresses that mail for `address` ends at: itself, or what an alias says; () when unknown.

        An alias may lead to addresses of other hosts; they are given as they are.
        """
        key = _key(address)
        user = self._users.get(key)
        if user is not None and key not in self._aliases:
            return (user.address,)
        found: dict[str, None] = {}
        self._expand(address, found, 0)
        return tuple(found)

    def is_user(self, address: str) -> bool:
        """Is this the address of a mailbox of this host?"""
        return _key(address) in self._users

    def may_send_as(self, user: User, address: str) -> bool:
        """Is this the user's own address, or an alias that leads to nobody but him?"""
        return self.mailboxes(address) == (user.address,)

    def _expand(self, address: str, found: dict[str, None], depth: int) -> None:
        key = _key(address)
        targets = self._targets(key)
        if targets is None:
            user = self._users.get(key)
            if user:
                found[user.address] = None
            elif depth:
                found[address] = None
        elif depth < MAX_ALIAS_DEPTH:
            for target in targets:
                self._expand(target, found, depth + 1)

    def _targets(self, address: str) -> tuple[str, ...] | None:
        local_part = address.partition("@")[0]
        if address in self._aliases or address in self._users:
            return self._aliases.get(address)
        if local_part in self._aliases:
            return self._aliases[local_part]
        if local_part == POSTMASTER:
            return tuple(user.address for user in self._users.values())[:1]
        return None

    def _by_local_part(self, login: str) -> User | None:
        matches = [user for user in self._users.values() if user.address.partition("@")[0].lower() == login.lower()]
        return matches[0] if len(matches) == 1 else None
