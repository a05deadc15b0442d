"""Python's mail libraries as guests: each sends or fetches a real mail, in the clear, by STARTTLS and by TLS."""

from __future__ import annotations

import asyncio
import email
import email.policy
import imaplib
import poplib
import smtplib
import ssl
from collections.abc import Iterator

import aiosmtplib
import pytest
from imapclient import IMAPClient

from .served import ALENA, BOREK, DAN, EVERY_SECURITY, PASSWORDS, Security, Served, fresh, letter, serve

HOST = "localhost"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("served"), domains=("skola.example", "firma.example")) as running:
        yield running


def smtp_client(served: Served, security: Security) -> smtplib.SMTP:
    port = served.port("submission", security=security)
    if security is Security.TLS:
        return smtplib.SMTP_SSL(HOST, port, context=served.context, timeout=20)
    smtp = smtplib.SMTP(HOST, port, timeout=20)
    if security is Security.STARTTLS:
        assert smtp.starttls(context=served.context)[0] == 220
    return smtp


@EVERY_SECURITY
def test_smtplib_sends_across_domains(served: Served, security: Security) -> None:
    """A real client's mail goes from the MSA by DNS to the other MTA, its MDA, and out by IMAP."""
    subject = fresh()
    with smtp_client(served, security) as smtp:
        smtp.login(ALENA, PASSWORDS[ALENA])
        assert smtp.send_message(letter(BOREK, subject, "Příliš žluťoučký kůň\r\n" * 50)) == {}
    message = email.message_from_bytes(served.wait_for(BOREK, subject), policy=email.policy.default)
    assert message.get_content().startswith("Příliš žluťoučký kůň")
    received = message.get_all("Received")
    assert received is not None
    assert len(received) >= 2
    with_ = "ESMTPA" if security is Security.CLEAR else "ESMTPSA"
    assert f"with {with_} id" in " ".join(str(received[-1]).split())


def test_who_wants_to_hear_of_success_hears_that_an_alias_has_become_several(served: Served) -> None:
    """One report for the alias, and none for those behind it (RFC 3461 section 5.2.7.3)."""
    subject = fresh("alias")
    wish = ("NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;Vsichni@skola.example")
    with smtp_client(served, Security.STARTTLS) as smtp:
        smtp.login(ALENA, PASSWORDS[ALENA])
        text = letter("vsichni@skola.example", subject).as_bytes(policy=email.policy.SMTP)
        assert smtp.sendmail(ALENA, ["vsichni@skola.example"], text, ["ENVID=obeznik"], wish) == {}
    for member in (DAN, BOREK):
        assert served.wait_for(member, subject)
    report = email.message_from_bytes(served.wait_for(ALENA, "Delivered mail"), policy=email.policy.default)
    _, status, returned = report.get_payload()
    about_all, alias = status.get_payload()
    assert about_all["Original-Envelope-Id"] == "obeznik"
    assert dict(alias)["Original-Recipient"] == "rfc822; Vsichni@skola.example"
    assert (alias["Final-Recipient"], alias["Action"]) == ("rfc822; vsichni@skola.example", "expanded")
    assert alias["Status"].startswith("2.")
    assert subject in returned.get_payload()
    with served.imap(ALENA) as imap:
        imap.select("INBOX")
        assert len(imap.search(None, "SUBJECT", '"Delivered mail"')[1][0].split()) == 1


@pytest.mark.parametrize("mechanism", ["auth_plain", "auth_login", "auth_cram_md5"])
def test_smtplib_mechanisms(served: Served, mechanism: str) -> None:
    with smtp_client(served, Security.TLS) as smtp:
        smtp.ehlo()
        offered = smtp.esmtp_features["auth"].split()
        name = mechanism.removeprefix("auth_").upper().replace("_", "-")
        assert name in offered
        smtp.user, smtp.password = ALENA, PASSWORDS[ALENA]
        assert smtp.auth(name, getattr(smtp, mechanism))[0] == 235


def test_a_wrong_password_and_a_foreign_sender(served: Served) -> None:
    guessing = smtp_client(served, Security.TLS)
    with pytest.raises(smtplib.SMTPAuthenticationError):
        guessing.login(ALENA, "wrong")  # by every mechanism, until the server has enough
    guessing.close()
    with smtp_client(served, Security.TLS) as smtp:
        smtp.login("alena", PASSWORDS[ALENA])
        with pytest.raises(smtplib.SMTPSenderRefused):
            smtp.send_message(letter(BOREK, fresh(), sender=DAN))


def test_nobody_relays_through_port_25(served: Served) -> None:
    with smtplib.SMTP(HOST, served.port("smtp"), local_hostname="anything at all"[:8], timeout=20) as smtp:
        smtp.ehlo_or_helo_if_needed()
        assert smtp.mail("x@jinde.example")[0] == 250
        assert smtp.rcpt(DAN)[0] == 250
        assert smtp.rcpt(BOREK)[0] == 550
        assert smtp.rcpt("nobody@skola.example")[0] == 550


@EVERY_SECURITY
def test_aiosmtplib_sends(served: Served, security: Security) -> None:
    subject = fresh()

    async def send() -> None:
        await aiosmtplib.send(
            letter(DAN, subject),
            hostname=HOST,
            port=served.port("submission", security=security),
            username=ALENA,
            password=PASSWORDS[ALENA],
            use_tls=security is Security.TLS,
            start_tls=security is Security.STARTTLS,
            tls_context=None if security is Security.CLEAR else served.context,
            timeout=20,
        )

    asyncio.run(send())
    assert served.wait_for(DAN, subject)


@EVERY_SECURITY
def test_imaplib_fetches(served: Served, security: Security) -> None:
    subject = fresh()
    served.deliver(DAN, subject, "Line one\r\n.dot\r\n")
    port = served.port("imap", security=security)
    if security is Security.TLS:
        imap: imaplib.IMAP4 = imaplib.IMAP4_SSL(HOST, port, ssl_context=served.context, timeout=20)
    else:
        imap = imaplib.IMAP4(HOST, port, timeout=20)
    if security is Security.STARTTLS:
        assert imap.starttls(served.context)[0] == "OK"
    with imap:
        imap.login(DAN, PASSWORDS[DAN])
        assert imap.select("INBOX")[0] == "OK"
        [found] = imap.search(None, "SUBJECT", subject)[1]
        answer = imap.fetch(found.decode(), "(FLAGS BODY[TEXT])")[1][0]
        assert isinstance(answer, tuple)
        assert answer[1] == b"Line one\r\n.dot\r\n"
        assert imap.create(subject)[0] == "OK"
        status, _ = imap.append(subject, r"(\Seen)", None, letter(DAN, subject).as_bytes())
        assert status == "OK"


@EVERY_SECURITY
def test_imapclient_fetches(served: Served, security: Security) -> None:
    subject = fresh()
    served.deliver(DAN, subject)
    context = served.context
    is_tls = security is Security.TLS
    port = served.port("imap", security=security)
    with IMAPClient(HOST, port, ssl=is_tls, ssl_context=context if is_tls else None, timeout=20) as client:
        if security is Security.STARTTLS:
            client.starttls(context)
        client.login(DAN, PASSWORDS[DAN])
        client.select_folder("INBOX")
        [uid] = client.search(["SUBJECT", subject])
        data = client.fetch([uid], ["ENVELOPE", "BODYSTRUCTURE", "BODY[]"])[uid]
        assert data[b"ENVELOPE"].subject == subject.encode()
        assert subject.encode() in data[b"BODY[]"]
        client.add_flags([uid], [rb"\Flagged"])
        assert rb"\Flagged" in client.get_flags([uid])[uid]


def test_imap_idle_hears_of_a_mail_that_a_real_client_sends(served: Served) -> None:
    with IMAPClient(HOST, served.port("imap"), ssl=False, timeout=20) as client:
        client.login(DAN, PASSWORDS[DAN])
        client.select_folder("INBOX")
        client.idle()
        subject = fresh()
        with smtplib.SMTP(HOST, served.port("smtp"), timeout=20) as smtp:
            smtp.send_message(letter(DAN, subject, sender="x@jinde.example"))
        heard: list[object] = []
        while not any(b"EXISTS" in part for part in heard if isinstance(part, tuple)):
            answers = client.idle_check(timeout=20)
            assert answers
            heard += answers
        client.idle_done()


@EVERY_SECURITY
def test_poplib_fetches_and_deletes(served: Served, security: Security) -> None:
    subject = fresh()
    served.deliver(BOREK, subject)
    port = served.port("pop3", "firma.example", security)
    if security is Security.TLS:
        pop: poplib.POP3 = poplib.POP3_SSL(HOST, port, context=served.context, timeout=20)
    else:
        pop = poplib.POP3(HOST, port, timeout=20)
    if security is Security.STARTTLS:
        assert pop.stls(served.context).startswith(b"+OK")
    pop.user(BOREK)
    pop.pass_(PASSWORDS[BOREK])
    count, _ = pop.stat()
    texts = [b"\r\n".join(pop.retr(number)[1]) for number in range(1, count + 1)]
    [mine] = [number for number, text in enumerate(texts, 1) if subject.encode() in text]
    assert pop.dele(mine).startswith(b"+OK")
    pop.quit()
    again = poplib.POP3(HOST, served.port("pop3", "firma.example"), timeout=20)
    again.user(BOREK)
    again.pass_(PASSWORDS[BOREK])
    assert again.stat()[0] == count - 1
    again.quit()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_of_tls(served: Served, version: ssl.TLSVersion) -> None:
    context = served.context
    context.minimum_version = context.maximum_version = version
    with imaplib.IMAP4_SSL(HOST, served.port("imaps"), ssl_context=context, timeout=20) as imap:
        assert imap.sock.version() == version.name.replace("_", ".")  # type: ignore[attr-defined]
        imap.noop()


def test_a_client_that_trusts_others_refuses_our_certificate(served: Served) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        imaplib.IMAP4_SSL(HOST, served.port("imaps"), ssl_context=ssl.create_default_context(), timeout=20)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "mail.skola.example"])
def test_the_certificate_is_good_for_the_names_that_one_types(served: Served, name: str) -> None:
    import socket

    address = name if ":" in name or name[0].isdigit() else "127.0.0.1"
    with (
        socket.create_connection((address, served.port("imaps")), 20) as link,
        served.context.wrap_socket(link, server_hostname=name) as secure,
    ):
        assert secure.recv(4) == b"* OK"


def test_a_big_mail_there_and_back(served: Served) -> None:
    subject = fresh("big")
    body = "".join(f"{number:06} {'x' * 60}\r\n" for number in range(100_000))
    with smtplib.SMTP(HOST, served.port("smtp"), timeout=60) as smtp:
        smtp.send_message(letter(DAN, subject, body), "x@jinde.example", [DAN])
    text = served.wait_for(DAN, subject)
    assert len(text) > 6_900_000
    assert b"099999 xxx" in text
