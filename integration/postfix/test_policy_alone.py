"""Without a milter the policy service refuses by itself what it can know."""

from harness.site import Site, SiteOptions
from scenario import CONTOSO, STRANGER_ADDRESS, SiteScenario
from test_attribution import GATEWAY_ADDRESS, NEIGHBOUR_ADDRESS, OTHERS
from test_fingerprints import pinned_by


class PolicyServiceAlone(SiteScenario):
    """It cannot tag: all that is accepted arrives without a tag, at the default next hop."""

    @classmethod
    def setUpClass(cls):
        site = Site("", SiteOptions(reject_direct_send=True, parameters={"smtpd_milters": ""}))
        pinned = pinned_by("by-key", "key.example", site.certificates["pinned"].public_key_fingerprint)
        site.reconfigure(CONTOSO + OTHERS + pinned)
        cls.site = cls.enterClassContext(site)

    def test_mail_as_agreed_is_accepted(self):
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), None)

    def test_what_is_not_as_agreed_is_refused(self):
        for case, connection, code in (
                ("without TLS", {"tls": False}, "550 5.7.10"),
                ("no certificate", {}, "550 5.7.1"),
                ("another certificate", {"certificate": "other-name"}, "550 5.7.1"),
                ("an untrusted certificate", {"certificate": "impostor"}, "550 5.7.1"),
                ("another address", {"certificate": "partner", "source": STRANGER_ADDRESS}, "550 5.7.1"),
                ("another connector's network", {"source": NEIGHBOUR_ADDRESS, "tls": False}, "550 5.7.10")):
            with self.subTest(case):
                self.assert_refused(self.send("alice@contoso.com", **connection), code, "contoso")

    def test_fingerprints_are_known_here_of_all_places(self):
        self.assert_delivered(self.send("a@key.example", certificate="pinned"), None)
        self.assert_refused(self.send("a@key.example", certificate="unpinned"), "550 5.7.1", "by-key")

    def test_the_trusted_path_and_audit_mode_mean_the_same_as_with_a_milter(self):
        self.assert_delivered(self.send("alice@contoso.com", source=GATEWAY_ADDRESS, tls=False), None)
        self.assert_delivered(self.send("a@audited.example", tls=False), None)

    def test_direct_send_is_refused(self):
        self.assert_refused(self.send("ceo@example.net", source=STRANGER_ADDRESS, tls=False), "550 5.7.1")

    def test_a_sender_that_postfix_would_complete_does_not_pass(self):
        for mail_from in ("contoso.com!alice", "alice%contoso.com", '"alice@contoso.com"', "ceo"):
            with self.subTest(mail_from):
                sent = self.send(mail_from, source=STRANGER_ADDRESS, tls=False)
                self.assertGreaterEqual(sent.reply.code, 400, str(sent.reply))

    def test_a_quoted_local_part_which_postfix_tells_without_its_quotes_is_read_as_postfix_does(self):
        for mail_from in ('"first last"@example.org', '"alice@contoso.com"@example.org'):
            with self.subTest(mail_from):
                self.assert_delivered(self.send(mail_from, tls=False), None)
        for mail_from in ('"first last"@contoso.com', '"alice@example.org"@contoso.com'):
            with self.subTest(mail_from):
                self.assert_refused(self.send(mail_from, tls=False), "550 5.7.10", "contoso")

    def test_every_message_of_a_connection_is_asked_about(self):
        with self.open(tls=False) as client:
            for mail_from, code in (("bob@example.org", 250), ("alice@contoso.com", 550), ("bob@example.org", 250)):
                client.mail(mail_from)
                self.assertEqual(client.rcpt("user@example.net").code, code)
                client.rset()
