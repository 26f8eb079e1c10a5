"""Mail for one domain leaves through a compliance service, whose certificate must be good; other mail does not."""

from scenario import POSTFIX, Scenario

ARCHIVE = "archive.compliance.example"
# Nobody that another scenario writes to: Postfix keeps for half a minute where an address's mail goes.
RECIPIENT, OTHER = "frank@fabrikam.com", "amy@contoso.com"


class PostfixOutboundSmartHost(Scenario):
    front, example = POSTFIX, "smart-host"

    def test_mail_for_the_domain_leaves_through_the_service(self):
        self.assert_left(self.submit(RECIPIENT).token, "partner", self.front.server, ARCHIVE)

    def test_other_mail_goes_its_usual_way(self):
        self.assert_left(self.submit(OTHER).token, "partner", self.front.server)

    def test_recipients_of_one_message_each_go_their_way(self):
        sent = self.submit(RECIPIENT, OTHER)
        ways = {message.recipients[0]: message.helo for message in self.host("partner").arrivals(sent.token, 2)}
        self.assertEqual(ways, {RECIPIENT: ARCHIVE, OTHER: self.front.server})

    def test_mail_waits_while_the_certificate_is_expired(self):
        self.assert_waits_while_it_shows("expired", "Server certificate not verified", rf"{ARCHIVE}.*certificate has expired")

    def test_mail_waits_while_the_certificate_is_for_another_name(self):
        self.assert_waits_while_it_shows("other-server", "Server certificate not verified", rf"{ARCHIVE}.*hostname mismatch")

    def assert_waits_while_it_shows(self, certificate: str, *reasons: str) -> None:
        self.set("archive", smtpd_tls_cert_file=f"/certificates/{certificate}.pem",
                 smtpd_tls_key_file=f"/certificates/{certificate}.key")
        sent = self.submit(RECIPIENT)
        self.assert_stays(sent, *reasons)
        self.restore()
        self.flush(sent)
        self.assert_left(sent.token, "partner", self.front.server, ARCHIVE)
