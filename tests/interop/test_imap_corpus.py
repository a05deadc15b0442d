"""Every mail of the corpus through our server into IMAPClient, against what the standard library reads of it."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from email.message import Message
from itertools import takewhile
from typing import Any

import pytest

from tests.agents.imap_wire import ImapWorld
from tests.interop import loopback
from tests.mail.mails import MAILS
from tests.mail.test_mime import CORPUS

imapclient = pytest.importorskip("imapclient", reason="IMAPClient is not installed")

ALL = {**MAILS, **CORPUS}
NAMES = list(ALL)
OTHER_TREE = {
    "no boundary": "a multipart without boundary is one text to us; the standard library has no parts",
    "boundary never comes": "the same",
    "part without blank line": "to the standard library the part's header is its body",
    "odd types": "Content-Type: text is text/plain to both, but the standard library keeps the empty encoding",
    "type with comment": "comments in Content-Type are read differently by the releases of the standard library",
    "empty parts": "a part of nothing at all",
}
OTHER_BYTES = {
    "broken base64": "how much of broken base64 is read is everyone's own choice",
    "unknown encoding": "the standard library knows x-uuencode, RFC 2045 does not",
    "junk in the header": "the standard library ends the header at a line that is no field; we go on to the blank line",
    "colon with spaces": "the same",
}


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with (
        loopback.serve(ImapWorld.of(ALL.values()).unconnected) as server,
        imapclient.IMAPClient(server.host, server.port, ssl=False, timeout=20) as connected,
    ):
        connected.login("dan", "heslo")
        connected.select_folder("INBOX")
        yield connected


@pytest.fixture(scope="module")
def fetched(client: Any) -> dict[int, dict[bytes, Any]]:
    items = ["BODY.PEEK[]", "RFC822.SIZE", "ENVELOPE", "BODYSTRUCTURE", "BODY", "INTERNALDATE", "BODY.PEEK[HEADER]"]
    return client.fetch(range(1, len(ALL) + 1), [*items, "BODY.PEEK[TEXT]"])


@pytest.mark.parametrize("name", NAMES)
def test_the_octets_are_the_same(name: str, fetched: dict[int, dict[bytes, Any]]):
    data = fetched[NAMES.index(name) + 1]
    assert data[b"BODY[]"] == ALL[name]
    assert data[b"RFC822.SIZE"] == len(ALL[name])
    assert data[b"BODY[HEADER]"] + data[b"BODY[TEXT]"] == ALL[name]


@pytest.mark.parametrize("name", NAMES)
def test_the_envelope(name: str, fetched: dict[int, dict[bytes, Any]]):
    envelope = fetched[NAMES.index(name) + 1][b"ENVELOPE"]
    header = email.message_from_bytes(ALL[name], policy=email.policy.compat32)
    expected = header["subject"]
    if expected is None or "8-bit" in name:
        return
    assert (envelope.subject or b"").decode() == str(expected).replace("\r\n", "").replace("\n", "").strip()
    assert (envelope.message_id or b"").decode() == (header["message-id"] or "")


@pytest.mark.parametrize("name", [name for name in NAMES if name not in OTHER_TREE])
def test_the_structure(name: str, client: Any, fetched: dict[int, dict[bytes, Any]]):
    number = NAMES.index(name) + 1
    structure = fetched[number][b"BODYSTRUCTURE"]
    message = email.message_from_bytes(ALL[name], policy=email.policy.SMTP)
    leaves = list(_leaves(message, ()))
    assert list(_types(structure)) == [part.get_content_type() for _, part in leaves]
    if name in OTHER_BYTES:
        return
    sections = [f"BODY.PEEK[{'.'.join(map(str, path))}]" for path, _ in leaves]
    data = client.fetch(number, sections)[number]
    for section, (_, part) in zip(sections, leaves, strict=True):
        raw = data[section.replace(".PEEK", "").encode()]
        theirs = part.get_payload(decode=True)
        assert isinstance(theirs, bytes)
        assert _decoded(raw, part).splitlines() == theirs.splitlines()


def _leaves(part: Message, path: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], Message]]:
    """Every part that has no parts, with the number that it has in IMAP."""
    if part.get_content_type() == "message/rfc822":
        inner, number = part.get_payload(0), path or (1,)
        holds_parts = inner.is_multipart() and inner.get_content_type() != "message/rfc822"
        yield from _leaves(inner, number if holds_parts else (*number, 1))
    elif part.is_multipart():
        for index, child in enumerate(part.get_payload(), 1):
            deeper = (*path, index)
            yield from _leaves(child, deeper)
    else:
        yield path or (1,), part


def _types(structure: Any) -> Iterator[str]:
    if not isinstance(structure[0], bytes):  # IMAPClient puts parts into a list, but not those of a mail inside a mail
        is_listed = isinstance(structure[0], list)
        for part in structure[0] if is_listed else takewhile(lambda one: isinstance(one, tuple), structure):
            yield from _types(part)
    elif (structure[0].lower(), structure[1].lower()) == (b"message", b"rfc822"):
        yield from _types(structure[8])
    else:
        yield f"{structure[0].decode()}/{structure[1].decode()}".lower()


def _decoded(raw: bytes, part: Message) -> bytes:
    """The octets with the standard library's own decoder."""
    holder = Message()
    holder["Content-Transfer-Encoding"] = part["content-transfer-encoding"] or "8bit"
    holder.set_payload(raw.decode("ascii", "surrogateescape"))
    return holder.get_payload(decode=True)
