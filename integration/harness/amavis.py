"""amavis as a content filter, with Debian's configuration and what etc/filters has for it."""

import re
import shutil
from pathlib import Path

from .daemon import SOURCE
from .network import accepts_connections, free_port
from .spamassassin import write_settings
from .waiting import wait_until
from .workspace import Workspace

PROGRAM = "/usr/sbin/amavisd"
SHIPPED = SOURCE / "etc" / "filters" / "amavis" / "60-connectord"
USER = "amavis"

# Read behind Debian's files, and before ours.
SETTINGS = """\
use strict;
$MYHOME = '{home}';
$TEMPBASE = "$MYHOME/tmp";
$ENV{{TMPDIR}} = $TEMPBASE;
$db_home = "$MYHOME/db";
$QUARANTINEDIR = "$MYHOME/quarantine";
$pid_file = "$MYHOME/pid";
$lock_file = "$MYHOME/lock";
$unix_socketname = undef;
$inet_socket_port = {port};
$myhostname = 'mx.example.net';
@local_domains_maps = (['.example.net']);
$enable_db = 0;
$enable_global_cache = 0;
$max_servers = 1;
$DO_SYSLOG = 0;
$LOGFILE = "$MYHOME/amavis.log";
$log_level = 2;
$forward_method = 'smtp:[127.0.0.1]:{back}';
$notify_method = $forward_method;
@bypass_virus_checks_maps = (1);
@bypass_spam_checks_maps = ();
$sa_siteconfigpath = '{site}';
$sa_local_tests_only = 1;
$sa_tag_level_deflt = -9999;  # every message gets the header
1;
"""


class Amavis:
    """From start() to stop(). What it has seen it hands to the port `back`."""

    def __init__(self, workspace: Workspace, gateway: str, client: str, back: int):
        self._workspace = workspace
        self._process = None
        self.folder = workspace.path / "amavis"  # root's: amavis reads no settings that it could write
        self._home = self.folder / "home"
        for name in ("tmp", "db", "quarantine"):
            (self._home / name).mkdir(parents=True)
        for place in (self._home, *self._home.iterdir()):
            shutil.chown(place, USER, USER)
        write_settings(self.folder / "site", gateway, client)
        self._port = free_port()
        self.content_filter = f"smtp:[127.0.0.1]:{self._port}"
        (self.folder / "50-scenario").write_text(
            SETTINGS.format(home=self._home, site=self.folder / "site", port=self._port, back=back))
        shutil.copy(SHIPPED, self.folder)

    def start(self) -> None:
        debians = [*Path("/usr/share/amavis/conf.d").iterdir(), *Path("/etc/amavis/conf.d").iterdir()]
        files = [*sorted(debians, key=lambda file: file.name), self.folder / "50-scenario", self.folder / SHIPPED.name]
        arguments = [argument for file in files for argument in ("-c", str(file))]
        with (self.folder / "output").open("wb") as output:
            self._process = self._workspace.start([PROGRAM, *arguments, "foreground"], stdout=output, stderr=output)
        wait_until(self._listens, f"amavis; its log: {self._log}", 60)

    def stop(self) -> None:
        if self._process:
            self._workspace.stop(self._process)
            self._process = None

    def judged(self, sender: str, recipient: str) -> tuple[str, str]:
        """The policy banks and the client's address by which it has judged a message."""
        way = re.escape(f"<{sender}> -> <{recipient}>")
        pattern = rf"Checking: \S+ (?:([A-Z_/]+) )?(?:\[([0-9a-f.:]+)\] )?{way}"
        found = wait_until(lambda: re.search(pattern, self._log.read_text()), f"{sender} in {self._log}")
        return found.group(1) or "", found.group(2) or ""

    @property
    def _log(self) -> Path:
        return self._home / "amavis.log"

    def _listens(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"amavis ended at once:\n{(self.folder / 'output').read_text()}")
        return accepts_connections(f"inet:127.0.0.1:{self._port}")
