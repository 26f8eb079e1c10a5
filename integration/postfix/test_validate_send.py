"""`connectorctl validate --send`: a test message goes through a real Postfix, and is followed to where it arrives."""

import json

from harness.certificates import CertificateStore
from harness.daemon import connectorctl
from harness.site import SiteOptions
from outbound import OutboundScenario, certificates_of_servers, offer, outbound

RECIPIENT = "postmaster@contoso.com"
HERE = "127.0.0.1"


class TestMessage(OutboundScenario):
    hosts = ("partner", "elsewhere")
    options = SiteOptions(trace='mail_log = "PATH/postfix/mail.log"', zone="nothing.example IN A 127.0.0.9\n",
                          authentication='spf = false\ndkim = false\ndmarc = "off"\n')

    @classmethod
    def prepare(cls):
        store = CertificateStore(cls.site.path / "servers")
        certificates = certificates_of_servers(store, store.authority("servers", "Contoso Server CA"))
        for sink in cls.sinks.values():
            offer(sink, certificates["mx"])

    @classmethod
    def configuration(cls):
        return (f'[validation]\nstate = "{cls.site.path}/validation"\n'
                f'mail_through = "inet:127.0.0.1:{cls.site.postfix.ports["smtp"]}"\n'
                + outbound("contoso-out", "contoso.com", "*.contoso.com", hosts=(cls.at("partner", HERE),),
                           tls='level = "require"')
                + outbound("sales-out", "sales.contoso.com", hosts=(cls.at("elsewhere", HERE),), tls='level = "require"'))

    def validate(self, *arguments: str, recipient: str = RECIPIENT) -> dict:
        done = connectorctl("validate", "contoso-out", "--send", "--rcpt-to", recipient, "--json", "--config",
                            self.site.connectord.config_file, *arguments)
        self.assertTrue(done.stdout, done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual(done.status, 0 if report["result"] == "passed" else 1)
        return report

    def step(self, report: dict, check: str) -> dict:
        return [step for step in report["steps"] if step["check"] == check][-1]

    def test_that_arrives_says_when_how_and_where(self):
        report = self.validate()
        self.assertEqual(report["result"], "passed", report)
        self.assertRegex(report["summary"], r"^arrived at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC over \w+ TLSv1.3 .*, at "
                                            rf"127.0.0.1(\[127.0.0.1\])?:{self.sinks['partner'].port}: .*250 2.0.0 kept.*"
                                            ", through contoso-out$")
        (message,) = self.sinks["partner"].holding("Test of the connector contoso-out")
        self.assertEqual((message.mail_from, message.recipients), ("", [RECIPIENT]))
        self.assertEqual(message.all("Auto-Submitted"), ["auto-generated"])
        rows = self.site.trace("--recipient", RECIPIENT)
        self.assertEqual([(row["direction"], row["action"]) for row in rows], [("validation", "accept")])

    def test_that_another_connector_takes_names_it(self):
        report = self.validate(recipient="postmaster@sales.contoso.com")
        self.assertEqual(report["obstacle"], "other_route", report)
        self.assertTrue(self.step(report, "trace.connector")["seen"].startswith("sales-out"), report)
        self.assertIn("sales-out names sales.contoso.com more closely", self.step(report, "trace.connector")["hint"])

    def test_that_postfix_sends_another_way_is_found_by_where_it_arrived(self):
        maps = self.site.postfix.run("postconf", "-h", "transport_maps").strip()
        table = f"inline:{{ {{postmaster@other.contoso.com = smtp:[127.0.0.1]:{self.sinks['elsewhere'].port}}} }}"
        self.addCleanup(self.site.postfix.run_with(transport_maps=f"{table}, {maps}"))
        report = self.validate(recipient="postmaster@other.contoso.com")
        self.assertEqual(report["obstacle"], "other_route", report)
        self.assertIn(str(self.sinks["elsewhere"].port), self.step(report, "delivery.relay")["seen"])
        self.assertIn("transport_maps", self.step(report, "delivery.relay")["hint"])

    def test_that_waits_in_the_queue_says_why(self):
        self.addCleanup(self.site.postfix.run_with(defer_transports="smtp, relay"))
        report = self.validate("--wait", "5", recipient="postmaster@waits.contoso.com")
        self.assertEqual(report["obstacle"], "deferred", report)
        self.assertIn("deferred transport", report["summary"])

    def test_is_not_sent_to_a_host_that_is_not_there(self):
        self.sinks["partner"].stop()
        self.addCleanup(self.sinks["partner"].come_back)
        report = self.validate()
        self.assertEqual(report["obstacle"], "unreachable")
        self.assertNotIn("send.submit", [step["check"] for step in report["steps"]])


