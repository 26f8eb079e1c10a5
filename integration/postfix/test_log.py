"""The log: one line for each message, easy to find, and impossible to forge."""

import json

from harness import logline
from harness.milter import MilterClient
from harness.policy import PolicyClient
from harness.site import SiteOptions
from harness.waiting import wait_until
from scenario import CONTOSO, HostScenario, SiteScenario, submit

POISON = ('x\r\n2026-01-01T00:00:00.000+0000 connectord[1]: FORGED: action=accept, connector=contoso\x1b[2K" ,'
          ' action=forged\u202e\u2066\u2028\u200f\u061c')


class MessageLines(SiteScenario):
    connectors = CONTOSO

    def lines_about(self, queue_id: str) -> list[logline.LogLine]:
        return [logline.parse(line) for line in self.site.connectord.log_lines(rf": {queue_id}: ")]

    def test_an_accepted_message_has_one_line_that_begins_with_its_queue_id(self):
        sent = self.send("alice@contoso.com", certificate="partner")
        self.assert_delivered(sent, "contoso")
        (line,) = self.lines_about(sent.queue_id)
        self.assertEqual((line["connector"], line["action"]), ("contoso", "accept"))

    def test_a_message_of_no_connector_has_a_line_too(self):
        sent = self.send("bob@example.org", tls=False)
        self.assert_delivered(sent, None)
        (line,) = self.lines_about(sent.queue_id)
        self.assertEqual(line["action"], "accept")

    def test_each_message_of_a_connection_has_its_own_line(self):
        with self.open(certificate="partner") as client:
            ids = [submit(client, mail_from).queue_id for mail_from in ("alice@contoso.com", "bob@example.org")]
        self.assertEqual([len(self.lines_about(queue_id)) for queue_id in ids], [1, 1])

    def test_a_refused_message_has_a_line_with_the_requirements_that_failed(self):
        before = len(self.site.connectord.log_lines("action=reject"))
        self.assert_refused(self.send("alice@contoso.com", certificate="other-name", source="127.0.0.77"), "550 5.7.1")
        lines = wait_until(lambda: self.site.connectord.log_lines("action=reject")[before:], "a line about the refusal")
        self.assertEqual(len(lines), 1)
        line = logline.parse(lines[0])
        self.assertEqual((line["connector"], line["action"]), ("contoso", "reject"))
        for failed in ("require.client_networks", "require.certificate.subject"):
            self.assertTrue(any(failed in finding for finding in line.all("finding")), lines[0])

    def test_a_refused_message_of_many_recipients_has_one_line(self):
        before = len(self.site.connectord.log_lines("action=reject"))
        with self.open(tls=False) as client:
            client.mail("alice@contoso.com")
            for n in range(10):
                self.assertEqual(client.rcpt(f"user{n}@example.net").code, 550)
        self.assert_delivered(self.send("bob@example.org", tls=False), None)
        self.assertEqual(len(self.site.connectord.log_lines("action=reject")) - before, 1)


class Forgery(HostScenario):
    """What a client says goes into the log as a value, whatever it says."""

    def setUp(self):
        self.before = len(self.host.connectord.log())

    def assert_no_line_is_forged(self, queue_id: str) -> None:
        """Looks at the lines since the beginning of the test, up to the one of this message at least."""
        self.host.log_of(queue_id)
        for line in self.host.connectord.log()[self.before:].splitlines():
            parsed = logline.parse(line)
            self.assertNotEqual(parsed.subject, "FORGED")
            self.assertNotEqual(parsed.all("action"), ["forged"])
            self.assertTrue(line.isprintable(), line)

    def test_helo_sender_and_recipient_cannot_forge_a_line(self):
        with MilterClient(self.host.milter, {"i": "4FORGE1"}) as client:
            client.negotiate()
            client.connect(POISON, "192.0.2.1", 40000)
            client.helo(POISON)
            client.mail("bob@example.org" + POISON)
            client.rcpt("user@example.net" + POISON)
            client.content([("X-Connector", POISON), ("Subject", POISON)])
            client.abort()
            client.macros["i"] = "4FORGE2"
            client.mail("bob@example.org")
            client.rcpt("user@example.net")
            client.content([("Message-ID", POISON), ("X-Connector\n4X: a=b", "x")])
        self.assert_no_line_is_forged("4FORGE2")

    def test_a_queue_id_cannot_forge_a_line(self):
        with MilterClient(self.host.milter, {"i": POISON}) as client:
            client.negotiate()
            client.connect("client.example.org", "192.0.2.1", 40001)
            client.helo("client.example.org")
            for queue_id in (POISON, "4FORGE6"):
                client.macros["i"] = queue_id
                client.mail("bob@example.org")
                client.rcpt("user@example.net")
                client.content([])
        self.assert_no_line_is_forged("4FORGE6")

    def test_macros_cannot_forge_a_line(self):
        macros = {"i": "4FORGE3", **dict.fromkeys(("j", "{tls_version}", "{cert_subject}", "{cert_issuer}"), POISON)}
        with MilterClient(self.host.milter, macros) as client:
            client.negotiate()
            client.connect("client.example.org", "192.0.2.1", 40000)
            client.helo("client.example.org")
            client.mail("alice@contoso.com")
            client.rcpt("user@example.net")
            client.abort()
            client.macros["i"] = "4FORGE4"
            client.mail("bob@example.org")
            client.rcpt("user@example.net")
            client.content([])
        self.assert_no_line_is_forged("4FORGE4")

    def test_policy_requests_cannot_forge_a_line(self):
        poison = "x\r\x1b[2K\u2028FORGED: action=accept\", action=forged"
        with PolicyClient(self.host.policy) as client:
            # A port of its own: no milter session may be live there, or it would be the one to write the line.
            client.ask(client_port="40009", queue_id="4FORGE5", sender="alice@contoso.com",
                       **dict.fromkeys(("helo_name", "recipient", "instance", "client_name", "ccert_subject"), poison))
        self.assert_no_line_is_forged("4FORGE5")


class JsonLog(HostScenario):
    options = SiteOptions(log_format="json")

    def line_of_message(self, queue_id: str, mail_from: str) -> dict:
        """Sends a message without TLS from nowhere, and returns the object that the log has of it."""
        with MilterClient(self.host.milter, {"i": queue_id}) as client:
            client.negotiate()
            client.connect("client.example.org", "192.0.2.1", 40000)
            client.helo(POISON)
            client.mail(mail_from)
            if client.rcpt("user@example.net").passes:
                client.content([])
        self.host.connectord.wait_for_log(mail_from)
        lines = [json.loads(line) for line in self.host.connectord.log().splitlines()]
        (line,) = [line for line in lines if line.get("from") == f"<{mail_from}>"]
        return line

    def test_each_line_is_an_object(self):
        line = self.line_of_message("4JSON1", "bob@example.org")
        self.assertEqual((line["subject"], line["action"], line["helo"]), ("4JSON1", "accept", POISON))

    def test_each_requirement_that_failed_is_there(self):
        line = json.dumps(self.line_of_message("4JSON2", "alice@contoso.com"))
        for failed in ("require.tls", "require.client_networks", "require.certificate.subject"):
            self.assertIn(failed, line)
