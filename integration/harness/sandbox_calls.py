"""The filters of system calls that a unit's directives mean to systemd, by libseccomp. Part of sandbox.py."""

import errno
import functools
import os
import socket
import stat
import subprocess
from typing import Iterator

from seccomp import ALLOW, EQ, ERRNO, GT, MASKED_EQ, NE, Arch, Arg, SyscallFilter, resolve_syscall

# What else a directive takes away, beside what it does to files.
TAKEN_AWAY = {
    "ProtectClock": ("@clock",),
    "ProtectHostname": ("sethostname", "setdomainname"),
    "ProtectKernelLogs": ("syslog",),
    "ProtectKernelModules": ("@module",),
    "ProtectKernelTunables": ("_sysctl",),
    "PrivateDevices": ("@raw-io",),
}

# CLONE_NEWCGROUP, NEWIPC, NEWNET, NEWNS, NEWPID, NEWUSER and NEWUTS.
NAMESPACES = (0x02000000, 0x08000000, 0x40000000, 0x00020000, 0x20000000, 0x10000000, 0x04000000)
PROT_WRITE, PROT_EXEC, SHM_EXEC = 0x2, 0x4, 0o100000
LAST_ADDRESS_FAMILY, LAST_SCHEDULER = 64, 16  # with some to spare

Rule = tuple  # an action, the name of a system call, and what its arguments are


def filters(unit) -> list[SyscallFilter]:
    """In the order in which they are to be loaded: after the last, not much can be done any more."""
    assert unit.has("SystemCallArchitectures", "native")  # as each filter of libseccomp is
    rules = {"RestrictAddressFamilies": address_families, "RestrictNamespaces": namespaces,
             "MemoryDenyWriteExecute": writable_programs, "RestrictRealtime": realtime,
             "RestrictSUIDSGID": set_user_id, "LockPersonality": personalities}
    made = [denying(function(unit.value(name))) for name, function in rules.items() if unit.value(name)]
    made += [denying((ERRNO(errno.EPERM), call) for each in calls for call in sorted(members(each)))
             for name, calls in TAKEN_AWAY.items() if unit.has(name)]
    if allowed := unit.values("SystemCallFilter"):
        made.append(allowing(allowed, unit.value("SystemCallErrorNumber")))
    return made


def denying(rules: Iterator[Rule]) -> SyscallFilter:
    made = SyscallFilter(ALLOW)
    for rule in rules:
        add(made, *rule)
    return made


def allowing(values: list[str], error: str) -> SyscallFilter:
    allowed = members("@default")
    for value in values:
        named = frozenset().union(*map(members, value.removeprefix("~").split()))
        allowed = allowed - named if value.startswith("~") else allowed | named
    made = SyscallFilter(ERRNO(getattr(errno, error)))
    for call in sorted(allowed):
        add(made, ALLOW, call)
    return made


def add(to: SyscallFilter, action: int, call: str, *arguments: Arg) -> None:
    if number(call) >= 0:  # else other machines, or later ones, have it
        to.add_rule(action, call, *arguments)


def number(call: str) -> int:
    return resolve_syscall(Arch(), call)


@functools.cache
def sets() -> dict[str, list[str]]:
    """What each of systemd's sets names: system calls and further sets."""
    # From systemd 254 on, its programs tell a supervisor that they end; this one awaits connectord's word.
    environment = {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}
    shown = subprocess.run(["systemd-analyze", "syscall-filter"], check=True, capture_output=True, text=True,
                           env=environment).stdout
    found: dict[str, list[str]] = {}
    for line in shown.splitlines():
        if line.startswith("@"):
            found[line] = names = []
        elif line.strip() and not line.lstrip().startswith("#"):
            names.append(line.strip())
        elif not line:
            names = []  # what the kernel has beside, in no set
    return found


def members(name: str) -> frozenset[str]:
    """The system calls of a set, as @system-service is one, or the one of this name."""
    return frozenset().union(*map(members, sets()[name])) if name.startswith("@") else frozenset((name,))


def address_families(value: str) -> Iterator[Rule]:
    allowed = {getattr(socket, name).value for name in value.split()}
    for family in set(range(LAST_ADDRESS_FAMILY + 1)) - allowed:
        yield ERRNO(errno.EAFNOSUPPORT), "socket", Arg(0, EQ, family)
    yield ERRNO(errno.EAFNOSUPPORT), "socket", Arg(0, GT, LAST_ADDRESS_FAMILY)


def namespaces(value: str) -> Iterator[Rule]:
    assert value == "yes", value
    yield ERRNO(errno.ENOSYS), "clone3"  # its flags are in memory, where no filter looks
    yield ERRNO(errno.EPERM), "setns", Arg(1, EQ, 0)
    for flag in NAMESPACES:
        for call, position in (("unshare", 0), ("clone", 0), ("setns", 1)):
            yield ERRNO(errno.EPERM), call, Arg(position, MASKED_EQ, flag, flag)


def writable_programs(value: str) -> Iterator[Rule]:
    assert value == "yes", value
    both = PROT_WRITE | PROT_EXEC
    yield ERRNO(errno.EPERM), "mmap", Arg(2, MASKED_EQ, both, both)
    for call, flag in (("mprotect", PROT_EXEC), ("pkey_mprotect", PROT_EXEC), ("shmat", SHM_EXEC)):
        yield ERRNO(errno.EPERM), call, Arg(2, MASKED_EQ, flag, flag)


def realtime(value: str) -> Iterator[Rule]:
    assert value == "yes", value
    for scheduler in set(range(LAST_SCHEDULER + 1)) - {os.SCHED_OTHER, os.SCHED_BATCH, os.SCHED_IDLE}:
        yield ERRNO(errno.EPERM), "sched_setscheduler", Arg(1, EQ, scheduler)
    yield ERRNO(errno.EPERM), "sched_setscheduler", Arg(1, GT, LAST_SCHEDULER)


def set_user_id(value: str) -> Iterator[Rule]:
    assert value == "yes", value
    making = {"open": 1, "openat": 2}  # where the flags are; the mode follows
    modes = {"chmod": 1, "fchmod": 1, "fchmodat": 2, "fchmodat2": 2, "creat": 1, "mkdir": 1, "mkdirat": 2, "mknod": 1,
             "mknodat": 2, **{call: position + 1 for call, position in making.items()}}
    for call, position in modes.items():
        makes = [Arg(making[call], MASKED_EQ, os.O_CREAT, os.O_CREAT)] if call in making else []
        for bit in (stat.S_ISUID, stat.S_ISGID):
            yield ERRNO(errno.EPERM), call, Arg(position, MASKED_EQ, bit, bit), *makes
    yield ERRNO(errno.ENOSYS), "openat2"  # as clone3


def personalities(value: str) -> Iterator[Rule]:
    assert value == "yes", value
    yield ERRNO(errno.EPERM), "personality", Arg(0, NE, 0)
