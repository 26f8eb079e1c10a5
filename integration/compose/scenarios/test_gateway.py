"""Mail that comes through a gateway is judged for the host that handed it to the gateway, by real DNS."""

from scenario import POSTFIX, SENDMAIL, Scenario

TAILSPIN = "203.0.113.99"  # the host internet, which the zone allows to send mail of tailspin.example


class ThroughTheGateway:
    def relay(self, sender: str, author: str = "") -> str:
        """From the host internet to the gateway's own mail server, which hands it to ours. Returns the token."""
        sent = self.host("internet").send(sender, self.front.recipient, server="gateway.filter.example",
                                          author=author or sender)
        self.assertEqual((sent.command, sent.reply.code), ("END", 250), str(sent.reply))
        return sent.token

    def test_authentication_is_judged_for_the_original_client(self):
        message = self.assert_arrives(self.relay("carol@tailspin.example"), "gateway")
        self.assertEqual(message.all("X-Connector-Original-Client"), [TAILSPIN])
        results = self.results(message)
        self.assertEqual([results[method].result for method in ("spf", "dmarc")], ["pass", "pass"])
        log = self.front.connectord.wait_for_connectord_log(f"original_client={TAILSPIN}")
        self.assertIn("direct_spf=fail", log)

    def test_forged_mail_is_refused_by_its_authors_policy(self):
        """The gateway gets the refusal at the end of the message, and so has to return the message to its sender."""
        token = self.relay("eve@tailspin.example", author="ceo@adatum.example")
        refusal = self.host("gateway").wait_for_log(rf"to=<{self.front.recipient}>.*status=bounced.*DMARC")
        self.assertIn("550 5.7.1", refusal)
        self.assertIn("adatum.example", refusal)
        self.assertEqual(self.host("mailbox").holding(token), [])


class PostfixGateway(ThroughTheGateway, Scenario):
    front, example = POSTFIX, "gateway"

    def test_mail_that_passes_the_gateway_by_is_refused(self):
        self.assert_refused(self.send("internet", "carol@tailspin.example"), "550 5.7.1", "gateway-only")

    def test_mail_of_our_own_mailbox_host_need_not_come_through_the_gateway(self):
        self.assert_delivered(self.send("mailbox", "bob@example.net"), "mailbox")

    def test_later_filters_are_told_to_spare_what_the_gateway_has_filtered(self):
        message = self.assert_arrives(self.relay("carol@tailspin.example"), "gateway")
        self.assertEqual(message.all("X-Connector-Skip-Spam-Filtering"), ["yes"])


class SendmailGateway(ThroughTheGateway, Scenario):
    front, example = SENDMAIL, "sendmail"
