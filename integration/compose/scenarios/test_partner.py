"""A partner whose mail must come over TLS, from its own address, with its own certificate."""

from scenario import PARTNER, POSTFIX, SENDMAIL, Scenario

SENDER = "alice@contoso.com"


class PartnerMail:
    def test_mail_from_the_partners_own_server_is_tagged(self):
        message = self.assert_arrives(self.post("partner", SENDER), "contoso")
        our_hop = message.all("Received")[1]
        self.assertIn(f"from {PARTNER}", our_hop)
        self.assertIn("TLSv1.3", our_hop)
        results = self.results(message)
        self.assertEqual([results[method].result for method in ("spf", "dmarc", "x-tls")], ["pass"] * 3)

    def test_mail_from_another_address_is_refused(self):
        self.assert_refused(self.send("internet", SENDER, certificate=PARTNER), "550 5.7.1", "contoso", "address")

    def test_mail_without_tls_is_refused(self):
        self.assert_refused(self.send("partner", SENDER, tls=False), "550 5.7.10", "contoso", "TLS")

    def test_mail_without_a_certificate_is_refused(self):
        self.assert_refused(self.send("partner", SENDER), "550 5.7.1", "contoso", "certificate")

    def test_mail_with_a_certificate_for_another_name_is_refused(self):
        self.assert_refused(self.send("partner", SENDER, certificate="other-name"), "550 5.7.1", "contoso",
                            "another name")

    def test_mail_with_the_right_names_of_an_unknown_authority_is_refused(self):
        self.assert_refused(self.send("partner", SENDER, certificate="impostor"), "550 5.7.1", "contoso", "certificate")

    def test_a_forged_tag_is_removed(self):
        forged = ("X-Connector: contoso", "x-connector: other", "X-CONNECTOR:\r\n contoso")
        self.assert_delivered(self.send("internet", "eve@tailspin.example", headers=forged), None)
        self.assert_delivered(self.send("partner", SENDER, certificate=PARTNER, headers=forged), "contoso")

    def test_forged_authentication_results_are_removed(self):
        forged = f"Authentication-Results: {self.front.server}; dmarc=pass header.from=contoso.com"
        message = self.assert_delivered(self.send("internet", "eve@tailspin.example", headers=(forged,)), None)
        self.assertEqual(self.results(message)["dmarc"]["header.from"], "tailspin.example")


class PostfixPartner(PartnerMail, Scenario):
    front, example = POSTFIX, "partner"

    def test_postfix_is_chrooted_as_debian_has_it(self):
        """So whatever the scenarios see of connectord's sockets, they see from within the chroot."""
        for service in ("smtp/inet", "cleanup/unix", "rewrite/unix", "smtp/unix"):
            chroot = self.front.host.output("postconf", "-F", f"{service}/chroot")
            self.assertEqual(chroot.split(" = ")[1].strip(), "y", service)


class SendmailPartner(PartnerMail, Scenario):
    front, example = SENDMAIL, "sendmail"

    def test_authentication_by_certificate_makes_no_user_of_ours(self):
        """Sendmail offers AUTH EXTERNAL to every client whose certificate it trusts, here one of another name."""
        self.assert_refused(self.send("partner", SENDER, certificate="other-name", before=("AUTH EXTERNAL =",)),
                            "550 5.7.1", "contoso", "another name")
