"""SPF and DMARC of mail that comes from its sender straight, by real DNS."""

from scenario import POSTFIX, SENDMAIL, Scenario


class Authentication:
    def test_a_forged_author_is_refused_by_the_domains_policy(self):
        sent = self.send("internet", "eve@tailspin.example", author="ceo@adatum.example")
        self.assert_refused(sent, "550 5.7.1", "DMARC", "adatum.example", at="END")

    def test_an_author_whose_domain_sends_from_there_passes(self):
        results = self.results(self.assert_delivered(self.send("internet", "carol@tailspin.example"), None))
        self.assertEqual([results[method].result for method in ("spf", "dkim", "dmarc")], ["pass", "none", "pass"])
        self.assertEqual(results["x-tls"]["smtp.version"], "TLSv1.3")

    def test_a_domain_without_records_is_nobodys_forgery(self):
        results = self.results(self.assert_delivered(self.send("internet", "dave@wingtip.example"), None))
        self.assertEqual([results[method].result for method in ("spf", "dmarc")], ["none", "none"])

    def test_tls_is_reported_as_it_was(self):
        results = self.results(self.assert_delivered(self.send("internet", "carol@tailspin.example", tls=False), None))
        self.assertEqual(results["x-tls"].result, "none")


class PostfixAuthentication(Authentication, Scenario):
    front, example = POSTFIX, "partner"


class SendmailAuthentication(Authentication, Scenario):
    front, example = SENDMAIL, "sendmail"
