"""Too much, too long, cut off, nonsense: a clear error or a deferral, bounded memory, and others' mail goes on."""

import contextlib
import struct

from harness.client import message
from harness.milter import MilterClient
from harness.policy import PolicyClient, request
from harness.site import SiteOptions
from harness.submission import new_token
from scenario import CONTOSO, RECIPIENT, HostScenario, SiteScenario

MEMORY_LIMIT_KIB = 128 * 1024


class HugeMail(SiteScenario):
    """As much as Postfix lets through."""

    connectors = CONTOSO
    options = SiteOptions(parameters={"smtpd_recipient_limit": "6000", "header_size_limit": "2000000",
                              "default_destination_recipient_limit": "6000", "line_length_limit": "200000"})

    def tearDown(self):
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")
        self.assertLess(self.site.connectord.resident_kib(), MEMORY_LIMIT_KIB)

    def test_five_thousand_recipients(self):
        with self.open(certificate="partner") as client:
            client.mail("alice@contoso.com")
            replies = client.pipeline(f"RCPT TO:<user{n}@example.net>" for n in range(5000))
            self.assertEqual({reply.code for reply in replies}, {250})
            token = new_token()
            self.assertEqual(client.data(message(token)).code, 250)
        self.assertEqual(self.site.arrival(token, 60).all("X-Connector"), ["contoso"])

    def test_ten_thousand_headers(self):
        headers = [f"X-Header-{n}: value" for n in range(9990)] + ["X-Connector: forged"] * 10
        with self.open(certificate="partner") as client:
            client.mail("alice@contoso.com")
            client.rcpt(RECIPIENT)
            token = new_token()
            self.assertEqual(client.data(message(token, *headers)).code, 250)
        arrived = self.site.arrival(token, 60)
        self.assertEqual(arrived.all("X-Connector"), ["contoso"])
        self.assertEqual(len([name for name, _ in arrived.headers if name.startswith("X-Header-")]), 9990)

    def test_a_header_as_long_as_postfix_has_them_by_default(self):
        """100 KiB (header_size_limit), of which libmilter by itself takes 64."""
        token = new_token()
        with self.open(certificate="partner") as client:
            client.mail("alice@contoso.com")
            client.rcpt(RECIPIENT)
            folded = "X-Long: " + "\r\n ".join(["x" * 990] * 102)
            self.assertEqual(client.data(message(token, folded, "X-Connector: forged")).code, 250)
        self.assertEqual(self.site.arrival(token).all("X-Connector"), ["contoso"])

    def test_a_header_of_a_megabyte(self):
        folded = "X-Huge: " + "\r\n ".join(["x" * 990] * 1050)
        with self.open(certificate="partner") as client:
            client.mail("alice@contoso.com")
            client.rcpt(RECIPIENT)
            token = new_token()
            reply = client.data(message(token, folded, "X-Connector: forged"))
        if reply.code == 250:
            self.assertEqual(self.site.arrival(token).all("X-Connector"), ["contoso"])
        else:
            self.assertTrue(400 <= reply.code < 500, str(reply))
            self.assertEqual(self.site.arrivals(token), [])

    def test_a_forged_tag_of_a_megabyte(self):
        forged = "X-Connector: contoso" + "\r\n contoso" * 100_000
        with self.open(tls=False) as client:
            client.mail("bob@example.org")
            client.rcpt(RECIPIENT)
            token = new_token()
            reply = client.data(message(token, forged))
        if reply.code == 250:
            self.assertEqual(self.site.arrival(token).all("X-Connector"), [])
        else:
            self.assertTrue(400 <= reply.code < 500, str(reply))
            self.assertEqual(self.site.arrivals(token), [])

    def test_names_and_addresses_of_64_kilobytes(self):
        long = "x" * 65536
        with self.open(tls=False) as client:
            for line in (f"EHLO {long}.example.org", f"MAIL FROM:<{long}@example.org>", f"MAIL FROM:<a@{long}.org>"):
                with self.subTest(line[:20]), contextlib.suppress(ConnectionError):
                    self.assertGreaterEqual(client.command(line).code, 200)
                    client.rset()


class MilterPeers(HostScenario):
    """MTAs that say what Postfix never would."""

    def tearDown(self):
        with self.session("4AFTER") as client:
            client.mail("bob@example.org")
            client.rcpt(RECIPIENT)
            outcome = client.content([("X-Connector", "forged")])
            self.assertEqual((outcome.verdict.passes, len(outcome.deleted)), (True, 1))
        self.assertLess(self.host.connectord.resident_kib(), MEMORY_LIMIT_KIB)

    @contextlib.contextmanager
    def session(self, queue_id: str = "4BAD", helo: str = "client.example.org"):
        """A session ready for MAIL."""
        with MilterClient(self.host.milter, {"i": queue_id, "{client_addr}": "192.0.2.1", "{client_port}": "40000"}) \
                as client:
            client.negotiate()
            client.connect("client.example.org", "192.0.2.1", 40000)
            client.helo(helo)
            yield client

    def test_long_names_and_addresses(self):
        # Longer than anything that an MTA takes on one line.
        long = "x" * 65000
        with self.session(helo=long) as client:
            for mail_from in (f"{long}@contoso.com", f"bob@{long}.example.org", long, f'"{long}"@contoso.com'):
                with self.subTest(mail_from[:4]):
                    verdict = client.mail(mail_from)
                    if verdict.passes:
                        verdict = client.rcpt(f"{long}@example.net")
                    if "contoso.com" in mail_from:
                        self.assertFalse(verdict.passes, "the partner's domain without TLS")
                    client.abort()

    def test_a_packet_longer_than_the_protocol_allows_ends_that_session_only(self):
        with self.session() as bystander, self.session() as client:
            with self.assertRaises(ConnectionError):
                client.send(b"M", b"<" + b"x" * 2_000_000 + b">\0")
                client.read()
            self.assertTrue(bystander.mail("bob@example.org").passes)

    def test_many_recipients(self):
        with self.session() as client:
            client.mail("bob@example.org")
            for n in range(5000):
                self.assertTrue(client.rcpt(f"user{n}@example.net").passes)
            self.assertTrue(client.content([]).verdict.passes)

    def test_forged_tags_without_end(self):
        with self.session() as client:
            client.mail("bob@example.org")
            client.rcpt(RECIPIENT)
            outcome = client.content([("X-Connector", "forged")] * 50)
            self.assertTrue(outcome.verdict.passes)
            self.assertEqual([index for index, _ in outcome.deleted], list(range(50, 0, -1)))
            client.mail("bob@example.org")
            client.rcpt(RECIPIENT)
            outcome = client.content([("X-Connector", "forged")] * 10_000)
            self.assertFalse(outcome.verdict.passes)
            self.assertEqual(outcome.deleted, [])

    def test_bytes_that_are_no_text(self):
        with self.session(helo="\udcff\udcfe\x01\x7f") as client:
            for mail_from in ("\udcff\udcfe@contoso.com", "a@\udcff.contoso.com", "a@contoso.com\udcff",
                              "a\n@contoso.com"):
                with self.subTest(mail_from):
                    verdict = client.mail(mail_from)
                    if verdict.passes:
                        verdict = client.rcpt(RECIPIENT)
                    self.assertFalse(verdict.passes)
                    client.abort()

    def test_peers_that_vanish_anywhere(self):
        steps = [lambda client: client.mail("bob@example.org"), lambda client: client.rcpt(RECIPIENT),
                 lambda client: client.data(), lambda client: client.header("Subject", "x"),
                 lambda client: client.end_of_headers(), lambda client: client.body(b"x" * 1000)]
        for reached in range(len(steps) + 1):
            for leave in (MilterClient.close, MilterClient.reset, MilterClient.quit):
                with self.subTest(reached=reached, leave=leave.__name__), self.session() as client:
                    for step in steps[:reached]:
                        step(client)
                    leave(client)

    def test_peers_that_vanish_in_the_middle_of_a_packet(self):
        for octets in (b"\0", struct.pack("!I", 100) + b"M", struct.pack("!I", 100) + b"M<bob@"):
            with self.subTest(octets), self.session() as client:
                client.socket.sendall(octets)
                client.reset()

    def test_bytes_that_are_no_milter_protocol(self):
        for octets in (b"GET / HTTP/1.0\r\n\r\n", b"\xff" * 64, b"\0" * 64, struct.pack("!I", 13) + b"O" + b"\xff" * 12,
                       struct.pack("!I", 13) + b"O" + b"\0" * 12, struct.pack("!I", 1) + b"E",
                       struct.pack("!I", 0xFFFFFFFF) + b"L"):
            with self.subTest(octets), MilterClient(self.host.milter) as client, contextlib.suppress(ConnectionError):
                client.socket.sendall(octets)
                client.socket.shutdown(1)
                client.read()

    def test_commands_out_of_order(self):
        for step in (lambda client: client.rcpt(RECIPIENT), lambda client: client.header("Subject", "x"),
                     lambda client: client.end_of_message()):
            with self.session() as client:
                client.socket.settimeout(1)  # libmilter gives no answer to what it did not expect
                with contextlib.suppress(ConnectionError, TimeoutError):
                    step(client)
                    self.assertFalse(client.end_of_message().verdict.passes)

    def test_two_hundred_sessions_at_once(self):
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(self.session(f"4MANY{n}")) for n in range(200)]
            for client in clients:
                self.assertTrue(client.mail("bob@example.org").passes)
            for client in reversed(clients):
                self.assertTrue(client.rcpt(RECIPIENT).passes)


class PolicyPeers(HostScenario):
    """Requests that Postfix never makes. What cannot be understood is never answered by letting the mail pass."""

    def tearDown(self):
        with PolicyClient(self.host.policy) as client:
            self.assertEqual(client.ask(), "DUNNO")
            self.assertTrue(client.ask(sender="alice@contoso.com").startswith("550 5.7.10"))
        self.assertLess(self.host.connectord.resident_kib(), MEMORY_LIMIT_KIB)

    def answer(self, octets: bytes) -> str:
        """The action, or an empty string if the service hung up."""
        with PolicyClient(self.host.policy) as client:
            try:
                client.send(octets)
                return client.read_action()
            except ConnectionError:
                return ""

    def test_unknown_attributes_change_nothing(self):
        with PolicyClient(self.host.policy) as client:
            self.assertEqual(client.ask(from_the_future="yes", x="", another="=="), "DUNNO")
            self.assertIn("5.7.10", client.ask(from_the_future="yes", sender="alice@contoso.com"))

    def test_requests_that_cannot_be_understood_let_nothing_pass(self):
        good = request(sender="alice@contoso.com")
        for case, octets in {
            "no attributes": b"\n\n",
            "another kind of request": request(request="something_else", sender="alice@contoso.com"),
            "no kind of request": good.replace(b"request=smtpd_access_policy\n", b""),
            "a line without an equals sign": good[:-1] + b"nonsense\n\n",
            "NUL in a value": request(sender="alice@contoso.com\0@example.org"),
            "NUL in a name": good[:-1] + b"sen\0der=bob@example.org\n\n",
            "an address that is none": request(sender="alice@contoso.com", client_address="300.1.2.3"),
            "a port that is none": request(sender="alice@contoso.com", client_port="99999999999"),
            "the sender twice": good[:-1] + b"sender=bob@example.org\n\n",
            "the answer's own words": request(sender="alice@contoso.com", helo_name="action=OK"),
            "bytes that are no text": request(sender="alice@contoso.com")[:-1] + b"helo_name=\xff\xfe\n\n",
        }.items():
            with self.subTest(case):
                self.assert_passes_nothing(self.answer(octets))

    def test_requests_without_end_are_cut_off(self):
        for case, octets in {
            "a value without end": b"request=smtpd_access_policy\nsender=" + b"x" * 4_000_000,
            "attributes without end": b"request=smtpd_access_policy\n" + b"a=b\n" * 1_000_000,
            "a name without end": b"x" * 4_000_000,
            "empty attributes without end": b"=\n" * 1_000_000,
        }.items():
            with self.subTest(case):
                self.assert_passes_nothing(self.answer(octets))

    def test_a_request_in_small_pieces_is_a_request(self):
        with PolicyClient(self.host.policy) as client:
            for octet in request(sender="alice@contoso.com"):
                client.send(bytes([octet]))
            self.assertIn("5.7.10", client.read_action())

    def test_several_requests_at_once_are_answered_in_their_order(self):
        with PolicyClient(self.host.policy) as client:
            client.send(b"".join(request(sender=sender) for sender in ("a@example.org", "alice@contoso.com") * 20))
            answers = [client.read_action()[:10] for _ in range(40)]
            self.assertEqual(answers, ["DUNNO", "550 5.7.10"] * 20)

    def test_peers_that_vanish_harm_nobody(self):
        good = request()
        for octets in (b"", good[:50], good[:-1], good, good * 100):
            with self.subTest(len(octets)), PolicyClient(self.host.policy) as client:
                client.send(octets)

    def test_peers_that_say_nothing_keep_nobody_waiting(self):
        with contextlib.ExitStack() as stack:
            for _ in range(200):
                stack.enter_context(PolicyClient(self.host.policy)).send(b"request=")
            with PolicyClient(self.host.policy) as client:
                self.assertEqual(client.ask(), "DUNNO")

    def test_other_protocol_states_are_answered_too(self):
        with PolicyClient(self.host.policy) as client:
            for state in ("CONNECT", "EHLO", "HELO", "MAIL", "RCPT", "DATA", "END-OF-MESSAGE", "VRFY", "ETRN"):
                with self.subTest(state):
                    self.assertEqual(client.ask(protocol_state=state), "DUNNO")

    def assert_passes_nothing(self, action: str) -> None:
        verb = action.split(" ")[0].upper()
        self.assertTrue(verb == "" or verb[:1] in "45" or verb.startswith("DEFER"), action)
