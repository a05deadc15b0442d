"""Reads the arguments of the commands about mailboxes by name (RFC 9051 section 9, RFC 5258, RFC 7162, RFC 9208)."""

from __future__ import annotations

from collections.abc import Callable

from mailsim.protocols.imap import commands as c
from mailsim.protocols.imap._tokens import MAX_NUMBER_64, SEQUENCE, Scanner, SyntaxProblem, text_of
from mailsim.protocols.imap.dates import InternalDate
from mailsim.protocols.imap.mailbox_names import canonical_mailbox, decode_mailbox
from mailsim.protocols.imap.sequence import SequenceSet, parse_sequence

STATUS_ITEMS = frozenset(
    {
        *("MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "SIZE", "DELETED", "HIGHESTMODSEQ"),
        *("DELETED-STORAGE", "APPENDLIMIT"),
    }
)
SELECTIONS = frozenset({"SUBSCRIBED", "REMOTE", "RECURSIVEMATCH", "SPECIAL-USE"})
RETURNS = frozenset({"SUBSCRIBED", "CHILDREN", "SPECIAL-USE"})
MAX_UPLOADS, MAX_PATTERNS = 1000, 100


class Unservable(Exception):
    """Right by the grammar, but refused with NO and this response code; never leaves the package."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code, text)
        self.code, self.text = code, text


def mailbox(scanner: Scanner) -> str:
    """A mailbox name as text; INBOX is the same in any case."""
    return canonical_mailbox(_name(scanner, scanner.astring()))


def _name(scanner: Scanner, raw: bytes) -> str:
    if scanner.utf8:
        return _utf8(raw)
    if not raw.isascii():
        raise SyntaxProblem("8-bit mailbox name")
    try:
        return decode_mailbox(raw.decode("ascii"))
    except ValueError as error:
        raise Unservable("CANNOT", "Mailbox name is not valid modified UTF-7") from error


def _utf8(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise Unservable("CANNOT", "Mailbox name is not valid UTF-8") from error


def on_mailbox(kind: Callable[[str], c.Command]) -> Callable[[Scanner], c.Command]:
    """A reader of a command with a mailbox and nothing else."""

    def read(scanner: Scanner) -> c.Command:
        scanner.expect(b" ")
        return kind(mailbox(scanner))

    return read


# --- SELECT and CREATE ---------------------------------------------------------------------------


def opening(kind: type[c.Select | c.Examine]) -> Callable[[Scanner], c.Command]:
    """A reader of SELECT or EXAMINE."""

    def read(scanner: Scanner) -> c.Command:
        scanner.expect(b" ")
        name = canonical_mailbox(_loose_name(scanner, scanner.astring()))  # a wrong one leaves the old mailbox, too
        condstore, resynchronize = False, None
        if scanner.take(b" ("):
            while True:
                match scanner.word():
                    case "CONDSTORE":
                        condstore = True
                    case "QRESYNC":
                        resynchronize = _resynchronize(scanner)
                    case word:
                        raise SyntaxProblem(f"Unknown parameter {word[:40]}")
                if scanner.take(b")"):
                    break
                scanner.expect(b" ")
        return kind(name, condstore, resynchronize)

    return read


def _resynchronize(scanner: Scanner) -> c.Resynchronize:
    scanner.expect(b" (")
    validity = scanner.number(minimum=1)
    scanner.expect(b" ")
    modseq = scanner.number(minimum=1, maximum=MAX_NUMBER_64)
    known = numbers = uids = None
    if scanner.take(b" ") and scanner.peek() != b"(":
        known = _known(scanner)
        scanner.take(b" ")
    if scanner.take(b"("):
        numbers = _known(scanner)
        scanner.expect(b" ")
        uids = _known(scanner)
        scanner.expect(b")")
    scanner.expect(b")")
    return c.Resynchronize(validity, modseq, known, numbers, uids)


def _known(scanner: Scanner) -> SequenceSet:
    """A set of what the client knows: it cannot have a `*`."""
    raw = scanner.match(SEQUENCE, "a set")
    if b"*" in raw or raw == b"$":
        raise SyntaxProblem("a set of known numbers has no * and no $")
    return parse_sequence(raw)


def create(scanner: Scanner) -> c.Command:
    """CREATE, perhaps with `(USE (\\Sent))` (RFC 6154 section 3)."""
    scanner.expect(b" ")
    name = mailbox(scanner)
    if not scanner.take(b" ("):
        return c.Create(name)
    if scanner.word() != "USE":
        raise SyntaxProblem("Unknown parameter")
    scanner.expect(b" ")
    uses = scanner.flags()
    scanner.expect(b")")
    if len(uses) > 1:
        raise Unservable("USEATTR", "A mailbox has one special use at most")
    return c.Create(name, uses[0] if uses else "")


def rename(scanner: Scanner) -> c.Command:
    """RENAME."""
    scanner.expect(b" ")
    old = mailbox(scanner)
    scanner.expect(b" ")
    return c.Rename(old, mailbox(scanner))


# --- LIST and STATUS -----------------------------------------------------------------------------


def lsub(scanner: Scanner) -> c.Command:
    """LSUB."""
    scanner.expect(b" ")
    reference = _loose_name(scanner, scanner.astring())
    scanner.expect(b" ")
    return c.Lsub(reference, _pattern(scanner))


def list_(scanner: Scanner) -> c.Command:
    """LIST in the form of RFC 3501 or of RFC 5258."""
    scanner.expect(b" ")
    selection = _selection(scanner) if scanner.peek() == b"(" else None
    reference = _loose_name(scanner, scanner.astring())
    scanner.expect(b" ")
    has_list = scanner.take(b"(")
    patterns = _patterns(scanner) if has_list else [_pattern(scanner)]
    if has_list and len(patterns) == 1 and selection is None:
        selection = frozenset()  # `LIST "" (x)` is extended, too, and must not look like `LIST "" x`
    returns, status = _returns(scanner) if scanner.take(b" ") else (None, ())
    return c.List(reference, patterns[0], tuple(patterns[1:]), selection, returns, status)


def _pattern(scanner: Scanner) -> str:
    return _loose_name(scanner, scanner.list_mailbox())


def _loose_name(scanner: Scanner, raw: bytes) -> str:
    """A pattern that cannot be a name is no mistake: it matches nothing (RFC 9051 section 6.3.9)."""
    try:
        return _name(scanner, raw)
    except Unservable:
        return raw.decode("utf-8", "replace")


def _patterns(scanner: Scanner) -> list[str]:
    patterns = [_pattern(scanner)]
    while scanner.take(b" "):
        patterns.append(_pattern(scanner))
    scanner.expect(b")")
    if len(patterns) > MAX_PATTERNS:
        raise Unservable("LIMIT", "Too many patterns in one LIST")
    return patterns


def _selection(scanner: Scanner) -> frozenset[str]:
    options = frozenset(_options(scanner, SELECTIONS))
    scanner.expect(b" ")
    if "RECURSIVEMATCH" in options and not options & {"SUBSCRIBED", "SPECIAL-USE"}:
        raise SyntaxProblem("RECURSIVEMATCH needs another option")
    return options


def _options(scanner: Scanner, known: frozenset[str]) -> list[str]:
    scanner.expect(b"(")
    options: list[str] = []
    while not scanner.take(b")"):
        if options:
            scanner.expect(b" ")
        options.append(scanner.word())
        if options[-1] not in known:
            raise SyntaxProblem(f"Unknown option {options[-1][:40]}")
    return options


def _returns(scanner: Scanner) -> tuple[frozenset[str], tuple[str, ...]]:
    if scanner.word() != "RETURN":
        raise SyntaxProblem("expected RETURN")
    scanner.expect(b" (")
    options: list[str] = []
    items: tuple[str, ...] = ()
    while not scanner.take(b")"):
        if options:
            scanner.expect(b" ")
        options.append(scanner.word())
        if options[-1] == "STATUS":
            scanner.expect(b" ")
            items = status_items(scanner)
        elif options[-1] not in RETURNS:
            raise SyntaxProblem(f"Unknown option {options[-1][:40]}")
    return frozenset(options) - {"STATUS"}, items


def status(scanner: Scanner) -> c.Command:
    """STATUS."""
    scanner.expect(b" ")
    name = mailbox(scanner)
    scanner.expect(b" ")
    return c.Status(name, status_items(scanner))


def status_items(scanner: Scanner) -> tuple[str, ...]:
    """`(MESSAGES UNSEEN)`."""
    items = _options_of_status(scanner)
    return tuple(dict.fromkeys(items))


def _options_of_status(scanner: Scanner) -> list[str]:
    scanner.expect(b"(")
    items = [scanner.word()]
    while scanner.take(b" "):
        items.append(scanner.word())
    scanner.expect(b")")
    if unknown := [item for item in items if item not in STATUS_ITEMS]:
        raise SyntaxProblem(f"Unknown status item {unknown[0][:40]}")
    return items


# --- APPEND --------------------------------------------------------------------------------------


def append(scanner: Scanner) -> c.Command:
    """APPEND of one mail or of more."""
    scanner.expect(b" ")
    name = mailbox(scanner)
    uploads = [_upload(scanner)]
    while not scanner.at_end():
        uploads.append(_upload(scanner))
        if len(uploads) > MAX_UPLOADS:
            raise Unservable("LIMIT", "Too many mails in one APPEND")
    first = uploads[0]
    return c.Append(name, first.content, first.flags, first.internal_date, first.is_binary, tuple(uploads[1:]))


def _upload(scanner: Scanner) -> c.Upload:
    scanner.expect(b" ")
    flags: tuple[str, ...] = ()
    moment = None
    if scanner.peek() == b"(":
        flags = settable(scanner.flags())
        scanner.expect(b" ")
    if scanner.peek() == b'"':
        moment = _moment(scanner)
        scanner.expect(b" ")
    is_binary = scanner.peek() == b"~"
    if not is_binary and scanner.peek() != b"{":
        raise SyntaxProblem("expected a literal")
    return c.Upload(scanner.string(binary=True), flags, moment, is_binary)


def _moment(scanner: Scanner) -> InternalDate:
    try:
        return InternalDate.parse(text_of(scanner.string()))
    except ValueError as error:
        raise SyntaxProblem(str(error)) from error


def settable(flags: tuple[str, ...]) -> tuple[str, ...]:
    """Flags that a client may set: of those with a backslash only the system's (RFC 9051 section 9, flag-extension)."""
    for flag in flags:
        if flag.startswith("\\") and flag.lower() not in _SETTABLE:
            raise SyntaxProblem("This flag cannot be set by a client")
    return flags


_SETTABLE = frozenset({"\\answered", "\\flagged", "\\deleted", "\\seen", "\\draft"})


# --- quota ---------------------------------------------------------------------------------------


def get_quota(scanner: Scanner) -> c.Command:
    """GETQUOTA."""
    scanner.expect(b" ")
    return c.GetQuota(text_of(scanner.astring()))


def set_quota(scanner: Scanner) -> c.Command:
    """SETQUOTA."""
    scanner.expect(b" ")
    root = text_of(scanner.astring())
    scanner.expect(b" (")
    limits: list[tuple[str, int]] = []
    while not scanner.take(b")"):
        if limits:
            scanner.expect(b" ")
        resource = scanner.word()
        scanner.expect(b" ")
        limits.append((resource, scanner.number(maximum=MAX_NUMBER_64)))
    return c.SetQuota(root, tuple(limits))
