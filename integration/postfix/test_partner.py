"""A partner's mail comes as agreed, or not at all."""

import ssl

from scenario import CONTOSO, PARTNER_ADDRESS, STRANGER_ADDRESS, SiteScenario

FABRIKAM = """
[[inbound]]
name = "fabrikam"
scenario = "partner"
[inbound.identify]
sender_domains = ["fabrikam.com"]
[inbound.require]
tls = true
tls_version = "TLSv1.3"
"""

BOOKS = """
[[inbound]]
name = "books"
scenario = "partner"
[inbound.identify]
sender_domains = ["bücher.example"]
[inbound.require]
tls = true
"""


class PartnerMail(SiteScenario):
    connectors = CONTOSO + FABRIKAM + BOOKS

    def test_mail_as_agreed_is_tagged_and_leaves_by_the_connectors_transport(self):
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")

    def test_mail_over_ipv6_counts_the_same(self):
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner", source="::1"), "contoso")

    def test_mail_of_nobodys_connector_has_no_tag_and_leaves_by_the_default_transport(self):
        self.assert_delivered(self.send("someone@example.org", source=STRANGER_ADDRESS, tls=False), None)

    def test_mail_without_tls_is_refused(self):
        self.assert_refused(self.send("alice@contoso.com", tls=False), "550 5.7.10", "contoso", "TLS")

    def test_every_spelling_of_the_partners_domain_is_the_partners_domain(self):
        for mail_from in ("alice@CONTOSO.COM", "alice@mail.contoso.com", "alice@a.b.Contoso.com",
                          '"alice@example.org"@contoso.com', '"a b"@contoso.com',
                          "@relay.example.org:alice@contoso.com", "@a.example,@b.example:alice@contoso.com"):
            with self.subTest(mail_from):
                self.assert_refused(self.send(mail_from, tls=False), "550 5.7.10", "contoso")

    def test_names_that_only_look_like_the_partners_are_not_the_partners(self):
        for mail_from in ("alice@notcontoso.com", "alice@contoso.com.example.org", '"alice@contoso.com"@example.org',
                          "alice%contoso.com@example.org"):
            with self.subTest(mail_from):
                self.assert_delivered(self.send(mail_from, tls=False), None)

    def test_a_sender_that_postfix_would_complete_to_the_partners_does_not_pass(self):
        # trivial-rewrite(8): site!user, user%site and "user@site" become user@site, after all filters have seen them.
        for mail_from in ("contoso.com!alice", "alice%contoso.com", '"alice@contoso.com"', '"contoso.com!alice"',
                          "@a.example:contoso.com!alice", "@a.example:alice%contoso.com",
                          "example.org!contoso.com!alice", "contoso.com!alice%example.org"):
            with self.subTest(mail_from):
                sent = self.send(mail_from, tls=False)
                self.assertGreaterEqual(sent.reply.code, 400, str(sent.reply))

    def test_a_sender_that_can_be_read_in_two_ways_does_not_pass(self):
        for mail_from in ("alice@contoso.com@example.org", "alice@example.org@contoso.com", "alice@contoso.com.",
                          "alice @contoso.com", "alice@contoso.com(x)", "(x)alice@contoso.com", "X <alice@contoso.com>",
                          "alice@contoso.com,bob@example.org", 'alice@"contoso.com"', "alice@con\\toso.com",
                          "a\\@b@contoso.com", ":alice@contoso.com", "@contoso.com:"):
            with self.subTest(mail_from):
                sent = self.send(mail_from, tls=False)
                self.assertGreaterEqual(sent.reply.code, 400, str(sent.reply))

    def test_a_sender_without_brackets_is_the_same_sender(self):
        with self.open(tls=False) as client:
            client.command("MAIL FROM: alice@contoso.com")
            self.assertEqual(client.rcpt("user@example.net").enhanced, "5.7.10")

    def test_an_internationalised_domain_is_the_same_in_both_of_its_forms(self):
        with self.open(tls=False) as client:
            for mail_from, parameters in (("a@xn--bcher-kva.example", ""), ("a@bücher.example", "SMTPUTF8"),
                                          ("a@BÜCHER.example", "SMTPUTF8")):
                with self.subTest(mail_from):
                    self.assertEqual(client.mail(mail_from, parameters).code, 250)
                    self.assertEqual(client.rcpt("user@example.net").enhanced, "5.7.10")
                    client.rset()

    def test_no_certificate_is_refused(self):
        self.assert_refused(self.send("alice@contoso.com"), "550 5.7.1", "contoso", "certificate")

    def test_a_certificate_of_another_name_is_refused(self):
        self.assert_refused(self.send("alice@contoso.com", certificate="other-name"), "550 5.7.1", "contoso",
                            "certificate")

    def test_a_certificate_of_an_untrusted_issuer_is_refused_whatever_names_it_bears(self):
        self.assert_refused(self.send("alice@contoso.com", certificate="impostor"), "550 5.7.1", "contoso",
                            "certificate")

    def test_a_certificate_without_a_common_name_does_not_match_a_subject(self):
        self.assert_refused(self.send("alice@contoso.com", certificate="alternative-names-only"), "550 5.7.1",
                            "contoso", "certificate")

    def test_a_refusal_tells_nobody_which_name_would_have_done(self):
        sent = self.send("alice@contoso.com", certificate="other-name")
        self.assertNotIn("Contoso Issuing CA", sent.reply.text)
        self.assertNotIn(PARTNER_ADDRESS, sent.reply.text)

    def test_mail_from_another_address_is_refused(self):
        self.assert_refused(self.send("alice@contoso.com", certificate="partner", source=STRANGER_ADDRESS),
                            "550 5.7.1", "contoso")

    def test_tls_that_is_too_old_is_refused(self):
        self.assert_refused(self.send("bob@fabrikam.com", maximum=ssl.TLSVersion.TLSv1_2), "550 5.7.10", "fabrikam",
                            "TLSv1.3")

    def test_tls_of_the_lowest_version_allowed_will_do(self):
        self.assert_delivered(self.send("bob@fabrikam.com"), "fabrikam")
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner",
                                        maximum=ssl.TLSVersion.TLSv1_2), "contoso")
