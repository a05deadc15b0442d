"""What a server says, as values: every response, and the group of them that opens a mailbox (RFC 9051 section 7)."""

from __future__ import annotations

from mailsim.protocols.imap.codes import append_uid, code_argument, code_of, copy_uid, read_copy_uid
from mailsim.protocols.imap.mailbox_data import (
    Exists,
    Expunged,
    FlagsData,
    ListData,
    NamespaceData,
    Places,
    QuotaData,
    QuotaRootData,
    Recent,
    StatusData,
    Vanished,
)
from mailsim.protocols.imap.response import (
    CapabilityData,
    Condition,
    Continuation,
    Enabled,
    Greeting,
    IdData,
    OtherData,
    Response,
    Tagged,
)
from mailsim.protocols.imap.search_data import EsearchData, SearchData

__all__ = [
    "CapabilityData",
    "Condition",
    "Continuation",
    "Enabled",
    "EsearchData",
    "Exists",
    "Expunged",
    "FlagsData",
    "Greeting",
    "IdData",
    "ListData",
    "NamespaceData",
    "OtherData",
    "Places",
    "QuotaData",
    "QuotaRootData",
    "Recent",
    "Response",
    "SearchData",
    "StatusData",
    "Tagged",
    "Vanished",
    "append_uid",
    "code_argument",
    "code_of",
    "copy_uid",
    "read_copy_uid",
    "selected",
]


def selected(
    *,
    exists: int,
    recent: int | None,
    flags: tuple[str, ...],
    permanent: tuple[str, ...],
    uid_validity: int,
    uid_next: int,
    first_unseen: int | None,
    highest_modseq: int | None = None,
) -> list[Response]:
    """The untagged responses to SELECT and EXAMINE (RFC 3501 section 6.3.1, RFC 9051 section 6.3.2).

    `first_unseen` is a message number; it and `recent` are None for IMAP4rev2, which has neither.
    """
    told: list[Response] = [
        FlagsData(flags),
        Condition("OK", "Flags that can be changed", code_of("PERMANENTFLAGS", permanent)),
        Exists(exists),
    ]
    if recent is not None:
        told.append(Recent(recent))
    if first_unseen:
        told.append(Condition("OK", "First unseen message", code_of("UNSEEN", first_unseen)))
    told += [
        Condition("OK", "UIDs valid", code_of("UIDVALIDITY", uid_validity)),
        Condition("OK", "Predicted next UID", code_of("UIDNEXT", uid_next)),
    ]
    if highest_modseq is not None:
        told.append(Condition("OK", "Highest mod-sequence", code_of("HIGHESTMODSEQ", highest_modseq)))
    return told
