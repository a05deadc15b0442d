"""What each actor believes and how it is set up: every decision that a student may be wrong about has a name here.

The defaults are what a well-run site of today does. A misconception is the same world with one of these values
changed: an MTA with `mx_order="descending"` believes that the higher number is preferred, and the run shows
where that leads. Nothing here acts; the scripts ask their policy and do what it says.

Times are microseconds of simulated time. Places for later issues are named in the docstrings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

Action = Literal["next_address", "next_mx", "queue", "bounce"]
Situation = Literal[
    "refused",
    "timeout",
    "unreachable",
    "tls",
    "no_address",
    "greeting_4yz",
    "greeting_5yz",
    "dropped",
    "reply_4yz",
    "reply_5yz",
]

Mechanism = Literal["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"]
MECHANISMS: tuple[Mechanism, ...] = ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256")
"""Of SASL, in the order in which a server lists them."""
TlsMode = Literal["none", "opportunistic", "required", "implicit"]
TlsVersion = Literal["1.2", "1.3"]
TLS_VERSIONS: tuple[TlsVersion, ...] = ("1.2", "1.3")

FAILOVER: Mapping[Situation, Action] = {
    "refused": "next_address",
    "timeout": "next_address",
    "unreachable": "next_address",
    "tls": "next_mx",
    "no_address": "next_mx",
    "greeting_4yz": "next_mx",
    "greeting_5yz": "next_mx",
    "dropped": "next_mx",
    "reply_4yz": "next_mx",
    "reply_5yz": "bounce",
}
"""What a sending MTA does when a candidate does not take the mail (RFC 5321 sections 3.8, 4.2.1, 4.2.5 and 5.1).

`next_address` goes on to the next MX when the host has no more addresses; both end in the queue when there is no
other MX. The RFC does not dictate every row, so the table is a setting.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpTimeouts:
    """How long an SMTP client waits for each step (RFC 5321 section 4.5.3.2); `connect` is TCP's part of it."""

    connect_us: int = 30 * SECOND_US
    greeting_us: int = 5 * MINUTE_US
    command_us: int = 5 * MINUTE_US
    """For EHLO, MAIL, RCPT, RSET and AUTH."""
    data_us: int = 2 * MINUTE_US
    """For the 354 after DATA."""
    final_us: int = 10 * MINUTE_US
    """For the reply to the dot: the server may have much to do before it takes the responsibility."""
    quit_us: int = 30 * SECOND_US


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """How a server of SMTP or LMTP receives its clients, whatever they want to send (RFC 5321 section 4)."""

    greeting: Literal["ready", "busy", "no_service"] = "ready"
    """220; or 421, come later; or 554, never (RFC 5321 section 3.1)."""
    greeting_delay_us: int = 0
    """How long it waits before it greets: who sends mail by the rules waits too (RFC 5321 section 4.3.1)."""
    early_talkers: Literal["tolerate", "refuse"] = "refuse"
    """What it makes of a client that sends before the greeting: nothing, or 554."""
    hello_names: Literal["any", "qualified", "known"] = "any"
    """Which names it believes in EHLO: `qualified` 504 without a dot, `known` 550 if the DNS does not have it."""
    eight_bit_mime: bool = True
    """Offers 8BITMIME (RFC 6152)."""
    chunking: bool = True
    """Offers CHUNKING: BDAT (RFC 3030)."""
    dsn: bool = True
    """Offers DSN (RFC 3461)."""
    smtputf8: bool = True
    """Offers SMTPUTF8, if it offers 8BITMIME (RFC 6531)."""
    enhanced_status_codes: bool = True
    """Offers ENHANCEDSTATUSCODES, and says them (RFC 2034)."""
    help: bool = True
    vrfy: Literal["cannot", "answer", "off"] = "cannot"
    """VRFY: always 252, which tells spammers nothing; or the truth; or 502 (RFC 5321 section 7.3)."""
    expn: Literal["answer", "off"] = "off"
    """EXPN: whom an alias stands for, or 502."""
    command_line_limit: int = 512
    """Octets with CRLF (RFC 5321 section 4.5.3.1.4); parameters of extensions come on top of it."""
    text_line_limit: int = 1000
    """The same for a line of the message (RFC 5321 section 4.5.3.1.6)."""
    max_errors: int = 20
    """After so many refused commands without an accepted mail it says 421 and closes; 0 for no limit."""
    max_idle_commands: int = 100
    """More NOOP, RSET, VRFY, EXPN and HELP than that count as errors; 0 for no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """How an SMTP client hands a mail over, once it knows what the server offers."""

    chunking: bool = False
    """Sends the content by BDAT, where CHUNKING is offered, instead of DATA (RFC 3030)."""
    chunk_size: int = 65_536
    """Octets in one BDAT."""
    max_recipients: int = 100
    """Recipients of one transaction; every server must take 100 (RFC 5321 section 4.5.3.1.8)."""
    check_size: bool = True
    """Says by itself that a mail is too big for the limit that SIZE tells (RFC 1870 section 6.1)."""
    eight_bit: Literal["convert", "bounce"] = "convert"
    """For a server without 8BITMIME: bodies become quoted-printable or base64, or the mail goes back, 5.6.3."""
    dsn: bool = True
    """Passes on RET, ENVID, NOTIFY and ORCPT where DSN is offered (RFC 3461 section 5.2.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MuaPolicy:
    """How a mail client is set up and what it believes; names, servers and passwords are in `mua.Account`."""

    submission_port: int = 0
    """0 is the usual one: 587, or 465 with TLS from the beginning."""
    submission_tls: TlsMode = "required"
    """`required`: STARTTLS or nothing; `opportunistic`: if it is offered; `implicit`: TLS from the beginning."""
    auth: bool = True
    """Whether it logs in before it submits (RFC 6409 section 4.3)."""
    auth_mechanisms: tuple[Mechanism, ...] = ("PLAIN", "LOGIN")
    """Those that it knows; it takes the first that the server offers."""
    access: Literal["imap", "pop3"] = "imap"
    access_port: int = 0
    """0 is the usual one: 143 for IMAP and 110 for POP3, with TLS from the beginning 993 and 995."""
    access_tls: TlsMode = "implicit"
    """The same choice for reading (RFC 8314 section 3)."""
    access_auth: Literal["password", "sasl", "apop"] = "password"
    """How it logs in to read: LOGIN, or USER and PASS; a SASL mechanism; in POP3 also APOP (RFC 1939 section 7)."""
    check_certificate: bool = True
    """Whether a certificate that is expired, of nobody known or for another name ends the connection."""
    tls_versions: tuple[TlsVersion, ...] = TLS_VERSIONS
    lookup_mx: bool = False
    """Belief M10: the client itself looks for the recipient's MX and talks to its port 25."""
    keep_bcc: bool = False
    """Belief M20: Bcc is a hidden header field, so it may stay in the message (RFC 5322 section 3.6.3)."""
    pipelining: bool = True
    transfer: Transfer = Transfer()
    save_sent: bool = False
    """APPEND a copy of what was sent to the IMAP folder with the use Sent."""
    mark_seen: bool = True
    """Fetch with BODY[], which sets the flag Seen, rather than BODY.PEEK[] (RFC 9051 section 6.4.5)."""
    pop3_delete: bool = False
    """DELE what was downloaded; without it mail stays on the server (RFC 1939 section 8)."""
    pop3_delete_after_us: int = 0
    """With `pop3_delete`: only what was downloaded so long ago."""
    pop3_remember: bool = True
    """Keeps the unique-ids of what it has, and downloads only the rest (UIDL); without it, everything again."""
    pop3_preview_lines: int = 0
    """Downloads only the header and so many lines (TOP) until a mail is opened; 0 downloads whole mails."""
    fetch: Literal["whole", "text", "headers"] = "whole"
    """What it takes of new mail by IMAP by itself: all; the first text; or only what a list shows."""
    fetch_chunk: int = 65_536
    """Octets of a part that it asks for at a time, so that it can go on after a break (RFC 9051 section 6.4.5)."""
    cache_by: Literal["uid", "number"] = "uid"
    """How it knows a mail again; `number` is belief M31: message number 3 is always the same mail."""
    condstore: bool = True
    """Asks only for what changed since it looked last, where the server counts changes (RFC 7162)."""
    idle: bool = True
    """While it stays connected it waits in IDLE; without it, it asks from time to time (NOOP)."""
    poll_us: int = 5 * MINUTE_US
    """How often it asks without IDLE."""
    delete: Literal["trash", "expunge", "mark"] = "trash"
    """What the key Delete does in IMAP: moves to Trash; removes for good; or only sets the flag Deleted."""
    reconnect_us: int = 30 * SECOND_US
    """After how long it tries again when a connection for reading broke or could not be made."""
    reconnect_tries: int = 0
    """How often it does so; 0 leaves it to the user."""
    send_retry_us: int = 5 * MINUTE_US
    """A mail that could not be submitted for a temporary reason stays in the outbox, and is tried again after this."""
    send_tries: int = 3
    address_families: tuple[Literal["ipv6", "ipv4"], ...] = ("ipv6", "ipv4")
    timeouts: SmtpTimeouts = SmtpTimeouts()


@dataclass(frozen=True, slots=True, kw_only=True)
class MsaPolicy:
    """The submission server (RFC 6409): whom it lets in and what it may repair."""

    port: int = 587
    implicit_port: int = 465
    """With TLS from the beginning (RFC 8314 section 3.3); 0 for none."""
    hostname: str = ""
    """What it calls itself; "" is the host's own name."""
    tls: bool = True
    """Offers STARTTLS and TLS from the beginning, if the host has a certificate."""
    tls_versions: tuple[TlsVersion, ...] = TLS_VERSIONS
    require_tls: bool = False
    """Nearly every command is 530 until TLS is there (RFC 3207 section 4)."""
    auth_requires_tls: bool = True
    """Where TLS is offered, AUTH is not offered without it, and 538 if tried (RFC 4954 section 6)."""
    require_auth: bool = True
    """Nobody submits without having logged in: 530 (RFC 6409 section 4.3)."""
    auth_mechanisms: tuple[Mechanism, ...] = MECHANISMS
    auth_failure_delay_us: int = 2 * SECOND_US
    """What a wrong password costs, so that guessing is slow."""
    auth_failure_limit: int = 3
    """After so many the connection ends (RFC 4954 section 4); 0 for never."""
    sender_rights: Literal["own", "any"] = "own"
    """`own`: MAIL FROM must be an address of the user who logged in, else 550 5.7.1 (RFC 6409 section 6.1)."""
    add_date: bool = True
    """RFC 6409 section 8.2."""
    add_message_id: bool = True
    """RFC 6409 section 8.3."""
    add_sender: bool = False
    """Writes Sender with the name of the login, when From has another one (RFC 6409 section 8.1)."""
    complete_domains: bool = False
    """Makes `dan@skola` complete, in the envelope and in the header; without it 550 (RFC 6409 section 4.2)."""
    rset_closes: bool = False
    """Belief M21: RSET ends the connection."""
    size_limit: int = 10_240_000
    max_recipients: int = 100
    pipelining: bool = True
    command_timeout_us: int = 5 * MINUTE_US
    reception: Reception = Reception()


@dataclass(frozen=True, slots=True, kw_only=True)
class MtaPolicy:
    """A mail server between servers: what it takes, where it sends it, how long it tries (RFC 5321)."""

    # --- what it takes on port 25 ---------------------------------------------------------------
    port: int = 25
    hostname: str = ""
    """What it calls itself in greetings, EHLO and Received; "" is the host's own name."""
    local_domains: tuple[str, ...] = ()
    """Domains whose mailboxes are here: final delivery (RFC 5321 section 2.3.10)."""
    tls: bool = True
    """Offers STARTTLS, if the host has a certificate; nobody is obliged to use it (RFC 3207 section 4)."""
    tls_versions: tuple[TlsVersion, ...] = TLS_VERSIONS
    """For both directions."""
    relay_domains: tuple[str, ...] = ()
    """Domains for which it is a backup or a gateway: takes mail from anyone, passes it on."""
    relay_networks: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    """Clients that may send anywhere, as CIDR networks; all others only to the two lists above."""
    check_recipients: bool = True
    """Refuses unknown local users at RCPT; without it they are accepted and bounced later (backscatter)."""
    open_relay: bool = False
    """Takes mail from anyone to anyone (RFC 5321 sections 3.6.2 and 7.9)."""
    reject_null_mx_senders: bool = False
    """Refuses MAIL from a domain with a null MX: nobody could answer it, 550 5.7.27 (RFC 7505 section 4.2)."""
    max_received: int = 100
    """A mail with as many Received lines is in a loop: 554 5.4.6 (RFC 5321 section 6.3)."""
    size_limit: int = 10_240_000
    max_recipients: int = 100
    all_or_nothing: bool = False
    """Belief M27: one bad recipient fails the whole mail."""
    command_timeout_us: int = 5 * MINUTE_US
    """How long the server waits for the next command (RFC 5321 section 4.5.3.2.7)."""
    reception: Reception = Reception()

    # --- where it sends it ----------------------------------------------------------------------
    smarthost: str = ""
    """Host that gets all mail that is not local, instead of the recipients' MX; "" for none."""
    routes: Mapping[str, str] = field(default_factory=dict)
    """Static routes: domain -> host, stronger than the smarthost and than MX."""
    mx_order: Literal["ascending", "descending"] = "ascending"
    """The lower preference first (RFC 5321 section 5.1); `descending` is belief M06."""
    use_domain_a: bool = False
    """Belief M08: mail goes to the address of the domain itself, MX or not."""
    implicit_mx: bool = True
    """A domain without MX is its own host (RFC 5321 section 5.1); False is belief M37."""
    fallback_a_when_mx_down: bool = False
    """Belief M09: when no MX host answers, the address of the domain is tried."""
    recognize_own_addresses: bool = True
    """Knows itself in an MX list by its addresses too, not by its name alone."""
    mx_alias: Literal["follow", "reject"] = "follow"
    """What it makes of an MX host that is an alias (CNAME): RFC 5321 section 5.1 forbids it and does not say."""
    address_families: tuple[Literal["ipv6", "ipv4"], ...] = ("ipv6", "ipv4")
    """Families in the order in which a host's addresses are tried; those that the host itself lacks are left out."""
    lmtp_address: str = "127.0.0.1"
    lmtp_port: int = 24
    """Where its MDA listens: final delivery goes there by LMTP."""
    relay_port: int = 25
    """Port of the next server; MX cannot name one. 587 is belief M05."""
    relay_tls: Literal["none", "opportunistic", "required"] = "opportunistic"
    """Towards other servers: if they offer it (RFC 7435), or not at all without it."""
    check_certificate: bool = False
    """Whether the certificate of the next server must be good: few are, so most servers do not look."""
    pipelining: bool = True
    transfer: Transfer = Transfer()
    timeouts: SmtpTimeouts = SmtpTimeouts()

    # --- when it does not work ------------------------------------------------------------------
    failover: Mapping[Situation, Action] = field(default_factory=lambda: dict(FAILOVER))
    """See `FAILOVER`; `reply_5yz: next_mx` is belief M07."""
    retry: bool = True
    """Keeps what failed for now in the queue; False is beliefs M23 and M40: 4yz is the end."""
    retry_5xx: bool = False
    """Belief M24: tries again what was refused for good."""
    retry_interval_us: int = 30 * MINUTE_US
    """From the start of one attempt to the next (RFC 5321 section 4.5.4.1: at least 30 minutes)."""
    retry_backoff: float = 1.0
    """By what the interval grows after each attempt: 2 doubles it."""
    retry_max_us: int = 4 * HOUR_US
    """How long it grows at most."""
    retry_jitter: float = 0.0
    """Up to this part of the interval is added by chance, so that mails which failed together do not all come back
    together."""
    delay_warning_us: int = 4 * HOUR_US
    """After how long in the queue the sender is told that the mail is late, once; 0 for never."""
    destination_concurrency: int = 20
    """How many connections at once may lead to one destination; other mails for it wait."""
    mails_per_connection: int = 100
    """How many mails may go over one connection, when others wait for the same destination."""
    expire_us: int = 5 * DAY_US
    """After how long in the queue a mail goes back to its sender (RFC 5321 section 4.5.4.1: 4 to 5 days)."""
    dsn_to: Literal["reverse_path", "header_from"] = "reverse_path"
    """Whom a failure is reported to; `header_from` is belief M26."""
    dsn_returns: Literal["full", "headers"] = "full"
    """How much of the mail comes back with a bounce when the sender has not said it (RET, RFC 3461 section 4.3)."""
    tell_postmaster: tuple[Literal["bounce", "double_bounce", "delay"], ...] = ()
    """Of what the postmaster gets a copy, header only; `double_bounce` is a bounce that could not be delivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MdaPolicy:
    """Final delivery into mailboxes, spoken to by LMTP (RFC 2033)."""

    port: int = 24
    over_quota: Literal["defer", "reject"] = "defer"
    """A full mailbox: 452 4.2.2, try later; or 552 5.2.2, never."""
    folder: str = "INBOX"
    command_timeout_us: int = 5 * MINUTE_US
    reception: Reception = Reception(dsn=False, max_errors=0)
    """Without DSN: it is the MTA that reports what was asked for (RFC 3461 section 5.2.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicy:
    """The servers that show a mailbox to its user: IMAP (RFC 9051) and POP3 (RFC 1939)."""

    imap: bool = True
    imap_port: int = 143
    imaps_port: int = 993
    """With TLS from the beginning (RFC 8314 section 3.2); 0 for none."""
    imap_timeout_us: int = 30 * MINUTE_US
    """Autologout; RFC 9051 section 5.4 wants 30 minutes at least."""
    imap_max_errors: int = 20
    """After so many BAD answers in a row it hangs up; 0 for no limit."""
    imap_expunge_order: Literal["ascending", "descending"] = "ascending"
    """In which order it tells that several mails are gone: 5, 5, 5, or 7, 6, 5 (RFC 9051 section 7.5.1)."""
    pop3: bool = True
    pop3_port: int = 110
    pop3s_port: int = 995
    """With TLS from the beginning (RFC 8314 section 3.1); 0 for none."""
    pop3_timeout_us: int = 10 * MINUTE_US
    """Autologout without entering UPDATE (RFC 1939 section 3: 10 minutes at least)."""
    pop3_expire_days: int = -1
    """EXPIRE: after how many days the server deletes what was left on it; 0 at once, -1 never (RFC 2449 section 6.7).
    It is only told, so that clients can tell their users."""
    pop3_login_delay_us: int = 0
    """How long a user must wait from one login to the next: -ERR [LOGIN-DELAY] (RFC 2449 sections 6.5 and 8.1.1)."""
    pop3_utf8: bool = True
    """Offers UTF8 (RFC 6856)."""
    pop3_max_errors: int = 20
    """After so many refused commands it hangs up; 0 for no limit."""
    pop3_delete_on_retr: bool = False
    """Belief M28: RETR deletes."""
    tls: bool = True
    """Offers STARTTLS (STLS in POP3) and TLS from the beginning, if the host has a certificate."""
    tls_versions: tuple[TlsVersion, ...] = TLS_VERSIONS
    plaintext_login: bool = False
    """Whether, where TLS is offered, one may log in without it (LOGINDISABLED, RFC 9051 section 6.2.3)."""
    auth_mechanisms: tuple[Mechanism, ...] = MECHANISMS
    apop: bool = True
    """Whether POP3 offers APOP, which proves the password without sending it (RFC 1939 section 7)."""
    auth_failure_limit: int = 3
    """After so many wrong passwords the connection ends; 0 for never."""
    auth_failure_delay_us: int = 2 * SECOND_US
    """What a wrong password costs, so that guessing is slow."""
