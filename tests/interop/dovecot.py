"""A Dovecot of our own: configured in a temporary directory, on a free port of the loopback, ended with the test.

Any user name may log in with the password `heslo`, and finds an empty mailbox of the same shape as ours.
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PASSWORD = "heslo"
PATIENCE_S = 20.0
CONFIG = """
base_dir = {at}/run
state_dir = {at}/run
log_path = {at}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
first_valid_uid = 0
first_valid_gid = 0
mail_uid = {user}
mail_gid = {group}
mail_location = sdbox:{at}/mail/%u
mail_max_userip_connections = 100
mailbox_list_index = no
mail_plugins = quota
mail_fsync = never
auth_failure_delay = 0
{users}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = home={at}/home/%u
}}
service imap-login {{
  chroot =
  service_count = 0
  process_min_avail = 1
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service imap {{
  service_count = 256
  process_min_avail = 2
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
protocol imap {{
  mail_plugins = quota imap_quota
}}
plugin {{
  quota = count:User quota
  quota_rule = *:storage=1M
  quota_vsizes = yes
}}
namespace inbox {{
  inbox = yes
  separator = /
{mailboxes}
}}
"""
SPECIAL = ("Drafts", "Junk", "Sent", "Trash")


def installed() -> bool:
    """Is there a Dovecot with IMAP on this machine?"""
    return program() is not None and Path("/usr/lib/dovecot/imap").exists()


def program() -> str | None:
    """Where the server is: often in a folder that is not on the path of a user."""
    return shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")


def config(at: Path, port: int) -> str:
    """A configuration that needs no rights that the test does not have."""
    mailboxes = "  mailbox INBOX {\n    auto = subscribe\n  }\n" + "\n".join(
        f"  mailbox {name} {{\n    auto = subscribe\n    special_use = \\{name}\n  }}" for name in SPECIAL
    )
    user, group = owner()
    mine = pwd.getpwuid(user).pw_name
    own = f"default_internal_user = {mine}\ndefault_login_user = {mine}\n"
    own += f"default_internal_group = {grp.getgrgid(group).gr_name}"
    users = own if os.getuid() else ""
    return CONFIG.format(at=at, port=port, user=user, group=group, password=PASSWORD, mailboxes=mailboxes, users=users)


def owner() -> tuple[int, int]:
    """User and group that own the mail: the test's own, or nobody when root runs the test, because root may not."""
    if os.getuid():
        return os.getuid(), os.getgid()
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


@contextlib.contextmanager
def running() -> Iterator[int]:
    """Run it; gives the port."""
    with tempfile.TemporaryDirectory(prefix="dovecot-") as folder:
        yield from _running_at(Path(folder))


def _running_at(at: Path) -> Iterator[int]:
    at.chmod(0o755)
    for name in ("mail", "home"):
        (at / name).mkdir()
        os.chown(at / name, *owner())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    file = at / "dovecot.conf"
    file.write_text(config(at, port))
    found = program()
    assert found
    master = subprocess.Popen([found, "-F", "-c", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        wait_for(port, master, at)
        yield port
    finally:
        master.terminate()
        master.communicate(timeout=PATIENCE_S)


def wait_for(port: int, master: subprocess.Popen[bytes], at: Path) -> None:
    """Until somebody can log in."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if master.poll() is not None:
            raise RuntimeError(f"dovecot ended: {master.stderr.read() if master.stderr else ''!r}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as link:
            link.sendall(b"a LOGIN nobody heslo\r\nb LOGOUT\r\n")
            if b"\r\nb OK" in b"".join(iter(lambda: link.recv(4096), b"")):
                return
        time.sleep(0.05)
    log = (at / "log").read_text().splitlines() if (at / "log").exists() else []
    raise RuntimeError("\n".join(["dovecot does not answer:", *log[-5:]]))
