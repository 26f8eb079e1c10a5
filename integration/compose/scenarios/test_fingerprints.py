"""Pinned keys: Postfix passes them by its policy service, asked from within the chroot; Sendmail, by the milter."""

from scenario import POSTFIX, SENDMAIL, Scenario

SENDER = "frank@fabrikam.com"


class PostfixFingerprints(Scenario):
    front, example = POSTFIX, "partner"

    def test_the_pinned_key_of_no_known_authority_is_accepted(self):
        self.assert_delivered(self.send("partner", SENDER, certificate="mail.fabrikam.com"), "fabrikam")

    def test_another_key_of_a_trusted_authority_is_refused(self):
        self.assert_refused(self.send("partner", SENDER, certificate="other-name"), "550 5.7.1", "fabrikam",
                            "certificate")

    def test_no_certificate_is_refused(self):
        self.assert_refused(self.send("partner", SENDER), "550 5.7.1", "fabrikam", "certificate")


class SendmailFingerprints(Scenario):
    """Sendmail passes the certificate's fingerprint, and only where it trusts the authority."""

    front, example = SENDMAIL, "sendmail"

    def test_the_pinned_certificate_of_a_trusted_authority_is_accepted(self):
        self.assert_delivered(self.send("partner", "grace@woodgrove.com", certificate="other-name"), "woodgrove")

    def test_another_certificate_of_that_authority_is_refused(self):
        self.assert_refused(self.send("partner", "grace@woodgrove.com", certificate="mail.contoso.com"), "550 5.7.1",
                            "woodgrove", "certificate")
