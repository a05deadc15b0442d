"""Mail programs of the command line as guests: each sends or fetches a real mail, clear, by STARTTLS and by TLS."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .served import ALENA, BOREK, DAN, EVERY_SECURITY, PASSWORDS, Security, Served, fresh, letter, needs, run, serve

HOST = "localhost"
SECRET = PASSWORDS[DAN]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("served"), domains=("skola.example", "firma.example")) as running:
        yield running


# --- curl ------------------------------------------------------------------------------------------


def curl(served: Served, security: Security, service: str, path: str, *options: str, text: str = "") -> str:
    scheme = {"submission": "smtp", "imap": "imap", "pop3": "pop3"}[service] + ("s" if security is Security.TLS else "")
    url = f"{scheme}://{HOST}:{served.port(service, security=security)}{path}"
    tls = ["--ssl-reqd"] if security is Security.STARTTLS else []
    command = ["curl", "--silent", "--show-error", "--max-time", "20", "--cacert", str(served.ca_file), *tls]
    return run([*command, "--user", f"{DAN}:{SECRET}", *options, url], text=text)


@needs("curl")
@EVERY_SECURITY
def test_curl_sends_and_fetches(served: Served, security: Security) -> None:
    subject = fresh("curl")
    envelope = ("--mail-from", DAN, "--mail-rcpt", DAN, "--upload-file", "-", "--crlf")
    curl(
        served, security, "submission", "/tester.example", *envelope, text=letter(DAN, subject, sender=DAN).as_string()
    )
    served.wait_for(DAN, subject)
    found = curl(served, security, "imap", "/INBOX", "--request", f'SEARCH SUBJECT "{subject}"')
    number = found.split()[-1]
    assert subject in curl(served, security, "imap", f"/INBOX;MAILINDEX={number}")
    listed = curl(served, security, "pop3", "/").splitlines()
    assert len(listed) >= int(number)
    assert subject in curl(served, security, "pop3", f"/{number}")
    assert "INBOX" in curl(served, security, "imap", "/")


@needs("curl")
def test_curl_appends_by_imap(served: Served) -> None:
    subject = fresh("curl")
    file = served.folder / "letter.eml"
    file.write_bytes(letter(DAN, subject).as_bytes())
    curl(served, Security.TLS, "imap", "/INBOX", "--upload-file", str(file))
    assert served.wait_for(DAN, subject)


# --- swaks -----------------------------------------------------------------------------------------


def swaks(served: Served, security: Security, *options: str, to: str = DAN, subject: str = "swaks") -> str:
    tls = {Security.CLEAR: [], Security.STARTTLS: ["--tls"], Security.TLS: ["--tls-on-connect"]}[security]
    verify = [] if security is Security.CLEAR else ["--tls-verify", "--tls-ca-path", str(served.ca_file)]
    port = str(served.port("submission", security=security))
    command = ["swaks", "--server", HOST, "--port", port, "--from", DAN, "--to", to, "--header", f"Subject: {subject}"]
    return run([*command, *tls, *verify, *options])


@needs("swaks")
@EVERY_SECURITY
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_swaks_logs_in_by_every_mechanism(served: Served, security: Security, mechanism: str) -> None:
    subject = fresh("swaks")
    auth = ("--auth", mechanism, "--auth-user", DAN, "--auth-password", SECRET)
    log = swaks(served, security, *auth, subject=subject)
    assert "235 2.7.0" in log
    served.wait_for(DAN, subject)


@needs("swaks")
def test_swaks_pipelines_to_several_recipients(served: Served) -> None:
    subject = fresh("swaks")
    auth = ("--auth", "PLAIN", "--auth-user", DAN, "--auth-password", SECRET)
    swaks(served, Security.TLS, "--pipeline", *auth, to=f"{DAN},{BOREK},{ALENA}", subject=subject)
    for user in (DAN, BOREK, ALENA):
        served.wait_for(user, subject)


@needs("swaks")
def test_swaks_without_a_password_is_refused(served: Served) -> None:
    port = str(served.port("submission"))
    command = ["swaks", "--server", HOST, "--port", port, "--from", DAN, "--to", DAN]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode != 0
    assert "530 5.7.0" in done.stdout


# --- msmtp, mpop, fetchmail ------------------------------------------------------------------------


def msmtp(served: Served, security: Security, mechanism: str, folder: Path) -> None:
    subject = fresh("msmtp")
    options = [
        *(f"--host={HOST}", f"--port={served.port('submission', security=security)}", "--protocol=smtp"),
        *(f"--auth={mechanism}", f"--user={DAN}", "--passwordeval=echo secret", f"--from={DAN}", "--timeout=20"),
        f"--tls={'off' if security is Security.CLEAR else 'on'}",
        f"--tls-starttls={'on' if security is Security.STARTTLS else 'off'}",
        f"--tls-trust-file={served.ca_file}",
    ]
    run(["msmtp", *options, BOREK], letter(BOREK, subject, sender=DAN).as_string(), folder)
    served.wait_for(BOREK, subject)


@needs("msmtp")
@EVERY_SECURITY
def test_msmtp_sends(served: Served, security: Security, tmp_path: Path) -> None:
    msmtp(served, security, "plain", tmp_path)


@needs("msmtp")
@pytest.mark.parametrize("mechanism", ["cram-md5", "scram-sha-1", "scram-sha-256"])
def test_msmtp_proves_the_password(served: Served, mechanism: str, tmp_path: Path) -> None:
    """Its SCRAM is that of GNU SASL, which also wants to see that the server knows the password."""
    msmtp(served, Security.CLEAR, mechanism, tmp_path)


def mpop(served: Served, security: Security, mechanism: str, folder: Path) -> None:
    subject = fresh("mpop")
    served.deliver(DAN, subject)
    config = folder / "mpoprc"
    config.write_text(
        f"account served\nhost {HOST}\nport {served.port('pop3', security=security)}\nuser {DAN}\n"
        f"passwordeval echo {SECRET}\nauth {mechanism}\nkeep on\ntimeout 20\nuidls_file {folder}/uidls\n"
        f"tls {'off' if security is Security.CLEAR else 'on'}\n"
        f"tls_starttls {'on' if security is Security.STARTTLS else 'off'}\n"
        f"tls_trust_file {served.ca_file}\ndelivery mbox {folder}/mbox\n"
    )
    config.chmod(0o600)
    run(["mpop", f"--file={config}", "served"], folder=folder)
    assert subject in (folder / "mbox").read_text("utf-8", "replace")


@needs("mpop")
@EVERY_SECURITY
def test_mpop_fetches(served: Served, security: Security, tmp_path: Path) -> None:
    mpop(served, security, "user", tmp_path)


@needs("mpop")
@pytest.mark.parametrize("mechanism", ["cram-md5", "scram-sha-1", "scram-sha-256", "apop"])
def test_mpop_proves_the_password(served: Served, mechanism: str, tmp_path: Path) -> None:
    mpop(served, Security.TLS, mechanism, tmp_path)


@needs("fetchmail")
@pytest.mark.parametrize("protocol", ["imap", "pop3"])
@EVERY_SECURITY
def test_fetchmail_fetches(served: Served, security: Security, protocol: str, tmp_path: Path) -> None:
    subject = fresh("fetchmail")
    served.deliver(DAN, subject)
    tls = {
        Security.CLEAR: 'sslproto ""',
        Security.STARTTLS: f'sslproto "auto" sslcertck sslcertfile "{served.ca_file}"',
        Security.TLS: f'ssl sslcertck sslcertfile "{served.ca_file}"',
    }[security]
    config = tmp_path / "fetchmailrc"
    config.write_text(
        f"poll {HOST} protocol {protocol} service {served.port(protocol, security=security)} timeout 20\n"
        f'auth password user "{DAN}" password "{SECRET}" keep fetchall {tls} mda "cat >> {tmp_path}/mbox"\n'
    )
    config.chmod(0o600)
    command = ["fetchmail", "--fetchmailrc", str(config), "--pidfile", str(tmp_path / "pid"), "--nosyslog"]
    run([*command, "--idfile", str(tmp_path / "ids")], HOME=str(tmp_path))
    assert subject in (tmp_path / "mbox").read_text("utf-8", "replace")


# --- mutt ------------------------------------------------------------------------------------------


@needs("mutt")
@EVERY_SECURITY
def test_mutt_sends_and_reads(served: Served, security: Security, tmp_path: Path) -> None:
    subject = fresh("mutt")
    smtp = "smtps" if security is Security.TLS else "smtp"
    imap = "imaps" if security is Security.TLS else "imap"
    user = DAN.replace("@", "%40")
    config = tmp_path / "muttrc"
    config.write_text(
        f'set from="{DAN}"\nset smtp_url="{smtp}://{user}@{HOST}:{served.port("submission", security=security)}/"\n'
        f'set smtp_pass="{SECRET}"\nset imap_pass="{SECRET}"\nset ssl_starttls={_yes(security is Security.STARTTLS)}\n'
        f"set ssl_force_tls={_yes(security is not Security.CLEAR)}\nset certificate_file={served.ca_file}\n"
        f"set ssl_ca_certificates_file={served.ca_file}\nset smtp_authenticators=plain\nset imap_authenticators=login\n"
        f'set folder="{imap}://{user}@{HOST}:{served.port("imap", security=security)}/"\nset spoolfile="+INBOX"\n'
        "set copy=no\nset header_cache=\nset tmpdir=/tmp\nset quit=yes\nset sleep_time=0\nset wait_key=no\n"
    )
    home = {"HOME": str(tmp_path), "TERM": "xterm"}
    run(["mutt", "-n", "-F", str(config), "-s", subject, DAN], "Ahoj!\n", tmp_path, **home)
    served.wait_for(DAN, subject)
    saved = tmp_path / "saved"
    pushed = f"<limit>~s {subject}<enter><copy-message>{saved}<enter>yy<quit>"
    push = f'push "{pushed}"'
    in_a_terminal(["mutt", "-n", "-F", str(config), "-e", push], tmp_path, home)
    assert subject in saved.read_text("utf-8", "replace")


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def in_a_terminal(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    """Run a full-screen program on a terminal of its own."""
    import os
    import pty
    import time

    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execvpe(command[0], command, {**os.environ, **environment, "LINES": "24", "COLUMNS": "80"})
    end = time.monotonic() + 30
    try:
        while time.monotonic() < end and os.read(terminal, 65536):
            pass
    except OSError:
        pass  # the end of a terminal
    finally:
        os.close(terminal)
        done, _ = os.waitpid(pid, os.WNOHANG)
        if done == 0:
            os.kill(pid, 9)
            os.waitpid(pid, 0)


# --- mbsync, offlineimap ---------------------------------------------------------------------------


@needs("mbsync")
@EVERY_SECURITY
def test_mbsync_synchronizes_both_ways(served: Served, security: Security, tmp_path: Path) -> None:
    subject, mine = fresh("mbsync"), fresh("mbsync-up")
    served.deliver(DAN, subject)
    kind = {Security.CLEAR: "None", Security.STARTTLS: "STARTTLS", Security.TLS: "IMAPS"}[security]
    config = tmp_path / "mbsyncrc"
    config.write_text(
        f"IMAPAccount served\nHost {HOST}\nPort {served.port('imap', security=security)}\nUser {DAN}\nPass {SECRET}\n"
        f"SSLType {kind}\nCertificateFile {served.ca_file}\nAuthMechs LOGIN\nTimeout 20\n\n"
        "IMAPStore far\nAccount served\n\n"
        f"MaildirStore near\nPath {tmp_path}/mail/\nInbox {tmp_path}/mail/INBOX\n\n"
        "Channel all\nFar :far:\nNear :near:\nPatterns INBOX\nCreate Both\nSyncState *\n"
    )
    (tmp_path / "mail").mkdir()
    run(["mbsync", "-c", str(config), "all"])
    texts = [file.read_bytes() for file in (tmp_path / "mail" / "INBOX").glob("*/*") if file.is_file()]
    assert any(subject.encode() in text for text in texts)
    (tmp_path / "mail" / "INBOX" / "new" / "1.tester").write_bytes(letter(DAN, mine).as_bytes())
    run(["mbsync", "-c", str(config), "all"])
    served.wait_for(DAN, mine)


@needs("offlineimap")
@pytest.mark.parametrize("security", [Security.CLEAR, Security.STARTTLS, Security.TLS])
def test_offlineimap_synchronizes(served: Served, security: Security, tmp_path: Path) -> None:
    subject = fresh("offlineimap")
    served.deliver(DAN, subject)
    config = tmp_path / "offlineimaprc"
    config.write_text(
        f"[general]\naccounts = served\nmetadata = {tmp_path}/metadata\nui = basic\nsocktimeout = 20\n"
        "[Account served]\nlocalrepository = near\nremoterepository = far\n"
        f"[Repository near]\ntype = Maildir\nlocalfolders = {tmp_path}/mail\n"
        f"[Repository far]\ntype = IMAP\nremotehost = {HOST}\nremoteport = {served.port('imap', security=security)}\n"
        f"remoteuser = {DAN}\nremotepass = {SECRET}\nssl = {_yes(security is Security.TLS)}\n"
        f"starttls = {_yes(security is Security.STARTTLS)}\nsslcacertfile = {served.ca_file}\n"
        "folderfilter = lambda name: name == 'INBOX'\nauth_mechanisms = LOGIN\n"
    )
    run(["offlineimap", "-o", "-c", str(config)], HOME=str(tmp_path))
    texts = [file.read_bytes() for file in (tmp_path / "mail" / "INBOX").glob("*/*") if file.is_file()]
    assert any(subject.encode() in text for text in texts)


# --- DNS -------------------------------------------------------------------------------------------


@needs("dig")
@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_dig_asks_the_simulated_resolver(served: Served, transport: str, address: str) -> None:
    ask = ["dig", f"@{address}", "-p", str(served.port("dns")), transport, "+short", "+time=10"]
    assert run([*ask, "firma.example", "MX"]) == "10 mx1.firma.example.\n"
    assert run([*ask, "mx1.firma.example", "A"]).startswith("198.51.100.")
    assert "status: NXDOMAIN" in run([*ask[:-2], "nothing.example", "A"])


@needs("kdig")
@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
def test_kdig_asks_the_simulated_resolver(served: Served, transport: str) -> None:
    ask = ["kdig", "@127.0.0.1", "-p", str(served.port("dns")), transport, "+short", "+timeout=10"]
    assert run([*ask, "firma.example", "MX"]) == "10 mx1.firma.example.\n"
