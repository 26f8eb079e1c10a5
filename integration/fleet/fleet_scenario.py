"""What the scenarios of a fleet share: its hosts, and mail to them under load."""

import json
import subprocess
import unittest

from arrangement import Arrangement, Host
from harness.daemon import Output
from harness.waiting import wait_until

MEMBERS = ("mx1", "mx2", "mx3")
DATABASES = ("db1", "db2")
NO_DNS = '[authentication]\nspf = false\ndkim = false\ndmarc = "off"\n'
IN_COMMON = '[organization]\naccepted_domains = ["example.net"]\n' + NO_DNS
CONTOSO = '[[inbound]]\nname = "contoso"\nscenario = "partner"\nidentify.sender_domains = ["contoso.com"]\nrequire.tls = true\n'
ROLE = "CREATE ROLE connectord LOGIN PASSWORD 'secret of the fleet' IN ROLE connectord_ingest, connectord_admin, connectord_read"
MORE_ANSWERS = 150
CATCHING_UP = 100.0  # seconds; a host may try again half a minute later, and find the database slow

fleet: "Fleet"  # set by integration/run-fleet before any test


class Fleet(Arrangement):
    title = "integration/run-fleet"
    project = "connectord-fleet"
    file = "docker-compose.fleet.yml"
    file_of_programs = "integration/fleet/programs.yml"
    built = ("mx1",)
    mail_servers = ()

    def begin(self) -> None:
        """The tables, and what all hosts have in common to begin with."""
        wait_until(lambda: is_primary("db1"), "PostgreSQL")
        self["db1"].output("psql", "-h", "/tmp", "-U", "postgres", "-c", "CREATE DATABASE connectord")
        self["db1"].output("connectorctl", "fleet", "migrate", "--database", "postgresql://postgres@/connectord?host=/tmp")
        psql(ROLE)
        psql("ALTER ROLE postgres SET search_path = connectord")
        for name in MEMBERS:
            self[name].wait_for_connectord_log("connected to the fleet's database")
        wait_until(lambda: psql("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == "1", "a replica")
        apply("mx1", IN_COMMON + CONTOSO)
        for name in MEMBERS:
            wait_until(lambda: "contoso" in connectors(name), f"the first generation on {name}")
            self[name].wait_for_server()


def ask(server: str, sql: str, database: str = "connectord") -> Output:
    return fleet[server].run("psql", "-h", "/tmp", "-U", "postgres", "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", sql, database)


def is_primary(server: str) -> bool:
    return ask(server, "SELECT pg_is_in_recovery()", "postgres").stdout.strip() == "f"


def primary() -> str:
    return wait_until(lambda: next((name for name in DATABASES if is_primary(name)), ""), "a database that takes changes")


def psql(sql: str, database: str = "connectord") -> str:
    """Of the server that takes changes now."""
    done = ask(primary(), sql, database)
    if done.status:
        raise AssertionError(f"{sql}: {done.stderr}")
    return done.stdout.strip()


def apply(host: str, document: str) -> None:
    """In common from now on, as a change on this host."""
    script = 'cat >/tmp/new.toml; connectorctl fleet apply /tmp/new.toml --over "$1"'
    newest = psql("SELECT max(n) FROM generation")
    done = fleet[host].run("sh", "-c", script, "sh", newest, stdin=document)
    if done.status:
        raise AssertionError(done.stderr)


def connectors(host: str) -> list[str]:
    listed = fleet[host].run("connectorctl", "list", "--json")
    return [one["name"] for one in json.loads(listed.stdout)] if listed.status == 0 else []


class Load:
    """The partner's mail to all hosts in turn, until the `with` block ends."""

    def __enter__(self) -> "Load":
        self._process = subprocess.Popen(
            ["docker", "exec", "-i", fleet["partner"].container, "/integration/fleet/load.py", *MEMBERS],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_) -> None:
        out, _ = self._process.communicate(timeout=60)
        answers = json.loads(out)
        self.accepted: dict[str, list[str]] = answers["accepted"]
        self.refused: dict[str, list[str]] = answers["refused"]
        self.deferred: dict[str, list[str]] = answers["deferred"]
        self.gone: dict[str, int] = answers["gone"]

    @property
    def answers(self) -> int:
        self._process.stdin.write("count\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def more(self, answers: int = MORE_ANSWERS) -> None:
        seen = self.answers
        wait_until(lambda: self.answers > seen + answers, "more answers")


class FleetScenario(unittest.TestCase):
    def host(self, name: str) -> Host:
        return fleet[name]

    def circumstances(self) -> str:
        def told(name: str) -> list[str]:
            return [line[:300] for line in fleet[name].connectord_log().splitlines() if ": client=[" not in line][-5:]
        return "".join(f"\n{name}: {line}" for name in (*MEMBERS, *DATABASES) for line in told(name))

    def run_on(self, name: str, script: str) -> None:
        fleet[name].output("sh", "-c", script)

    def take_down(self, name: str, what: str) -> None:
        """Kills the process of that name, which stays away until bring_up(), at the end of the test at the latest."""
        self.addCleanup(self.bring_up, name)
        self.run_on(name, f"touch /run/down; pkill -9 -x {what}")

    def bring_up(self, name: str) -> None:
        self.run_on(name, "rm -f /run/down")

    def drop_packets(self, name: str, peer: str = "") -> None:
        """All that this database and its clients, or this one, send each other, in silence, until hear_again()."""
        self.addCleanup(self.hear_again, name)
        self.run_on(name, f"iptables -w -A INPUT -p tcp --dport 5432 {'-s ' + peer if peer else ''} -j DROP; "
                          f"iptables -w -A OUTPUT -p tcp --sport 5432 {'-d ' + peer if peer else ''} -j DROP")

    def hear_again(self, name: str) -> None:
        self.run_on(name, "iptables -w -F")

    def wait_for_replica(self) -> None:
        """Until there is one that has everything."""
        wait_until(lambda: psql("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND "
                                "pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) < 1000000") == "1", "a replica")

    def assert_all_in_joint_trace(self, load: Load, *deferring: str) -> None:
        """Each final answer is in the joint trace, by host and number, and each once; no host but these has asked a client
        to come back."""
        for name in MEMBERS:
            if name not in deferring:
                self.assertEqual(load.deferred[name], [], f"deferred by {name}")
                self.assertGreater(len(load.accepted[name]), 0)
                self.assertGreater(len(load.refused[name]), 0)
        for name in MEMBERS:
            local = [tuple(row) for row in json.loads(fleet[name].output("/integration/fleet/rows.py"))]
            wanted = {row[0] for row in local}
            wait_until(lambda: wanted <= {row[0] for row in self.joint_rows(name)}, f"all rows of {name}", CATCHING_UP)
            # What became of mail comes a moment later, here and there.
            wait_until(lambda: not self._local_rows(name) - {row[:3] for row in self.joint_rows(name)},
                       f"the same statuses of {name} in both places", CATCHING_UP)
            rows = self.joint_rows(name)
            self.assertEqual(len(rows), len({row[0] for row in rows}), f"rows of {name} that are there twice")
            answers = [row[1:2] + row[3:] for row in rows if row[3] != "defer"]
            self.assertEqual(len(answers), len(set(answers)), f"messages of {name} that are there twice")
            taken = {row[4] for row in rows if row[3] == "accept"}
            self.assertEqual(set(load.accepted[name]) - taken, set(), f"accepted by {name}")
            turned_away = {row[1] for row in rows if row[3] == "reject"}
            self.assertEqual(set(load.refused[name]) - turned_away, set(), f"refused by {name}")
        self.assertEqual(psql("SELECT sum(messages), sum(recipients) FROM volume"),
                         psql("SELECT (SELECT count(*) FROM message), (SELECT count(*) FROM recipient)"))
        self.assertEqual(psql("SELECT sum(lost), sum(rejected) FROM source"), "0|0")

    def joint_rows(self, host: str) -> list[tuple]:
        """Number, recipient, what became of it, action and queue ID."""
        rows = psql("SELECT json_agg(json_build_array(r.seq, r.address, r.status, ('[0:2]={accept,reject,defer}'::text[])"
                    "[m.action], m.queue_id)) FROM recipient r JOIN message m ON m.t = r.t AND "
                    f"m.host = r.host AND m.seq = r.message WHERE r.host = (SELECT id FROM host WHERE name = '{host}')")
        return [tuple(row) for row in json.loads(rows or "[]")]

    @staticmethod
    def _local_rows(host: str) -> set[tuple]:
        return {tuple(row[:3]) for row in json.loads(fleet[host].output("/integration/fleet/rows.py"))}
