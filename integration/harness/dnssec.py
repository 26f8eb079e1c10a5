"""DNSSEC on loopback: a name server whose zone is signed, and a resolver (unbound) that believes no other key.

The zone is that of dns_server.py, the root, so one key signs every name there is. Domains that are `unsigned` are zones
of their own, which the signed one delegates as such.
"""

import struct
import subprocess
from typing import Callable, Mapping

from .dns_server import PROBE, PROBE_QUESTION, Nameserver, answers_in, ask_by_udp
from .waiting import wait_until
from .workspace import Workspace

RESOLVER = "/usr/sbin/unbound"

CONFIGURATION = """\
server:
  interface: {address}
  port: {port}
  module-config: "validator iterator"
  trust-anchor-file: "{anchor}"
  do-daemonize: no
  do-not-query-localhost: no
  do-ip6: no
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  val-log-level: 2
  local-zone: "invalid." nodefault
remote-control:
  control-enable: no
stub-zone:
  name: "."
  stub-addr: {upstream}
"""

UNSIGNED_ZONE = """\
zone:
  name: "{name}"
  zonefile: "{name}.zone"
"""

AUTHENTIC_DATA = 0x0020  # AD in the flags of an answer (RFC 4035, 3.2.3)
WANTS_IT = struct.pack("!H", 0x0120)  # RD and AD in those of a question


class SignedNameserver(Nameserver):
    """NSD, as Nameserver is, with its zone signed (ECDSA P-256, NSEC).

    `unsigned` maps domains to lines of their zones. `forge` changes the signed zone, after which its signatures are not.
    """

    def __init__(self, workspace: Workspace, zone: str, unsigned: Mapping[str, str] | None = None,
                 forge: Callable[[str], str] = str):
        unsigned = unsigned or {}
        delegations = "".join(f"{name}. IN NS {PROBE}\n" for name in unsigned)
        super().__init__(workspace, zone + delegations)
        for name, lines in unsigned.items():
            head = f"$ORIGIN {name}.\n$TTL 60\n@ IN SOA {PROBE} hostmaster.invalid. 1 3600 600 86400 60\n@ IN NS {PROBE}\n"
            (self.folder / f"{name}.zone").write_text(head + "$ORIGIN .\n" + lines)
        with (self.folder / "nsd.conf").open("a") as configuration:
            configuration.write("".join(UNSIGNED_ZONE.format(name=name) for name in unsigned))
        key = self._run("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", ".").strip()
        self.anchor = self.folder / f"{key}.key"
        self._run("ldns-signzone", "-o", ".", "-f", "root.zone.signed", "root.zone", key)
        (self.folder / "root.zone").write_text(forge((self.folder / "root.zone.signed").read_text()))

    def _run(self, *command: str) -> str:
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout


class ValidatingResolver:
    """unbound, from start() to stop(): asks this name server alone, and says what it has validated (AD)."""

    def __init__(self, workspace: Workspace, nameserver: SignedNameserver, place: tuple[str, int]):
        self._workspace = workspace
        self._process: subprocess.Popen | None = None
        self.address, self.port = place
        folder = workspace.path / "resolver"
        folder.mkdir(mode=0o755)
        self._log = folder / "unbound.log"
        self._configuration = folder / "unbound.conf"
        self._configuration.write_text(CONFIGURATION.format(
            address=self.address, port=self.port, anchor=nameserver.anchor, folder=folder,
            upstream=f"{nameserver.address}@{nameserver.port}"))

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = self._workspace.start([RESOLVER, "-d", "-c", str(self._configuration)], stdout=log, stderr=log)
        wait_until(self._validates, f"unbound on {self.address}; its log: {self._log}")

    def stop(self) -> None:
        if self._process:
            self._workspace.stop(self._process)
            self._process = None

    def _validates(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"unbound ended at once:\n{self._log.read_text()}")
        try:
            answer = ask_by_udp(self.port, PROBE_QUESTION[:2] + WANTS_IT + PROBE_QUESTION[4:], 0.5, self.address)
        except OSError:
            return False
        flags, = struct.unpack("!H", answer[2:4])
        return bool(flags & AUTHENTIC_DATA) and answers_in(answer) > 0
