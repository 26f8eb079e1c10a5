"""connectorctl validate where a real Sendmail is the partner: each trouble is named for what it is."""

from harness.validated import REQUIRE, PartnersOfEveryKind, Validated
from validation import LITWARE, ValidateScenario

RECIPIENT = "alice@litware.com"
MATCH = f'level = "match"\nmatch = ["{LITWARE}"]'

# What litware's server shows at which port; see litware/sendmail.mc.
PORTS = {"good": 25, "expired": 2501, "elsewhere": 2502, "alone": 2503, "revoked": 2504, "clear": 2505, "old": 2506,
         "broken": 2507}


class ToSendmail(PartnersOfEveryKind, ValidateScenario):
    name_elsewhere = "mail.woodgrove.com"
    revocation_list = "/certificates/litware.crl"

    def outcome(self, entrance: str, *words: str, tls: str = MATCH, recipient: str = RECIPIENT) -> Validated:
        self.configure('[[outbound]]\nname = "litware"\nscenario = "partner"\nrecipient_domains = ["litware.com"]\n'
                       f'[outbound.route]\nsmart_hosts = ["[{LITWARE}]:{PORTS[entrance]}"]\n'
                       f'[outbound.tls]\n{tls}\n')
        return self.validate("litware", "--rcpt-to", recipient, *words)

    def test_a_good_server_passes_and_gets_no_message(self):
        validated = self.outcome("good")
        self.assertEqual(validated.outcome, "passed", validated.report)
        self.assertIn("TLSv1.3", validated.step("tls.version")["seen"])
        self.assertIn("Recipient ok", validated.step("smtp.rcpt")["seen"])
        self.assertEqual(self.outcome("good", tls='level = "verify"').outcome, "passed")

    def test_a_server_without_a_cipher_in_common_fails_in_the_handshake(self):
        validated = self.outcome("broken", tls=REQUIRE)
        self.assertEqual((validated.outcome, validated.failed()), ("tls_failed", ["tls.handshake"]), validated.report)
        in_the_clear = self.outcome("broken", tls='level = "opportunistic"')
        self.assertEqual(in_the_clear.outcome, "passed", in_the_clear.report)
        self.assertTrue(in_the_clear.step("tls.handshake")["warning"])

    def test_greylisting_is_no_refusal(self):
        validated = self.outcome("good", recipient="later@litware.com")
        self.assertEqual(validated.outcome, "deferred", validated.report)
        self.assertIn("greylisting", validated.step("smtp.rcpt")["hint"])
        for recipient, words in (("closed@litware.com", "takes no mail"), ("nobody.of.it@litware.com", "User unknown")):
            with self.subTest(recipient):
                rejected = self.outcome("good", recipient=recipient)
                self.assertEqual(rejected.outcome, "rejected", rejected.report)
                self.assertIn(words, rejected.summary)

    def test_a_person_reads_steps_and_an_end(self):
        self.outcome("elsewhere")
        done = self.connectorctl("validate", "litware", "--rcpt-to", RECIPIENT)
        self.assertEqual(done.status, 1)
        self.assertIn("\n  fail            certificate.name", done.stdout)
        self.assertRegex(done.stdout.splitlines()[-1], "^failed  litware: certificate not trusted or for another name at "
                                                       rf"{LITWARE} \[203.0.113.81\]:2502: mail.woodgrove.com")
