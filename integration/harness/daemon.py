"""connectord and connectorctl: the programs under test, as a supervisor and a person run them."""

import contextlib
import os
import pwd
import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable

from .network import accepts_connections
from .waiting import wait_until
from .workspace import Workspace, shared_folders

SOURCE = Path(__file__).resolve().parents[2]
LISTENERS = ("milter", "policy", "socketmap", "api")
SANDBOX = Path(__file__).with_name("sandbox.py")
SANDBOX_USER = "connectord"  # as the unit has it


def all_are_confined() -> bool:
    """Whether each scenario's connectord is to run as the shipped unit confines it: $CONNECTORD_SANDBOX is 1."""
    return os.environ.get("CONNECTORD_SANDBOX") == "1"


def make_user(name: str) -> None:
    """As the package does."""
    with contextlib.suppress(KeyError):
        pwd.getpwnam(name)
        return
    subprocess.run(["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", name],
                   check=False)  # another run may be quicker
    wait_until(lambda: name in (account.pw_name for account in pwd.getpwall()), f"the user {name}")


def build_folder() -> Path:
    """Where the programs are: $CONNECTORD_BUILD, or `build` below the source folder."""
    return (SOURCE / os.environ.get("CONNECTORD_BUILD", "build")).resolve()


def options(name: str, values: Iterable[str]) -> list[str]:
    """Of a command line: the name before each value."""
    return [word for value in values for word in (name, value)]


def folders_of(user: str, place: str) -> list[str]:
    """The folders there that belong to the user, without what is within."""
    owner, found = pwd.getpwnam(user).pw_uid, []
    for folder, inner, _ in os.walk(place):
        with contextlib.suppress(FileNotFoundError):  # as those of a mail server's queue that is in use
            if os.stat(folder).st_uid == owner:
                found.append(folder)
                inner.clear()
    return found


@dataclass(frozen=True)
class Output:
    """What a program left behind."""

    status: int
    stdout: str
    stderr: str


def connectorctl(*arguments: str | Path, environment: dict[str, str] | None = None) -> Output:
    result = subprocess.run([build_folder() / "connectorctl", *arguments], capture_output=True, text=True, check=False,
                            stdin=subprocess.DEVNULL, env=environment)
    return Output(result.returncode, result.stdout, result.stderr)


class Connectord:
    """`connectord --config FILE` in the foreground. The log of all its lives is one file, `log_file`.

    With `confined`, it is as the shipped unit starts it: another user than root from the beginning, and all is read-only
    for it but the folders that this user owns.
    """

    def __init__(self, workspace: Workspace, configuration: str, name: str = "connectord", confined: bool = False):
        self._workspace = workspace
        self._confined = confined or all_are_confined()
        self.process: subprocess.Popen | None = None
        self.config_file = workspace.path / f"{name}.toml"
        self.log_file = workspace.path / f"{name}.log"
        self.write_configuration(configuration)

    def write_configuration(self, text: str) -> None:
        self.config_file.write_text(text)

    def endpoint(self, listener: str) -> str | None:
        """The address of `milter` or `policy`, as the configuration file names it now."""
        found = re.search(rf'^{listener}\s*=\s*"([^"]+)"', self.config_file.read_text(), re.MULTILINE)
        return found.group(1) if found else None

    def start(self, environment: dict[str, str] | None = None) -> None:
        """Starts the program and waits until every listener accepts connections."""
        self.launch(environment)
        for listener in LISTENERS:
            if endpoint := self.endpoint(listener):
                wait_until(lambda: self._accepts(endpoint), f"connectord on {endpoint}; its log: {self.log()}")

    def launch(self, environment: dict[str, str] | None = None) -> None:
        """Starts the program and waits for nothing."""
        with self.log_file.open("ab") as log:
            self.process = self._workspace.start([*self._sandbox(), str(build_folder() / "connectord"), "--config",
                                                  str(self.config_file)], stdin=subprocess.DEVNULL, stdout=log,
                                                 stderr=log, env={**os.environ, **(environment or {})})

    def _sandbox(self) -> list[str]:
        """The beginning of the command."""
        if not self._confined:
            return []
        place = str(self._workspace.path)
        visible = {str(build_folder()), place, *shared_folders, *self._named_below_tmp()}
        return [str(SANDBOX), *options("--visible", visible), *options("--writable", folders_of(SANDBOX_USER, place))]

    def _named_below_tmp(self) -> list[str]:
        """Folders of others that the configuration names: an administrator, too, would have to bind them there."""
        text = self.config_file.read_text(errors="replace") if self.config_file.exists() else ""
        return [folder for folder in re.findall(r'(/tmp/[^/"&:]+)', text) if os.path.isdir(folder)]

    def wait(self, timeout: float = 60.0) -> int:
        """The exit status, when the program ends by itself; raises subprocess.TimeoutExpired otherwise."""
        status = self.process.wait(timeout)
        self._workspace.stop(self.process)
        self.process = None
        return status

    def stop(self, signal_number: int = signal.SIGTERM) -> int | None:
        """Ends the program and returns its exit status; does nothing if it is not running."""
        if not self.process:
            return None
        status = self._workspace.stop(self.process, signal_number)
        self.process = None
        return status

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def hang_up(self) -> None:
        """SIGHUP: read the configuration again."""
        self.process.send_signal(signal.SIGHUP)

    def reload(self) -> None:
        """Has it take its configuration as it stands now, and waits until it has."""
        loaded = len(self.log_lines("configuration loaded"))
        self.hang_up()
        wait_until(lambda: len(self.log_lines("configuration loaded")) > loaded, "the new configuration")

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def resident_kib(self) -> int:
        """Resident memory now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+)", status, re.MULTILINE).group(1))

    def log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def log_lines(self, pattern: str) -> list[str]:
        return [line for line in self.log().splitlines() if re.search(pattern, line)]

    def wait_for_log(self, pattern: str, timeout: float = 60.0) -> str:
        """The first log line that `pattern` is found in."""
        return wait_until(lambda: self.log_lines(pattern), f"/{pattern}/ in connectord's log:\n{self.log()}",
                          timeout)[0]

    def _accepts(self, endpoint: str) -> bool:
        if not self.is_running:
            raise RuntimeError(f"connectord ended at once:\n{self.log()}")
        return accepts_connections(endpoint)
