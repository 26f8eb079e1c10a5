"""Recipients whom rules with split = "copy" tell apart: each gets his own form of the message, through a real Postfix."""

import email
import email.policy

from harness import dkim_verifier
from harness.daemon import connectorctl
from harness.sink import Message
from harness.site import SiteOptions
from harness.waiting import wait_until
from scenario import PARTNER_ADDRESS, Sent
from test_rule_mail import RuleMailScenario
from test_rules import for_case, rule
from test_signing import Keys

BOSS, BOB = "boss@example.net", "bob@example.net"
FOR_BOSS = 'recipient = ["boss@example.net"]'


class CopyScenario(RuleMailScenario):
    site_options = SiteOptions(trace="")

    def both(self, sent: Sent) -> dict[str, Message]:
        """What arrived, by its only recipient."""
        self.assertEqual((sent.command, sent.reply.code), ("END", 250), str(sent.reply))
        found = wait_until(lambda: self.arrived_for_both(sent), f"both messages; connectord says:\n{self.site.connectord.log()[-3000:]}")
        self.assertEqual(sorted(to for one in found for to in one.recipients), sorted({BOSS, BOB}))
        return {to: one for one in found for to in one.recipients}

    def arrived_for_both(self, sent: Sent) -> list[Message] | None:
        found = self.site.arrivals(sent.token)
        return found if len({to for one in found for to in one.recipients}) == 2 else None

    def text(self, message: Message) -> str:
        return email.message_from_bytes(message.content, policy=email.policy.default).get_content()


class Copies(CopyScenario):
    connectors = "".join((
        rule("boss", 10, 'do = "prepend_subject"\ntext = "[Boss] "', 'do = "disclaimer"\ntext = "For your eyes"',
             when=FOR_BOSS + "\n" + for_case("boss"), keys='split = "copy"'),
        rule("held", 20, 'do = "quarantine"', when=FOR_BOSS + "\n" + for_case("held"), keys='split = "copy"'),
        rule("marked", 30, 'do = "prepend_subject"\ntext = "[Boss] "', when=FOR_BOSS + "\n" + for_case("marked"),
             keys='split = "copy"'),
        rule("for all", 40, 'do = "set_header"\nheader = "X-All"\nvalue = "yes"', when=for_case("marked")),
        rule("nowhere", 50, 'do = "prepend_subject"\ntext = "[Boss] "', when=FOR_BOSS + "\n" + for_case("nowhere"),
             keys='split = "copy"'),
    ))

    def test_the_others_get_it_as_it_came(self):
        body = b"Hello.\r\n.\r\n" + bytes(range(160, 256)) + b"\r\n  end"
        got = self.both(self.case("boss", BOSS, BOB, headers=("X-Odd:  two  spaces",), body=body))
        self.assertRegex(got[BOSS].all("Subject")[0], r"^\[Boss\] token-")
        self.assertRegex(got[BOB].all("Subject")[0], r"^token-")
        self.assertIn(b"\r\n\r\n" + body, got[BOB].content)
        self.assertIn(b"X-Odd:  two  spaces\r\n", got[BOB].content)
        self.assertIn("For your eyes", self.text(got[BOSS]))
        self.assertNotIn(b"For your eyes", got[BOB].content)
        self.assertEqual([one.mail_from for one in got.values()], ["alice@contoso.com"] * 2)
        self.assertEqual([one.all("X-Connectord-Token") for one in got.values()], [[], []])

    def test_one_who_has_logged_in_is_served_too(self):
        got = self.both(self.submit(BOB, BOSS, headers=("X-Case: boss",)))
        self.assertRegex(got[BOSS].all("Subject")[0], r"^\[Boss\] token-")
        self.assertRegex(got[BOB].all("Subject")[0], r"^token-")

    def test_what_is_held_for_one_goes_on_for_the_other(self):
        sent = self.case("held", BOB, BOSS)
        found = wait_until(lambda: self.site.arrivals(sent.token), "the copy")
        self.assertEqual([one.recipients for one in found], [[BOB]])
        self.assertIn(f"{sent.queue_id}!", self.site.postfix.run("postqueue", "-p"))

    def test_a_copy_gets_round_no_other_rule(self):
        sent = self.case("marked", BOB, BOSS)
        arrived = self.site.arrival(sent.token)
        self.assertEqual((sorted(arrived.recipients), arrived.all("X-All")), (sorted((BOB, BOSS)), ["yes"]))
        self.assertRegex(arrived.all("Subject")[0], r"^\[Boss\] token-")
        wait_until(lambda: "other rules do something with it for them too" in connectorctl(
            "trace", "show", sent.queue_id, "--config", self.site.connectord.config_file).stdout, "its row in the trace")

    def test_one_that_is_not_taken_defers_the_message(self):
        undo = self.site.postfix.run_with(smtpd_recipient_restrictions="check_client_access inline:{127.0.0.1=reject},permit")
        try:
            sent = self.case("nowhere", BOSS, BOB, source=PARTNER_ADDRESS)
        finally:
            undo()
        self.assert_refused(sent, "451 4.3.0", "cannot be handed on for a part of its recipients", at="END")
        self.assertEqual(self.site.arrivals(sent.token), [])

    def test_mail_for_one_kind_alone_is_left_whole(self):
        for recipients in ((BOSS,), (BOB,)):
            sent = self.case("boss", *recipients)
            arrived = self.site.arrival(sent.token)
            self.assertEqual(arrived.all("Subject")[0].startswith("[Boss]"), recipients == (BOSS,))
            self.assertEqual(len(self.site.arrivals(sent.token)), 1)


class SignedCopies(CopyScenario):
    """Both forms are signed where the message is ours, and neither where it is not."""

    @classmethod
    def setUpClass(cls):
        cls.keys = Keys.of(cls.enterClassContext)
        cls.connectors = cls.keys.make("example.net", "rsa") + rule(
            "boss", 10, 'do = "prepend_subject"\ntext = "[Boss] "', when=FOR_BOSS, keys='split = "copy"')
        super().setUpClass()

    def test_each_is_signed(self):
        for message in self.both(self.submit(BOSS, BOB)).values():
            verdicts = dkim_verifier.verify(message.content, self.keys.records)
            self.assertEqual([(one.domain, one.good) for one in verdicts], [("example.net", True)])

    def test_a_strangers_is_not(self):
        for message in self.both(self.case("x", BOSS, BOB, author="carol@example.net")).values():
            self.assertEqual(message.all("DKIM-Signature"), [])
