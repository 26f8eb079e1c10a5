"""SpamAssassin as a milter: Debian's spamd and spamass-milter with a folder of settings of their own."""

import re
import shutil
from pathlib import Path

from .daemon import SOURCE
from .network import connect, free_port
from .waiting import wait_until
from .workspace import Workspace

SHIPPED = SOURCE / "etc" / "filters" / "spamassassin" / "connectord.cf"
SPAM = "cheap pills"  # a body with these words is refused

# Rules that show what SpamAssassin goes by. No DNS.
RULES = f"""\
dns_available no
use_bayes 0
body   SPAM_WORDS /{SPAM}/
score  SPAM_WORDS 50
header BY_CLIENT  X-Spam-Relays-External =~ /^\\[ ip=CLIENT /
score  BY_CLIENT  0.1
header BY_GATEWAY X-Spam-Relays-External =~ /^\\[ ip=GATEWAY /
score  BY_GATEWAY 0.1
"""


def write_settings(folder: Path, gateway: str, client: str) -> None:
    """Debian's settings, what etc/filters has, with the gateway's address filled in, and our rules."""
    shutil.copytree("/etc/spamassassin", folder)
    text = re.sub(r"^#(internal|trusted)_networks\b.*$", rf"\1_networks {gateway}", SHIPPED.read_text(),
                  flags=re.MULTILINE)
    (folder / "connectord.cf").write_text(text)
    rules = RULES.replace("CLIENT /", re.escape(client) + " /").replace("GATEWAY /", re.escape(gateway) + " /")
    (folder / "scenario.cf").write_text(rules)


class SpamAssassin:
    """From start() to stop()."""

    def __init__(self, workspace: Workspace, gateway: str, client: str):
        self._workspace = workspace
        self._processes: list = []
        self.folder = workspace.path / "spamassassin"
        self.folder.mkdir()
        write_settings(self.folder / "site", gateway, client)
        self._port = free_port()
        self._socket = self.folder / "milter.sock"
        self.milter = f"unix:{self._socket}"
        for place in (self.folder, *self.folder.rglob("*")):
            shutil.chown(place, "nobody", "nogroup")

    def start(self) -> None:
        self._run("/usr/sbin/spamd", "--listen", f"127.0.0.1:{self._port}", "--username=nobody", "--nouser-config",
                  "--max-children=2", f"--siteconfigpath={self.folder}/site", f"--helper-home-dir={self.folder}",
                  f"--pidfile={self.folder}/pid", "--syslog=stderr")
        wait_until(self._answers, f"spamd; its log: {self._log}", 60)
        self._run("/usr/sbin/spamass-milter", "-p", str(self._socket), "-r", "15", "--", "-d", "127.0.0.1", "-p",
                  str(self._port))
        wait_until(self._socket.exists, f"spamass-milter; its log: {self._log}")
        self._socket.chmod(0o666)

    def stop(self) -> None:
        while self._processes:
            self._workspace.stop(self._processes.pop())

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _answers(self) -> bool:
        """spamd listens before it can answer, and spamass-milter passes mail on unseen while it does not."""
        try:
            with connect(f"inet:127.0.0.1:{self._port}", 5) as spamd:
                spamd.sendall(b"PING SPAMC/1.2\r\n\r\n")
                return b"PONG" in spamd.recv(100)
        except OSError:
            return False

    def _run(self, *command: str) -> None:
        with self._log.open("ab") as log:
            self._processes.append(self._workspace.start(list(command), stdout=log, stderr=log))
