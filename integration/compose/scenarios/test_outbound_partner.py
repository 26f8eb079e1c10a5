"""Mail for a partner leaves over TLS to servers that show the partner's certificate, or it does not leave."""

from scenario import PARTNER, POSTFIX, Scenario

RECIPIENT = "alice@contoso.com"


class PostfixOutboundPartner(Scenario):
    front, example = POSTFIX, "partner"

    def test_mail_leaves_over_verified_tls_to_the_partners_mx(self):
        sent = self.submit(RECIPIENT)
        self.assert_left(sent.token, "partner", self.front.server)
        self.front.host.wait_for_log(rf"Verified TLS connection established to {PARTNER}")

    def test_mail_waits_while_the_partner_offers_no_tls(self):
        self.set("partner", smtpd_tls_security_level="none")
        self.assert_waits_and_leaves("TLS is required, but was not offered")

    def test_mail_waits_while_the_certificate_is_for_another_name(self):
        self.show("other-name")
        self.assert_waits_and_leaves("Server certificate not verified", rf"{PARTNER}.*hostname mismatch")

    def test_mail_waits_while_the_certificate_is_of_another_authority(self):
        """One that Postfix trusts otherwise (smtp_tls_CAfile), but not for this partner, whose connector has ca_file."""
        self.show("contoso-of-us")
        self.assert_waits_and_leaves("Server certificate not verified", f"CA certificate verification failed for {PARTNER}")

    def show(self, certificate: str) -> None:
        self.set("partner", smtpd_tls_cert_file=f"/certificates/{certificate}.pem",
                 smtpd_tls_key_file=f"/certificates/{certificate}.key")

    def assert_waits_and_leaves(self, *reasons: str) -> None:
        sent = self.submit(RECIPIENT)
        self.assert_stays(sent, *reasons)
        self.assertEqual(self.host("partner").holding(sent.token), [])
        self.restore()
        self.flush(sent)
        self.assert_left(sent.token, "partner", self.front.server)
