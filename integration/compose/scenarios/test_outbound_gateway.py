"""What our people send leaves through the gateway: by its first host, by the second when the first is away."""

from scenario import POSTFIX, Scenario

# Nobody that another scenario writes to: Postfix keeps for half a minute where an address's mail goes.
STRANGER = "anna@contoso.com"
FIRST, SECOND = "gateway.filter.example", "gateway2.filter.example"


class PostfixOutboundGateway(Scenario):
    front, example = POSTFIX, "gateway"

    def test_mail_for_anybody_leaves_through_the_gateway(self):
        for recipient, host in ((STRANGER, "partner"), ("carol@tailspin.example", "internet")):
            self.assert_left(self.submit(recipient).token, host, self.front.server, FIRST)

    def test_mail_for_ourselves_does_not(self):
        message = self.host("mailbox").arrival(self.submit(self.front.recipient).token)
        self.assertEqual(message.helo, self.front.server)

    def test_the_smart_hosts_are_tried_in_order(self):
        self.stop("gateway")
        self.assert_left(self.submit(STRANGER).token, "partner", self.front.server, SECOND)
        self.host("gateway").start()
        self.host("gateway").wait_for_server()
        self.assert_left(self.submit(STRANGER).token, "partner", self.front.server, FIRST)

    def test_mail_waits_while_no_smart_host_answers(self):
        self.stop("gateway")
        self.stop("gateway2")
        sent = self.submit(STRANGER)
        self.assert_stays(sent, rf"connect to {SECOND}.*(timed out|No route to host)")
        self.assertEqual(self.host("partner").holding(sent.token), [])
        self.host("gateway").start()
        self.host("gateway").wait_for_server()
        self.flush(sent)
        self.assert_left(sent.token, "partner", self.front.server, FIRST)
