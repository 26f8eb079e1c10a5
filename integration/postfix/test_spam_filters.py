"""Spam filters behind connectord heed what it says: who the original client is, and that a message is to be skipped.

The filters are real ones, with what etc/filters has for them.
"""

from dataclasses import replace
import json
import subprocess

from authentication import AuthenticationScenario, checked_by
from harness.amavis import Amavis
from harness.clamd import VIRUS, Clamd
from harness.daemon import connectorctl
from harness.dns_server import txt
from harness.rspamd import SPAM, Rspamd
from harness.sink import Message
from harness.spamassassin import SpamAssassin
from scenario import Sent
from test_skip_listing import gateway, received

FILTERING_GATEWAY = "192.0.2.10"  # skip_spam_filtering
GATEWAY = "192.0.2.201"
CLIENT = "203.0.113.7"     # may send for sender.example
STRANGER = "198.51.100.66"  # may not
LISTED = "203.0.113.99"    # may, and is on a list of bad addresses
BLOCKLIST = "blocklist.example"

ZONE = "".join([
    txt("sender.example", f"v=spf1 ip4:{CLIENT} ip4:{LISTED} -all"),
    txt("mail.sender.example", f"v=spf1 ip4:{CLIENT} -all"),
    f"99.113.0.203.{BLOCKLIST} IN A 127.0.0.2\n",
])
GATEWAYS = (gateway("filtering", FILTERING_GATEWAY, "skip_last = true", "skip_spam_filtering = true") +
            gateway("gateway", GATEWAY, "skip_last = true"))

FORGED = (f"X-Connector-Original-Client: {CLIENT}", "X-Connector-Skip-Spam-Filtering: yes")
# Lines that one program may read as a field, and another as something else.
SPELLINGS = [line.replace("NAME", "X-Connector-Skip-Spam-Filtering") for line in (
    "NAME : yes", "NAME\t: yes", "NAME:\r\n yes", "name:yes\r", "\rNAME: yes", "X-Foo: x\rNAME: yes",
    "X-Foo: x\r\rNAME: yes", "X-Foo:\rNAME: yes", "X-Foo: x\0\rNAME: yes", "NAME\0: yes", "\0NAME: yes",
    "X-Foo: x\x0bNAME: yes", "X-Foo: x\u2028NAME: yes", "X-Foo: x\r\n \r\nNAME: yes", "X-Foo: x\r\n\x0b\r\nNAME: yes",
    "X Foo: x\r\nNAME: yes", "X-Foo: x\nNAME: yes", "NAME: =?utf-8?q?yes?=", "X-Foo: x\r\nNAME \r\n : yes")]


class FilterScenario(AuthenticationScenario):
    """A site with a filter; a class says which, and how Postfix asks it."""

    connectors = GATEWAYS
    options = checked_by(ZONE)

    def through(self, gateway: str, client: str, mail_from: str = "alice@sender.example", **options) -> Sent:
        """Mail that this client has handed to that gateway."""
        return self.send(mail_from, address=gateway, headers=(received(client), *options.pop("headers", ())), **options)


class RspamdScenario(FilterScenario):
    rspamd: Rspamd

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        scanner = Clamd()
        scanner.start()
        cls.addClassCleanup(scanner.stop)
        cls.rspamd = Rspamd(cls.site.workspace, cls.site.nameserver.endpoint, BLOCKLIST, scanner.endpoint)
        cls.addClassCleanup(cls.rspamd.stop)
        cls.rspamd.start()
        cls.site.postfix.run_with(smtpd_milters=f"{cls.site.milter}, {cls.rspamd.milter}")

    def judged(self, sent: Sent) -> tuple[str, set[str]]:
        """The address by which rspamd has judged, and what it has found."""
        return self.rspamd.judged(f"{sent.token}@client.example.org")


class BehindConnectord(RspamdScenario):
    def test_mail_through_a_gateway_is_judged_by_the_original_client(self):
        sent = self.through(GATEWAY, CLIENT)
        self.arrived(sent)
        address, symbols = self.judged(sent)
        self.assertEqual(address, CLIENT)
        self.assertLessEqual({"R_SPF_ALLOW", "CONNECTORD_ORIGINAL_CLIENT"}, symbols)
        self.assertNotIn("LISTED_CLIENT", symbols)

    def test_lists_of_addresses_are_asked_about_the_original_client(self):
        sent = self.through(GATEWAY, LISTED)
        self.assertEqual(sent.command, "END", sent.reply)
        address, symbols = self.judged(sent)
        self.assertEqual(address, LISTED)
        self.assertIn("LISTED_CLIENT", symbols)

    def test_a_client_that_may_not_send_is_found_behind_the_gateway(self):
        sent = self.through(GATEWAY, STRANGER)
        self.assertEqual(sent.command, "END", sent.reply)
        address, symbols = self.judged(sent)
        self.assertEqual(address, STRANGER)
        self.assertIn("R_SPF_FAIL", symbols)

    def test_the_null_sender_is_judged_by_the_name_that_the_gateway_was_told(self):
        sent = self.through(GATEWAY, CLIENT, mail_from="", helo="gw.example.net")
        self.arrived(sent)
        self.assertIn("R_SPF_ALLOW", self.judged(sent)[1])

    def test_mail_straight_from_its_sender_is_judged_as_ever(self):
        sent = self.send("alice@sender.example", address=CLIENT)
        self.arrived(sent)
        address, symbols = self.judged(sent)
        self.assertEqual(address, CLIENT)
        self.assertIn("R_SPF_ALLOW", symbols)
        self.assertFalse({"CONNECTORD_ORIGINAL_CLIENT", "CONNECTORD_SKIP"} & symbols)

    def test_mail_of_a_connector_that_says_so_is_skipped(self):
        sent = self.through(FILTERING_GATEWAY, LISTED, body=SPAM)
        self.arrived(sent)
        self.assertEqual(self.judged(sent), (LISTED, {"CONNECTORD_ORIGINAL_CLIENT", "CONNECTORD_SKIP"}))

    def test_the_same_mail_of_another_connector_is_refused(self):
        sent = self.through(GATEWAY, CLIENT, body=SPAM)
        self.assert_refused(sent, "554 5.7.1", at="END")
        self.assertIn("SPAM_WORDS", self.judged(sent)[1])

    def test_viruses_are_looked_for_in_mail_that_is_skipped_too(self):
        for address in (FILTERING_GATEWAY, GATEWAY):
            with self.subTest(address):
                sent = self.through(address, CLIENT, body=VIRUS)
                self.assertEqual((sent.command, sent.reply.code), ("END", 554), sent.reply)
                self.assertIn("VIRUS", self.judged(sent)[1])

    def test_what_a_stranger_writes_into_the_headers_has_no_effect(self):
        folded = (f"x-connector-original-client:\r\n {CLIENT}", "X-CONNECTOR-SKIP-SPAM-FILTERING:yes")
        for headers in (FORGED, folded, FORGED + folded):
            with self.subTest(headers):
                sent = self.send("alice@sender.example", address=STRANGER, headers=headers, body=SPAM)
                self.assert_refused(sent, "554 5.7.1", at="END")
                address, symbols = self.judged(sent)
                self.assertEqual(address, STRANGER)
                self.assertLessEqual({"R_SPF_FAIL", "SPAM_WORDS"}, symbols)
                self.assertFalse({"CONNECTORD_ORIGINAL_CLIENT", "CONNECTORD_SKIP"} & symbols)

    def test_no_spelling_of_a_forged_header_has_an_effect(self):
        for line in SPELLINGS:
            with self.subTest(line):
                sent = self.send("alice@sender.example", address=STRANGER, author=None, body=SPAM,
                                 headers=("From: alice@sender.example", "X-Bar: y", line))
                self.assert_refused(sent, "554 5.7.1", at="END")

    def test_what_a_stranger_writes_behind_the_gateway_has_no_effect(self):
        sent = self.through(GATEWAY, STRANGER, headers=FORGED, body=SPAM)
        self.assert_refused(sent, "554 5.7.1", at="END")
        address, symbols = self.judged(sent)
        self.assertEqual(address, STRANGER)
        self.assertNotIn("CONNECTORD_SKIP", symbols)

    def test_only_what_comes_by_the_milter_protocol_is_believed(self):
        found = self.rspamd.check(("\r\n".join([*FORGED, "Subject: x", "", SPAM, ""])).encode())
        self.assertIn("SPAM_WORDS", found["symbols"])
        self.assertNotIn("CONNECTORD_SKIP", found["symbols"])


class BeforeConnectord(RspamdScenario):
    """The wrong order, by which anybody is believed: doctor names it."""

    def test_doctor_names_a_filter_that_forged_headers_would_fool_and_its_line_mends_it(self):
        wrong = f"{self.rspamd.milter}, {self.site.milter}"
        self.addCleanup(self.site.postfix.run_with(smtpd_milters=wrong))
        forged = {"address": STRANGER, "headers": FORGED, "body": SPAM}
        sent = self.send("alice@sender.example", **forged)
        self.arrived(sent)
        self.assertEqual(self.judged(sent), (CLIENT, {"CONNECTORD_ORIGINAL_CLIENT", "CONNECTORD_SKIP"}))

        trouble = self.trouble()
        self.assertEqual(trouble["severity"], "warning")
        self.assertIn(self.rspamd.milter, trouble["what"])
        subprocess.run(trouble["write"], shell=True, check=True)
        self.site.postfix.reload()
        self.assert_refused(self.send("alice@sender.example", **forged), "554 5.7.1", at="END")
        self.assertIsNone(self.trouble())

    def trouble(self) -> dict | None:
        done = connectorctl("doctor", "--json", "--config", self.site.connectord.config_file, "--postfix-config",
                            self.site.postfix.configuration)
        self.assertTrue(done.stdout, done.stderr)
        return next((each for each in json.loads(done.stdout)["troubles"]
                     if "smtpd_milters" in each["what"] and "before connectord" in each["what"]), None)


class SpamAssassinBehindConnectord(FilterScenario):
    spamassassin: SpamAssassin

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.spamassassin = SpamAssassin(cls.site.workspace, GATEWAY, CLIENT)
        cls.addClassCleanup(cls.spamassassin.stop)
        cls.spamassassin.start()
        cls.site.postfix.run_with(smtpd_milters=f"{cls.site.milter}, {cls.spamassassin.milter}")

    def found(self, message: Message) -> set[str]:
        [status] = message.all("X-Spam-Status")
        return found_in(status)

    def test_mail_through_a_gateway_is_judged_by_the_original_client(self):
        found = self.found(self.arrived(self.through(GATEWAY, CLIENT)))
        self.assertIn("BY_CLIENT", found)
        self.assertNotIn("BY_GATEWAY", found)

    def test_mail_of_a_connector_that_says_so_is_no_spam(self):
        found = self.found(self.arrived(self.through(FILTERING_GATEWAY, CLIENT, body=SPAM)))
        self.assertIn("CONNECTORD_SKIP", found)

    def test_the_same_mail_of_another_connector_is_refused(self):
        self.assert_refused(self.through(GATEWAY, CLIENT, body=SPAM), "550 5.7.1", at="END")

    def test_what_a_stranger_writes_into_the_headers_has_no_effect(self):
        sent = self.send("alice@sender.example", address=STRANGER, headers=FORGED, body=SPAM)
        self.assert_refused(sent, "550 5.7.1", at="END")
        arrived = self.arrived(self.send("alice@sender.example", address=STRANGER, headers=FORGED))
        self.assertNotIn("CONNECTORD_SKIP", self.found(arrived))


class AmavisBehindConnectord(FilterScenario):
    """As a content filter, which is how amavis is used with Postfix most."""

    options = replace(checked_by(ZONE), entrances={
        "smtp": {}, "back": {"content_filter": "", "smtpd_milters": "", "mynetworks": "127.0.0.0/8",
                             "smtpd_recipient_restrictions": "permit_mynetworks,reject",
                             "receive_override_options": "no_header_body_checks,no_milters"}})
    amavis: Amavis

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.amavis = Amavis(cls.site.workspace, GATEWAY, CLIENT, cls.site.postfix.ports["back"])
        cls.addClassCleanup(cls.amavis.stop)
        cls.amavis.start()
        cls.site.postfix.run_with(content_filter=cls.amavis.content_filter, smtp_send_xforward_command="yes")

    def judged(self, sent: Sent, sender: str) -> tuple[str, str, set[str]]:
        """Policy banks, address and what was found."""
        statuses = self.arrived(sent).all("X-Spam-Status")
        return *self.amavis.judged(sender, "user@example.net"), found_in(statuses[0]) if statuses else set()

    def test_mail_through_a_gateway_is_judged_by_the_original_client(self):
        banks, address, found = self.judged(self.through(GATEWAY, CLIENT, "a@sender.example"), "a@sender.example")
        self.assertEqual((banks, address), ("", CLIENT))
        self.assertIn("BY_CLIENT", found)

    def test_mail_of_a_connector_that_says_so_is_not_looked_at_for_spam(self):
        sent = self.through(FILTERING_GATEWAY, CLIENT, "b@sender.example", body=SPAM)
        self.assertEqual(self.judged(sent, "b@sender.example"), ("CONNECTORD_SKIP", CLIENT, set()))

    def test_the_same_mail_of_another_connector_is_spam(self):
        sent = self.through(GATEWAY, CLIENT, "c@sender.example", body=SPAM)
        self.assertIn("SPAM_WORDS", self.judged(sent, "c@sender.example")[2])

    def test_what_a_stranger_writes_into_the_headers_has_no_effect(self):
        sent = self.send("d@sender.example", address=STRANGER, headers=FORGED, body=SPAM)
        banks, address, found = self.judged(sent, "d@sender.example")
        self.assertEqual((banks, address), ("", STRANGER))
        self.assertIn("SPAM_WORDS", found)
        self.assertNotIn("CONNECTORD_SKIP", found)


def found_in(status: str) -> set[str]:
    """The names of tests in a field X-Spam-Status, as SpamAssassin and amavis write it."""
    text = "".join(status.split())
    names = text.partition("tests=")[2].lstrip("[")
    return {name.partition("=")[0] for name in names.partition("]")[0].split(",")}
