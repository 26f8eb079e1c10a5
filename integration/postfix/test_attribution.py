"""Which connector a message belongs to, and whose requirements hold for it."""


from harness.sasl import AuthenticationServer, plain_login
from harness.site import Site, SiteOptions
from scenario import CONTOSO, PARTNER_ADDRESS, STRANGER_ADDRESS, SiteScenario, submit

GATEWAY_ADDRESS = "127.0.0.10"
NEIGHBOUR_ADDRESS = "127.0.0.11"

OTHERS = f"""
[[inbound]]
name = "gateway"
scenario = "internet"
trusted_path = true
[inbound.identify]
client_networks = ["{GATEWAY_ADDRESS}"]

[[inbound]]
name = "neighbour"
scenario = "on-premises"
[inbound.identify]
client_networks = ["127.0.0.11-127.0.0.12"]

[[inbound]]
name = "by-certificate"
scenario = "on-premises"
[inbound.identify]
certificate = {{ subject = "mail.fabrikam.com", issuer = "Contoso Issuing CA" }}

[[inbound]]
name = "audited"
scenario = "partner"
mode = "audit"
[inbound.identify]
sender_domains = ["audited.example"]
[inbound.require]
tls = true

[[inbound]]
name = "asleep"
scenario = "partner"
enabled = false
[inbound.identify]
sender_domains = ["asleep.example"]
[inbound.require]
tls = true
"""


class Attribution(SiteScenario):
    connectors = CONTOSO + OTHERS

    def test_a_trusted_path_has_vouched_for_the_partners_mail(self):
        self.assert_delivered(self.send("alice@contoso.com", source=GATEWAY_ADDRESS, tls=False), "gateway")

    def test_another_connectors_network_is_no_way_around_the_partners_requirements(self):
        self.assert_refused(self.send("alice@contoso.com", source=NEIGHBOUR_ADDRESS, tls=False), "550 5.7.10",
                            "contoso")

    def test_another_connectors_certificate_is_no_way_around_the_partners_requirements(self):
        self.assert_refused(self.send("alice@contoso.com", certificate="other-name"), "550 5.7.1", "contoso")

    def test_a_network_identifies_whatever_the_sender(self):
        self.assert_delivered(self.send("bob@example.org", source=NEIGHBOUR_ADDRESS, tls=False), "neighbour")

    def test_a_certificate_identifies_before_a_network(self):
        self.assert_delivered(self.send("bob@example.org", source=NEIGHBOUR_ADDRESS, certificate="other-name"),
                              "by-certificate")

    def test_a_certificate_of_the_right_names_but_an_untrusted_issuer_identifies_nobody(self):
        self.assert_delivered(self.send("bob@example.org", source=STRANGER_ADDRESS, certificate="impostor"), None)

    def test_a_trusted_certificate_that_no_connector_names_grants_nothing(self):
        self.assert_delivered(self.send("bob@example.org", source=STRANGER_ADDRESS, certificate="partner"), None)

    def test_mail_with_an_empty_sender_is_attributed_by_network_and_certificate(self):
        for connection, connector in (({"source": GATEWAY_ADDRESS, "tls": False}, "gateway"),
                                      ({"source": NEIGHBOUR_ADDRESS, "tls": False}, "neighbour"),
                                      ({"certificate": "other-name"}, "by-certificate"),
                                      ({"certificate": "partner"}, None),
                                      ({"source": STRANGER_ADDRESS, "tls": False}, None)):
            with self.subTest(connection):
                self.assert_delivered(self.send("", **connection), connector)

    def test_audit_mode_refuses_nothing_but_says_what_it_would_have_refused(self):
        sent = self.send("a@audited.example", tls=False)
        self.assert_delivered(sent, "audited")
        self.assertIn("require.tls(audited)", self.site.log_of(sent.queue_id))

    def test_a_connector_that_is_switched_off_does_nothing(self):
        self.assert_delivered(self.send("a@asleep.example", tls=False), None)


class DirectSend(SiteScenario):
    """Mail in our own name from outside, and users of ours who have logged in."""

    @classmethod
    def setUpClass(cls):
        site = Site(CONTOSO + OTHERS, SiteOptions(reject_direct_send=True,
                                                  entrances={"smtp": {}, "submission": {"smtpd_sasl_auth_enable": "yes"}}))
        server = AuthenticationServer(site.path / "auth")
        server.start()
        cls.addClassCleanup(server.stop)
        site.postfix.set(**{**server.postfix_parameters(), "smtpd_sasl_auth_enable": "no"})
        cls.site = cls.enterClassContext(site)

    def log_in(self, source: str):
        client = self.open(source=source, tls=False, entrance="submission")
        self.assertEqual(client.command("AUTH " + plain_login("carol")).code, 235)
        return client

    def test_mail_in_our_name_from_outside_is_refused(self):
        for mail_from in ("ceo@example.net", "ceo@EXAMPLE.NET"):
            with self.subTest(mail_from):
                self.assert_refused(self.send(mail_from, source=STRANGER_ADDRESS, tls=False), "550 5.7.1")

    def test_a_sender_that_postfix_would_complete_to_ours_does_not_pass_either(self):
        for mail_from in ("ceo", '"ceo"', "ceo%example.net", "example.net!ceo"):
            with self.subTest(mail_from):
                sent = self.send(mail_from, source=STRANGER_ADDRESS, tls=False)
                self.assertGreaterEqual(sent.reply.code, 400, str(sent.reply))

    def test_other_peoples_mail_comes_in_as_ever(self):
        self.assert_delivered(self.send("bob@example.org", source=STRANGER_ADDRESS, tls=False), None)

    def test_mail_in_our_name_over_a_connector_of_ours_is_covered(self):
        self.assert_delivered(self.send("printer@example.net", source=NEIGHBOUR_ADDRESS, tls=False), "neighbour")

    def test_a_user_who_has_logged_in_may_send_in_our_name(self):
        with self.log_in(STRANGER_ADDRESS) as client:
            self.assert_delivered(submit(client, "carol@example.net"), None)
            self.assert_delivered(submit(client, "carol"), None)

    def test_a_submission_belongs_to_no_inbound_connector(self):
        with self.log_in(PARTNER_ADDRESS) as client:
            self.assert_delivered(submit(client, "alice@contoso.com"), None)
        with self.log_in(NEIGHBOUR_ADDRESS) as client:
            self.assert_delivered(submit(client, "carol@example.net"), None)

    def test_a_submission_cannot_bring_its_own_tag(self):
        with self.log_in(STRANGER_ADDRESS) as client:
            self.assert_delivered(submit(client, "carol@example.net", headers=("X-Connector: contoso",)), None)
