"""connectorctl validate where our own server is a real Sendmail: as the partner would, and by a test message."""

import json

from fresh_sendmail import AS_INSTALLED, MC, RESTART, TLS
from harness.validated import Validated
from validation import LITWARE, STATE, ValidateScenario

OURS, PARTNER, STRANGER, GATEWAY = "127.0.0.1:25", "127.0.0.2", "127.0.0.3", "127.0.0.4"


def to_litware(name: str, domain: str, match: str, route: str = "", tls: str = "") -> str:
    return (f'[[outbound]]\nname = "{name}"\nscenario = "partner"\nrecipient_domains = ["{domain}"]\n{route}\n'
            f'[outbound.tls]\nlevel = "match"\nmatch = ["{match}"]\n{tls}\n')


# What is required of a certificate are its names as Sendmail passes them. Of litware's server two names are good, but
# only the first is its common name. The last two connectors are beyond Sendmail.
CONNECTORS = f"""
[[inbound]]
name = "litware"
scenario = "partner"
[inbound.identify]
sender_domains = ["litware.com"]
[inbound.require]
tls = true
tls_version = "TLSv1.2"
client_networks = ["{PARTNER}", "203.0.113.81"]
[inbound.require.certificate]
subject = "/O=Example/CN={LITWARE}"
issuer = "/O=Example/CN=Example Root CA"

[[inbound]]
name = "local-gateway"
scenario = "internet"
trusted_path = true
[inbound.identify]
client_networks = ["{GATEWAY}"]
""" + "\n".join((
    to_litware("litware-out", "litware.com", LITWARE),
    to_litware("other-name-out", "other-name.litware.com", "mx.litware.com", 'route.smart_hosts = ["[mx.litware.com]"]'),
    to_litware("authority-out", "authority.litware.com", LITWARE, f'route.smart_hosts = ["[{LITWARE}]"]',
               'ca_file = "/certificates/authority.pem"'),
    to_litware("port-out", "port.litware.com", "mail.woodgrove.com", f'route.smart_hosts = ["[{LITWARE}]:2502"]')))


class OwnSendmail(ValidateScenario):
    """A Sendmail with TLS on the host where connectord is, for all tests of the class."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.configure(CONNECTORS)
        cls.start_connectord()
        cls.addClassCleanup(cls.restart)
        cls.addClassCleanup(cls.as_installed)
        cls.as_installed()
        cls.make(cls.front.host.output("cat", MC).replace("MAILER_DEFINITIONS\n", TLS + "MAILER_DEFINITIONS\n"))
        cls.restart()

    @classmethod
    def as_installed(cls):
        cls.front.host.output("sh", "-ec", AS_INSTALLED)

    @classmethod
    def make(cls, mc: str):
        cls.front.host.output("tee", MC, stdin=mc)
        cls.front.host.output("make", "-C", "/etc/mail")

    @classmethod
    def restart(cls):
        cls.front.host.output("sh", "-ec", RESTART)
        cls.front.host.wait_for_server()

    def probe(self, source: str = PARTNER, certificate: str | None = LITWARE, *words: str) -> Validated:
        if certificate:
            words += ("--cert", f"/certificates/{certificate}.pem", "--key", f"/certificates/{certificate}.key")
        return self.validate("litware", "--probe", OURS, "--source", source, *words)

    def access(self, *lines: str) -> None:
        """Adds to Sendmail's access table, until the end of the test."""
        self.addCleanup(self.front.host.output, "sh", "-ec", "cd /etc/mail; cp /etc/mail.fresh/access .; make")
        added = "".join(f"{line}\n" for line in lines)
        self.front.host.output("sh", "-ec", "cd /etc/mail; cat >>access; make", stdin=added)


class NotAttached(OwnSendmail):
    def test_a_server_that_does_not_ask_connectord_is_told(self):
        validated = self.probe(STRANGER)
        self.assertEqual(validated.outcome, "rejected", validated.report)
        self.assertIn("does not ask connectord", validated.report["steps"][-1]["hint"])


class Attached(OwnSendmail):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        attached = cls.connectorctl("attach", "sendmail", "--yes")
        if attached.status:
            raise RuntimeError(attached.stdout + attached.stderr)

    def traced(self, *words: str) -> list[str]:
        """Rows of the message trace."""
        return self.connectorctl("trace", "--csv", *words).stdout.splitlines()[1:]

    def last(self, validated: Validated) -> tuple[str, str]:
        step = validated.report["steps"][-1]
        return step["check"], step["hint"]


class AsThePartner(Attached):
    def test_mail_as_agreed_passes_and_none_is_sent(self):
        validated = self.probe()
        self.assertEqual(validated.outcome, "passed", validated.report)
        self.assertIn(f"subject /O=Example/CN={LITWARE}", validated.step("tls.client_certificate")["seen"])
        for requirement in ("tls", "tls_version", "client_networks", "certificate.subject", "certificate.issuer"):
            self.assertEqual(validated.step(f"require.{requirement}")["outcome"], "pass")
        self.assertEqual(self.traced("--recipient", "postmaster@example.org", "--action", "accept"), [])

    def test_what_is_not_as_agreed_is_named_and_explains_the_reply(self):
        for options, outcome, failed in (
                ((STRANGER,), "rejected", ["require.client_networks"]),
                ((PARTNER, "other-name"), "certificate", ["require.certificate.subject", "require.certificate.issuer"]),
                ((PARTNER, None), "certificate", ["require.certificate.subject", "require.certificate.issuer"])):
            with self.subTest(options):
                validated = self.probe(*options)
                self.assertEqual((validated.outcome, validated.failed()), (outcome, [*failed, "smtp.rcpt"]),
                                 validated.report)
                self.assertEqual(self.last(validated), ("smtp.rcpt", "what failed above explains the reply"))

    def test_a_certificate_that_only_the_server_distrusts_is_told(self):
        validated = self.probe(PARTNER, "litware-alone")
        self.assertEqual(validated.outcome, "certificate", validated.report)
        self.assertIn("does not trust the certificate", self.last(validated)[1])

    def test_mail_that_another_connector_takes_is_told(self):
        validated = self.probe(GATEWAY, None)
        self.assertEqual(validated.outcome, "other_route", validated.report)
        self.assertIn("local-gateway", validated.summary)

    def test_a_server_that_offers_no_tls_or_asks_for_no_certificate_is_told(self):
        self.access(f"Srv_Features:{PARTNER}\tS", f"Srv_Features:{STRANGER}\tV")
        validated = self.probe()
        self.assertEqual((validated.outcome, self.last(validated)[0]), ("no_starttls", "smtp.starttls"),
                         validated.report)
        validated = self.probe(STRANGER)
        self.assertEqual((validated.outcome, self.last(validated)[0]), ("certificate", "tls.client_certificate"),
                         validated.report)

    def test_what_sendmail_refuses_by_itself_is_told(self):
        self.access('From:postmaster@litware.com\tERROR:5.7.1:"550 not from you"')
        validated = self.probe()
        self.assertEqual((validated.outcome, validated.failed()), ("rejected", ["smtp.rcpt"]), validated.report)
        self.assertIn("not from you", validated.summary)
        self.assertIn("refuses by itself", self.last(validated)[1])

    def test_recent_mail_is_told_from_the_trace(self):
        def send(**options):
            return self.host("litware").send("alice@litware.com", "bob@example.org", server=self.front.server,
                                             **options)

        self.assertEqual(send(certificate=LITWARE).reply.code, 250)
        self.assertEqual(send(tls=False).reply.code, 550)
        self.front.host.output("swaks", "--silent", "--server", "127.0.0.1", "--local-interface", GATEWAY,
                               "--from", "bob@litware.com", "--to", "bob@example.org")
        validated = self.validate("litware")
        self.assertEqual(validated.outcome, "not_tried")
        self.assertRegex(validated.step("history.taken")["seen"], r"^1 accept, \d+ reject in the last 7 days$")
        reported = [step["expected"] for step in validated.report["steps"] if step["check"] == "history.failed"]
        self.assertIn("require.tls", reported)
        missed = validated.step("history.missed")
        self.assertIn("1 message to local-gateway, by its client_network, such as row", missed["seen"])
        self.assertIn("local-gateway takes it now too", missed["hint"])


class ByATestMessage(Attached):
    def send(self, name: str, recipient: str, *words: str) -> Validated:
        return self.validate(name, "--send", "--rcpt-to", recipient, *words)

    def test_that_arrives_says_when_how_and_where(self):
        validated = self.send("litware-out", "alice@litware.com")
        self.assertEqual(validated.outcome, "passed", validated.report)
        self.assertRegex(validated.summary,
                         r"^arrived at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC over OK TLSv1.3 with cipher \S+, at "
                         rf"{LITWARE}\.\[203\.0\.113\.81\]: \S+ Message accepted for delivery, through litware-out$")
        self.host("litware").wait_for_log(r"to=<?root>?, .*stat=Sent")
        mailbox = self.host("litware").output("cat", "/var/mail/root")
        self.assertIn("\nSubject: Test of the connector litware-out\n", mailbox)
        rows = self.connectorctl("trace", "--json", "--recipient", "alice@litware.com").stdout.splitlines()
        self.assertEqual([json.loads(row)["direction"] for row in rows[:1]], ["validation"])

    def test_that_is_greylisted_waits_in_the_queue(self):
        validated = self.send("litware-out", "later@litware.com", "--wait", "3")
        self.assertEqual(validated.outcome, "deferred", validated.report)
        self.assertIn("451 4.7.1 Greylisted", validated.step("trace.delivery")["seen"])

    def test_that_sendmail_keeps_back_says_why(self):
        """Of a certificate's names Sendmail compares the common name alone, so the server is good but for Sendmail."""
        validated = self.send("other-name-out", "alice@other-name.litware.com", "--wait", "3")
        self.assertEqual((validated.outcome, validated.failed()), ("deferred", []), validated.report)
        self.assertIn(f"403 4.7.0 CN {LITWARE} does not match mx.litware.com", validated.summary)
        self.assertEqual(len(self.traced("--recipient", "alice@other-name.litware.com")), 1)

    def test_that_a_rule_of_the_site_keeps_back_says_why(self):
        self.access(f"TLS_Srv:{LITWARE}\tENCR:512")
        validated = self.send("litware-out", "alice@litware.com", "--wait", "3")
        self.assertEqual((validated.outcome, validated.failed()), ("deferred", []), validated.report)
        self.assertIn("encryption too weak", validated.summary)

    def test_that_another_connector_takes_names_it(self):
        validated = self.send("litware-out", "frank@fabrikam.com")
        self.assertEqual(validated.outcome, "other_route", validated.report)
        self.assertIn("compliance", validated.step("trace.connector")["seen"])
        self.assertIn("archive.compliance.example", validated.step("delivery.relay")["seen"])

    def test_that_a_rule_of_the_site_sends_another_way_is_found_by_where_it_arrived(self):
        host = self.front.host
        mc = host.output("cat", MC)
        self.addCleanup(self.restart)
        self.addCleanup(self.make, mc)
        self.make(mc + "LOCAL_RULE_0\nR$+ < @ adatum.example. > $*\t$#esmtp $@ [archive.compliance.example] "
                       "$: $1 < @ adatum.example. > $2\n")
        self.restart()
        validated = self.send("through-the-gateway", "ada@adatum.example")
        self.assertEqual((validated.outcome, validated.failed()), ("other_route", ["delivery.relay"]), validated.report)
        step = validated.step("delivery.relay")
        self.assertIn("archive.compliance.example", step["seen"])
        self.assertIn("LOCAL_RULE_0", step["hint"])

    def test_is_not_sent_where_sendmail_cannot_do_what_the_connector_says(self):
        for name, recipient, words in (
                ("authority-out", "alice@authority.litware.com", "cannot trust other authorities for one server"),
                ("port-out", "alice@port.litware.com", "cannot be told of another port than 25")):
            with self.subTest(name):
                validated = self.send(name, recipient)
                self.assertEqual((validated.outcome, self.last(validated)[0]), ("other_route", "send.submit"),
                                 validated.report)
                self.assertIn("Sendmail " + words, validated.summary)


class Scheduled(Attached):
    def test_a_change_is_logged_and_its_mail_leaves_through_sendmail(self):
        run = self.front.host.output
        # The last time was long ago, so that it is due at once.
        run("install", "-d", "-o", "connectord", STATE)
        run("tee", f"{STATE}/outbound-litware-out.json",
            stdin=json.dumps({"time": 1, "result": "failed", "obstacle": "tls_failed"}))
        self.configure(CONNECTORS, 'every = "10m"\nmail_to = "bob@example.org"\n')
        run("kill", "-HUP", self.process)
        self.wait_for_connectord_log("validation: passed, connector=litware-out")
        self.wait_for_connectord_log('validation: changed, connector=litware-out, change="passes again"')
        message = self.host("mailbox").arrival("Subject: connector litware-out: passed")
        self.assertIn(b"has news", message.content)
