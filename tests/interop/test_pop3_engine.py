"""Real POP3 clients against our server engine: poplib and curl."""

from __future__ import annotations

import poplib
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from mailsim.mail.store import INBOX, Store
from mailsim.protocols.pop3 import Pop3Config
from tests.interop import loopback
from tests.protocols.pop3.session import DOTTED, SHORT, Session, host

LONG = b"Subject: long\r\n\r\n" + (b"." * 70 + b"\r\n") * 3000


def sessions(store: Store, **more: str) -> Iterator[Session]:
    number = 0
    while True:
        number += 1
        yield Session(store, name=f"c{number}", **more)  # type: ignore[arg-type]


@pytest.fixture
def store() -> Store:
    return host(SHORT, DOTTED, LONG)


@pytest.mark.parametrize("chunk", [65536, 1])
def test_poplib_reads_and_deletes(store: Store, chunk: int) -> None:
    made = sessions(store)
    with loopback.serve(lambda: next(made), chunk) as server:
        pop = poplib.POP3(server.host, server.port, timeout=10)
        assert pop.getwelcome() == b"+OK mail.skola.example POP3 server ready"
        assert pop.capa()["SASL"] == ["PLAIN"]
        pop.user("borek")
        with pytest.raises(poplib.error_proto, match="AUTH"):
            pop.pass_("wrong")
        pop.user("borek")
        pop.pass_("heslo")
        assert pop.stat() == (3, len(SHORT + DOTTED + LONG))
        assert pop.list()[1] == [f"{n} {len(m)}".encode() for n, m in enumerate((SHORT, DOTTED, LONG), 1)]
        assert pop.uidl()[1] == [b"1 1.1", b"2 1.2", b"3 1.3"]
        for number, message in enumerate((SHORT, DOTTED, LONG), 1):
            assert b"".join(line + b"\r\n" for line in pop.retr(number)[1]) == message
        assert pop.top(3, 1)[1] == [b"Subject: long", b"", b"." * 70]
        pop.dele(1)
        pop.dele(2)
        pop.rset()
        pop.dele(3)
        with pytest.raises(poplib.error_proto, match="already deleted"):
            pop.retr(3)
        assert pop.noop() == b"+OK"
        assert pop.quit().startswith(b"+OK")
    account = store.account("borek")
    assert account
    assert account.inbox.uids() == [1, 2]


def test_poplib_speaks_apop() -> None:
    made = sessions(host(SHORT, user="mrose"), timestamp="<1896.697170952@dbc.mtview.ca.us>")
    with loopback.serve(lambda: next(made)) as server:
        pop = poplib.POP3(server.host, server.port, timeout=10)
        assert pop.apop("mrose", "tanstaaf").startswith(b"+OK")
        pop.quit()


def test_poplib_finds_the_maildrop_in_use_and_a_lost_link_deletes_nothing(store: Store) -> None:
    made = sessions(store)
    with loopback.serve(lambda: next(made)) as server:
        first, second = (poplib.POP3(server.host, server.port, timeout=10) for _ in range(2))
        first.user("borek")
        first.pass_("heslo")
        first.dele(1)
        second.user("borek")
        with pytest.raises(poplib.error_proto, match="IN-USE"):
            second.pass_("heslo")
        first.close()
        second.close()
    account = store.account("borek")
    assert account
    assert len(account.folder(INBOX) or ()) == 3


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
class TestCurl:
    def curl(self, server: loopback.Server, path: str, *options: str) -> bytes:
        url = f"pop3://{server.host}:{server.port}/{path}"
        command = ["curl", "-sS", "--max-time", "10", "--user", "borek:heslo", *options, url]
        return subprocess.run(command, capture_output=True, check=True, timeout=20).stdout

    @pytest.mark.parametrize("mechanisms", [("PLAIN",), ("LOGIN",), ()])
    def test_list_and_retrieve_with_each_way_to_log_in(self, store: Store, mechanisms: tuple[str, ...]) -> None:
        config = Pop3Config("mail.skola.example", mechanisms)
        with loopback.serve(lambda: Session(store, config)) as server:
            assert self.curl(server, "").startswith(b"1 22\r\n2 36\r\n3 ")
            assert self.curl(server, "2") == DOTTED
            assert self.curl(server, "3") == LONG
            used = [event.mechanism for event in server.sessions[0].events if hasattr(event, "mechanism")]  # type: ignore[attr-defined]
        assert used == [*(mechanisms or ("USER",))]

    def test_delete(self, store: Store) -> None:
        with loopback.serve(lambda: Session(store)) as server:
            self.curl(server, "1", "--request", "DELE", "--head")
        account = store.account("borek")
        assert account
        assert account.inbox.uids() == [2, 3]
