"""A program on a pseudo-terminal of its own: keys go in, and what it paints comes out. Linux and macOS only."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

OWN_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
)
"""Makes its standard input the terminal that controls it, and then becomes the program."""
QUIET_S = 0.15
"""So long nothing comes when a screen is painted."""


class Terminal:
    """A program on a terminal of its own."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        columns: int = 120,
        rows: int = 36,
        heard: Callable[[bytes], object] = len,
    ) -> None:
        """Start it; `heard` is told everything that it writes."""
        self.began = time.perf_counter()
        self.fd, other = pty.openpty()
        self._heard = heard
        self.resize(columns, rows)
        self.process = subprocess.Popen(
            [sys.executable, "-c", OWN_TERMINAL, *command],
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
            env={**os.environ, **environment},
        )
        self.pid = self.process.pid
        os.close(other)

    def read(self, patience_s: float) -> tuple[float, int]:
        """Read until it is quiet: when the last byte came, and how many came."""
        last, count = 0.0, 0
        wait = patience_s
        while select.select([self.fd], [], [], wait)[0]:
            try:
                data = os.read(self.fd, 1 << 16)
            except OSError:  # Linux: the program has ended
                break
            if not data:
                break
            self._heard(data)
            count += len(data)
            last, wait = time.perf_counter(), QUIET_S
        return last, count

    def wait(self, count: int) -> float:
        """Read until a screen of so many bytes has been painted; gives when its last byte came."""
        while True:
            last, painted = self.read(120.0)
            if painted >= count:
                return last
            if not painted:
                raise RuntimeError("the program has ended, or says nothing")

    def press(self, key: bytes) -> tuple[float, int]:
        """Seconds from the key to the last byte that it painted, and how many bytes that took."""
        began = time.perf_counter()
        os.write(self.fd, key)
        last, count = self.read(5.0)
        if not count:
            raise RuntimeError("the program did not answer a key")
        return last - began, count

    def resize(self, columns: int, rows: int) -> None:
        """Another size; the program gets SIGWINCH."""
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    @property
    def memory_mib(self) -> float:
        """Resident memory; 0 where the system does not say."""
        status = Path(f"/proc/{self.pid}/status")
        lines = status.read_text().splitlines() if status.exists() else []
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)

    @property
    def cpu_s(self) -> float:
        """Processor time that the program has used; 0 where the system does not say."""
        stat = Path(f"/proc/{self.pid}/stat")
        if not stat.exists():
            return 0.0
        fields = stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        """Stop the program, if it still runs."""
        self.process.terminate()
        self.process.wait()
        os.close(self.fd)
