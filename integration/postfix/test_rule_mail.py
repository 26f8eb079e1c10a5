"""Mail that rules have written: journal reports, notices and incident reports, through a real Postfix."""

import email
import email.message
import email.policy
import re
from dataclasses import replace

from authentication import XCLIENT
from harness import dkim_verifier, logline
from harness.dns_server import txt
from harness.sasl import AuthenticationServer, plain_login
from harness.sink import Message
from harness.site import Site, SiteOptions
from harness.submission import RECIPIENT, submit
from harness.waiting import wait_until
from scenario import STRANGER_ADDRESS, Sent
from test_rules import EVERYBODY, RuleScenario, for_case, rule
from test_signing import Keys

JOURNAL = "journal@archive.example"
SECURITY = "security@archive.example"


class RuleMailScenario(RuleScenario):
    """The site's Postfix takes the mail of rules, too."""

    site_options = SiteOptions()
    parameters: dict = {}

    @classmethod
    def setUpClass(cls):
        cls.site = Site("", replace(cls.site_options, parameters={**EVERYBODY, **cls.parameters},
                                    entrances={"smtp": {}, "submission": {"smtpd_sasl_auth_enable": "yes"}}))
        server = AuthenticationServer(cls.site.path / "auth")
        server.start()
        cls.addClassCleanup(server.stop)
        cls.site.postfix.set(**{**server.postfix_parameters(), "smtpd_sasl_auth_enable": "no"})
        cls.site.add_to_server(f'mail_through = "inet:127.0.0.1:{cls.site.postfix.ports["smtp"]}"')
        cls.site.reconfigure(cls.connectors)
        cls.enterClassContext(cls.site)

    def all_got(self, token: str, recipient: str) -> list[Message]:
        return [message for message in self.site.arrivals(token) if message.recipients == [recipient]]

    def got(self, sent: Sent, recipient: str) -> Message:
        """The one message about `sent` that arrived for this recipient alone."""
        found = wait_until(lambda: self.all_got(sent.token, recipient), f"mail about {sent.token} to {recipient}; "
                           f"connectord says:\n{self.site.connectord.log()[-3000:]}")
        self.assertEqual(len(found), 1)
        return found[0]

    def parsed(self, message: Message) -> email.message.EmailMessage:
        return email.message_from_bytes(message.content, policy=email.policy.default)

    def submit(self, *recipients: str, headers: tuple[str, ...] = ()) -> Sent:
        """As a user who has logged in."""
        client = self.open(source=STRANGER_ADDRESS, tls=False, entrance="submission")
        self.assertEqual(client.command("AUTH " + plain_login("carol")).code, 235)
        return submit(client, "carol@example.net", *recipients, author="carol@example.net", headers=headers)


class Journal(RuleMailScenario):
    connectors = "".join((
        rule("mark", 5, 'do = "prepend_subject"\ntext = "[X] "', 'do = "bcc"\nto = ["copy@archive.example"]',
             when=for_case("marked")),
        rule("journal", 10, f'do = "journal"\nto = ["{JOURNAL}"]', unless=for_case("nowhere")),
        rule("nowhere", 20, 'do = "journal"\nto = ["a@nowhere.example"]', when=for_case("nowhere")),
        rule("lenient", 30, 'do = "journal"\nto = ["a@nowhere.example"]', when=for_case("lenient"),
             keys='on_error = "ignore"'),
        rule("watched", 40, f'do = "journal"\nto = ["{SECURITY}"]', when=for_case("audited"), keys='mode = "audit"'),
        rule("gone", 50, 'do = "delete"', when=for_case("gone")),
    ))

    def test_a_report_has_the_message_as_it_came(self):
        body = bytes(range(32, 256)) + b"\r\n--x\r\n. \r\n\tend"
        sent = self.case("marked", "a@example.net", "b@example.net", headers=("X-Odd:  two  spaces\r\n\tfolded ",),
                         body=body)
        report = self.got(sent, JOURNAL)
        self.assertEqual((report.mail_from, report.all("X-MS-Journal-Report")), ("", [""]))
        read = self.parsed(report)
        self.assertEqual([part.get_content_type() for part in read.iter_parts()], ["text/plain", "message/rfc822"])
        fields = next(read.iter_parts()).get_content().replace("\r", "")
        self.assertIn("Sender: alice@contoso.com\n", fields)
        self.assertIn("Recipient: a@example.net\nRecipient: b@example.net\n", fields)
        self.assertNotIn("archive.example", fields)
        self.assertNotIn("[X]", read["Subject"])
        self.assertIn(b"X-Odd:  two  spaces\r\n\tfolded", report.content)
        self.assertIn(b"\r\n\r\n" + body + b"\r\n", report.content)
        changed = wait_until(lambda: [one for one in self.site.arrivals(sent.token) if "a@example.net" in one.recipients],
                             "the message itself")
        self.assertRegex(changed[0].all("Subject")[0], r"^\[X\] token-")

    def test_no_report_is_made_of_a_report(self):
        sent = self.case("x")
        self.got(sent, JOURNAL)
        self.got(sent, RECIPIENT)
        again = self.case("x")
        self.got(again, JOURNAL)
        self.assertEqual(len(self.all_got(sent.token, JOURNAL)), 1)
        own = [line for line in self.site.connectord.log_lines("from=<>") if JOURNAL in line]
        self.assertTrue(own)
        self.assertEqual([line for line in own if " rule=" in line], [])

    def test_bcc_is_told_of_those_only_who_have_logged_in(self):
        header = ("To: a@example.net", "Cc: b@example.net")
        recipients = ("a@example.net", "b@example.net", "c@example.net")
        cases = {"submitted": self.submit(*recipients, headers=header),
                 "stranger": self.case("x", *recipients, headers=header)}
        lines = {name: re.findall(r"^(\w+): ([abc])@", next(self.parsed(self.got(sent, JOURNAL)).iter_parts())
                                  .get_content(), re.MULTILINE) for name, sent in cases.items()}
        self.assertEqual(lines["submitted"], [("To", "a"), ("Cc", "b"), ("Bcc", "c")])
        self.assertEqual(lines["stranger"], [("Recipient", "a"), ("Recipient", "b"), ("Recipient", "c")])

    def test_what_cannot_be_journaled_is_not_taken(self):
        sent = self.case("nowhere")
        self.assert_refused(sent, "451 4.3.0", "a journal report cannot be handed over now", at="END")
        self.assertEqual(self.site.arrivals(sent.token), [])

    def test_a_rule_that_ignores_errors_lets_it_pass(self):
        sent = self.case("lenient")
        self.got(sent, RECIPIENT)
        self.assertIn("Relay access denied", self.site.log_of(sent.queue_id))

    def test_a_rule_in_audit_writes_nothing(self):
        sent = self.case("audited")
        self.got(sent, JOURNAL)
        self.assertEqual(self.rules_in_log(sent, "rule_audit"), ["watched: journal"])
        self.assertEqual(self.all_got(sent.token, SECURITY), [])

    def test_what_is_taken_and_deleted_is_journaled(self):
        sent = self.case("gone")
        self.got(sent, JOURNAL)
        self.assertEqual(self.all_got(sent.token, RECIPIENT), [])


class Notices(RuleMailScenario):
    connectors = "".join((
        rule("tell", 10, 'do = "notify"\nsubject = "Held: {subject}"\ntext = "{sender} wrote to {recipients}"\n'
                         'html = "<p>{subject}</p>"', 'do = "quarantine"', when=for_case("tell")),
        rule("boss", 20, f'do = "notify"\nto = ["{SECURITY}"]\ntext = "Look"', when=for_case("boss")),
        rule("incident", 30, 'do = "reject"', f'do = "incident_report"\nto = ["{SECURITY}"]\n'
             'content = ["rule", "severity", "sender", "recipients", "findings", "original"]',
             when=for_case("incident"), keys='severity = "high"'),
    ))

    def test_the_recipients_are_told_of_what_is_held(self):
        sent = self.case("tell", "a@example.net", "b@example.net")
        found = wait_until(lambda: self.site.arrivals(sent.token), "the notice")[0]
        self.assertEqual((sorted(found.recipients), found.mail_from), (["a@example.net", "b@example.net"], ""))
        read = self.parsed(found)
        self.assertEqual(read["Subject"], f"Held: {sent.token}")
        self.assertEqual((read["To"], read["Auto-Submitted"]), ("undisclosed-recipients:;", "auto-generated"))
        self.assertEqual(read["From"].addresses[0].addr_spec, "postmaster@example.net")
        text, html = (part.get_content() for part in read.iter_parts())
        self.assertEqual(text.strip(), "alice@contoso.com wrote to a@example.net, b@example.net")
        self.assertIn(sent.token, html)

    def test_nobody_is_told_of_what_a_program_sent(self):
        sent = self.case("boss", headers=("Auto-Submitted: auto-replied",))
        self.got(sent, RECIPIENT)
        self.got(self.case("boss"), SECURITY)
        self.assertEqual(self.all_got(sent.token, SECURITY), [])

    def test_a_refusal_is_reported_with_the_message(self):
        sent = self.case("incident", body="The secret plan.")
        self.assert_refused(sent, "550 5.7.1", at="END")
        read = self.parsed(self.got(sent, SECURITY))
        lines, original = read.iter_parts()
        self.assertIn("Rule: incident\nSeverity: high\nSender: alice@contoso.com\n",
                      lines.get_content().replace("\r", ""))
        self.assertEqual(original.get_payload(0).get_content().strip(), "The secret plan.")


class OwnDomain(RuleMailScenario):
    """A domain of ours that asks everybody to refuse what is not signed."""

    parameters = XCLIENT
    site_options = SiteOptions(zone=txt("_dmarc.example.net", "v=DMARC1; p=reject"))

    @classmethod
    def setUpClass(cls):
        cls.keys = Keys.of(cls.enterClassContext)
        cls.connectors = cls.keys.make("example.net", "rsa") + rule(
            "journal", 10, f'do = "journal"\nto = ["{JOURNAL}"]')
        super().setUpClass()

    def test_our_own_mail_is_signed_and_taken(self):
        sent = self.case("x", author="alice@else.example")
        report = self.got(sent, JOURNAL)
        verdicts = dkim_verifier.verify(report.content, self.keys.records)
        self.assertEqual([(one.domain, one.good) for one in verdicts], [("example.net", True)])

    def test_whoever_else_hands_it_over_is_a_stranger(self):
        report = self.got(self.case("x", author="alice@else.example"), JOURNAL)
        with self.open(source=STRANGER_ADDRESS, tls=False, address="192.0.2.99") as client:
            client.mail("")
            client.rcpt(RECIPIENT)
            self.assertEqual(client.data(report.content).code, 550)
