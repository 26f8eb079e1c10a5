"""The package's whole life on a Debian system: script/acceptance runs it in one that is thrown away.

    acceptance.py PACKAGE.deb
"""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from host import (CONFIGURATION, CONNECTOR, MAIN_CF, NO_CHECKS, PARTNER, SOCKET, USER, Failure, apt, arrived,
                  assert_connector_is_enforced, assert_tagged, expect, make_mailbox, run, send, succeed, wait_until)

MESSAGES = 1000
LONGEST_WAY = 60.0  # seconds from `apt install` to the first refused message
SENDERS = 8
STATE = Path("/var/lib/connectord")
AUDIT_LOG = STATE / "audit.log"

# What has connectord keep all that it can without a PostgreSQL.
ALL_STATE = """
[trace]
store = "sqlite:/var/lib/connectord/trace.db"
[reports]
dmarc = true
sender = "postmaster@example.net"
[delivery]
mta_sts = true
"""

# Where other packages, or the machine itself, leave something while connectord comes and goes.
NOT_OURS = ("/proc", "/sys", "/dev", "/run", "/tmp", "/connectord", "/ccache", "/home", "/root", "/var/cache", "/var/log",
            "/var/lib/apt", "/var/lib/dpkg", "/var/mail", "/var/tmp", "/var/lib/postfix", "/etc/passwd-", "/etc/shadow-",
            "/etc/group-", "/etc/gshadow-", "/etc/subuid-", "/etc/subgid-", "/var/lib/systemd/random-seed")


@contextmanager
def step(what: str) -> Iterator[None]:
    began = time.monotonic()
    print(f"{what} ...", flush=True)
    yield
    print(f"    in {time.monotonic() - began:.1f} s", flush=True)


def property_of_unit(name: str) -> str:
    return succeed("systemctl", "show", "--value", f"--property={name}", "connectord").strip()


def assert_nothing_failed() -> None:
    expect(not succeed("systemctl", "list-units", "--failed", "--plain", "--no-legend").strip(), succeed(
        "systemctl", "list-units", "--failed"))


def files() -> set[str]:
    """Every file and folder that a package may leave behind."""
    found = set()
    folders = [Path("/")]
    while folders:
        for path in folders.pop().iterdir():
            name = str(path)
            if name.startswith("/var/spool/postfix/") and "connectord" not in name or name in NOT_OURS:
                continue
            if "__pycache__" in name:
                continue
            found.add(name)
            if path.is_dir() and not path.is_symlink():
                folders.append(path)
    return found


def version_before(package: Path) -> Path:
    """The same package under a lower version."""
    folder = Path("/var/tmp/before")
    succeed("dpkg-deb", "--raw-extract", package, folder)
    control = folder / "DEBIAN" / "control"
    lines = [("Version: 0~before" if line.startswith("Version: ") else line) for line in
             control.read_text().splitlines()]
    control.write_text("\n".join(lines) + "\n")
    made = Path("/var/tmp/connectord_before.deb")
    succeed("dpkg-deb", "-Zgzip", "-z1", "--root-owner-group", "--build", folder, made)
    return made


def no_mail_server(package: Path) -> None:
    with step("installed where there is no mail server, it is idle, and says so"):
        apt("install", package)
        assert_nothing_failed()
        expect(property_of_unit("ActiveState") == "active", "connectord does not run")
        expect(property_of_unit("StatusText").startswith("idle"), property_of_unit("StatusText"))
        status, said = run("connectorctl", "status")
        expect(status == 1 and "so connectord is idle" in said, said)
    with step("once Postfix is installed, it serves"):
        apt("install", "postfix")
        wait_until(SOCKET.is_socket, f"{SOCKET}", 300)
        expect(property_of_unit("StatusText") == "serving", property_of_unit("StatusText"))
        expect("connectord" not in MAIN_CF.read_text(), "main.cf was touched")
    with step("it goes without a word where no mail server asks it"):
        apt("purge", "connectord")
        assert_nothing_failed()


def newcomer(package: Path) -> None:
    before = MAIN_CF.read_bytes()
    began = time.monotonic()
    with step("apt install"):
        apt("install", package)
        assert_nothing_failed()
        expect(MAIN_CF.read_bytes() == before, "installing touched main.cf")
    with step("connectorctl attach postfix --yes"):
        succeed("connectorctl", "attach", "postfix", "--yes")
    with step("connectorctl create, and mail without TLS is refused"):
        succeed("connectorctl", "create", *CONNECTOR)
        code, text = send(PARTNER, tls=False)
        expect(code == 550 and text.startswith("5.7.10"), f"{code} {text}")
    took = time.monotonic() - began
    print(f"from apt install to the first refused message: {took:.1f} s", flush=True)
    if took > LONGEST_WAY:
        print("    which is more than the minute that it should be on a machine that does nothing else", flush=True)


def confined() -> None:
    with step("it runs as its own user, without any capability, under a filter of system calls"):
        status = dict(line.split(":\t", 1) for line in
                      Path(f"/proc/{property_of_unit('MainPID')}/status").read_text().splitlines() if ":\t" in line)
        expect(status["CapEff"] == status["CapPrm"] == status["CapBnd"] == "0" * 16, str(status))
        expect((status["NoNewPrivs"], status["Seccomp"]) == ("1", "2"), str(status))
        expect("0" not in status["Uid"].split(), status["Uid"])
        said = succeed("systemd-analyze", "security", "--no-pager", "--threshold=15", "connectord.service")
        print("    " + said.strip().splitlines()[-1].strip(), flush=True)


def helper_for_held_mail() -> None:
    with step("a helper of its own answers about held mail, and systemd finds nothing wrong in any unit"):
        units = ("connectord.service", "connectord-held.socket", "connectord-held@.service")
        said = succeed("systemd-analyze", "verify", "--man=no", *units)
        expect("connectord" not in said, said)
        with socket.socket(socket.AF_UNIX) as helper:
            helper.settimeout(60)
            helper.connect("/run/connectord-held.sock")
            helper.sendall(b"list\n")
            answer = json.loads(helper.makefile().readline())
        expect("error" not in answer, f"connectord-held: {answer}")


class Load:
    """Senders that try each message until it is taken, as a mail server does."""

    def __init__(self):
        self.answers: Counter[str] = Counter()
        self.taken = 0
        self._numbers = 0
        self._lock = threading.Lock()
        self._goes_on = True
        self._threads = [threading.Thread(target=self._send_all) for _ in range(SENDERS)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        """Ends when MESSAGES are taken."""
        self._goes_on = False
        for thread in self._threads:
            thread.join()

    def _send_all(self) -> None:
        while True:
            with self._lock:
                if self._numbers >= MESSAGES and not self._goes_on:
                    return
                self._numbers += 1
                number = self._numbers
            self._send_until_taken(number)

    def _send_until_taken(self, number: int) -> None:
        for _ in range(600):
            try:
                code, text = send(PARTNER, tls=True, subject=f"under load {number}")
            except OSError as error:
                code, text = 0, type(error).__name__
            with self._lock:
                self.answers[f"{code} {text.split(':')[0][:40] if code != 250 else ''}".strip()] += 1
                self.taken += code == 250
            if code == 250 or code >= 500:
                return
            time.sleep(0.1)


def upgraded(package: Path) -> None:
    with step(f"upgraded while {MESSAGES} messages and more come in"):
        process = property_of_unit("MainPID")
        with Load() as load:
            wait_until(lambda: load.taken > 100, "the first hundred messages", 300)
            began = time.monotonic()
            apt("install", package)
            print(f"    the upgrade took {time.monotonic() - began:.1f} s", flush=True)
            taken = load.taken
            wait_until(lambda: load.taken > taken + 100, "a hundred messages after that", 300)
        print(f"    answers: {dict(load.answers)}", flush=True)
        expect(property_of_unit("MainPID") != process, "connectord was not restarted")
        expect(not any(answer.startswith("5") for answer in load.answers), "mail was refused")

        def mail_under_load() -> list:
            return [message for message in arrived() if (message["Subject"] or "").startswith("under load")]

        wait_until(lambda: len(mail_under_load()) >= load.taken, f"{load.taken} messages in the mailbox", 600)
        subjects = Counter(message["Subject"] for message in mail_under_load())
        expect(len(subjects) == load.taken and set(subjects.values()) == {1}, f"{len(subjects)} of {load.taken}")
        assert_tagged(mail_under_load())
    with step("its files are those of the package"):
        succeed("debsums", "connectord")
        expect(json.loads(succeed("connectorctl", "status", "--json"))["ok"], "status")


def beside_the_program() -> None:
    with step("AppArmor, logrotate and bash can read what it has for them"):
        succeed("apparmor_parser", "--skip-kernel-load", "--skip-cache", "/usr/share/apparmor/extra-profiles/usr.sbin.connectord")
        entries, owner = AUDIT_LOG.read_bytes(), AUDIT_LOG.owner()
        succeed("logrotate", "--force", "--state", "/tmp/logrotate", "/etc/logrotate.d/connectord")
        succeed("connectorctl", "update", "contoso", "--set", "comment=\"after the log was rotated\"")
        expect(Path(f"{AUDIT_LOG}.1").read_bytes() == entries, "the audit log was not rotated")
        expect(AUDIT_LOG.owner() == owner, f"the next audit log is that of {AUDIT_LOG.owner()}")
        said = succeed("bash", "-c", ". /usr/share/bash-completion/completions/connectorctl; COMP_CWORD=2; "
                       "COMP_WORDS=(connectorctl show con); _connectorctl; echo ${COMPREPLY[@]}")
        expect("contoso" in said, f"completed: {said}")


def hung() -> None:
    with step("one that hangs is killed and started again"):
        process = property_of_unit("MainPID")
        succeed("kill", f"-{signal.SIGSTOP.value}", process)
        wait_until(lambda: property_of_unit("MainPID") not in (process, "0") and
                   property_of_unit("ActiveState") == "active", "another process", 300)
        assert_connector_is_enforced()


def removed() -> None:
    with step("it is not removed while Postfix asks it, unless somebody insists"):
        status, said = run("apt-get", "-y", "remove", "connectord")
        expect(status != 0 and "connectorctl detach postfix --yes" in said, said)
        expect(property_of_unit("ActiveState") == "active", "connectord was stopped")
        assert_connector_is_enforced()
        apt("remove", "connectord", environment={"CONNECTORD_REMOVE_ATTACHED": "yes"})
        code, text = send(PARTNER, tls=True)
        expect(400 <= code < 500, f"with nobody to ask: {code} {text}")


def purged(before: bytes, files_before: set[str]) -> None:
    with step("detached, main.cf is what it was, to the byte"):
        succeed("connectorctl", "detach", "postfix", "--yes")
        expect(MAIN_CF.read_bytes() == before, "main.cf is not what it was")
        # A process of Postfix's that waits for a client ends after that one.
        wait_until(lambda: send(PARTNER, tls=False)[0] == 250, "Postfix to ask nobody", 300)
    with step("purged, nothing is left but keys and the message trace"):
        succeed("connectorctl", "dkim", "new", "example.net")
        CONFIGURATION.write_text(CONFIGURATION.read_text().replace('dmarc = "off"', 'dmarc = "report"') + ALL_STATE)
        succeed("systemctl", "restart", "connectord")
        expect({path.name for path in STATE.iterdir()} >= {"trace.db", "audit.log", "reports", "sts", "validation"},
               f"in {STATE}: {list(STATE.iterdir())}")
        said = apt("purge", "connectord")
        expect("/etc/connectord is kept" in said and f"{STATE} is kept" in said, said)
        left = {name for name in files() - files_before if not name.startswith(("/etc/connectord/dkim", f"{STATE}/trace.db"))}
        expect(left == {"/etc/connectord", str(STATE)}, str(left))
        succeed("rm", "-r", "/etc/connectord", STATE)
        assert_nothing_failed()
        changed = run("debsums", "--silent")[1]
        expect(not changed.strip(), changed)
        code, text = send(PARTNER, tls=False)
        expect(code == 250, f"{code} {text}")


def main() -> None:
    package = Path(sys.argv[1]).resolve()
    Path("/etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
    make_mailbox()
    old = version_before(package)
    no_mail_server(old)
    files_before, main_cf = files(), MAIN_CF.read_bytes()
    newcomer(old)
    with step("mail as it was agreed is tagged"):
        with CONFIGURATION.open("a") as configuration:
            configuration.write(NO_CHECKS)
        succeed("systemctl", "reload", "connectord")
        wait_until(lambda: send(PARTNER, tls=True, subject="first")[0] == 250, "a message that is taken", 300)
        assert_connector_is_enforced()
    confined()
    helper_for_held_mail()
    beside_the_program()
    upgraded(package)
    hung()
    removed()
    apt("install", package)
    assert_connector_is_enforced()
    purged(main_cf, files_before)


if __name__ == "__main__":
    try:
        main()
    except (Failure, TimeoutError, subprocess.SubprocessError) as error:
        journal = run("journalctl", "--no-pager", "-u", "connectord", "-n", "40")[1]
        sys.exit(f"acceptance: {error}\n{journal}")
    print("acceptance: all is well")
