"""Which way mail leaves by who sends it: by the sender alone, and by sender and destination together."""

from harness.daemon import connectorctl
from harness.submission import new_token
from harness.waiting import wait_until
from outbound import OutboundScenario, outbound

SHOP = "shop@example.net"
HOSTED = "anne@hosted.example"


def from_domain(*domains: str) -> str:
    return f"sender_domains = {list(domains)}"


class BySender(OutboundScenario):
    """Each hosted domain has a provider of its own, one shop another, and a partner is reached as nobody else is."""

    hosts = ("shop", "hosted", "contoso", "rest")

    @classmethod
    def configuration(cls):
        return (outbound("shop-out", hosts=(cls.at("shop"),), keys=f'senders = ["{SHOP}"]') +
                outbound("hosted-out", hosts=(cls.at("hosted"),), keys=from_domain("hosted.example", "*.hosted.example")) +
                outbound("contoso-out", "contoso.com", hosts=(cls.at("contoso"),)) +
                outbound("rest-out", "*", hosts=(cls.at("rest"),)))

    def test_each_sender_has_its_own_way(self):
        for sender, sink in {SHOP: "shop", "Shop@Example.NET": "shop", HOSTED: "hosted", "b@mail.hosted.example": "hosted",
                             "carol@example.net": "rest", "": "rest"}.items():
            with self.subTest(sender):
                self.arrived(self.leave("a@fabrikam.com", sender=sender), sink)

    def test_a_destination_that_a_connector_names_counts_before_the_sender(self):
        self.arrived(self.leave("a@contoso.com", sender=SHOP), "contoso")

    def test_mail_for_ourselves_stays_whoever_sends_it(self):
        self.arrived(self.leave("user@example.net", sender=SHOP), "default")

    def test_one_message_goes_to_a_colleague_a_partner_and_somebody_else(self):
        token = self.leave("user@example.net", "a@contoso.com", "a@fabrikam.com", sender=SHOP)
        wait_until(lambda: len(self.site.arrivals(token)) == 3, "three copies")
        self.assertEqual({message.sink for message in self.site.arrivals(token)}, {"default", "contoso", "shop"})

    def test_mail_of_programs_goes_the_same_ways(self):
        for sender, sink in {SHOP: "shop", HOSTED: "hosted", "root@example.net": "rest"}.items():
            token = new_token()
            self.site.postfix.sendmail(f"Subject: {token}\n\nHello.\n".encode(), "-f", sender,
                                       "a@fabrikam.com")
            self.arrived(token, sink)

    def test_explain_and_list_say_so(self):
        config = self.site.connectord.config_file
        said = connectorctl("explain", "--config", config, "--client-ip", "192.0.2.1", "--mail-from", SHOP, "--rcpt-to",
                            "a@fabrikam.com", "--sasl-username", "shop").stdout
        self.assertIn(f"shop-out, smtp:{self.at('shop')}", said)
        self.assertIn("hosted-out: it is for mail of hosted.example, *.hosted.example only", said)
        self.assertIn("* (from shop@example.net)", connectorctl("list", "--config", config).stdout)


class BySenderWithoutMilter(BySender):
    """Postfix asks the socketmap alone."""

    parameters = {"smtpd_milters": ""}


class BySenderAndDestination(OutboundScenario):
    hosts = ("both", "shop", "contoso")

    @classmethod
    def configuration(cls):
        return (outbound("both-out", "contoso.com", hosts=(cls.at("both"),),
                         keys=f'senders = ["{SHOP}"]\nsplit_recipients = true') +
                outbound("shop-out", hosts=(cls.at("shop"),), keys=f'senders = ["{SHOP}"]') +
                outbound("contoso-out", "contoso.com", hosts=(cls.at("contoso"),)))

    def test_both_must_be_named(self):
        self.assertEqual(self.arrived(self.leave("a@contoso.com", sender=SHOP), "both").all("X-Connector-Route"), ["both-out"])
        self.arrived(self.leave("a@contoso.com"), "contoso")
        self.arrived(self.leave("a@fabrikam.com", sender=SHOP), "shop")

    def test_recipients_of_other_routes_are_sent_in_another_message(self):
        token, replies = self.offer("a@contoso.com", "a@fabrikam.com", "user@example.net", sender=SHOP)
        self.assertEqual([f"{reply.code} {reply.enhanced}" for reply in replies],
                         ["250 2.1.5", "452 4.5.3", "452 4.5.3"])
        self.assertEqual(self.arrived(token, "both").recipients, ["a@contoso.com"])

    def test_a_header_of_the_senders_own_chooses_nothing(self):
        token, _ = self.offer("a@contoso.com", headers=("X-Connector-Route: both-out",))
        self.arrived(token, "contoso")
