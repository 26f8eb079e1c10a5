"""A socketmap that is fed nonsense, too much, or too slowly: that connection ends, and the others are not disturbed."""

import socket
import time

from harness.network import connect
from harness.site import SiteOptions
from harness.socketmap import SocketmapClient, netstring
from outbound import outbound
from scenario import HostScenario

MEMORY_LIMIT_KIB = 128 * 1024
ROUTE = "OK smtp:[mx1.contoso.com]:25"


class Faults(HostScenario):
    connectors = outbound("contoso-out", "contoso.com", hosts=("[mx1.contoso.com]:25",))
    options = SiteOptions(socketmap=True)

    def setUp(self):
        self.bystander = self.enterContext(self.client())
        self.assertEqual(self.bystander.ask("transport", "a@contoso.com"), ROUTE)

    def tearDown(self):
        self.assertEqual(self.bystander.ask("transport", "a@contoso.com"), ROUTE)
        self.assertLess(self.host.connectord.resident_kib(), MEMORY_LIMIT_KIB)

    def client(self) -> SocketmapClient:
        return SocketmapClient(self.host.socketmap)

    def test_what_is_no_netstring_ends_the_connection(self):
        for octets in (b"GET / HTTP/1.1\r\n\r\n", b"5:abcdefgh", b"x", b":", b"-1:,", b"007:,", b"9" * 40, b"\0" * 100,
                       b"11:transport *;"):
            with self.subTest(octets), self.client() as client:
                client.send(octets)
                self.assertTrue(client.is_closed())
        self.host.connectord.wait_for_log("socketmap: warning: closing a connection, error=")

    def test_a_request_of_a_megabyte_ends_the_connection_before_it_is_kept(self):
        with self.client() as client:
            try:
                client.send(netstring(b"transport " + b"x" * 1_000_000))
                closed = client.is_closed()
            except (BrokenPipeError, ConnectionResetError):
                closed = True
            self.assertTrue(closed)

    def test_a_header_as_long_as_postfix_lets_through_is_answered(self):
        with self.client() as client:
            self.assertEqual(client.ask("header", "Subject: " + "x" * 102_400), "NOTFOUND ")

    def test_requests_that_come_in_pieces_or_all_at_once_are_answered_one_by_one(self):
        request = netstring(b"transport a@contoso.com")
        with self.client() as client:
            for octet in request:
                client.send(bytes([octet]))
            self.assertEqual(client.read_answer(), ROUTE)
            client.send(request * 500 + request[:5])
            self.assertEqual({client.read_answer() for _ in range(500)}, {ROUTE})
            client.send(request[5:])
            self.assertEqual(client.read_answer(), ROUTE)

    def test_a_thousand_idle_connections_cost_little_and_hinder_nobody(self):
        before = self.host.connectord.resident_kib()
        idle = [self.enterContext(self.client()) for _ in range(1000)]
        for client in idle[::100]:
            self.assertEqual(client.ask("transport", "a@contoso.com"), ROUTE)
        self.assertLess(self.host.connectord.resident_kib() - before, 16 * 1024)

    def test_one_that_takes_no_answers_is_left_alone_and_then_cut_off(self):
        with connect(self.host.socketmap) as slow:
            slow.setblocking(False)
            request = netstring(b"transport a@contoso.com") * 1000
            sent = 0
            stuck_since = time.monotonic()
            # Full means that the daemon reads no further while nobody takes what it has to say.
            while time.monotonic() - stuck_since < 1:
                try:
                    sent += slow.send(request)
                    stuck_since = time.monotonic()
                except BlockingIOError:
                    self.assertEqual(self.bystander.ask("transport", "a@contoso.com"), ROUTE)
            self.assertLess(sent, 4 << 20)
            self.host.connectord.wait_for_log("answers that nobody takes", timeout=30)

    def test_one_that_does_not_finish_its_request_is_cut_off(self):
        with self.client() as client:
            client.socket.settimeout(30)
            client.send(b"23:transport a@con")
            self.assertTrue(client.is_closed())
        self.host.connectord.wait_for_log("a request that does not end")

    def test_many_long_requests_that_do_not_end_stay_within_bounds(self):
        clients = [self.enterContext(self.client()) for _ in range(400)]
        part = b"131000:" + b"x" * 120_000
        for client in clients:
            try:
                client.send(part)
            except (BrokenPipeError, ConnectionResetError, socket.timeout):
                pass
        self.host.connectord.wait_for_log("too much is under way on all connections together")


class Stopping(HostScenario):
    connectors = outbound("contoso-out", "contoso.com", hosts=("[mx1.contoso.com]:25",))
    options = SiteOptions(socketmap=True)

    def test_the_socket_goes_with_the_daemon(self):
        path = self.host.path / "run" / "socketmap.sock"
        self.assertTrue(path.exists())
        self.assertEqual(self.host.connectord.stop(), 0)
        self.assertFalse(path.exists())
        self.host.connectord.start()
        with SocketmapClient(self.host.socketmap) as client:
            self.assertEqual(client.ask("transport", "a@contoso.com"), ROUTE)
