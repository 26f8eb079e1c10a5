"""The tables of a fleet's database in the course of time: days that are over go, and other versions come."""

import subprocess
import time
from contextlib import contextmanager

from harness.daemon import connectorctl
from harness.postgresql import PostgreSql, programs
from harness.site import SiteOptions
from harness.waiting import wait_until
from test_fleet_trace import FleetScenario

TABLES = "SELECT string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE " \
         "c.relname LIKE '%\\_{day}'"
ALL_OF_A_DAY = "child_{day} delivery_{day} message_{day} recipient_{day} term_{day}"
SOON = 60.0  # seconds; on a busy machine, since what sends rows gives way to mail


@contextmanager
def session(database: PostgreSql, sql: str):
    """Somebody who has done this in a transaction, and leaves it open."""
    with subprocess.Popen([programs() / "psql", "-X", "-q", "-A", "-t", "-d", database.admin_uri()], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as psql:
        psql.stdin.write(f"BEGIN; {sql}; SELECT 'done';\n")
        psql.stdin.flush()
        while psql.stdout.readline().strip() != "done":
            pass
        try:
            yield
        finally:
            psql.stdin.close()


class DaysThatAreOver(FleetScenario):
    options = SiteOptions(trace='mail_log = "PATH/postfix/mail.log"\nkeep = "2d"', launch=False)

    def setUp(self):
        self.today = int(time.time()) // 86400
        wait_until(lambda: self.database.psql("SELECT count(*) FROM source") == "1", "what this host wants kept")
        self.site.connectord.stop()

    def made(self, ago: int) -> str:
        """A day's tables with a message, by the name that ends theirs."""
        day = self.today - ago
        t = day * 86_400_000
        self.database.psql(f"SELECT make_trace_day({day}); INSERT INTO message(t, seq, time, recipients, host, epoch, stage, "
                           f"direction, action) VALUES ({t}, 1, {t}, 1, 1, 1, 0, 0, 0); INSERT INTO volume VALUES "
                           f"({day * 24}, 1, 0, 'x{ago}', '', '', 0, 1, 1, 1)")
        return time.strftime("%Y%m%d", time.gmtime(day * 86400))

    def tables(self, day: str) -> str:
        return self.database.psql(TABLES.format(day=day))

    def assert_mail_is_taken_in(self) -> None:
        sent = self.send("bob@example.org", tls=False)
        self.assertEqual(sent.reply.code, 250)
        wait_until(lambda: self.database.psql(f"SELECT 1 FROM message WHERE queue_id = '{sent.queue_id}'"), "its row", SOON)

    def assert_gone(self, *days: str) -> None:
        for day in days:
            wait_until(lambda: not self.tables(day), f"the tables of {day} to go", SOON)
            self.assertEqual(self.database.psql(f"SELECT to_regclass('message_{day}')"), "")
        self.site.connectord.stop()

    def test_they_go_with_all_that_was_counted_on_them(self):
        old, older, kept = self.made(4), self.made(30), self.made(1)
        self.assertEqual(self.tables(old), ALL_OF_A_DAY.format(day=old))
        self.site.connectord.start()
        self.assert_mail_is_taken_in()
        self.assert_gone(old, older)
        self.assertEqual(self.tables(kept), ALL_OF_A_DAY.format(day=kept))
        self.assertEqual(self.database.psql("SELECT string_agg(connector, ' ') FROM volume WHERE connector LIKE 'x%'"), "x1")

    def test_who_reads_them_keeps_them_and_stops_nothing(self):
        old = self.made(5)
        with session(self.database, "SELECT count(*) FROM message"):
            self.site.connectord.start()
            self.assert_mail_is_taken_in()
            self.assertEqual(self.tables(old), ALL_OF_A_DAY.format(day=old))
            self.site.connectord.stop()
        self.assertNotIn("lock timeout", self.site.connectord.log())
        self.site.connectord.start()
        self.assert_gone(old)

    def test_while_another_host_is_at_it_this_one_leaves_them(self):
        old = self.made(6)
        with session(self.database, "SELECT pg_advisory_xact_lock(7166182913)"):
            self.site.connectord.start()
            self.assert_mail_is_taken_in()
            self.assertEqual(self.tables(old), ALL_OF_A_DAY.format(day=old))
            self.site.connectord.stop()
        self.site.connectord.start()
        self.assert_gone(old)

    def test_what_somebody_has_begun_to_detach_is_brought_to_an_end(self):
        old = self.made(7)
        with session(self.database, f"SELECT count(*) FROM message_{old}"), self.assertRaisesRegex(AssertionError, "timeout"):
            psql = [programs() / "psql", "-X", "-d", self.database.admin_uri(), "-c", "SET lock_timeout = '200ms'", "-c",
                    f"ALTER TABLE message DETACH PARTITION message_{old} CONCURRENTLY"]
            raise AssertionError(subprocess.run(psql, capture_output=True, text=True, check=False).stderr)
        self.assertEqual(self.database.psql("SELECT count(*) FROM pg_inherits WHERE inhdetachpending"), "1")
        self.site.connectord.start()
        self.assert_mail_is_taken_in()
        self.assert_gone(old)
        self.assertEqual(self.database.psql("SELECT count(*) FROM pg_inherits WHERE inhdetachpending"), "0")


class TablesOfAnotherVersion(FleetScenario):
    def tearDown(self):
        self.database.psql("UPDATE schema SET version = 1, least_reader = 1, least_writer = 1")

    def send_one(self) -> str:
        sent = self.send("bob@example.org", tls=False)
        self.assertEqual(sent.reply.code, 250)
        return sent.queue_id

    def assert_in_database(self, queue_id: str, seconds: float = SOON) -> None:
        wait_until(lambda: self.database.psql(f"SELECT 1 FROM message WHERE queue_id = '{queue_id}'"), "its row", seconds)

    def test_one_version_newer_is_used_as_the_own(self):
        self.database.psql("ALTER TABLE message ADD COLUMN of_version_2 text; UPDATE schema SET version = 2")
        self.addCleanup(self.database.psql, "ALTER TABLE message DROP COLUMN of_version_2")
        self.assert_in_database(self.send_one())
        self.site.connectord.stop()
        self.site.connectord.start()
        queue_id = self.send_one()
        self.assert_in_database(queue_id)
        self.assertEqual([row["host"] for row in self.site.trace("--queue-id", queue_id)], ["mx1"])
        again = connectorctl("fleet", "migrate", "--database", self.database.admin_uri())
        self.assertEqual(again.status, 1)
        self.assertIn("of a later version than this connectord knows", again.stderr)

    def test_too_new_ones_are_left_alone_and_rows_wait(self):
        self.assert_in_database(self.send_one())
        self.database.psql("UPDATE schema SET version = 3, least_reader = 3, least_writer = 3; NOTIFY connectord_generation")
        for words in ("the joint trace cannot be written", "the fleet's database is not to be had"):
            self.site.connectord.wait_for_log(words + ".*of a later version than this connectord knows")
        queue_ids = [self.send_one()]
        self.site.connectord.stop()
        self.site.connectord.start()
        queue_ids.append(self.send_one())
        for queue_id in queue_ids:
            self.assertEqual(self.database.psql(f"SELECT count(*) FROM message WHERE queue_id = '{queue_id}'"), "0")
            self.assertEqual(len(self.site.trace("--local", "--queue-id", queue_id)), 1)
        asked = connectorctl("trace", "--config", self.site.connectord.config_file)
        self.assertEqual(asked.status, 0, asked.stderr)
        self.assertIn("of this host alone", asked.stderr)
        self.assertIn("of a later version", asked.stderr)
        self.database.psql("UPDATE schema SET version = 2, least_reader = 1, least_writer = 1")
        for queue_id in queue_ids:
            self.assert_in_database(queue_id, 40.0)
        self.assert_the_same_rows()
