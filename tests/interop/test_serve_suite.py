"""The kind of scenario that other people's test suites bring: lenient limits, short names, dots between folders."""

from __future__ import annotations

import imaplib
import poplib
import smtplib
import threading
import time
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from imapclient import IMAPClient

from .served import Served, fresh, serve

SCENARIO = """\
id: suite
domains:
  suite.example:
    users:
      u1: {password: p1}
      u2: {password: p2}
      "user.three": {password: "x y"}
hosts:
  mail.suite.example:
    certificate: {names: [localhost]}
    roles:
      store: {separator: "."}
      mta: {size_limit: 60MB, max_recipients: 1000}
      msa: {size_limit: 60MB, auth_requires_tls: false, auth_failure_delay: 0s, auth_failure_limit: 100}
      imap: {plaintext_login: true, auth_failure_delay: 0s, auth_failure_limit: 100}
      pop3: {plaintext_login: true, auth_failure_delay: 0s, auth_failure_limit: 100}
"""
HOST = "localhost"
DOMAIN = "suite.example"
HELLOS = ["localhost", "a", "my_host", "127.0.0.1", "[127.0.0.1]", "[IPv6:::1]", "UPPER.Example", "x--y.example"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("suite"), SCENARIO) as running:
        yield running


def smtp(served: Served) -> smtplib.SMTP:
    return smtplib.SMTP(HOST, served.port("smtp", DOMAIN), timeout=60)


def imap(served: Served, user: str = "u1", password: str = "p1") -> imaplib.IMAP4:
    found = imaplib.IMAP4(HOST, served.port("imap", DOMAIN), timeout=60)
    found.login(user, password)
    return found


def letter(subject: str, body: str = "x\r\n") -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "a@elsewhere.example", "u1@suite.example"
    message.set_content(body)
    return message


@pytest.mark.parametrize("hello", HELLOS)
@pytest.mark.parametrize("verb", ["HELO", "EHLO"])
def test_any_hello_may_bring_mail_to_local_users(served: Served, verb: str, hello: str) -> None:
    with smtp(served) as client:
        assert client.docmd(verb, hello)[0] == 250
        assert client.docmd("MAIL", "FROM:<a@elsewhere.example>")[0] == 250
        assert client.docmd("RCPT", "TO:<u2@suite.example>")[0] == 250


def test_many_mails_in_one_connection_and_one_of_twelve_megabytes(served: Served) -> None:
    with smtp(served) as client:
        for number in range(100):
            assert client.send_message(letter(f"number {number}"), to_addrs=["u2@suite.example"]) == {}
        big = letter("big", ("y" * 70 + "\r\n") * 170_000)
        assert client.send_message(big, to_addrs=["u2@suite.example"]) == {}
    mailbox = imap(served, "u2", "p2")
    for _ in range(600):
        count = int(mailbox.select("INBOX")[1][0] or b"0")
        if count >= 101:
            break
        time.sleep(0.1)
    assert count >= 101
    [numbers] = mailbox.search(None, "LARGER", "11000000")[1]
    answer = mailbox.fetch(numbers.decode(), "(RFC822.SIZE BODY.PEEK[])")[1][0]
    assert isinstance(answer, tuple)
    assert len(answer[1]) > 12_000_000
    mailbox.store("1:*", "+FLAGS", r"(\Deleted)")
    assert len(mailbox.expunge()[1]) == count
    mailbox.logout()


def test_folders_have_dots_between_their_levels(served: Served) -> None:
    with IMAPClient(HOST, served.port("imap", DOMAIN), ssl=False, timeout=60) as client:
        client.login("u1", "p1")
        assert client.namespace().personal[0][1] == "."
        client.create_folder("a.b.c")
        names = {name: separator for _, separator, name in client.list_folders()}
        assert {"a", "a.b", "a.b.c"} <= set(names)
        assert set(names.values()) == {b"."}
        client.rename_folder("a.b", "a.d")
        assert client.folder_exists("a.d.c")
        client.append("a.d.c", letter("appended").as_bytes(), [rb"\Seen"])
        assert client.folder_status("a.d.c", ["MESSAGES"])[b"MESSAGES"] == 1


def test_names_and_passwords_of_all_kinds(served: Served) -> None:
    for user, password in (("u1", "p1"), ("u1@suite.example", "p1"), ("user.three", "x y"), ("U2", "p2")):
        imap(served, user, password).logout()
        pop = poplib.POP3(HOST, served.port("pop3", DOMAIN), timeout=60)
        pop.user(user)
        assert pop.pass_(password).startswith(b"+OK")
        pop.quit()
        with smtplib.SMTP(HOST, served.port("submission", DOMAIN), timeout=60) as client:
            assert client.login(user, password)[0] == 235


def test_many_wrong_passwords_cost_nothing_where_the_scenario_says_so(served: Served) -> None:
    connection = imaplib.IMAP4(HOST, served.port("imap", DOMAIN), timeout=60)
    for _ in range(30):
        with pytest.raises(imaplib.IMAP4.error):
            connection.login("u1", "wrong")
    assert connection.login("u1", "p1")[0] == "OK"
    connection.logout()


def test_many_clients_at_once(served: Served) -> None:
    subject, failures = fresh(), []

    def work(number: int) -> None:
        try:
            with smtp(served) as client:
                for part in range(5):
                    client.send_message(letter(f"{subject} {number}.{part}"), to_addrs=["u1@suite.example"])
            with imap(served) as mailbox:
                mailbox.select("INBOX")
                mailbox.search(None, "ALL")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failures == []
    with imap(served) as mailbox:
        for _ in range(600):
            mailbox.select("INBOX")
            [found] = mailbox.search(None, "SUBJECT", subject)[1]
            if len(found.split()) == 100:
                break
            time.sleep(0.1)
        assert len(found.split()) == 100
