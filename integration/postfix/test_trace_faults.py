"""The message trace among full disks, locks, backups and kills, and where somebody takes its files away."""

import os
import subprocess
import sys

from harness.daemon import connectorctl
from harness.site import USER, SiteOptions
from harness.trace_file import TraceFile
from harness.waiting import wait_until
from load import Load, assert_all_in_trace
from scenario import CONTOSO, HostScenario, SiteScenario

SESSIONS = 20
MORE_ANSWERS = 100
# Twice as long as connectord waits for a lock, in seconds.
LONG_LOCK = 8.0


class TraceFaultScenario(SiteScenario):
    connectors = CONTOSO
    options = SiteOptions(trace='mail_log = "PATH/postfix/mail.log"',
                          parameters={"smtpd_client_connection_count_limit": "0", "default_process_limit": "50"})

    def setUp(self):
        self.addCleanup(lambda: self.site.connectord.is_running or self.site.connectord.start())
        self.trace = TraceFile(self.site.connectord, self.site.trace_file)


class TraceAfterFaults(TraceFaultScenario):
    """connectord reads the mail log, so it has the trace open twice, and looks into it for each refusal."""

    def setUp(self):
        super().setUp()
        self.assert_refused(self.send("alice@contoso.com", tls=False), "550 5.7.10")
        sent = self.send("bob@example.org", tls=False)
        wait_until(lambda: self.site.trace("--queue-id", sent.queue_id, "--status", "delivered"),
                   "the mail log to be read")

    def assert_goes_on(self) -> None:
        """What is sent now is in the trace, for others too, and for good."""
        sent = [self.send("bob@example.org", tls=False) for _ in range(7)]
        self.assertEqual({one.reply.code for one in sent}, {250})
        self.assertEqual(self.trace.lost_files(), [])
        for _ in range(2):
            kept = {row["queue_id"] for row in self.site.trace()}
            self.assertEqual({one.queue_id for one in sent} - kept, set())
            self.site.connectord.stop()
            self.site.connectord.start()

    def test_mail_after_a_full_disk_and_a_backup_is_there(self):
        with self.trace.disk_full():
            wait_until(lambda: self.send("bob@example.org", tls=False).reply.code == 451, "mail to be deferred")
            self.trace.wait_for_trouble()
        self.trace.wait_until_written()
        self.trace.back_up(self.site.path / "copy.db")
        self.assert_goes_on()

    def test_mail_after_a_long_lock_of_another_program_is_there(self):
        with self.trace.locked(LONG_LOCK):
            kept = self.send("bob@example.org", tls=False)
            self.assertEqual(kept.reply.code, 250)
            self.trace.wait_for_trouble()
            self.assert_refused(self.send("bob@example.org", tls=False), "451 4.3.0", at="END")
        self.trace.wait_until_written()
        self.assertEqual(len(self.site.trace("--queue-id", kept.queue_id)), 1)
        self.assert_goes_on()

    def test_files_that_are_removed_are_missed_and_their_rows_kept(self):
        for suffixes in (("-wal",), ("-wal", "-shm")):
            with self.subTest(suffixes):
                before = self.send("bob@example.org", tls=False)
                lost = self.trace.condition()["files_lost"]["times"]
                self.trace.remove(*suffixes)
                wait_until(lambda: self.trace.condition()["files_lost"]["times"] > lost, "connectord to miss the file")
                self.assertIn("a file of the trace was removed or replaced", self.site.connectord.log())
                reported = connectorctl("status", "--config", self.site.connectord.config_file, "--postfix-config",
                                        self.site.postfix.configuration).stdout
                self.assertIn("a file of the message trace was removed or replaced", reported)
                self.assertEqual(len(self.site.trace("--queue-id", before.queue_id)), 1)
                self.assert_goes_on()

    def test_a_trace_that_cannot_be_written_is_told_by_status(self):
        with self.trace.disk_full():
            wait_until(lambda: self.send("bob@example.org", tls=False).reply.code == 451, "mail to be deferred")
            reported = connectorctl("status", "--config", self.site.connectord.config_file, "--postfix-config",
                                    self.site.postfix.configuration)
            self.assertEqual(reported.status, 1)
            self.assertRegex(reported.stdout, r"all mail is deferred \(451 4\.3\.0\) since 20\S+Z\s+"
                             r"the message trace cannot be written")
            self.assertNotIn("all is well", reported.stdout)
        self.trace.wait_until_written()


class TraceUnderFaults(TraceFaultScenario):
    """Half of the mail is taken, half refused, while all of this happens."""

    def test_every_answer_of_clients_and_mail_log_is_there(self):
        with Load(self.site, SESSIONS) as load:
            for fault in (self.fill_disk, self.hold_lock, self.back_up, self.kill, self.lock_and_kill,
                          self.fill_disk_and_kill, self.remove_log, self.kill):
                answers = load.answers
                wait_until(lambda: load.answers > answers + MORE_ANSWERS, f"answers before {fault.__name__}", 60)
                fault()
            answers = load.answers
            wait_until(lambda: load.answers > answers + MORE_ANSWERS, "answers after the last fault", 60)
        self.site.connectord.kill()
        self.assertGreater(min(len(load.queue_ids), len(load.refused)), MORE_ANSWERS)
        assert_all_in_trace(self, self.site, load)

    def fill_disk(self) -> None:
        with self.trace.disk_full():
            self.trace.wait_for_trouble()
            self.back_up()
        self.back_up()
        self.trace.wait_until_written()

    def hold_lock(self) -> None:
        with self.trace.locked(LONG_LOCK):
            self.trace.wait_for_trouble()
        self.trace.wait_until_written()

    def back_up(self) -> None:
        self.trace.back_up(self.site.path / "copy.db")

    def kill(self) -> None:
        self.site.connectord.kill()
        self.site.connectord.start()

    def lock_and_kill(self) -> None:
        with self.trace.locked():
            wait_until(lambda: self.trace.condition().get("waiting", 0) > 10, "entries in the spool")
            self.kill()
            self.trace.wait_for_trouble()
        self.trace.wait_until_written()

    def fill_disk_and_kill(self) -> None:
        with self.trace.disk_full():
            self.trace.wait_for_trouble()
            self.site.connectord.kill()
        self.back_up()
        self.site.connectord.start()

    def remove_log(self) -> None:
        lost = self.trace.condition()["files_lost"]["times"]
        self.trace.remove("-wal")
        wait_until(lambda: self.trace.condition()["files_lost"]["times"] > lost, "connectord to miss the file")


class RootAndTheFilesOfConnectordsUser(HostScenario):
    """Whoever has become connectord's user waits for root to look into the trace."""

    connectors = CONTOSO
    options = SiteOptions(trace="")

    def setUp(self):
        wait_until(self.host.trace_file.exists, "the trace")
        self.host.connectord.stop()
        self.victim = self.host.path / "victim"
        self.victim.write_text("of root alone")
        self.victim.chmod(0o600)
        self.made = self.host.path / "made"
        self.draft = self.host.path / "draft.toml"
        self.draft.write_text(CONTOSO)

    def attack(self, *commands: str) -> None:
        """Runs lines of Python as connectord's user, in the trace's folder."""
        subprocess.run([sys.executable, "-c", "import os\n" + "\n".join(commands)], cwd=self.host.trace_file.parent,
                       user=USER, group=os.stat(self.host.trace_file.parent).st_gid, extra_groups=[], check=True)

    def let_root_look(self) -> None:
        config = ("--config", self.host.connectord.config_file)
        for command in (("trace",), ("trace", "show", "1"), ("trace", "report"), ("validate", "contoso"),
                        ("backtest", "--connector", self.draft),
                        ("doctor", "--postfix-config", self.host.path)):
            with self.subTest(command):
                reported = connectorctl(*command, *config)
                self.assertIn(reported.status, range(3), reported.stderr)  # it ended by itself
                self.assertEqual(self.victim.read_text(), "of root alone")
                self.assertFalse(self.made.exists())

    def test_a_link_for_a_spool_leads_nowhere(self):
        self.attack(f"os.unlink('trace.db-spool'); os.symlink('{self.victim}', 'trace.db-spool')")
        self.let_root_look()

    def test_links_for_a_trace_make_nothing_elsewhere(self):
        for target in (self.made, self.victim):
            self.attack("[os.unlink(name) for name in os.listdir()]", f"os.symlink('{target}', 'trace.db')",
                        "open('trace.db-spool', 'w').write('words of the attacker')")
            self.let_root_look()

    def test_a_spool_without_end_is_read_to_the_end_of_its_records(self):
        self.attack("os.truncate('trace.db-spool', 1 << 40)")
        self.let_root_look()
        self.assertEqual(self.host.trace(), [])

    def test_a_pipe_for_a_trace_or_a_spool_is_not_waited_for(self):
        for name in ("trace.db-spool", "trace.db"):
            self.attack(f"os.path.exists('{name}') and os.unlink('{name}')", f"os.mkfifo('{name}')")
            self.let_root_look()

    def tearDown(self):
        self.attack("[os.unlink(name) for name in os.listdir()]")
        self.host.connectord.start()
