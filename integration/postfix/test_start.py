"""What connectord makes at its start, while it has root's rights: all that it needs, and nothing for anybody else."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
from pathlib import Path

from api_scenario import server_lines
from harness.daemon import connectorctl
from harness.site import USER, SiteOptions
from scenario import CONTOSO, HostScenario, SiteScenario

USER_ID = pwd.getpwnam(USER).pw_uid

# Runs as connectord's user, who owns both folders, and puts links to a file of root's, and to a folder of root's, into
# the place of whatever root may touch next, as often as it can.
ATTACKER = """
import os, sys
run, state, victim, folder = sys.argv[1:]
print("ready", flush=True)
def attempt(function, *arguments):
    try:
        function(*arguments)
    except OSError:
        pass
while True:
    for name in ("milter.sock", "policy.sock", "api.sock"):
        attempt(os.rename, f"{run}/{name}", f"{run}/old")
        attempt(os.link, f"{run}/bait", f"{run}/{name}")
        attempt(os.unlink, f"{run}/{name}")
        attempt(os.symlink, victim, f"{run}/{name}")
        attempt(os.unlink, f"{run}/{name}")
    for name in ("audit.log", "trace.db", "trace.db-spool", "validation"):
        attempt(os.rename, f"{state}/{name}", f"{state}/old-{name}")
        attempt(os.link, f"{run}/bait", f"{state}/{name}")
        attempt(os.unlink, f"{state}/{name}")
        attempt(os.symlink, f"{folder}/{name}", f"{state}/{name}")
        attempt(os.unlink, f"{state}/{name}")
        attempt(os.rename, f"{state}/old-{name}", f"{state}/{name}")
    attempt(os.rename, state, f"{run}/aside")
    attempt(os.symlink, folder, state)
    attempt(os.unlink, state)
    attempt(os.rename, f"{run}/aside", state)
"""


def configuration(host) -> str:
    """With everything that connectord keeps in files, all of it in one folder, as /var/lib/connectord is by default."""
    state = host.trace_file.parent
    lines = server_lines(host.path).replace(f"{host.path}/state/audit.log", f"{state}/audit.log")
    text = host.configuration(f'{CONTOSO}\n[validation]\nevery = "1d"\nstate = "{state}/validation"\n')
    return text.replace("[server]\n", f"[server]\n{lines}\n")


class FreshInstallation(SiteScenario):
    options = SiteOptions(trace="", launch=False)

    def setUp(self):
        self.state = self.site.trace_file.parent
        self.state.mkdir(mode=0o755)  # as systemd makes it: root's
        for folder in ("etc", "connectors.d"):
            (self.site.path / folder).mkdir(exist_ok=True)
        self.site.connectord.write_configuration(configuration(self.site))
        self.addCleanup(shutil.rmtree, self.state)
        self.addCleanup(self.site.connectord.stop)

    def assert_mail_is_taken_and_kept(self) -> None:
        for _ in range(5):
            sent = self.send("bob@stranger.example", tls=False)
            self.assert_delivered(sent, None)
            self.assertEqual(len(self.site.trace("--queue-id", sent.queue_id)), 1)

    def assert_all_belongs_to_its_user(self) -> None:
        for path in (self.state, *self.state.rglob("*")):
            self.assertEqual(path.lstat().st_uid, USER_ID, path)

    def test_with_everything_switched_on_all_is_there(self):
        self.site.connectord.start()
        self.assert_mail_is_taken_and_kept()
        self.assert_all_belongs_to_its_user()

    def test_what_root_did_with_connectorctl_before_is_in_nobodys_way(self):
        made = connectorctl("token", "add", "first", "--role", "read", "--config", self.site.connectord.config_file)
        self.assertEqual(made.status, 0, made.stderr)
        shutil.chown(self.state, "root", "root")
        shutil.chown(self.state / "audit.log", "root", "root")
        (self.state / "validation").mkdir()
        (self.state / "validation" / "outbound-x.json").write_text("{}")
        self.site.connectord.start()
        self.assert_mail_is_taken_and_kept()
        self.assert_all_belongs_to_its_user()

    def test_what_it_cannot_have_keeps_it_from_starting_and_it_says_what_to_do(self):
        (self.state / "notes").write_text("the administrator's own")
        self.site.connectord.launch()
        self.assertEqual(self.site.connectord.wait(), 1)
        self.site.connectord.wait_for_log(f"{self.state}: {USER} may not write to this folder, which "
                                          f"server.audit_log needs: Permission denied; run: chown {USER} {self.state}")
        subprocess.run(["chown", USER, self.state], check=True)
        self.site.connectord.start()
        self.assert_mail_is_taken_and_kept()

    def test_a_file_of_its_own_that_it_may_not_write_to_is_named(self):
        shutil.chown(self.state, USER)
        self.site.trace_file.touch(mode=0o640)
        self.site.connectord.launch()
        self.assertEqual(self.site.connectord.wait(), 1)
        self.site.connectord.wait_for_log(f"run: chown {USER} {self.site.trace_file}")


class WhoHasConnectordsUser(HostScenario):
    """Somebody who has that user already must not become root by what root does at the next start."""

    options = SiteOptions(trace="", launch=False)

    def setUp(self):
        self.sockets = self.host.path / "run"
        self.state = self.host.trace_file.parent
        self.vault = self.host.path / "vault"
        self.vault.mkdir()
        self.victim = self.vault / "shadow"
        self.victim.write_text("root's\n")
        self.victim.chmod(0o600)
        for folder in ("etc", "connectors.d"):
            (self.host.path / folder).mkdir(exist_ok=True)
        self.state.mkdir()
        shutil.chown(self.state, USER)
        # As where fs.protected_hardlinks is 0, which lets anybody make a link to any file.
        os.link(self.victim, self.sockets / "bait")
        self.before = self.of_roots()
        self.host.connectord.write_configuration(configuration(self.host))
        self.addCleanup(self.tidy)

    def tidy(self) -> None:
        self.host.connectord.stop()
        self.clear(self.vault, self.state, *self.sockets.iterdir())

    def of_roots(self) -> tuple:
        """All that is not connectord's, and how it is."""
        status = self.victim.lstat()
        return (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode), self.victim.read_text(),
                sorted(path.name for path in self.vault.iterdir()), self.vault.lstat().st_uid)

    def as_its_user(self, script: str, *arguments: str | Path) -> None:
        subprocess.run([sys.executable, "-c", script, *arguments], user=USER_ID, group=USER_ID, extra_groups=[],
                       check=True)

    @staticmethod
    def clear(*places: Path) -> None:
        for place in places:
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)

    def start_and_stop(self) -> None:
        self.host.connectord.launch()
        try:
            self.host.connectord.wait(0.5)
        except subprocess.TimeoutExpired:
            self.host.connectord.stop()

    def test_links_in_its_folders_lead_root_nowhere(self):
        link = "import os, sys; os.symlink(sys.argv[1], sys.argv[2])"
        for target, place in ((self.victim, self.sockets / "milter.sock"), (self.victim, self.sockets / "api.sock"),
                              (self.vault / "new.sock", self.sockets / "policy.sock"),
                              (self.vault, self.state / "validation"), (self.vault / "new", self.state / "validation"),
                              (self.victim, self.state / "audit.log"), (self.vault / "new", self.state / "audit.log"),
                              (self.victim, self.host.trace_file), (self.vault / "new.db", self.host.trace_file),
                              (self.victim, Path(f"{self.host.trace_file}-spool"))):
            with self.subTest(f"{place.name} to {target.name}"):
                self.clear(place)
                self.as_its_user(link, target, place)
                self.start_and_stop()
                self.assertEqual(self.of_roots(), self.before)
                self.clear(place)

    def test_hard_links_give_it_no_file(self):
        for place in (self.sockets / "milter.sock", self.sockets / "api.sock", self.state / "audit.log",
                      self.host.trace_file, Path(f"{self.host.trace_file}-spool"), self.state / "validation"):
            with self.subTest(place.name):
                self.clear(place)
                os.link(self.victim, place)
                self.start_and_stop()
                self.assertEqual(self.of_roots(), self.before)
                self.clear(place)

    def test_a_folder_on_the_way_that_is_a_link_leads_root_nowhere(self):
        self.as_its_user("import os, sys; os.symlink(sys.argv[1], sys.argv[2])", self.vault, self.sockets / "link")
        text = self.host.connectord.config_file.read_text()
        for before, after in ((f"{self.state}/validation", f"{self.sockets}/link/validation"),
                              (f"{self.state}/audit.log", f"{self.sockets}/link/log/audit.log"),
                              (f"{self.state}/trace.db", f"{self.sockets}/link/trace/trace.db"),
                              (f"{self.sockets}/policy.sock", f"{self.sockets}/link/policy.sock"),
                              (f"{self.sockets}/milter.sock", f"{self.sockets}/link/run/milter.sock")):
            with self.subTest(after):
                self.assertIn(before, text)
                self.host.connectord.write_configuration(text.replace(before, after))
                self.start_and_stop()
                self.assertEqual(self.of_roots(), self.before)

    def test_whatever_it_puts_in_the_way_while_connectord_starts(self):
        attacker = self.host.workspace.start(
            [sys.executable, "-c", ATTACKER, self.sockets, self.state, self.victim, self.vault],
            user=USER_ID, group=USER_ID, extra_groups=[], stdout=subprocess.PIPE)
        attacker.stdout.readline()
        try:
            for _ in range(15):
                self.start_and_stop()
        finally:
            self.host.workspace.stop(attacker)
            attacker.stdout.close()
        self.assertEqual(self.of_roots(), self.before)

    def test_the_files_that_it_may_write_name_nothing_that_root_alone_may_read(self):
        self.victim.write_text("of-the-vault!\n")
        folder = self.host.path / "connectors.d"
        shutil.chown(folder, USER)
        write = "import os, sys; open(sys.argv[2], 'w').write(sys.argv[1])"
        link = "import os, sys; os.symlink(sys.argv[1], sys.argv[2])"
        rule = (f'[[rule]]\nname = "forged"\npriority = 1\n[rule.when]\nsenders_file = "{self.victim}"\n'
                '[[rule.action]]\ndo = "prepend_subject"\ntext = "x"\n')
        for script, what in ((write, rule), (link, self.victim)):
            with self.subTest(what):
                self.as_its_user(script, what, folder / "forged.toml")
                self.host.connectord.launch()
                self.assertNotEqual(self.host.connectord.wait(10), 0)
                said = [self.host.connectord.log()]
                for command in (("check",), ("doctor",), ("list", "--file-only")):
                    output = connectorctl(*command, "--config", self.host.connectord.config_file)
                    said.append(output.stdout + output.stderr)
                for text in said:
                    self.assertNotIn("of-the-vault", text)
                self.assertIn(f"the user {USER} may not", said[0])
                self.clear(folder / "forged.toml")
