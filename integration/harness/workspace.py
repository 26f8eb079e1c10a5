"""The folder that a run lives in, and the processes that must not outlive it."""

import contextlib
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Iterator

shared_folders: set[str] = set()  # beside workspaces, for all connectords of the run

GUARDIAN = Path(__file__).with_name("guardian.py")


@contextlib.contextmanager
def shared_folder(name: str) -> Iterator[Path]:
    """A folder below /tmp that everybody may pass, for what is there before a host, such as its keys."""
    with tempfile.TemporaryDirectory(prefix=f"connectord-{name}-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        shared_folders.add(folder)
        try:
            yield Path(folder)
        finally:
            shared_folders.discard(folder)


class Workspace:
    """A folder below /tmp (short, because paths of unix sockets end at 107 bytes) with the processes started in it."""

    def __init__(self, prefix: str = "connectord-"):
        self.path = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
        self.path.chmod(0o755)  # the users postfix and nobody walk through it
        # In a session of its own: Ctrl-C is for the run, not for the one that tidies up after it.
        self._guardian = subprocess.Popen([sys.executable, str(GUARDIAN), str(self.path)], stdin=subprocess.PIPE,
                                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
                                          start_new_session=True)

    def start(self, command: list[str], **options) -> subprocess.Popen:
        """Starts a process that ends with this workspace at the latest."""
        process = subprocess.Popen(command, **options)
        self._tell("own", process.pid)
        return process

    def stop(self, process: subprocess.Popen, signal_number: int = signal.SIGTERM, timeout: float = 10.0) -> int:
        """Ends a process, by force if it takes longer than `timeout` seconds, and returns its exit status."""
        if process.poll() is None:
            process.send_signal(signal_number)
            try:
                process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.kill()
        status = process.wait()
        self._tell("disown", process.pid)
        return status

    def close(self) -> None:
        if self._guardian.stdin and not self._guardian.stdin.closed:
            self._guardian.stdin.close()
        self._guardian.wait()

    def _tell(self, verb: str, pid: int) -> None:
        self._guardian.stdin.write(f"{verb} {pid}\n")
        self._guardian.stdin.flush()

    def __enter__(self) -> "Workspace":
        return self

    def __exit__(self, *_) -> None:
        self.close()
