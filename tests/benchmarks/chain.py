"""Mails a second against real servers: `python -m tests.benchmarks.chain`, as root, with Postfix and Dovecot installed.

What is compared is the same path: submission with AUTH, relay, LMTP, a mailbox, and a POP3 session for every mail that
reads and deletes it; mails of the same size, nothing encrypted, a connection for every submission.

    theirs   Postfix, Postfix and Dovecot on all cores of the machine, in mails per second of the clock. Several numbers
             of mails at once are tried, and the best counts. They are spared what costs time: DNS (ours asks for MX and
             addresses for every mail), TLS, checks of clients. Their files are once in memory (/dev/shm), where fsync
             costs nothing, as ours is a simulation that survives no failure of power; and once on the disk, as mail
             servers have them. The clients are Python's smtplib and poplib, and take their share of the cores.
    ours     the world of the other benchmarks with its whole trace kept, in mails per second of processor time of one
             core, with all clients, name servers, routers and cables in it.

And one hop: smtp-source, a Postfix, smtp-sink, all three written in C, against the whole path of ours.
"""

from __future__ import annotations

import argparse
import os
import poplib
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from pathlib import Path

from tests.benchmarks.__main__ import row
from tests.benchmarks.measure import run_seconds
from tests.benchmarks.real_servers import Chain, chain, hop
from tests.benchmarks.world import TEXT, Load
from tests.interop.daemons import HOST, executable
from tests.interop.dovecot import PASSWORD
from tests.interop.postfix import needed, wait_for_port

AT_ONCE = (4, 8, 16, 32)
MEMORY, DISK = "files in memory", "files on disk"
FOLDERS = {MEMORY: Path("/dev/shm"), DISK: Path(tempfile.gettempdir())}
LOOK_AGAIN_S = 0.005
PATIENCE_S = 60.0

Rates = Mapping[int, float]
"""Mails a second, by how many were on their way at once."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.chain", description=__doc__.partition("\n")[0])
    parser.add_argument("--mails", type=int, default=800, help="how many for each figure (default: 800)")
    parser.add_argument("--at-once", type=int, nargs="+", default=AT_ONCE, help="how many are on their way at once")
    options = parser.parse_args(arguments)
    needed()
    ours = our_rate(options.mails)
    print(f"{options.mails} mails of {len(letter(0))} octets, {os.cpu_count()} cores")
    print(f"  {'ours, the whole path, trace kept, one core':<44}{ours:6.0f} mails/s")
    for name, measure, goal in (("Postfix, Postfix, Dovecot", chain_rates, 8.0), ("one Postfix", hop_rates, 2.0)):
        for place, under in FOLDERS.items():
            theirs = measure(under, options.mails, options.at_once)
            print_rates(f"{name}, {place}", theirs)
            row("ours / theirs", ours / max(theirs.values()), goal if place == MEMORY else None, at_least=True)


def print_rates(name: str, rates: Rates) -> None:
    """The best of several rates, and all of them."""
    each = ", ".join(f"{at_once} at once: {rate:.0f}" for at_once, rate in rates.items())
    print(f"  {name:<44}{max(rates.values()):6.0f} mails/s  ({each})", flush=True)


# --- ours ----------------------------------------------------------------------------------------


def our_rate(mails: int, turns: int = 3) -> float:
    """Mails per second of processor time, the best of some turns."""
    return mails / min(run_seconds(Load(mails, keep_trace=True)) for _ in range(turns))


# --- theirs --------------------------------------------------------------------------------------


@cache
def letter(number: int) -> bytes:
    """The mail that the users of our world write, from sender `number` to receiver `number`."""
    mail = EmailMessage(SMTP)
    mail["From"], mail["To"] = f"<{sender(number)}>", f"<{receiver(number)}>"
    mail["Subject"], mail["Date"] = "Pozdrav", "Mon, 01 Sep 2025 12:00:00 +0200"
    mail["Message-ID"] = f"<{number:016x}@skola.example>"
    mail.set_content(TEXT)
    return mail.as_bytes()


def sender(number: int) -> str:
    return f"a{number}@skola.example"


def receiver(number: int) -> str:
    return f"b{number}@firma.example"


def chain_rates(under: Path, mails: int, at_once: Sequence[int]) -> Rates:
    """Mails a second through Postfix, Postfix and Dovecot, from the first connection to the last mail deleted."""
    with chain(under) as servers:
        chain_rate(servers, 2 * max(at_once), max(at_once))  # folders are made, and processes started
        return {number: chain_rate(servers, mails, number) for number in at_once}


def chain_rate(servers: Chain, mails: int, at_once: int) -> float:
    """So many pairs of people, each with one mail on its way at a time."""

    def correspond(number: int) -> None:
        for _ in range(mails // at_once):
            submit(servers, number)
            read(servers, number)

    with ThreadPoolExecutor(at_once) as people:
        began = time.perf_counter()
        list(people.map(correspond, range(at_once)))
        return mails // at_once * at_once / (time.perf_counter() - began)


def submit(servers: Chain, number: int) -> None:
    """One mail in a connection of its own."""
    with smtplib.SMTP(HOST, servers.submission, "pc.skola.example", PATIENCE_S) as smtp:
        smtp.login(sender(number), PASSWORD)
        smtp.sendmail(sender(number), [receiver(number)], letter(number))


def read(servers: Chain, number: int) -> None:
    """Wait until the mail is there; read and delete it as our client does, with STAT, LIST and UIDL before."""
    wait_for_mail(servers, receiver(number))
    pop3 = poplib.POP3(HOST, servers.dovecot.pop3, PATIENCE_S)
    pop3.user(receiver(number))
    pop3.pass_(PASSWORD)
    pop3.stat()
    pop3.list()
    pop3.uidl()
    assert len(pop3.retr(1)[1]) > TEXT.count("\n")
    pop3.dele(1)
    pop3.quit()


def wait_for_mail(servers: Chain, user: str) -> None:
    """By a look at the folder, which costs the servers nothing."""
    end = time.monotonic() + PATIENCE_S
    while not servers.dovecot.has_mail(user):
        assert time.monotonic() < end, f"no mail for {user}"
        time.sleep(LOOK_AGAIN_S)


def hop_rates(under: Path, mails: int, at_once: Sequence[int]) -> Rates:
    """Mails a second through one Postfix, from the first connection until the last has left it."""
    with hop(under) as (port, sink):
        hop_rate(port, sink, 2 * max(at_once), max(at_once))  # processes are started
        return {number: hop_rate(port, sink, mails, number) for number in at_once}


def hop_rate(port: int, sink: int, mails: int, at_once: int) -> float:
    """smtp-source sends with so many connections at once; smtp-sink ends when it has all mails."""
    to = [executable("smtp-sink"), "-u", "nobody", "-M", str(mails), f"{HOST}:{sink}", "1024"]
    load = ["-s", str(at_once), "-m", str(mails), "-l", str(len(letter(0)))]
    source = [executable("smtp-source"), *load, "-f", sender(0), "-t", receiver(0), f"{HOST}:{port}"]
    with subprocess.Popen(to, stderr=subprocess.DEVNULL) as receiving:
        try:
            wait_for_port(sink)
            began = time.perf_counter()
            subprocess.run(source, check=True)
            receiving.wait(PATIENCE_S)
            return mails / (time.perf_counter() - began)
        finally:
            receiving.terminate()


if __name__ == "__main__":
    main()
