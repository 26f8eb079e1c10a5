"""What of the files is there for a confined program, and may be written to. Part of sandbox.py."""

import ctypes
import os
import stat
import struct
from pathlib import Path

# Folders that a directive empties.
FOR_ALL = ("/tmp", "/var/tmp")
EMPTIED = {"PrivateTmp": FOR_ALL, "ProtectHome": ("/home", "/root", "/run/user"),
           "ProtectKernelModules": ("/usr/lib/modules",)}

READ_ONLY = (("ProtectSystem", "strict", "/"), ("ProtectKernelTunables", "yes", "/sys"),
             ("ProtectControlGroups", "yes", "/sys/fs/cgroup"))

# Of /proc, which is mounted anew.
TUNABLES = tuple(f"/proc/{name}" for name in ("sys", "sysrq-trigger", "irq", "bus", "fs"))

DEVICES = {"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9}  # the minor numbers, of the major number 1

MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_SLAVE = 2, 4, 8, 4096, 16384, 1 << 19
CLONE_NEWNS, CLONE_NEWUTS = 0x00020000, 0x04000000
SYS_MOUNT_SETATTR, MOUNT_ATTR_RDONLY, AT_FDCWD, AT_RECURSIVE = 442, 1, -100, 0x8000

libc = ctypes.CDLL(None, use_errno=True)


def call(function: str, *arguments) -> None:
    """One of the C library's, with an exception where it fails."""
    if getattr(libc, function)(*(one.encode() if isinstance(one, str) else one for one in arguments)) < 0:
        raise OSError(ctypes.get_errno(), f"{function}{arguments}: {os.strerror(ctypes.get_errno())}")


class Files:
    """What of them is there and may be written to: a mount namespace."""

    def __init__(self, unit, writable: list[str], visible: list[str]):
        self._writable = writable
        self._emptied = [place for name, places in EMPTIED.items() if unit.has(name) for place in places
                         if os.path.isdir(place)]
        self._kept = [folder for folder in visible if any(Path(folder).is_relative_to(one) for one in self._emptied)]
        self._read_only = [place for name, value, place in READ_ONLY
                           if unit.has(name, value) and os.path.ismount(place)]  # a chroot may do without /sys
        self._tunables = TUNABLES if unit.has("ProtectKernelTunables") else ()
        self._private_devices = unit.has("PrivateDevices")
        self._processes = [option for name, value, option in (("ProtectProc", "invisible", "hidepid=invisible"),
                                                              ("ProcSubset", "pid", "subset=pid")) if unit.has(name, value)]
        self._namespaces = CLONE_NEWNS | (CLONE_NEWUTS if unit.has("ProtectHostname") else 0)
        unit.has("PrivateMounts")  # as a mount namespace is, anyway

    def confine(self) -> None:
        call("unshare", self._namespaces)
        call("mount", None, "/", None, MS_REC | MS_SLAVE, None)
        kept = {folder: os.open(folder, os.O_PATH) for folder in self._kept}
        if self._private_devices:
            make_devices()
        for place in self._read_only:
            set_read_only(place, recursive=True)
        for place in self._emptied:
            call("mount", "tmpfs", place, "tmpfs", MS_NODEV | MS_NOSUID, f"mode={'1777' if place in FOR_ALL else '0755'}")
        for folder, descriptor in kept.items():
            os.makedirs(folder)
            bind(f"/proc/self/fd/{descriptor}", folder)
            os.close(descriptor)
        for place in set(self._emptied).difference(FOR_ALL):
            set_read_only(place)
        for folder in self._writable:
            bind(folder, folder)
            set_read_only(folder, False)
        call("mount", "proc", "/proc", "proc", MS_NODEV | MS_NOEXEC | MS_NOSUID, ",".join(self._processes))
        for place in filter(os.path.exists, self._tunables):
            bind(place, place)
            set_read_only(place)


def make_devices() -> None:
    shared = {name: os.open(f"/dev/{name}", os.O_PATH) for name in ("shm", "pts", "mqueue")
              if os.path.isdir(f"/dev/{name}")}
    call("mount", "tmpfs", "/dev", "tmpfs", MS_NOEXEC | MS_NOSUID, "mode=0755")
    for name, minor in DEVICES.items():
        os.mknod(f"/dev/{name}", stat.S_IFCHR, os.makedev(1, minor))
        os.chmod(f"/dev/{name}", 0o666)
    for name, target in {"fd": "", "stdin": "/0", "stdout": "/1", "stderr": "/2"}.items():
        os.symlink(f"/proc/self/fd{target}", f"/dev/{name}")
    for name, descriptor in shared.items():
        os.mkdir(f"/dev/{name}")
        bind(f"/proc/self/fd/{descriptor}", f"/dev/{name}")
        os.close(descriptor)


def bind(source: str, target: str) -> None:
    call("mount", source, target, None, MS_BIND | MS_REC, None)


def set_read_only(place: str, yes: bool = True, recursive: bool = False) -> None:
    attributes = struct.pack("4Q", *((MOUNT_ATTR_RDONLY, 0) if yes else (0, MOUNT_ATTR_RDONLY)), 0, 0)
    call("syscall", SYS_MOUNT_SETATTR, AT_FDCWD, place, AT_RECURSIVE if recursive else 0, attributes, len(attributes))
