"""connectord as the shipped unit confines it, which other scenarios are run with by CONNECTORD_SANDBOX=1."""

import contextlib
import json
import os
import pwd
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness.daemon import SANDBOX, SANDBOX_USER, SOURCE, Output, connectorctl, make_user
from harness.site import SiteOptions
from scenario import CONTOSO, SiteScenario
from test_lifecycle import notification_socket

UNIT = SOURCE / "debian" / "connectord.service"

# What each raises, one a line, or "done".
FORBIDDEN = """
import ctypes, mmap, os, signal, socket
libc = ctypes.CDLL(None, use_errno=True)
def call(function, *arguments):
    if getattr(libc, function)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), "")
def attempt(name, function, *arguments):
    try:
        function(*arguments)
        print(name, "done")
    except OSError as error:
        print(name, type(error).__name__ if error.errno != 97 else "EAFNOSUPPORT")
    except PermissionError:
        print(name, "PermissionError")
attempt("packets", socket.socket, socket.AF_PACKET, socket.SOCK_RAW)
attempt("netlink", socket.socket, socket.AF_NETLINK, socket.SOCK_RAW)
attempt("code", mmap.mmap, -1, 4096, mmap.MAP_PRIVATE, mmap.PROT_WRITE | mmap.PROT_EXEC)
attempt("namespace", call, "unshare", 0x10000000)
attempt("mount", call, "mount", None, b"/", None, 1 << 18, None)
attempt("owner", os.chown, ".", 0, 0)
attempt("root", os.setuid, 0)
attempt("realtime", os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(1))
attempt("personality", call, "personality", 0x0040000)
attempt("set-user-ID", os.chmod, "mine", 0o4755)
attempt("an ordinary mode", os.chmod, "mine", 0o755)
attempt("the internet", socket.socket)
"""


class Confined(SiteScenario):
    connectors = CONTOSO
    options = SiteOptions(trace="", confined=True)

    def status(self) -> dict[str, list[str]]:
        lines = Path(f"/proc/{self.site.connectord.process.pid}/status").read_text().splitlines()
        return {name: value.split() for name, _, value in (line.partition(":") for line in lines)}

    def within(self, *command: str | Path) -> Output:
        """What root, who is not confined otherwise, can do to the files that connectord sees."""
        done = subprocess.run(["nsenter", f"--target={self.site.connectord.process.pid}", "--mount", "--root", *command],
                              capture_output=True, text=True, check=False)
        return Output(done.returncode, done.stdout, done.stderr)

    def mounted_with(self, place: str) -> list[str]:
        """The options of what is mounted there last."""
        found = self.within("findmnt", "-n", "-o", "OPTIONS", "--mountpoint", place).stdout.splitlines()
        return found[-1].split(",") if found else []

    def test_it_decides_keeps_and_reloads(self):
        sent = self.send("alice@contoso.com", certificate="partner")
        self.assert_delivered(sent, "contoso")
        self.assert_refused(self.send("alice@contoso.com", tls=False), "550 5.7.10", "contoso")
        self.assertEqual([row["connector"] for row in self.site.trace("--queue-id", sent.queue_id)], ["contoso"])
        self.addCleanup(self.site.connectord.reload)
        self.addCleanup(self.site.reconfigure, CONTOSO)
        self.site.reconfigure("")
        self.site.connectord.reload()
        self.assert_delivered(self.send("alice@contoso.com", tls=False), None)

    def test_it_tells_its_supervisor_when_it_is_ready(self):
        self.site.connectord.stop()
        with contextlib.closing(notification_socket(self.site)) as notifications:
            self.site.connectord.start({"NOTIFY_SOCKET": notifications.getsockname()})
            self.assertIn("READY=1", notifications.recv(4096).decode().split("\n"))

    def test_it_has_its_own_user_and_no_right_of_roots(self):
        status, user = self.status(), pwd.getpwnam(SANDBOX_USER)
        self.assertEqual(status["Name"], ["connectord"])
        self.assertEqual((status["Uid"], status["Gid"]), ([str(user.pw_uid)] * 4, [str(user.pw_gid)] * 4))
        self.assertEqual(status["Groups"], [str(user.pw_gid)])
        for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(status[capabilities][0], 16), 0, capabilities)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), (["1"], ["2"]))

    def test_it_can_write_to_its_own_folders_alone(self):
        own = self.within("touch", self.site.trace_file.parent / "probe")
        self.assertEqual(own.status, 0, own.stderr)
        for place in (self.site.path, self.site.postfix.configuration, "/etc", "/usr", "/var/lib", "/sys", "/dev"):
            with self.subTest(place):
                self.assertIn("Read-only file system", self.within("touch", f"{place}/probe").stderr)
        self.assertIn("ro", self.mounted_with("/proc/sys"))
        for namespace in ("mnt", "uts"):
            self.assertNotEqual(os.readlink(f"/proc/{self.site.connectord.process.pid}/ns/{namespace}"),
                                os.readlink(f"/proc/self/ns/{namespace}"))

    def test_it_sees_nothing_of_others(self):
        with tempfile.NamedTemporaryFile(dir="/tmp", prefix="connectord-others-") as others:
            self.assertIn("No such file", self.within("ls", others.name).stderr)
        self.assertEqual(self.within("ls", "-A", "/root").stdout, "")
        self.assertFalse(set(self.within("ls", "/dev").stdout.split()) & {"kmsg", "mem", "port", "vda", "sda"})
        self.assertIn("hidepid=invisible", self.mounted_with("/proc"))

    def test_it_finds_what_a_host_of_a_fleet_is_known_by(self):
        for file in ("/etc/machine-id", "/proc/sys/kernel/random/boot_id"):
            with self.subTest(file):
                self.assertEqual(self.within("cat", file).stdout, Path(file).read_text())


    def test_a_broken_configuration_casts_no_doubt_on_what_runs(self):
        file = self.site.connectord.config_file
        text = file.read_text()
        self.addCleanup(self.site.connectord.write_configuration, text)
        for broken in (text + "\n[nonsense]\n", "= 1\n" + text):
            self.site.connectord.write_configuration(broken)
            for command in ("status", "doctor"):
                said = connectorctl(command, "--json", "--config", file, "--postfix-config", self.site.postfix.configuration)
                self.assertNotIn("end that process", said.stdout)
            self.assertTrue(json.loads(connectorctl("status", "--json", "--config", file).stdout)["running"], broken[:9])

    def test_a_folder_that_the_unit_does_not_let_it_write_to_is_told_with_what_lets_it(self):
        file = self.site.connectord.config_file
        text = file.read_text()
        self.site.connectord.stop()
        self.addCleanup(self.site.connectord.start)
        self.addCleanup(self.site.connectord.write_configuration, text)
        self.addCleanup(self.site.connectord.stop)
        closed = self.site.path / "closed"
        closed.mkdir()
        closed.chmod(0o777)  # the unit alone keeps it from writing there
        for before, after, told in (("trace", "elsewhere", self.site.path), ("run", "elsewhere", self.site.path),
                                    ("run", "closed", closed)):
            with self.subTest(f"{before} is {after}"):
                self.site.connectord.write_configuration(text.replace(f"{self.site.path}/{before}/", f"{self.site.path}/{after}/"))
                self.site.connectord.log_file.unlink()
                self.site.connectord.launch()
                self.site.connectord.wait_for_log(f"ReadWritePaths={told}/?$", timeout=10)
                self.site.connectord.stop()


class Launcher(unittest.TestCase):
    """What the unit says is what is done."""

    @classmethod
    def setUpClass(cls):
        make_user(SANDBOX_USER)

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="connectord-sandbox-", dir="/tmp")))
        self.folder.chmod(0o755)
        (self.folder / "own").mkdir()
        (self.folder / "own" / "mine").touch()
        for place in (self.folder / "own", self.folder / "own" / "mine"):
            os.chown(place, pwd.getpwnam(SANDBOX_USER).pw_uid, 0)

    def run_with(self, unit: str, program: str) -> Output:
        (self.folder / "unit").write_text(unit)
        done = subprocess.run([SANDBOX, "--unit", self.folder / "unit", "--visible", self.folder, "--writable",
                               self.folder / "own", "/usr/bin/python3", "-c", f"import os; os.chdir('{self.folder}/own')\n{program}"],
                              capture_output=True, text=True, check=False)
        return Output(done.returncode, done.stdout, done.stderr)

    def test_what_is_forbidden_fails(self):
        done = self.run_with(UNIT.read_text(), FORBIDDEN)
        self.assertEqual(done.status, 0, done.stderr)
        results = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())
        allowed = {"an ordinary mode": "done", "the internet": "done"}
        families = {"packets": "EAFNOSUPPORT", "netlink": "EAFNOSUPPORT"}
        denied = {name: "PermissionError" for name in results if name not in allowed | families}
        self.assertEqual(len(denied), 8)
        self.assertEqual(results, allowed | families | denied)

    def test_what_the_unit_does_not_forbid_works(self):
        unit = re.sub(r"^(MemoryDenyWriteExecute|RestrictRealtime|LockPersonality|RestrictAddressFamilies)=.*\n", "",
                      UNIT.read_text(), flags=re.M)
        done = self.run_with(unit, FORBIDDEN)
        for name in ("code", "personality", "netlink"):
            self.assertIn(f"{name} done\n", done.stdout, done.stderr)

    def test_what_it_does_not_know_is_an_error(self):
        for line in ("ProtectEverything=yes", "ProtectHome=tmpfs"):
            with self.subTest(line):
                done = self.run_with(UNIT.read_text().replace("[Service]\n", f"[Service]\n{line}\n")
                                     .replace("ProtectHome=yes\n", ""), "print('started')")
                self.assertNotEqual(done.status, 0)
                self.assertEqual(done.stdout, "")
                self.assertIn(line.partition("=")[0], done.stderr)


if __name__ == "__main__":
    unittest.main()
