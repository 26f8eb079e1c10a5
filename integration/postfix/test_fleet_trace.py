"""The joint trace of a fleet: what each host keeps is in one PostgreSQL too, whatever happens to that."""

import json
import re
import shutil
import time

from api_scenario import server_lines
from harness.api import ApiClient
from harness.daemon import build_folder, connectorctl
from harness.openapi import Description
from harness.postgresql import PASSWORD, PostgreSql
from harness.site import USER, Site, SiteOptions
from harness.waiting import wait_until
from load import Load, assert_all_in_trace
from scenario import CONTOSO, SiteScenario, submit

SESSIONS = 8
MORE_ANSWERS = 60
CATCHING_UP = 60.0  # seconds


def fleet_table(database: PostgreSql, path, name: str, more: str = "") -> str:
    """[fleet] of a host whose folder is `path`."""
    secret = path / "fleet-password"
    secret.write_text(PASSWORD + "\n")
    secret.chmod(0o600)
    shutil.chown(secret, USER)
    return (f'\n[fleet]\ndatabase = "{database.uri()}"\npassword_file = "{secret}"\nname = "{name}"\n'
            f'state = "{path}/fleet"\n{more}\n')


class FleetScenario(SiteScenario):
    """A site, mx1, with a database beside it."""

    connectors = CONTOSO
    options = SiteOptions(trace='mail_log = "PATH/postfix/mail.log"', launch=False,
                          parameters={"smtpd_client_connection_count_limit": "0", "default_process_limit": "50"})
    more = ""  # lines of [fleet]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.database = PostgreSql(cls.site.workspace)
        cls.addClassCleanup(cls.database.stop)
        cls.database.start()
        migrate(cls.database)
        cls.site.reconfigure(CONTOSO + fleet_table(cls.database, cls.site.path, "mx1", cls.more))
        cls.site.connectord.start()

    def wait_until_sent(self, seconds: float = CATCHING_UP) -> None:
        """Until the database has all that is in the trace's file now."""
        last = max((row["id"] for row in local_rows(self.site)), default=0)
        wait_until(lambda: int(self.database.psql("SELECT coalesce(max(last_row), 0) FROM source")) >= last,
                   f"row {last} in the database:\n{self.site.connectord.log()[-3000:]}", seconds)

    def assert_the_same_rows(self) -> None:
        """By host and number each row of the file is in the database, and each once."""
        self.wait_until_sent()
        # What became of mail comes a moment later, here and there.
        wait_until(lambda: self._local_rows() == self.joint_rows(), "the same rows and statuses in the database",
                   CATCHING_UP)
        twice = self.database.psql("SELECT host, seq, count(*) FROM recipient GROUP BY 1, 2 HAVING count(*) > 1")
        self.assertEqual(twice, "")
        counted = self.database.psql("SELECT coalesce(sum(messages), 0), coalesce(sum(recipients), 0) FROM volume")
        there = self.database.psql("SELECT (SELECT count(*) FROM message), (SELECT count(*) FROM recipient)")
        self.assertEqual(counted, there)
        self.assertEqual(self.database.psql("SELECT sum(lost), sum(rejected) FROM source"), "0|0")

    def joint_rows(self) -> list:
        words = ["getting_status", "pending", "delivered", "failed", "quarantined", "expanded"]
        rows = self.database.psql("SELECT seq, coalesce(address, ''), status FROM recipient ORDER BY 1")
        split = [line.split("|") for line in rows.splitlines()]
        return sorted((int(seq), address or None, words[int(status)]) for seq, address, status in split)

    def _local_rows(self) -> list:
        return sorted((row["id"], row["rcpt_to"], row["status"]) for row in local_rows(self.site))


def migrate(database: PostgreSql) -> None:
    done = connectorctl("fleet", "migrate", "--database", database.admin_uri())
    if done.status != 0:
        raise AssertionError(f"connectorctl fleet migrate: {done.stderr}")
    database.psql("GRANT connectord_ingest, connectord_read TO connectord")
    database.psql("ALTER ROLE postgres SET search_path = connectord")


def local_rows(site: Site) -> list[dict]:
    return site.trace("--local")


class TraceOfAMember(FleetScenario):
    def test_each_row_is_in_the_database_with_what_became_of_it(self):
        refused = self.send("alice@contoso.com", tls=False)
        self.assert_refused(refused, "550 5.7.10")
        sent = [self.send("bob@example.org", "a@example.net", "b@example.net", tls=False) for _ in range(3)]
        self.assertEqual({one.reply.code for one in sent}, {250})
        for one in sent:
            wait_until(lambda: self.site.trace("--local", "--queue-id", one.queue_id, "--status", "delivered"),
                       "the mail log to be read")
        self.assert_the_same_rows()
        self.assertGreaterEqual(int(self.database.psql("SELECT count(*) FROM delivery")), 6)


class LoadScenario(FleetScenario):
    def load(self) -> Load:
        self.log_length = len(self.site.postfix.log())  # the site has waited for Postfix while connectord was not there
        return Load(self.site, SESSIONS)

    def more_answers(self, load: Load) -> None:
        seen = load.answers
        wait_until(lambda: load.answers > seen + MORE_ANSWERS, "more answers", CATCHING_UP)


class TraceOfAKilledMember(LoadScenario):
    def test_connectord_is_killed_again_and_again(self):
        """Mail is deferred while it is away, as ever; what was answered is in both places."""
        with self.load() as load:
            for _ in range(3):
                self.more_answers(load)
                self.site.connectord.kill()
                self.site.connectord.start()
        self.assert_the_same_rows()
        assert_all_in_trace(self, self.site, load)


class FaultScenario(LoadScenario):
    """Mail goes on through all of this, and nobody is told to come back."""

    def assert_nothing_happened_to_mail(self, load: Load) -> None:
        self.assertEqual([row for row in local_rows(self.site) if row["action"] == "defer"], [])
        self.assertEqual(re.findall(r".*: 4\d\d 4\..*", self.site.postfix.log()[self.log_length:]), [])
        self.assertGreater(len(load.queue_ids), 0)
        self.assertGreater(len(load.refused), 0)
        self.assert_the_same_rows()
        assert_all_in_trace(self, self.site, load)


class TraceWhileStopped(FaultScenario):
    def test_the_database_is_stopped_for_a_while(self):
        with self.load() as load:
            self.more_answers(load)
            self.database.stop()
            self.more_answers(load)
            self.site.connectord.wait_for_log("the joint trace cannot be written")
            self.database.start()
            self.more_answers(load)
        self.assert_nothing_happened_to_mail(load)


class TraceWhileKilled(FaultScenario):
    def test_the_database_is_killed_again_and_again(self):
        with self.load() as load:
            for _ in range(3):
                self.more_answers(load)
                self.database.kill()
                self.database.start()
        self.assert_nothing_happened_to_mail(load)


class TraceWhileHanging(FaultScenario):
    def test_the_database_hangs(self):
        with self.load() as load:
            self.more_answers(load)
            self.database.pause(True)
            self.more_answers(load)
            self.database.pause(False)
            self.more_answers(load)
        self.assert_nothing_happened_to_mail(load)


class TraceWhileReadOnly(FaultScenario):
    def test_the_database_is_read_only(self):
        with self.load() as load:
            self.database.psql("ALTER DATABASE connectord SET default_transaction_read_only = on")
            self.database.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'connectord'")
            self.more_answers(load)
            self.database.psql("ALTER DATABASE connectord RESET default_transaction_read_only", "postgres")
            self.more_answers(load)
        self.assert_nothing_happened_to_mail(load)


class StopWhileHanging(FaultScenario):
    def test_connectord_stops_at_once_while_the_database_hangs(self):
        self.assertEqual(self.send("bob@example.org", tls=False).reply.code, 250)
        self.wait_until_sent()
        self.database.pause(True)
        self.addCleanup(self.database.pause, False)
        self.assertEqual(self.send("bob@example.org", tls=False).reply.code, 250)
        time.sleep(1)
        begin = time.monotonic()
        self.assertEqual(self.site.connectord.stop(), 0)
        self.assertLess(time.monotonic() - begin, 10.0)
        self.database.pause(False)
        self.site.connectord.start()
        self.assert_the_same_rows()


class TraceWithHostileBytes(FleetScenario):
    def test_what_postgresql_refuses_as_text_is_mended_and_kept_apart(self):
        sent = self.send("bob@example.org", tls=False, headers=("Subject: x",), author=None,
                         finish=lambda content: b"From: \xff\xfe <bob@example.org>\r\nMessage-ID: <\xc0\x80@x>\r\n" + content)
        self.assertEqual(sent.reply.code, 250)
        self.assertEqual(self.send("bob@example.org", tls=False).reply.code, 250)
        self.wait_until_sent()
        mended = self.database.psql("SELECT header_from, encode(originals, 'hex') FROM message WHERE originals IS NOT NULL")
        self.assertIn("\ufffd", mended)
        self.assertIn("fffe", mended)
        self.assert_the_same_rows()


class TraceWithPoison(FleetScenario):
    def test_a_row_that_the_database_does_not_take_is_put_aside_alone(self):
        self.database.psql("ALTER TABLE recipient ADD CONSTRAINT poison CHECK (address <> 'poison@example.net')")
        self.addCleanup(self.database.psql, "ALTER TABLE recipient DROP CONSTRAINT IF EXISTS poison")
        for name in ("a", "poison", "b", "c"):
            self.assertEqual(self.send("bob@example.org", f"{name}@example.net", tls=False).reply.code, 250)
        self.wait_until_sent()
        self.assertEqual(self.database.psql("SELECT count(*) FROM recipient WHERE address = 'c@example.net'"), "1")
        self.assertEqual(self.database.psql("SELECT count(*), bool_and(reason LIKE '%poison%') FROM rejected"), "1|t")
        self.site.connectord.wait_for_log("the database does not take a row of the trace")


    def test_a_statement_about_more_than_rows_puts_none_aside(self):
        rejected = self.database.psql("SELECT count(*) FROM rejected")
        self.database.psql("ALTER TABLE volume ADD CONSTRAINT broken CHECK (messages < 0) NOT VALID")
        self.addCleanup(self.database.psql, "ALTER TABLE volume DROP CONSTRAINT IF EXISTS broken")
        sent = [self.send("bob@example.org", tls=False) for _ in range(3)]
        self.assertEqual({one.reply.code for one in sent}, {250})
        self.site.connectord.wait_for_log("the joint trace cannot be written.*broken")
        self.assertEqual(self.database.psql("SELECT count(*) FROM rejected"), rejected)
        self.database.psql("ALTER TABLE volume DROP CONSTRAINT broken")
        self.wait_until_sent()
        for one in sent:
            self.assertEqual(self.database.psql(f"SELECT count(*) FROM message WHERE queue_id = '{one.queue_id}'"), "1")
        self.assertEqual(self.database.psql("SELECT count(*) FROM rejected"), rejected)


class StatusScenario(FleetScenario):
    def status(self) -> dict:
        return json.loads(self.asked("status", "--json").stdout)

    def asked(self, *command: str):
        return connectorctl(*command, "--config", self.site.connectord.config_file)

    def fleets(self) -> list[dict]:
        status = self.status()
        return [one for one in status["missing"] + status["notes"] if one["area"] in ("fleet", "joint trace")]


class StatusWhileStopped(StatusScenario):
    def test_it_says_that_the_database_is_away_and_that_mail_is_not_touched(self):
        self.assertEqual(self.send("bob@example.org", tls=False).reply.code, 250)
        self.wait_until_sent()
        wait_until(lambda: self.status()["connectord"]["fleet"]["connected"], "the database")
        wait_until(lambda: not self.fleets(), "nothing to say")
        self.assertIn("mx1 in postgresql://", self.asked("status").stdout)
        self.database.stop()
        self.addCleanup(self.database.start)
        self.assertEqual(self.send("bob@example.org", tls=False).reply.code, 250)
        told = wait_until(lambda: len(self.fleets()) == 2 and self.fleets(), "both to be said", 30.0)
        for one in told:
            self.assertIn("mail is not touched", one["what"])
            self.assertRegex(one["what"], r"since 20\d\d-")
            self.assertRegex(one["why"], "server closed the connection|connection to server on socket|terminating connection")
            self.assertEqual(one["severity"], "warning")
        wait_until(lambda: re.search(r"[1-9]\d* rows? waits? on this host, the oldest for \d+ s", self.asked("status").stdout),
                   "what waits", 40.0)
        for command in ("status", "doctor"):
            self.assertNotIn("all is well", self.asked(command).stdout)
        trace = self.status()["connectord"]["fleet"]["trace"]
        self.assertFalse(trace["writable"])
        self.assertGreater(trace["waiting"], 0)
        self.database.start()
        wait_until(lambda: not self.fleets(), "it to be gone", 60.0)
        self.assertIn("is written, 0 rows waiting", self.asked("status").stdout)


class StatusWithPoison(StatusScenario):
    def test_a_row_that_was_set_aside_is_told(self):
        self.database.psql("ALTER TABLE recipient ADD CONSTRAINT poison CHECK (address <> 'poison@example.net')")
        self.addCleanup(self.database.psql, "ALTER TABLE recipient DROP CONSTRAINT IF EXISTS poison")
        self.send("bob@example.org", "poison@example.net", tls=False)
        told = wait_until(lambda: next((one for one in self.fleets() if "set aside" in one["what"]), None), "the row", 30.0)
        self.assertIn("poison", told["why"])
        self.assertIn("does not take 1 row", told["what"])


class TheApi(FleetScenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.site.connectord.stop()
        cls.site.make_state_folder("state")
        cls.site.add_to_server(*server_lines(cls.site.path).splitlines())
        cls.site.reconfigure(CONTOSO + fleet_table(cls.database, cls.site.path, "mx1", cls.more))
        cls.site.connectord.start()
        cls.api = ApiClient(cls.site.connectord.endpoint("api"))

    def test_what_is_new_is_told_each_row_once(self):
        begin = self.page("limit=5")
        self.assertEqual(begin["scope"], "fleet")
        sent = [self.send("bob@example.org", tls=False).queue_id for _ in range(3)]
        seen: list[str] = []
        mark = begin["follow"]

        def all_seen() -> bool:
            nonlocal mark
            news = self.page(f"after={mark}&limit=2&sender=bob@example.org")
            self.assertLessEqual(len(news["messages"]), 2)
            self.assertEqual({row["host"] for row in news["messages"]} | {"mx1"}, {"mx1"})
            seen.extend(row["queue_id"] for row in news["messages"])
            mark = news["follow"]
            return len(seen) >= 3
        wait_until(all_seen, "three rows", 20.0)
        self.assertEqual(seen, sent)
        self.assertEqual(self.page(f"after={mark}")["messages"], [])
        self.assertEqual(self.api.get("/api/exchange/messagetrace?after=1.x_").status, 400)

    def test_health_says_how_the_member_stands(self):
        answer = self.api.get("/health")
        self.described("/health", answer)
        wait_until(lambda: self.api.get("/health").json["fleet"]["connected"], "the database")
        fleet = self.api.get("/health").json["fleet"]
        self.assertEqual((fleet["host"], fleet["trace"]["writable"], fleet["trace"]["rejected"]["rows"]), ("mx1", True, 0))
        self.assertIn("\nconnectord_fleet_generation_wanted 0\n", self.api.get("/metrics").content.decode())

    def page(self, query: str) -> dict:
        path = f"/api/exchange/messagetrace?{query}"
        answer = self.api.get(path)
        self.assertEqual(answer.status, 200, answer.content)
        self.described(path, answer)
        return answer.json

    def described(self, path: str, answer) -> None:
        Description(self.api.get("/api/openapi.json").json).check("GET", path, answer)


class TraceOfTwoHosts(FleetScenario):
    """mx2 has a Postfix of its own, and the same database."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.enterClassContext(Site(CONTOSO, cls.options))
        cls.other.reconfigure(CONTOSO + fleet_table(cls.database, cls.other.path, "mx2"))
        cls.other.connectord.start()

    def setUp(self):
        self.here = self.send("bob@example.org", "here@example.net", tls=False)
        with self.other.client() as client:
            client.ehlo()
            self.there = submit(client, "bob@example.org", "there@example.net")
        self.assertEqual((self.here.reply.code, self.there.reply.code), (250, 250))
        for sent in (self.here, self.there):
            wait_until(lambda: self.database.psql(f"SELECT 1 FROM message WHERE queue_id = '{sent.queue_id}'"), "its row")

    def found(self, site: Site, *options: str) -> set:
        return {(row["host"], row["queue_id"]) for row in site.trace(*options)}

    def test_rows_of_both_are_found_from_either(self):
        for site in (self.site, self.other):
            with self.subTest(site=site):
                found = self.found(site, "--sender", "bob@example.org")
                self.assertLessEqual({("mx1", self.here.queue_id), ("mx2", self.there.queue_id)}, found)
                self.assertEqual({host for host, _ in self.found(site, "--host", "mx2")}, {"mx2"})
                self.assertIn(("mx2", self.there.queue_id), self.found(site, "--recipient", "there@example.net"))
                self.assertIn(("mx2", self.there.queue_id), self.found(site, "--message-id", self.message_id()))
                self.assertIn(("mx1", self.here.queue_id), self.found(site, "bob@example.org"))

    def test_one_is_shown_by_the_name_of_its_row(self):
        row = next(row for row in self.site.trace() if row["queue_id"] == self.there.queue_id)
        self.assertEqual(row["row"].rsplit("-", 1)[0], "mx2")
        wait_until(lambda: self.shown(self.site, row["row"])["attempts"], "its delivery in the database")
        shown = self.shown(self.site, row["row"])
        self.assertEqual(shown["rows"][0]["queue_id"], self.there.queue_id)
        self.assertEqual(shown["attempts"][0]["status"], "delivered")
        local = next(row for row in local_rows(self.site) if row["queue_id"] == self.here.queue_id)
        self.assertEqual(self.shown(self.site, str(local["id"]))["rows"][0]["queue_id"], self.here.queue_id)
        self.assertEqual(self.shown(self.other, f"mx1-{local['id']}")["rows"][0]["queue_id"], self.here.queue_id)

    def followed(self, output) -> set:
        rows = [json.loads(line) for line in output.read_text().splitlines()]
        seen = [(row["host"], row["row"]) for row in rows]
        self.assertEqual(len(seen), len(set(seen)), "each row once")
        return {(row["host"], row["queue_id"]) for row in rows}

    def test_new_rows_of_both_are_followed_each_once_also_when_the_database_was_away(self):
        output = self.site.path / "followed"
        errors = self.site.path / "followed-errors"
        self.wait_until_sent()
        with output.open("w") as out, errors.open("w") as error:
            process = self.site.workspace.start(
                [str(build_folder() / "connectorctl"), "trace", "--follow", "--json", "--sender", "bob@example.org", "--config",
                 str(self.site.connectord.config_file)], stdout=out, stderr=error)
            self.addCleanup(self.site.workspace.stop, process)
        wait_until(lambda: self.send_on(self.site) and self.followed(output), "that it follows", 20.0)
        sent = {("mx1", self.send_on(self.site)), ("mx2", self.send_on(self.other))}
        wait_until(lambda: sent <= self.followed(output), "rows of both", 20.0)
        self.database.stop()
        sent |= {("mx1", self.send_on(self.site)), ("mx2", self.send_on(self.other))}
        wait_until(lambda: "nothing new is seen until the fleet's database is back" in errors.read_text(), "that to be said", 20.0)
        self.database.start()
        # Those of a host that caught up are older than what others have written since.
        wait_until(lambda: sent <= self.followed(output), "what waited", CATCHING_UP)
        self.assertIsNone(process.poll())

    def send_on(self, site: Site) -> str:
        with site.client() as client:
            client.ehlo()
            return submit(client, "bob@example.org", "followed@example.net").queue_id

    def test_volumes_are_those_of_both(self):
        counted = self.report(self.site)
        self.assertEqual(counted, self.report(self.other))
        self.assertEqual(counted, int(self.database.psql("SELECT count(*) FROM message")))
        self.assertEqual(self.report(self.other, "protection"), 0)  # none goes to another host

    def test_while_the_database_is_away_each_shows_its_own_and_says_so(self):
        self.wait_until_sent()
        self.database.stop()
        self.addCleanup(self.database.start)
        asked = connectorctl("trace", "--config", self.site.connectord.config_file, "--json")
        self.assertEqual(asked.status, 0, asked.stderr)
        rows = [json.loads(line) for line in asked.stdout.splitlines()]
        self.assertIn(self.here.queue_id, {row["queue_id"] for row in rows})
        self.assertNotIn(self.there.queue_id, {row["queue_id"] for row in rows})
        self.assertIn("of this host alone", asked.stderr)

    def message_id(self) -> str:
        return self.database.psql(f"SELECT message_id FROM message WHERE queue_id = '{self.there.queue_id}'")

    def shown(self, site: Site, name: str) -> dict:
        asked = connectorctl("trace", "show", name, "--config", site.connectord.config_file, "--json")
        self.assertEqual(asked.status, 0, asked.stderr)
        return json.loads(asked.stdout)

    def report(self, site: Site, by: str = "direction") -> int:
        asked = connectorctl("trace", "report", "--by", by, "--config", site.connectord.config_file, "--json")
        self.assertEqual(asked.status, 0, asked.stderr)
        return sum(one["messages"] for one in json.loads(asked.stdout)["volumes"])
