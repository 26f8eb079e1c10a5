#!/usr/bin/python3 -B
"""Becomes a program, confined as debian/connectord.service confines the daemon, where there is no systemd to do it.

Usage: sandbox.py [--unit FILE] [--writable FOLDER]... [--visible FOLDER]... PROGRAM [ARGUMENT...]

The folders are what ReadWritePaths= and BindReadOnlyPaths= would have in a drop-in. What else is forbidden the unit alone
says. What it says and this program does not know is an error, so that nothing stands there untried. Needs root.
"""

import argparse
import errno
import os
import pwd
import resource
import sys
from pathlib import Path

import sandbox_calls
from sandbox_files import Files, call

UNIT = Path(__file__).resolve().parents[2] / "debian" / "connectord.service"

# What is not tried here, and why.
LEFT_OUT = {
    **dict.fromkeys(("Type", "NotifyAccess", "ExecStartPre", "ExecStart", "ExecReload", "Restart", "RestartSec",
                     "TimeoutStopSec", "WatchdogSec"), "the supervisor's part, which the scenarios play"),
    **dict.fromkeys(("RuntimeDirectory", "StateDirectory", "StateDirectoryMode", "ReadWritePaths"),
                    "a scenario has folders of its own in their place, which --writable names"),
    "RemoveIPC": "done when a service has ended",
}

CLONE_NEWUSER = 0x10000000
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
KEYCTL_JOIN_SESSION_KEYRING = 1


class Unit:
    """The [Service] of a unit, which knows what of it was asked for."""

    def __init__(self, file: Path):
        self._file = file
        self._values: dict[str, list[str]] = {}
        self._asked = set(LEFT_OUT)
        for line in file.read_text().partition("[Service]\n")[2].partition("\n[")[0].splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.partition("=")
                self._values.setdefault(name, []).append(value)

    def values(self, name: str) -> list[str]:
        self._asked.add(name)
        return self._values.get(name, [])

    def value(self, name: str) -> str | None:
        return next(reversed(self.values(name)), None)

    def has(self, name: str, value: str = "yes") -> bool:
        """Whether it is there; another value than this one is an error."""
        if self.value(name) not in (None, value):
            sys.exit(f"sandbox: {self._file}: {name}={self.value(name)} is not known here")
        return self.value(name) is not None

    def assert_all_was_asked_for(self) -> None:
        if unknown := sorted(set(self._values) - self._asked):
            sys.exit(f"sandbox: {self._file}: not known here: {', '.join(unknown)}")


def be_alone_with_root(user: pwd.struct_passwd) -> None:
    """In a user namespace that knows root and this user. In a chroot there can be none, and systemd does without, too."""
    ready, go = os.pipe()
    helper = os.fork()
    if helper == 0:
        if os.read(ready, 1) == b"+":
            for name, own in (("uid_map", user.pw_uid), ("gid_map", user.pw_gid)):
                Path(f"/proc/{os.getppid()}/{name}").write_text(f"0 0 1\n{own} {own} 1\n")
        os._exit(0)
    try:
        call("unshare", CLONE_NEWUSER)
        os.write(go, b"+")
    except PermissionError:
        os.write(go, b"-")
    if os.waitpid(helper, 0)[1]:
        sys.exit("sandbox: the user namespace cannot be told its users")


def set_most_files(most: int) -> None:
    """As many, or as many as a container lets root have."""
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except ValueError:
        allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, allowed))


def drop_capabilities() -> None:
    for capability in range(64):
        try:
            call("prctl", PR_CAPBSET_DROP, capability, 0, 0, 0)
        except OSError as error:
            if error.errno != errno.EINVAL:  # that is one that the kernel does not know
                raise


def become(user: pwd.struct_passwd) -> None:
    os.initgroups(user.pw_name, user.pw_gid)
    os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
    os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
    os.environ |= {"USER": user.pw_name, "LOGNAME": user.pw_name, "HOME": user.pw_dir, "SHELL": user.pw_shell}


def confine(unit: Unit, files: Files, filters: list) -> None:
    """In systemd's order: each step needs what a later one takes away."""
    user = pwd.getpwnam(unit.value("User"))
    most = int(unit.value("LimitNOFILE"))
    alone, bounded = unit.has("PrivateUsers"), unit.has("CapabilityBoundingSet", "")
    own_keys, no_new = unit.has("KeyringMode", "private"), unit.has("NoNewPrivileges")
    umask = int(unit.value("UMask"), 8)
    unit.assert_all_was_asked_for()

    set_most_files(most)
    if own_keys:
        call("syscall", sandbox_calls.number("keyctl"), KEYCTL_JOIN_SESSION_KEYRING, None)
    os.umask(0o022)
    files.confine()
    os.umask(umask)
    os.chdir("/")
    if alone:
        be_alone_with_root(user)
    if bounded:
        drop_capabilities()
    become(user)
    if no_new:
        call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for each in filters:
        each.load()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--unit", type=Path, default=UNIT)
    parser.add_argument("--writable", action="append", default=[])
    parser.add_argument("--visible", action="append", default=[])
    parser.add_argument("program", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    unit = Unit(options.unit)
    confine(unit, Files(unit, options.writable, options.visible), sandbox_calls.filters(unit))
    os.execv(options.program[0], options.program)


if __name__ == "__main__":
    main()
