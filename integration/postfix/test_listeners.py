"""The sockets: who may use them, whose they are, and what happens when they are there already."""

import contextlib
import os
import re
import resource
import statistics
import stat
import time
from pathlib import Path

from harness.daemon import Connectord
from harness.milter import MilterClient
from harness.network import accepts_connections, connect, free_port
from harness.policy import PolicyClient
from harness.site import USER, Host, SiteOptions
from harness.socketmap import SocketmapClient
from scenario import CONTOSO, HostScenario, SiteScenario


def path_of(endpoint: str) -> Path:
    return Path(endpoint.removeprefix("unix:"))


class UnixSockets(HostScenario):
    def test_postfix_may_use_them_and_nobody_else(self):
        for endpoint in (self.host.milter, self.host.policy):
            with self.subTest(endpoint):
                path = path_of(endpoint)
                self.assertEqual((path.owner(), path.group(), stat.filemode(path.stat().st_mode)),
                                 (USER, "postfix", "srw-rw----"))

    def test_group_and_mode_are_the_configurations(self):
        with Host(options=SiteOptions(server='socket_group = "nogroup"\nsocket_mode = "0600"')) as host:
            path = path_of(host.milter)
            self.assertEqual((path.group(), stat.filemode(path.stat().st_mode)), ("nogroup", "srw-------"))

    def test_a_second_daemon_gives_up_and_the_first_one_keeps_its_sockets(self):
        second = Connectord(self.host.workspace, self.host.connectord.config_file.read_text(), "second")
        second.launch()
        self.assertNotEqual(second.wait(), 0)
        self.assertIn("milter.sock", second.log())
        for endpoint in (self.host.milter, self.host.policy):
            self.assertTrue(accepts_connections(endpoint))

    def test_sockets_of_a_daemon_that_was_killed_are_taken_over(self):
        self.host.connectord.kill()
        self.assertTrue(path_of(self.host.milter).exists())
        self.host.connectord.start()
        with PolicyClient(self.host.policy) as client:
            self.assertEqual(client.ask(), "DUNNO")

    def test_a_file_that_is_no_socket_is_left_alone(self):
        with Host(options=SiteOptions(launch=False)) as host:
            for endpoint in (host.milter, host.policy):
                with self.subTest(endpoint):
                    path_of(endpoint).write_text("precious")
                    host.connectord.launch()
                    self.assertNotEqual(host.connectord.wait(), 0)
                    self.assertEqual(path_of(endpoint).read_text(), "precious")
                    path_of(endpoint).unlink()

    def test_a_daemon_that_ends_takes_its_sockets_away(self):
        with Host() as host:
            host.connectord.stop()
            self.assertEqual(list((host.path / "run").iterdir()), [])


class Privileges(HostScenario):
    def test_a_daemon_started_as_root_becomes_its_user_for_good(self):
        self.host.connectord.wait_for_log("started")
        status = Path(f"/proc/{self.host.connectord.process.pid}/status").read_text()
        user, group = os.stat(path_of(self.host.milter)).st_uid, "65534"
        self.assertEqual(re.search(r"^Uid:\s+(.*)$", status, re.M).group(1).split(), [str(user)] * 4)
        self.assertEqual(re.search(r"^Gid:\s+(.*)$", status, re.M).group(1).split(), [group] * 4)
        self.assertNotIn("0", re.search(r"^Groups:(.*)$", status, re.M).group(1).split())
        for capabilities in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
            self.assertEqual(int(re.search(rf"^{capabilities}:\s+(\w+)$", status, re.M).group(1), 16), 0)


class ManyConnections(HostScenario):
    """Begins with as few open files as systemd allows at first."""

    @classmethod
    def setUpClass(cls):
        few, most = 1024, min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 65536)
        cls.options = SiteOptions(policy=f"inet:127.0.0.1:{free_port()}", socketmap=True)
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        cls.addClassCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, before)
        resource.setrlimit(resource.RLIMIT_NOFILE, (few, before[1]))
        super().setUpClass()
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, before[1]))

    def test_who_opens_thousands_and_leaves_them_idle_keeps_the_mail_server_out_of_none(self):
        for endpoint in (self.host.policy, self.host.socketmap):
            with self.subTest(endpoint), contextlib.ExitStack() as stack:
                for _ in range(5500):
                    stack.enter_context(connect(endpoint))
                with PolicyClient(self.host.policy) as policy, SocketmapClient(self.host.socketmap) as socketmap:
                    self.assertEqual(policy.ask(), "DUNNO")
                    self.assertEqual(socketmap.ask("transport", "user@example.org"), "NOTFOUND ")
                with MilterClient(self.host.milter, {"i": "4MANY000"}) as client:
                    client.negotiate()
                    client.connect("client.example.org", "192.0.2.1", 40000)
                    client.helo("client.example.org")
                    self.assertTrue(client.mail("bob@example.org").passes)
        self.assertEqual(self.host.connectord.log_lines("no more files"), [])


class TcpListeners(SiteScenario):
    connectors = CONTOSO

    @classmethod
    def setUpClass(cls):
        cls.options = SiteOptions(milter=f"inet:127.0.0.1:{free_port()}", policy=f"inet:127.0.0.1:{free_port()}")
        super().setUpClass()

    def test_they_serve_postfix_as_unix_sockets_do(self):
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")
        self.assert_refused(self.send("alice@contoso.com", tls=False), "550 5.7.10", "contoso")

    def test_a_message_does_not_wait_for_delayed_acknowledgements(self):
        # With Nagle's algorithm at work each change and the answer after it cost some 40 ms.
        with MilterClient(self.site.milter, {"i": "4TCP0000"}) as client:
            client.negotiate()
            client.connect("client.example.org", "192.0.2.1", 40000)
            client.helo("client.example.org")
            self.assertLess(statistics.median(self.seconds_for_a_message(client) for _ in range(20)), 0.02)

    def seconds_for_a_message(self, client: MilterClient) -> float:
        start = time.monotonic()
        client.mail("bob@example.org")
        client.rcpt("user@example.net")
        outcome = client.content([("X-Connector", " forged")] * 3)
        self.assertEqual(len(outcome.deleted), 3)
        return time.monotonic() - start
