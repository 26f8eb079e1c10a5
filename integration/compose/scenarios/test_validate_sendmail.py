"""connectorctl validate where a real Sendmail is the partner: each trouble is named for what it is."""

from validation import LITWARE, Validated, ValidateScenario

RECIPIENT = "alice@litware.com"
REQUIRE = 'level = "require"'
MATCH = f'level = "match"\nmatch = ["{LITWARE}"]'

# What litware's server shows at which port; see litware/sendmail.mc.
PORTS = {"good": 25, "expired": 2501, "elsewhere": 2502, "alone": 2503, "revoked": 2504, "clear": 2505, "old": 2506,
         "broken": 2507}


class ToSendmail(ValidateScenario):
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

    def test_bad_certificates_are_told_apart(self):
        for entrance, check, seen in (("expired", "certificate.validity", "certificate has expired"),
                                      ("elsewhere", "certificate.name", "mail.woodgrove.com"),
                                      ("alone", "certificate.chain", "self-signed certificate")):
            with self.subTest(entrance):
                validated = self.outcome(entrance)
                self.assertEqual(validated.outcome, "certificate", validated.report)
                self.assertEqual(validated.failed()[0], check)
                self.assertIn(seen, validated.step(check)["seen"])
                self.assertNotIn("smtp.mail", validated.checks())

    def test_a_certificate_counts_only_as_far_as_the_connector_asks(self):
        for entrance in ("expired", "elsewhere", "alone"):
            with self.subTest(entrance):
                self.assertEqual(self.outcome(entrance, tls=REQUIRE).outcome, "passed")

    def test_a_revoked_certificate_is_found_in_the_authoritys_list(self):
        with_list = ("--crl", "/certificates/litware.crl")
        self.assertEqual(self.outcome("revoked").outcome, "passed")
        revoked = self.outcome("revoked", *with_list)
        self.assertEqual(revoked.outcome, "certificate")
        self.assertIn("revoked", revoked.step("certificate.revocation")["seen"])
        self.assertEqual(self.outcome("good", *with_list).outcome, "passed")

    def test_a_server_without_starttls_fails_unless_mail_may_go_in_the_clear(self):
        self.assertEqual(self.outcome("clear", tls=REQUIRE).outcome, "no_starttls")
        validated = self.outcome("clear", tls='level = "opportunistic"')
        self.assertEqual(validated.outcome, "passed")
        self.assertTrue(validated.step("smtp.starttls")["warning"])

    def test_a_server_with_tls_1_0_only_is_too_old(self):
        validated = self.outcome("old", tls=REQUIRE + '\nversion = "TLSv1.2"')
        self.assertEqual(validated.outcome, "tls_failed", validated.report)
        self.assertIn("TLSv1 with", validated.step("tls.version")["seen"])
        self.assertTrue(self.outcome("old", tls=REQUIRE).step("tls.version")["warning"])

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
