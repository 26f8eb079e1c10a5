"""What other programs do to a trace's file while connectord runs, and what may befall its disk."""

import contextlib
import json
import resource
import sqlite3
from pathlib import Path
from typing import Iterator

from .daemon import Connectord, connectorctl
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
        told = connectorctl("status", "--json", "--config", self._connectord.config_file, "--postfix-config",
                            self.file.parent)  # where there is none
        return (json.loads(told.stdout)["connectord"] or {}).get("trace") or {"writable": False}

    def wait_for_trouble(self) -> None:
        wait_until(lambda: not self.condition()["writable"], "connectord to tell that it cannot write", PATIENCE)

    def wait_until_written(self) -> None:
        wait_until(lambda: (now := self.condition())["writable"] and now["waiting"] == 0,
                   "connectord to write its trace again", PATIENCE)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Another program has the right to write for as long as this lasts, and closes the file then."""
        with contextlib.closing(sqlite3.connect(self.file, timeout=PATIENCE, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield

    @contextlib.contextmanager
    def disk_full(self) -> Iterator[None]:
        """No file of the process can grow."""
        pid = self._connectord.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, before)

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
        links = [entry.readlink() for entry in Path(f"/proc/{self._connectord.process.pid}/fd").iterdir()]
        return [str(link) for link in links if str(link).startswith(str(self.file)) and "(deleted)" in str(link)]
