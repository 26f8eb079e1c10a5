"""Several hosts with connectors in common in one PostgreSQL: each change is on all of them soon, or on none that cannot
take it, and nothing of it keeps a host from serving."""

import json
import shutil
import time
import unittest
from contextlib import ExitStack

from harness.certificates import CertificateStore
from harness.daemon import connectorctl
from harness.fleet import Member, make_tables
from harness.policy import PolicyClient
from harness.postgresql import PgBouncer, PostgreSql
from harness.site import GROUP, USER
from harness.waiting import wait_until
from harness.workspace import Workspace

NAMES = ("mx1", "mx2", "mx3")


def partner(name: str, domain: str | None = None) -> str:
    return (f'[[inbound]]\nname = "{name}"\nscenario = "partner"\n'
            f'identify.sender_domains = ["{domain or name + ".example"}"]\nrequire.tls = true\n')


class FleetScenario(unittest.TestCase):
    """Three hosts, and a PostgreSQL, for each test of its own."""

    def setUp(self):
        self.stack = self.enterContext(ExitStack())
        self.server = PostgreSql(self.stack.enter_context(Workspace()))
        self.server.start()
        self.stack.callback(self.server.stop)
        make_tables(self.server)

    def member(self, name: str, connectors: str = "", start: bool = True, **options) -> Member:
        member = self.stack.enter_context(Member(self.server, name, connectors, **options))
        if start:
            member.connectord.start()
            member.connectord.wait_for_log("connected to the fleet's database")
        return member

    def members(self) -> list[Member]:
        return [self.member(name) for name in NAMES]

    def applied(self, member: Member, document: str, *options: str) -> int:
        """The number of the new generation, which `member` takes."""
        newest = int(self.server.psql("SELECT max(n) FROM connectord.generation"))
        over = () if document.startswith("# generation") else ("--over", str(newest))
        made = member.apply(document, *over, *options)
        self.assertEqual(made.status, 0, made.stderr)
        return newest + 1

    def assert_all_take(self, members: list[Member], generation: int, seconds: float) -> None:
        for member in members:
            wait_until(lambda: member.has_taken(generation), f"generation {generation} on {member.name}: "
                       f"{member.connectord.log()}", seconds)


class Changes(FleetScenario):
    def test_a_connector_is_on_all_hosts_at_once_and_survives_a_restart(self):
        members = self.members()
        generation = self.applied(members[0], partner("contoso"))
        self.assert_all_take(members, generation, 2.0)
        for member in members:
            self.assertEqual(member.connectors(), ["contoso"])
        members[1].connectord.stop()
        members[1].connectord.start()
        self.assertEqual(members[1].connectors(), ["contoso"])
        reported = wait_until(lambda: all(one["generation"] == generation for one in members[0].fleet_status().values()),
                              "what the hosts say")
        self.assertTrue(reported)

    def test_lost_notifications_cost_some_seconds(self):
        members = self.members()
        self.server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'connectord mx%'")
        generation = self.applied(members[0], partner("contoso"))
        self.assert_all_take(members, generation, 15.0)
        # Nobody notifies anybody: the number in the table is enough.
        document = partner("fabrikam")
        self.server.psql("BEGIN; INSERT INTO connectord.generation(n, who, comment, sha256, document) VALUES "
                         f"({generation + 1}, 'psql', '', encode(sha256(convert_to($d${document}$d$, 'UTF8')), 'hex'), "
                         f"$d${document}$d$); UPDATE connectord.current SET n = {generation + 1}; COMMIT")
        self.assert_all_take(members, generation + 1, 17.0)

    def test_a_host_that_cannot_take_a_generation_keeps_its_last_good_one_and_all_see_why(self):
        members = self.members()
        first = self.applied(members[0], partner("contoso"))
        self.assert_all_take(members, first, 5.0)
        members[2].reconfigure(partner("fabrikam", "other.example"))
        members[2].connectord.reload()
        second = self.applied(members[0], partner("contoso") + partner("fabrikam"))
        self.assert_all_take(members[:2], second, 5.0)
        members[2].connectord.wait_for_log("the fleet's generation does not load on this host")
        self.assertEqual(members[2].connectors(), ["contoso", "fabrikam"])
        told = wait_until(lambda: members[0].fleet_status()["mx3"]["generation_error"], "the reason in the database")
        self.assertIn(f"{members[2].state}/generation-{second}.toml:6:1: error: inbound.name: there is a connector "
                      f'"fabrikam" already, at {members[2].connectord.config_file}:', told)
        self.assertEqual(members[0].fleet_status()["mx3"]["generation"], first)
        status = members[0].ctl("fleet", "status")
        self.assertEqual(status.status, 1)
        self.assertIn("fabrikam", status.stdout)
        self.assert_status_says(members[2], second, told)
        # Whoever mends the host's own files need not wait.
        members[2].reconfigure("")
        members[2].connectord.reload()
        self.assert_all_take(members[2:], second, 16.0)
        wait_until(lambda: not members[0].fleet_status()["mx3"]["generation_error"], "the reason to go")
        self.assertNotIn("does not load", members[2].ctl("status").stdout)

    def assert_status_says(self, member: Member, generation: int, reason: str) -> None:
        shown = member.ctl("status", "--json")
        self.assertEqual(shown.status, 1)
        status = json.loads(shown.stdout)
        issue = next(one for one in status["missing"] if one["area"] == "fleet")
        self.assertIn(f"generation {generation} does not load on this host since 20", issue["what"])
        self.assertIn(f"it goes on with generation {generation - 1}", issue["what"])
        self.assertIn(reason, issue["why"])
        fleet = status["connectord"]["fleet"]
        self.assertEqual((fleet["host"], fleet["generation"], fleet["wanted"]), (member.name, generation - 1, generation))
        self.assertIn(f"generation {generation - 1} of {generation}, connected", member.ctl("status").stdout)

    def test_what_this_host_cannot_load_is_no_generation(self):
        member = self.member("mx1")
        for document, words in ((partner("contoso") * 2, "there is a connector"),
                                ('[dns]\ntimeout = "1s"\n', "this is each host's own"),
                                ('[[outbound]]\nname = "o"\nscenario = "partner"\nrecipient_domains = ["a.example"]\n'
                                 '[outbound.route]\nsmart_hosts = ["[b.example]:25"]\n'
                                 'credentials = "/nonexistent/password"\n', "/nonexistent/password"),
                                ('[organization]\naccepted_domains = ["a.example"]\n', "connectord.toml:")):
            refused = member.apply(document)
            self.assertEqual(refused.status, 1, document)
            self.assertIn(words, refused.stdout + refused.stderr)
        self.assertEqual(self.server.psql("SELECT count(*) FROM connectord.generation"), "1")

    def test_nobodys_change_is_lost(self):
        first, second = self.member("mx1"), self.member("mx2")
        self.applied(first, partner("contoso"))
        edited = second.ctl("fleet", "show").stdout
        self.applied(first, partner("contoso") + partner("fabrikam"))
        refused = second.apply(edited + partner("woodgrove"))
        self.assertEqual(refused.status, 1)
        self.assertIn("the fleet has generation 2 by now, and the change was made from generation 1", refused.stderr)
        refused = second.apply(partner("woodgrove"))
        self.assertIn("the file does not say which generation it was made from", refused.stderr)
        again = second.ctl("fleet", "show").stdout
        self.assertEqual(second.apply(again).stdout, "nothing differs from generation 2\n")
        self.assertEqual(self.applied(second, again + partner("woodgrove"), "--comment", "a new partner"), 3)
        shown = second.ctl("fleet", "changes").stdout
        self.assertIn("a new partner", shown)
        self.assertIn("inbound woodgrove", shown)

    def test_back_to_an_earlier_generation_is_a_new_one(self):
        members = self.members()
        self.applied(members[0], partner("contoso"))
        self.applied(members[0], partner("fabrikam"))
        back = members[1].ctl("fleet", "rollback", "1")
        self.assertEqual(back.status, 0, back.stderr)
        self.assert_all_take(members, 3, 5.0)
        self.assertEqual([member.connectors() for member in members], [["contoso"]] * 3)

    def test_one_host_tries_out_and_then_all_have_it(self):
        members = self.members()
        generation = self.applied(members[0], partner("contoso"), "--canary", "mx2")
        self.assert_all_take(members[1:2], generation, 5.0)
        time.sleep(1)
        self.assertEqual([member.connectors() for member in members], [[], ["contoso"], []])
        self.assertEqual(members[0].ctl("fleet", "release").status, 0)
        self.assert_all_take([members[0], members[2]], generation, 5.0)

    def test_what_people_wrote_on_a_host_stays_and_is_shown(self):
        member = self.member("mx1", partner("own"))
        before = member.connectord.config_file.read_bytes()
        self.applied(member, partner("contoso"))
        wait_until(lambda: member.has_taken(1), "the generation")
        self.assertEqual(member.connectors(), ["contoso", "own"])
        self.assertEqual(member.connectord.config_file.read_bytes(), before)
        shown = member.ctl("fleet", "diff")
        self.assertIn(f"inbound own  ({member.connectord.config_file})", shown.stdout)
        self.assertNotIn("contoso", shown.stdout)


class ThroughTheApi(FleetScenario):
    def test_what_commands_and_the_api_change_on_a_member_all_hosts_get(self):
        first, second = self.member("mx1", start=False), self.member("mx2")
        first.add_to_server(f'api = "unix:{first.path}/run/api.sock"', f'api_tokens = "{first.path}/tokens"',
                            f'audit_log = "{first.path}/state/audit.log"')
        first.make_state_folder("state")
        first.reconfigure(partner("own"))
        first.connectord.start()
        first.connectord.wait_for_log("connected to the fleet's database")

        def done(generation: int, *command: str) -> str:
            made = first.ctl(*command)
            self.assertEqual(made.status, 0, made.stderr)
            self.assert_all_take([second], generation, 5.0)
            return made.stdout
        done(1, "create", "contoso", "--direction", "inbound", "--scenario", "partner", "--set",
             'identify.sender_domains=["contoso.example"]', "--set", "require.tls=true")
        self.assertEqual((first.connectors(), second.connectors()), (["contoso", "own"], ["contoso"]))
        shown = first.ctl("fleet", "show").stdout.replace('name = "contoso"', 'name = "contoso"  # since May')
        self.applied(first, shown + "\n# of nobody\n")
        self.assert_all_take([first, second], 2, 5.0)
        self.assertIn("for all hosts", done(3, "update", "contoso", "--set", "require.tls_version=TLSv1.3", "--yes"))
        wait_until(lambda: first.has_taken(3), "the generation")
        done(4, "disable", "contoso")
        kept = second.ctl("fleet", "show").stdout
        self.assertIn('name = "contoso"  # since May', kept)
        self.assertIn('tls_version = "TLSv1.3"', kept)
        self.assertIn("enabled = false", kept)
        done(5, "rule", "create", "--file", self.rule_file(first))
        done(6, "delete", "contoso")
        self.assertEqual((first.connectors(), second.connectors()), (["own"], []))
        self.assertIn("# of nobody", second.ctl("fleet", "show").stdout)
        self.assertIn("inbound contoso", second.ctl("fleet", "changes").stdout)
        # What stands in the host's own file is the host's.
        first.ctl("update", "own", "--set", "require.tls=false", "--yes")
        self.assertIn("tls = false", first.connectord.config_file.read_text())
        self.server.stop()
        refused = first.ctl("create", "fabrikam", "--direction", "inbound", "--scenario", "partner", "--set",
                            'identify.sender_domains=["fabrikam.example"]')
        self.assertEqual(refused.status, 1)
        self.assertIn("the fleet's database: connection to server on socket", refused.stderr)
        self.assertEqual(first.connectors(), ["own"])

    @staticmethod
    def rule_file(member: Member) -> str:
        file = member.path / "rule.toml"
        file.write_text('[[rule]]\nname = "mark"\n[rule.when]\nsubject_words = ["x"]\n'
                        '[[rule.action]]\ndo = "prepend_subject"\ntext = "[x] "\n')
        return str(file)


class Away(FleetScenario):
    def test_a_host_with_a_copy_starts_without_the_database_and_one_without_says_so(self):
        member = self.member("mx1")
        self.applied(member, partner("contoso"))
        wait_until(lambda: member.has_taken(1), "the generation")
        member.connectord.stop()
        self.server.stop()
        member.connectord.start()
        self.assertEqual(member.connectors(), ["contoso"])
        member.connectord.wait_for_log("the fleet's database is not to be had; this host goes on with what it has")
        other = self.member("mx2", start=False)
        other.connectord.launch()
        self.assertEqual(other.connectord.wait(), 1)
        self.assertIn("the fleet's database: connection to server on socket", other.connectord.log())
        self.assertIn("this host has nothing yet of what the fleet has in common", other.connectord.log())
        self.server.start()
        self.applied(member, partner("fabrikam"))
        wait_until(lambda: member.has_taken(2), "the generation", 35.0)

    def test_a_database_that_hangs_holds_up_nothing(self):
        member = self.member("mx1")
        self.applied(member, partner("contoso"))
        wait_until(lambda: member.has_taken(1), "the generation")
        self.server.pause(True)
        try:
            with PolicyClient(member.policy) as client:
                for _ in range(100):
                    begin = time.monotonic()
                    action = client.ask(sender="a@contoso.example")
                    self.assertLess(time.monotonic() - begin, 1.0)
                    self.assertTrue(action.startswith("550 5.7.10"), action)
            begin = time.monotonic()
            explained = member.ctl("explain", "--client-ip", "192.0.2.1", "--mail-from", "a@example.org", "--rcpt-to",
                                   "b@example.net")
            self.assertIn(explained.status, (0, 1), explained.stderr)
            member.connectord.reload()
            self.assertEqual(member.connectord.stop(), 0)
            self.assertLess(time.monotonic() - begin, 5.0)
            member.connectord.start()
            self.assertEqual(member.connectord.stop(), 0)
            self.assertLess(time.monotonic() - begin, 10.0)
        finally:
            self.server.pause(False)

    def test_a_database_that_takes_no_changes_is_as_one_that_is_away(self):
        member = self.member("mx1")
        self.server.psql("ALTER DATABASE connectord SET default_transaction_read_only = on; SELECT pg_terminate_backend(pid)"
                         " FROM pg_stat_activity WHERE application_name LIKE 'connectord mx%'")
        member.connectord.wait_for_log("session is read-only")
        self.assertEqual(member.apply(partner("contoso")).status, 1)
        self.server.psql("ALTER DATABASE connectord RESET default_transaction_read_only", "postgres")
        self.applied(member, partner("contoso"))
        wait_until(lambda: member.has_taken(1), "the generation", 35.0)

    def test_kill_9_of_the_database_is_survived(self):
        member = self.member("mx1")
        self.server.kill()
        member.connectord.wait_for_log("the fleet's database is not to be had")
        self.server.start()
        self.applied(member, partner("contoso"))
        wait_until(lambda: member.has_taken(1), "the generation", 35.0)


    def test_a_restored_database_that_gives_numbers_anew_is_followed(self):
        first, second = self.member("mx1"), self.member("mx2")
        for domain in ("a.example", "b.example"):
            generation = self.applied(first, partner("contoso", domain))
        self.assert_all_take([first, second], generation, 5.0)
        second.connectord.stop()
        # As a backup had it.
        self.server.psql("UPDATE connectord.current SET n = 1; DELETE FROM connectord.host_generation; "
                         "DELETE FROM connectord.generation WHERE n = 2; NOTIFY connectord_generation")
        wait_until(lambda: first.fleet_status()["mx1"]["generation"] == 1, "the generation of the backup", 20.0)
        self.assertEqual(self.applied(first, partner("fabrikam")), 2)
        second.connectord.start()
        for member in (first, second):
            wait_until(lambda: member.connectors() == ["fabrikam"], f"the other second one on {member.name}", 10.0)


class ForgedCopies(FleetScenario):
    """Whoever has connectord's user can write what he likes into the copy that root reads at the start."""

    SECRET = "only-for-root"
    PEOPLE = ('[[rule]]\nname = "r"\npriority = 1\n[rule.when]\nsenders_file = "{file}"\n'
              '[[rule.action]]\ndo = "prepend_subject"\ntext = "[x] "\n')
    PASSWORD = ('[[outbound]]\nname = "o"\nscenario = "partner"\nrecipient_domains = ["a.example"]\n'
                '[outbound.route]\nsmart_hosts = ["[b.example]:25"]\ncredentials = "{file}"\n')
    KEY = '[[signing]]\ndomain = "a.example"\nselector = "s"\nkey_file = "{file}"\n'
    SEAL = '[authentication]\narc = true\n[sealing]\ndomain = "a.example"\nselector = "s"\nkey_file = "{file}"\n'
    AUTHORITY = ('[[outbound]]\nname = "o"\nscenario = "partner"\nrecipient_domains = ["a.example"]\n'
                 'route.smart_hosts = ["[127.0.0.1]:9"]\ntls.level = "verify"\ntls.ca_file = "{file}"\n')

    def setUp(self):
        super().setUp()
        self.host = self.member("mx1")
        self.applied(self.host, partner("contoso"))
        wait_until(lambda: self.host.has_taken(1), "the generation")
        self.host.connectord.stop()
        self.server.stop()
        self.file = self.host.path / "file"
        self.write(self.SECRET, "root", 0o600)

    def write(self, content: str, group: str, mode: int) -> None:
        self.file.write_text(content + "\n")
        shutil.chown(self.file, "root", group)
        self.file.chmod(mode)

    def forge(self, document: str) -> None:
        (self.host.state / "generation-1.toml").write_text(document.format(file=self.file))

    def assert_told(self, said: str) -> None:
        self.assertNotIn(self.SECRET, said)
        self.assertIn(f'"{self.file}": the user {USER} may not read the file', said)
        self.assertIn(f"run: chgrp {GROUP} {self.file} && chmod 640 {self.file}", said)

    def test_what_only_root_may_read_is_read_neither_at_the_start_nor_by_commands(self):
        for document in (self.PEOPLE, self.PASSWORD, self.KEY, self.SEAL):
            self.forge(document)
            self.host.connectord.launch()
            self.assertEqual(self.host.connectord.wait(), 1)
            self.assert_told(self.host.connectord.log())
            checked = self.host.ctl("check")
            self.assertEqual(checked.status, 1)
            self.assert_told(checked.stdout + checked.stderr)
        self.forge(self.AUTHORITY)
        shown = [self.host.ctl("validate", "o", "--file-only"), self.host.ctl("doctor")]
        for said in shown:
            self.assertNotIn(self.SECRET, said.stdout + said.stderr)
            self.assertIn(f"the user {USER} may not read the file", said.stdout + said.stderr)
        kept = [file for file in self.host.path.rglob("*") if file.is_file() and file != self.file
                and self.SECRET.encode() in file.read_bytes()]
        self.assertEqual(kept, [])

    def test_a_copy_that_leads_to_a_file_of_roots_is_not_read(self):
        copy = self.host.state / "generation-1.toml"
        for link in (copy.symlink_to, copy.hardlink_to):
            copy.unlink()
            link(self.file)
            checked = self.host.ctl("check")
            self.assertEqual(checked.status, 1)
            self.assertNotIn(self.SECRET, checked.stdout + checked.stderr)
        self.assertIn(f"the user {USER} may not read the file", checked.stdout + checked.stderr)

    def test_what_connectords_user_may_read_works(self):
        self.write("a@example.com", GROUP, 0o640)
        self.forge(self.PEOPLE)
        self.host.connectord.start()
        self.assertEqual(self.host.ctl("check").status, 0)


class WhoMayJoin(FleetScenario):
    def test_a_copied_machine_is_refused_by_name_and_goes_on_serving(self):
        member = self.member("mx1")
        self.applied(member, partner("contoso"))
        wait_until(lambda: member.has_taken(1), "the generation")
        member.connectord.stop()
        self.server.psql("UPDATE connectord.host SET machine_id = 'of another machine', name = 'mx7'")
        member.connectord.start()
        member.connectord.wait_for_log("this machine is a copy of mx7, by whose number it is known to the fleet")
        self.assertEqual(member.connectors(), ["contoso"])
        self.assertEqual(self.server.psql("SELECT name FROM connectord.host"), "mx7")
        member.connectord.stop()
        (member.state / "host-id").unlink()
        member.connectord.start()
        wait_until(lambda: self.server.psql("SELECT count(*) FROM connectord.host") == "2", "a host of its own")

    def test_of_two_copies_that_run_at_the_same_time_one_is_refused(self):
        member = self.member("mx1")
        self.server.psql("UPDATE connectord.host SET boot_id = 'of another', name = 'mx7', last_seen = now() + '1h'")
        generation = self.applied(member, partner("contoso"))
        wait_until(lambda: member.has_taken(generation), "the generation")
        member.connectord.wait_for_log("another machine has taken this host's place in the fleet")
        member.connectord.wait_for_log("another running machine is known to the fleet by the number in .*, as mx7")
        self.server.psql("UPDATE connectord.host SET last_seen = now() - interval '2min'")
        wait_until(lambda: self.server.psql("SELECT name FROM connectord.host") == "mx1", "mx1 again", 35.0)

    def test_without_tables_or_rights_the_reason_is_whole(self):
        self.server.psql("REVOKE connectord_ingest FROM connectord; REVOKE connectord_admin FROM connectord")
        member = self.member("mx1", start=False)
        refused = member.ctl("fleet", "join")
        self.assertEqual(refused.status, 1)
        self.assertIn("permission denied for table host", refused.stderr)
        self.assertIn("42501", refused.stderr)
        self.server.psql("DROP SCHEMA connectord CASCADE")
        self.assertIn("run: connectorctl fleet migrate", member.ctl("fleet", "status").stderr)
        member.write_password("hunter2")
        refused = member.ctl("fleet", "status")
        self.assertIn("password authentication failed", refused.stderr)
        self.assertNotIn("hunter2", refused.stderr)

    def test_joining_and_leaving_deletes_nothing(self):
        member = self.member("mx1", partner("own"), start=False)
        joined = member.ctl("fleet", "join")
        self.assertEqual(joined.status, 0, joined.stderr)
        self.assertIn("this host is a member now, and has generation 0", joined.stdout)
        member.connectord.start()
        self.assertEqual(member.connectors(), ["own"])
        member.connectord.wait_for_log("connected to the fleet's database")
        left = member.ctl("fleet", "leave")
        self.assertEqual(left.status, 0, left.stderr)
        self.assertTrue(member.fleet_status()["mx1"]["has_left"])
        self.assertTrue((member.state / "generation-0.toml").exists())

    def test_a_pooler_is_refused_whatever_it_lets_through(self):
        for lines in ("", "ignore_startup_parameters = options", "ignore_startup_parameters = options\npool_mode = session"):
            pooler = PgBouncer(self.server, lines)
            try:
                with Member(self.server, "mx9", database=pooler.uri()) as member:
                    refused = member.ctl("fleet", "join")
            finally:
                pooler.stop()
            self.assertEqual(refused.status, 1, lines)
            self.assertIn("connect to PostgreSQL itself: through pgbouncer and its like, notifications and advisory locks "
                          "are lost without a word", refused.stderr)

    def test_tables_are_made_once(self):
        again = connectorctl("fleet", "migrate", "--database", self.server.admin_uri())
        self.assertEqual(again.status, 0, again.stderr)
        self.assertIn("the tables are as this connectord wants them", again.stdout)


class Large(FleetScenario):
    def test_100000_connectors_are_on_all_hosts_in_some_seconds(self):
        members = self.members()
        document = "".join(partner(f"partner-{i}") for i in range(100_000))
        begin = time.monotonic()
        generation = self.applied(members[0], document)
        committed = time.monotonic()
        self.assert_all_take(members, generation, 60.0)
        print(f"\n{len(document) / 1e6:.0f} MB: checked and committed after {committed - begin:.1f} s, on three hosts "
              f"{time.monotonic() - committed:.1f} s later")


class OverTheNetwork(unittest.TestCase):
    def test_only_a_server_whose_certificate_is_good_is_believed(self):
        with Workspace() as workspace, ExitStack() as stack:
            store = CertificateStore(workspace.path / "certificates")
            authority = store.authority("authority", "An authority")
            other = store.authority("other", "Another")
            server = PostgreSql(workspace, store.issued("pg", authority, "localhost", alternative_names=("localhost",)))
            server.start()
            stack.callback(server.stop)
            make_tables(server)

            def asked(uri: str) -> str:
                with Member(server, "mx1", database=uri) as member:
                    answer = member.ctl("fleet", "join")
                    return "" if answer.status == 0 else answer.stderr
            place = f"localhost:{server.port}/connectord?sslrootcert="
            self.assertEqual(asked(f"postgresql://connectord@{place}{authority.file}"), "")
            self.assertIn("certificate verify failed", asked(f"postgresql://connectord@{place}{other.file}"))
            self.assertIn("does not match host name", asked(
                f"postgresql://connectord@127.0.0.1:{server.port}/connectord?sslrootcert={authority.file}"))
            # The first host of a list is dead.
            self.assertEqual(asked(f"postgresql://connectord@localhost:1,{place}{authority.file}"), "")
