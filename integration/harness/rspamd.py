"""An rspamd of our own, with Debian's configuration, what etc/filters has for it, and loopback ports."""

import json
import re
import shutil
import urllib.request
from pathlib import Path

from .daemon import SOURCE
from .network import accepts_connections, free_port
from .waiting import wait_until
from .workspace import Workspace

PROGRAM = "/usr/bin/rspamd"
SHIPPED = SOURCE / "etc" / "filters" / "rspamd"
SPAM = "cheap pills"  # a body with these words is refused

# Nothing outside is asked: names by the scenario's DNS server alone. A list of endings of names that is short, since
# rspamd compiles its own for seconds.
OVERRIDES = {
    "worker-normal.inc": 'bind_socket = "127.0.0.1:{normal}";\n',
    "worker-controller.inc": 'bind_socket = "127.0.0.1:{controller}";\nsecure_ip = ["127.0.0.1"];\n',
    "worker-proxy.inc": 'bind_socket = "127.0.0.1:{milter}";\n'
                        'upstream "local" {{ default = yes; hosts = "127.0.0.1:{normal}"; }}\n',
    "logging.inc": 'type = "file";\nfilename = "{folder}/rspamd.log";\n',
    "options.inc": 'dns {{ nameserver = ["{dns}"]; timeout = 1s; retransmits = 1; }}\n'
                   'disable_monitoring = true;\nurl_tld = "{folder}/endings";\n',
    "fuzzy_check.conf": "enabled = false;\n",
}
# A list of addresses that the zone has, and a scanner for viruses.
LOCAL = {
    "rbl.conf": 'rbls {{ ours {{ symbol = "LISTED_CLIENT"; rbl = "{blocklist}"; from = true; ipv4 = true;'
                ' returncodes {{ LISTED_CLIENT = "127.0.0.2"; }} }} }}\n',
    "antivirus.conf": 'clamav {{ type = "clamav"; servers = "{scanner}"; symbol = "VIRUS"; action = "reject";'
                      ' scan_mime_parts = false; }}\n',
}
RULE = """\
rspamd_config:register_symbol({ name = 'SPAM_WORDS', score = 50, callback = function(task)
  return tostring(task:get_rawbody()):find('%s', 1, true) ~= nil
end })
""" % SPAM


class Rspamd:
    """From start() to stop(). `dns` is where its names come from, `scanner` where its clamd is, both HOST:PORT."""

    def __init__(self, workspace: Workspace, dns: str, blocklist: str, scanner: str):
        self._workspace = workspace
        self._process = None
        self.folder = workspace.path / "rspamd"
        self._ports = {name: free_port() for name in ("normal", "controller", "milter")}
        self.milter = f"inet:127.0.0.1:{self._ports['milter']}"
        self._write(dns=dns, blocklist=blocklist, scanner=scanner, folder=self.folder, **self._ports)

    def start(self) -> None:
        places = {"LOCAL_CONFDIR": self.folder, "DBDIR": self.folder / "db", "RUNDIR": self.folder,
                  "LOGDIR": self.folder}
        with (self.folder / "output").open("wb") as output:
            self._process = self._workspace.start(
                [PROGRAM, "--no-fork", "--user", "nobody", "--group", "nogroup", "--config", "/etc/rspamd/rspamd.conf",
                 *(f"--var={name}={place}" for name, place in places.items())], stdout=output, stderr=output)
        for port in self._ports.values():
            wait_until(lambda: self._listens(port), f"rspamd; its log: {self.folder}/rspamd.log", 60)

    def stop(self) -> None:
        if self._process:
            self._workspace.stop(self._process)
            self._process = None

    def judged(self, message_id: str) -> tuple[str, set[str]]:
        """The address by which it has judged a message, of its history, and the symbols that it has found.

        The history keeps the first 256 bytes of the symbols' names only, so these are of its log.
        """
        def in_history() -> dict | None:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._ports['controller']}/history", timeout=10) as answer:
                return next((row for row in json.load(answer) if row["id"] == message_id), None)
        row = wait_until(in_history, f"{message_id} in rspamd's history")
        line = re.compile(rf"rspamd_task_write_log: id: <{re.escape(message_id)}>.*\] \[(.*)\]\), len:")
        log = self.folder / "rspamd.log"
        found = wait_until(lambda: line.search(log.read_text(errors="replace")), f"{message_id} in {log}")
        return row["ip"], set(re.findall(r"([A-Z0-9_]+)\(-?\d", found.group(1)))

    def check(self, message: bytes) -> dict:
        """What it says of a message that does not come by the milter protocol."""
        request = urllib.request.Request(f"http://127.0.0.1:{self._ports['normal']}/checkv2", message)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def _listens(self, port: int) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"rspamd ended at once:\n{(self.folder / 'output').read_text()}")
        return accepts_connections(f"inet:127.0.0.1:{port}")

    def _write(self, **values) -> None:
        shutil.copytree(SHIPPED, self.folder)
        for folder in ("db", "override.d"):
            (self.folder / folder).mkdir()
        for folder, files in (("override.d", OVERRIDES), ("local.d", LOCAL)):
            for name, text in files.items():
                (self.folder / folder / name).write_text(text.format(**values))
        (self.folder / "endings").write_text("example\ncom\nnet\norg\n")
        (self.folder / "rspamd.conf.local").write_text("connectord { }\n")
        (self.folder / "rspamd.local.lua").write_text(RULE)
        for place in (self.folder, *self.folder.rglob("*")):
            shutil.chown(place, "nobody", "nogroup")
