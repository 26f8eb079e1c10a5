"""Centralized mail transport: what our people send to others leaves through the server on the premises."""

from scenario import POSTFIX, Scenario

# Nobody that another scenario writes to: Postfix keeps for half a minute where an address's mail goes.
STRANGER = "adam@contoso.com"
EXCHANGE = "exchange.example.net"


class PostfixHybrid(Scenario):
    front, example = POSTFIX, "hybrid"

    def test_our_peoples_mail_leaves_through_the_server_on_the_premises(self):
        message = self.assert_left(self.submit(STRANGER).token, "partner", self.front.server, EXCHANGE)
        self.assertEqual(message.all("X-Connector"), ["hybrid"])

    def test_mail_for_a_colleague_stays_here(self):
        self.assert_arrives(self.submit(self.front.recipient).token, "hybrid")

    def test_a_recipient_who_would_be_taken_along_is_asked_for_in_another_message(self):
        """FILTER moves all recipients of a message, and a colleague has no business on the premises."""
        for recipients in ((STRANGER, self.front.recipient), (self.front.recipient, STRANGER)):
            sent = self.host("mailbox").send("bob@example.net", *recipients, server=self.front.server)
            self.assert_refused(sent, "452 4.5.3", "centralized")

    def test_mail_of_the_server_on_the_premises_is_known_by_its_certificate(self):
        self.assert_arrives(self.post("exchange", "ed@example.net"), "premises")

    def test_mail_of_others_does_not_take_that_route(self):
        self.assert_delivered(self.send("internet", "carol@tailspin.example"), None)

    def test_a_stranger_who_says_that_he_is_one_of_us_is_refused(self):
        self.assert_refused(self.send("internet", "bob@example.net"), "550 5.7.1")
