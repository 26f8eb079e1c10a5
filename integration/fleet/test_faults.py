"""Mail goes on whatever happens to the database: none is deferred, none is missing in the joint trace, none is there twice."""

import time

from fleet_scenario import MEMBERS, FleetScenario, Load, ask, fleet, primary, psql
from harness.waiting import wait_until

SILENCE = 35.0  # seconds; connections are given up after 30


class Database(FleetScenario):
    RECEIVED = "SELECT sum(last_row) FROM source"

    def test_failover_to_the_replica_which_has_not_got_the_last(self):
        gone = primary()
        replica = "db2" if gone == "db1" else "db1"
        with Load() as load:
            load.more()
            self.drop_packets(gone, replica)
            load.more()
            there = int(ask(gone, self.RECEIVED).stdout)
            self.take_down(gone, "postgres")
            load.more()
            self.assertLess(int(ask(replica, self.RECEIVED).stdout), there)
            ask(replica, "SELECT pg_promote()")
            load.more()
        self.assert_all_in_joint_trace(load)
        self.hear_again(gone)
        self.bring_up(gone)
        self.wait_for_replica()

    def test_packets_are_dropped_without_a_word(self):
        database = primary()
        with Load() as load:
            load.more()
            self.drop_packets(database)
            time.sleep(SILENCE)
            self.hear_again(database)
            load.more()
        self.assert_all_in_joint_trace(load)

    def test_kill_9(self):
        with Load() as load:
            for _ in range(3):
                load.more()
                self.run_on(primary(), "pkill -9 -x postgres")
                primary()
            load.more()
        self.assert_all_in_joint_trace(load)

    def test_read_only(self):
        writable = "ALTER DATABASE connectord RESET default_transaction_read_only"
        self.addCleanup(psql, writable, "postgres")
        with Load() as load:
            load.more()
            psql("ALTER DATABASE connectord SET default_transaction_read_only = on")
            psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'connectord'")
            load.more()
            psql(writable, "postgres")
            load.more()
        self.assert_all_in_joint_trace(load)

    def test_full_disk(self):
        database, full = primary(), "/var/lib/postgresql/full"
        self.addCleanup(self.run_on, database, f"rm -f {full}")
        with Load() as load:
            load.more()
            self.run_on(database, f"dd if=/dev/zero of={full} bs=1M 2>/dev/null || true")
            wait_until(lambda: "No space left on device" in self.host(database).connectord_log(), "PostgreSQL to notice")
            load.more()
            self.run_on(database, f"rm -f {full}")
            load.more()
        self.assert_all_in_joint_trace(load)


class OneMember(FleetScenario):
    """What a host does itself while it cannot keep its trace or is not there; the others do not notice."""

    def test_kill_9(self):
        with Load() as load:
            for name in MEMBERS:
                load.more()
                self.run_on(name, "pkill -9 -x connectord")
            load.more()
        self.assert_all_in_joint_trace(load, *MEMBERS)  # Postfix defers while its milter is away

    def test_full_disk(self):
        """With `on_failure = "defer"`, as it is by default, that host asks its clients to come back."""
        full = "/var/lib/connectord/full"
        self.addCleanup(self.run_on, "mx2", f"rm -f {full}")
        with Load() as load:
            load.more()
            self.run_on("mx2", f"dd if=/dev/zero of={full} bs=64k 2>/dev/null || true")
            self.host("mx2").wait_for_connectord_log("the trace cannot be written")
            load.more()
            self.run_on("mx2", f"rm -f {full}")
            self.host("mx2").wait_for_connectord_log("the trace can be written again")
            load.more()
        self.assertEqual({reply[:9] for reply in load.deferred["mx2"]}, {"451 4.3.0"})
        self.assert_all_in_joint_trace(load, "mx2")

    def test_hosts_are_down_one_at_a_time(self):
        with Load() as load:
            for name in MEMBERS:
                load.more()
                self.take_down(name, "connectord")
                self.run_on(name, "iptables -w -A INPUT -p tcp -j REJECT --reject-with tcp-reset")
                load.more()
                self.assert_others_search_without(name)
                self.hear_again(name)
                self.bring_up(name)
                self.host(name).wait_for_server()
            load.more()
        self.assert_all_in_joint_trace(load, *MEMBERS)

    def assert_others_search_without(self, name: str) -> None:
        for other in MEMBERS:
            if other == name:
                continue
            began = time.monotonic()
            self.assertIn(name, fleet[other].output("connectorctl", "trace", "--host", name, "--json", "--limit", "1"))
            self.assertLess(time.monotonic() - began, 5.0)


class WrongClock(FleetScenario):
    def test_a_clock_a_year_ahead(self):
        """connectord's alone, by libfaketime; a mail log has no year, so Postfix's needs nothing."""
        self.set_clock("+365d")
        self.addCleanup(self.run_on, "mx3", "rm -f /run/clock; pkill -x connectord")
        with Load() as load:
            load.more(300)
        year = 365 * 86400 * 1000
        wait_until(lambda: abs(int(psql("SELECT clock_ahead_ms FROM host WHERE name = 'mx3'")) - year) < 60_000,
                   "the difference in the database", 30.0)
        self.assert_all_in_joint_trace(load, "mx3")
        # Their place is the day on which the database took them, so none is kept for a year.
        self.assertEqual(psql("SELECT count(*) FROM message WHERE t > extract(epoch FROM now() + interval '1 day') * 1000"), "0")
        for name in MEMBERS:
            found = fleet[name].output("connectorctl", "trace", "--host", "mx3", "--queue-id", load.accepted["mx3"][-1],
                                       "--json")
            self.assertIn(load.accepted["mx3"][-1], found)

    def set_clock(self, ahead: str) -> None:
        before = self.host("mx3").connectord_log().count("connected to the fleet's database")
        self.run_on("mx3", f"echo {ahead} >/run/clock; pkill -x connectord")
        wait_until(lambda: self.host("mx3").connectord_log().count("connected to the fleet's database") > before,
                   "connectord with another clock")
