"""Sendmail asks connectord where mail goes (mailertable), and how the way there must be protected (TLS_connection)."""

from scenario import PARTNER, SENDMAIL, Scenario

ARCHIVE, FIRST, SECOND = "archive.compliance.example", "gateway.filter.example", "gateway2.filter.example"


class SendmailOutbound(Scenario):
    front, example = SENDMAIL, "sendmail"

    def test_mail_for_the_domain_leaves_through_the_service(self):
        self.assert_left(self.submit("frank@fabrikam.com").token, "partner", self.front.server, ARCHIVE)

    def test_the_service_is_shown_the_certificate_of_its_connector_and_others_that_of_all(self):
        for recipient, host, server, shown in (
                ("frank@fabrikam.com", "partner", ARCHIVE, "archive-client.example.org"),
                ("alice@contoso.com", "partner", PARTNER, self.front.server)):
            with self.subTest(recipient):
                message = self.host(host).arrival(self.submit(recipient).token)
                way_in = next(field for field in message.all("Received") if f"by {server} " in field)
                self.assertIn(f'Client CN "{shown}"', way_in)

    def test_the_service_may_demand_it(self):
        self.set("archive", smtpd_tls_security_level="encrypt", smtpd_tls_req_ccert="yes")
        self.assert_left(self.submit("frank@fabrikam.com").token, "partner", self.front.server, ARCHIVE)

    def test_other_mail_goes_its_usual_way(self):
        self.assert_left(self.submit("alice@contoso.com").token, "partner", self.front.server)

    def test_recipients_of_one_message_each_go_their_way(self):
        sent = self.submit("frank@fabrikam.com", "alice@contoso.com")
        ways = {message.recipients[0]: message.helo for message in self.host("partner").arrivals(sent.token, 2)}
        self.assertEqual(ways, {"frank@fabrikam.com": ARCHIVE, "alice@contoso.com": self.front.server})

    def test_the_smart_hosts_are_tried_in_order(self):
        self.assert_left(self.submit("ada@adatum.example").token, "internet", self.front.server, FIRST)
        self.stop("gateway")
        self.assert_left(self.submit("ada@adatum.example").token, "internet", self.front.server, SECOND)

    def test_mail_waits_while_the_service_offers_no_tls(self):
        self.set("archive", smtpd_tls_security_level="none")
        self.assert_waits_and_leaves("403 4.7.0 other side does not support STARTTLS")

    def test_mail_waits_while_the_certificate_is_for_another_name(self):
        self.show("other-server")
        self.assert_waits_and_leaves("403 4.7.0 CN mail.woodgrove.com does not match " + ARCHIVE)

    def test_mail_waits_while_the_certificate_is_expired(self):
        self.show("expired")
        self.assert_waits_and_leaves("403 4.7.0 authentication failed")

    def test_mail_waits_while_connectord_is_away(self):
        """Of what is in the queue already, nothing is sent on its way by guess."""
        self.set("archive", smtpd_tls_security_level="none")
        sent = self.submit("frank@fabrikam.com")
        self.assert_stays(sent, "does not support STARTTLS")
        self.restore()
        self.addCleanup(self.front.connectord.start)
        self.front.connectord.stop()
        self.flush(sent)
        self.front.host.wait_for_log(rf"{self.queue_id(sent)}: SYSERR.*mailertable")
        self.assertEqual(self.host("partner").holding(sent.token), [])
        self.front.connectord.start()
        self.flush_until_left(sent)

    def show(self, certificate: str) -> None:
        self.set("archive", smtpd_tls_cert_file=f"/certificates/{certificate}.pem",
                 smtpd_tls_key_file=f"/certificates/{certificate}.key")

    def assert_waits_and_leaves(self, reason: str) -> None:
        sent = self.submit("frank@fabrikam.com")
        self.assert_stays(sent, reason)
        self.assertEqual(self.host("partner").holding(sent.token), [])
        self.restore()
        self.flush_until_left(sent)

    def flush_until_left(self, sent) -> None:
        self.flush(sent)
        self.assert_left(sent.token, "partner", self.front.server, ARCHIVE)
