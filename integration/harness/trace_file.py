"""What other programs do to a trace's file while connectord runs, and what may befall its disk."""

import contextlib
import json
import pwd
import sqlite3
import subprocess
import time
from pathlib import Path
from typing import Iterator

from .daemon import Connectord, connectorctl
from .site import USER
from .waiting import wait_until

# A fault is noticed after a lock has been waited for, which is four seconds.
PATIENCE = 30.0


class TraceFile:
    """The trace of a connectord that runs with this file."""

    def __init__(self, connectord: Connectord, file: Path):
        self._connectord = connectord
        self.file = file

    def condition(self) -> dict:
        """What the health document says of the trace."""
        reported = connectorctl("status", "--json", "--config", self._connectord.config_file, "--postfix-config",
                                self.file.parent)  # where there is none
        return (json.loads(reported.stdout)["connectord"] or {}).get("trace") or {"writable": False}

    def wait_for_trouble(self) -> None:
        wait_until(lambda: not self.condition()["writable"], "connectord to tell that it cannot write", PATIENCE)

    def wait_until_written(self) -> None:
        wait_until(lambda: (now := self.condition())["writable"] and now["waiting"] == 0,
                   "connectord to write its trace again", PATIENCE)

    @contextlib.contextmanager
    def locked(self, least: float = 0) -> Iterator[None]:
        """Another program has the right to write for as long as this lasts, but `least` seconds, and closes the file
        then."""
        end = time.monotonic() + least
        with contextlib.closing(sqlite3.connect(self.file, timeout=PATIENCE, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            wait_until(lambda: time.monotonic() >= end, "the lock to have lasted", least + 1)

    @contextlib.contextmanager
    def disk_full(self) -> Iterator[None]:
        """No file of the process can grow."""
        self._limit_files("1")
        try:
            yield
        finally:
            self._limit_files("unlimited")

    def _limit_files(self, size: str) -> None:
        if not self._connectord.is_running:
            return
        # As its own user, who alone may without further rights.
        subprocess.run(["prlimit", "--pid", str(self._connectord.process.pid), f"--fsize={size}:unlimited"], check=True,
                       user=USER, group=pwd.getpwnam(USER).pw_gid, extra_groups=[])

    def back_up(self, target: Path) -> None:
        """As `sqlite3 trace.db ".backup FILE"` does."""
        with contextlib.closing(sqlite3.connect(self.file, timeout=PATIENCE)) as source, \
                contextlib.closing(sqlite3.connect(target)) as copy:
            source.backup(copy)

    def remove(self, *suffixes: str) -> None:
        for suffix in suffixes:
            Path(f"{self.file}{suffix}").unlink()

    def lost_files(self) -> list[str]:
        """Files of the trace that connectord has open and nobody else can find."""
        links = []
        for entry in Path(f"/proc/{self._connectord.process.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # it was closed meanwhile
                links.append(entry.readlink())
        return [str(link) for link in links if str(link).startswith(str(self.file)) and "(deleted)" in str(link)]
