"""`connectorctl validate` shows our certificate, and speaks TLS from the first byte, to a Postfix that demands it."""

from validation import MX, RECIPIENT, ValidateScenario, showing

REQUIRE = 'level = "require"'


class Demanding(ValidateScenario):
    @classmethod
    def entrances(cls):
        good, authority = cls.certificates.good, cls.certificates.authority
        return {"demanding": showing(good, smtpd_tls_security_level="encrypt", smtpd_tls_req_ccert="yes",
                                     smtpd_tls_CAfile=str(authority.file)),
                "good": showing(good, smtpd_tls_ask_ccert="no"),
                "wrapped": showing(good, smtpd_tls_wrappermode="yes")}

    def outcome(self, host: str, tls: str):
        return self.validate(self.connector(host, tls=tls), "--rcpt-to", RECIPIENT)

    def shown(self, certificate) -> str:
        return f'{REQUIRE}\ncertificate = "{certificate.file}"\nkey = "{certificate.key}"'

    def test_a_server_that_demands_a_certificate_is_shown_ours(self):
        validated = self.outcome(self.at("demanding"), self.shown(self.certificates.elsewhere))
        self.assertEqual(validated.outcome, "passed", validated.report)
        self.assertEqual(validated.step("tls.client_certificate")["seen"], "it asks, and was shown it")
        self.assertIn("mx.fabrikam.com", validated.step("outbound.tls.certificate")["seen"])
        self.assertNotEqual(self.outcome(self.at("demanding"), REQUIRE).outcome, "passed")

    def test_a_server_that_does_not_ask_for_it_is_a_warning(self):
        step = self.outcome(self.at("good"), self.shown(self.certificates.elsewhere)).step("tls.client_certificate")
        self.assertEqual((step["seen"], step["warning"]), ("it does not ask", True))

    def test_one_that_has_ended_fails(self):
        self.assertEqual(self.outcome(self.at("good"), self.shown(self.certificates.expired)).outcome, "certificate")

    def test_a_file_that_is_not_there_is_told(self):
        tls = f'{REQUIRE}\ncertificate = "/nowhere/ours.pem"\nkey = "/nowhere/ours.key"'
        self.assertTrue(self.outcome(self.at("good"), tls).step("outbound.tls.certificate")["warning"])

    def test_tls_from_the_first_byte(self):
        match = f'level = "match"\nmatch = ["{MX}"]'
        validated = self.outcome("smtps:" + self.at("wrapped"), match)
        self.assertEqual(validated.outcome, "passed", validated.report)
        self.assertNotIn("smtp.starttls", validated.checks())

    def test_the_wrong_kind_of_port_fails_either_way(self):
        self.assertEqual(self.outcome("smtps:" + self.at("good"), REQUIRE).outcome, "tls_failed")
        self.assertNotEqual(self.outcome(self.at("wrapped"), REQUIRE).outcome, "passed")
