"""People in a scenario file: their mailboxes and mail clients, and what they do with them, step by step."""

# Without `from __future__ import annotations`, because pydantic would compile every annotation again, one by one.

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, StrictBool, StrictStr, model_validator

from mailsim.scenario.fields import (
    DomainName,
    Duration,
    Line,
    MailAddress,
    Size,
    Text,
    When,
    wrong,
)
from mailsim.scenario.roles import ClientSettings, Part
from mailsim.scenario.shorter import TEXT, Or, as_list, as_mapping, text_as

Recipients: TypeAlias = Annotated[tuple[MailAddress, ...], BeforeValidator(as_list), Or(TEXT)]
Lines: TypeAlias = Annotated[tuple[Line, ...], BeforeValidator(as_list), Or(TEXT)]
PartNumber: TypeAlias = Annotated[StrictStr, Field(pattern=r"^([1-9][0-9]{0,3}(\.[1-9][0-9]{0,3}){0,9})?$")]


class Client(ClientSettings):  # type: ignore[misc,valid-type]
    """How a user's mail client is set up."""

    submission_host: DomainName | None = None
    """The server that it gives mail to."""
    access_host: DomainName | None = None
    """The server that it reads mail from."""


class Device(Part):
    """Another computer of a user, or a phone, with a mail client of its own."""

    pc: DomainName | None = None
    """The host that it is."""
    client: Client = Client()
    """What is set up otherwise than in the user's `client`."""


class AttachedFile(Part):
    """A file that goes with a mail; its bytes come from the seed."""

    name: Line
    size: Size
    type: Annotated[StrictStr, Field(pattern=r"^[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}$")] = "application/octet-stream"


class Letter(Part):
    """A mail that lies in a mailbox already when the scenario begins."""

    sender: MailAddress
    subject: Line = ""
    text: Text = ""
    attach: tuple[AttachedFile, ...] = ()
    folder: Line = "INBOX"
    flags: Lines = ()
    age: Duration = 0
    """How long before the start it came."""


class User(Part):
    """A person with a mailbox."""

    name: Line | None = None
    """As it stands in From, e.g. Bořek Novák."""
    password: Line | None = None
    pc: DomainName | None = None
    """The host that runs the user's mail client."""
    store: DomainName | None = None
    """The host that has the user's mailbox."""
    quota: Size | None = None
    """What the mailbox may hold, if not what the store says."""
    client: Client = Client()
    devices: Annotated[dict[StrictStr, Device], BeforeValidator(as_mapping)] = Field(default_factory=dict)
    """Further computers and phones, by a name that steps call them by."""
    mailbox: tuple[Letter, ...] = ()
    """What lies in the mailbox at the beginning, oldest first."""


# --- what they do -------------------------------------------------------------------------------


class Send(Part):
    """Write a mail and press Send."""

    to: Recipients
    cc: Recipients = ()
    bcc: Recipients = ()
    subject: Line = ""
    text: Text = ""
    attach: tuple[AttachedFile, ...] = ()

    @model_validator(mode="after")
    def _for_somebody(self) -> "Send":
        if not (self.to or self.cc or self.bcc):
            wrong("no-recipient")
        return self


class Read(Part):
    """Open the mailbox and look at what is new; a plain word is the protocol."""

    protocol: Literal["imap", "pop3"] | None = None
    """If not the one that the client is set up for."""
    stay: Duration = 0
    """By IMAP: how long the client stays connected and listens for news."""

    @model_validator(mode="before")
    @classmethod
    def _protocol_alone(cls, value: object) -> object:
        return text_as("protocol", {} if value is None else value)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [{"enum": ["imap", "pop3"]}, {"type": "null"}, handler(core_schema)]}


class OnMails(Part):
    """Do something with mails of a folder: by subject, the last so many, or all. A plain text is a subject."""

    mails: Lines = ()
    """The subjects, as the list on the screen shows them."""
    last: Annotated[int, Field(strict=True, ge=0, le=100_000)] = 0
    """So many of the newest."""
    all: StrictBool = False
    folder: Line = "INBOX"

    @model_validator(mode="before")
    @classmethod
    def _subject_alone(cls, value: object) -> object:
        return {"mails": value} if isinstance(value, list) else text_as("mails", {} if value is None else value)

    @model_validator(mode="after")
    def _one_choice(self) -> "OnMails":
        count = sum(map(bool, (self.mails, self.last, self.all)))
        if count != 1:
            wrong("one-choice", count=str(count), choices="mails, last, all")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [TEXT, {"type": "array", "items": TEXT}, handler(core_schema)]}


class Open(OnMails):
    """Open mails, or one part of them."""

    part: PartNumber = ""
    """By IMAP: the number of the part, e.g. `2` for an attachment; without it, the whole mail."""


class Flag(OnMails):
    """Mark mails, or take marks away (IMAP)."""

    add: Lines = ()
    remove: Lines = ()


class MoveTo(OnMails):
    """Put mails into another folder (IMAP)."""

    to: Line


class Delete(OnMails):
    """Press Delete: what that does is a setting of the client (IMAP)."""


class Expunge(Part):
    """Have everything removed that is marked as deleted (IMAP)."""

    folder: Line = "INBOX"


ACTIONS = ("send", "read", "open", "flag", "move", "delete", "expunge")
ON_MAILS = ("open", "flag", "move", "delete")


class Step(Part):
    """What a user does, and when."""

    at: When
    every: Duration | None = None
    """Again and again, after this time each; `repeat` says how often."""
    repeat: Annotated[int, Field(strict=True, ge=1, le=100_000)] = 1
    """How often in all."""
    user: MailAddress
    device: StrictStr | None = None
    """Which of the user's devices, if not the computer."""
    send: Send | None = None
    read: Read | None = None
    open: Open | None = None
    flag: Flag | None = None
    move: MoveTo | None = None
    delete: Delete | None = None
    expunge: Expunge | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: object) -> object:
        """`read:` and `expunge:` may stand alone."""
        if isinstance(value, dict):
            return {key: {} if item is None and key in ("read", "expunge") else item for key, item in value.items()}
        return value

    @model_validator(mode="after")
    def _one_action(self) -> "Step":
        count = sum(getattr(self, name) is not None for name in ACTIONS)
        if count != 1:
            wrong("one-action", count=str(count), choices=", ".join(ACTIONS))
        return self
