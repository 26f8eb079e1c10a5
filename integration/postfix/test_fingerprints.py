"""Pinned certificates: Postfix passes their fingerprints to the policy service only, and the milter decides."""

from harness.site import Site, SiteOptions
from scenario import RECIPIENT, SiteScenario, submit


def pinned_by(name: str, domain: str, fingerprint: str) -> str:
    return f"""
[[inbound]]
name = "{name}"
scenario = "partner"
[inbound.identify]
sender_domains = ["{domain}"]
[inbound.require]
tls = true
[inbound.require.certificate]
fingerprints = ["sha256:{'00' * 32}", "{fingerprint}"]
"""


class PinnedCertificates(SiteScenario):
    """Two partners pin one self-signed certificate: the whole of it, or just its public key."""

    options = SiteOptions(entrances={"smtp": {},
                                     "no-policy": {"smtpd_recipient_restrictions": "reject_unauth_destination"}},
                          parameters={"smtpd_authorized_xclient_hosts": "127.0.0.0/8"})

    @classmethod
    def setUpClass(cls):
        site = Site("", cls.options)
        pinned, public = site.certificates["pinned"], site.certificates["server-only"]
        site.reconfigure(
            pinned_by("by-key", "key.example", pinned.public_key_fingerprint)
            + pinned_by("by-certificate", "certificate.example", pinned.fingerprint)
            + pinned_by("of-public-ca", "public.example", public.public_key_fingerprint))
        cls.site = cls.enterClassContext(site)

    def test_a_pinned_certificate_of_no_known_issuer_is_enough(self):
        for mail_from, connector in (("a@key.example", "by-key"), ("a@certificate.example", "by-certificate")):
            with self.subTest(connector):
                self.assert_delivered(self.send(mail_from, certificate="pinned"), connector)

    def test_a_pinned_certificate_of_a_public_ca_that_is_meant_for_servers_only_is_enough(self):
        self.assert_delivered(self.send("a@public.example", certificate="server-only"), "of-public-ca")

    def test_another_certificate_with_the_same_names_is_refused(self):
        for mail_from, connector in (("a@key.example", "by-key"), ("a@certificate.example", "by-certificate")):
            with self.subTest(connector):
                self.assert_refused(self.send(mail_from, certificate="unpinned"), "550 5.7.1", connector, "certificate")

    def test_a_trusted_certificate_that_is_not_pinned_is_refused(self):
        self.assert_refused(self.send("a@key.example", certificate="partner"), "550 5.7.1", "by-key", "certificate")

    def test_no_certificate_is_refused(self):
        self.assert_refused(self.send("a@key.example"), "550 5.7.1", "by-key", "certificate")

    def test_without_tls_the_refusal_asks_for_tls_first(self):
        self.assert_refused(self.send("a@key.example", tls=False), "550 5.7.10", "by-key", "TLS")

    def test_without_the_policy_service_in_postfix_the_mail_is_deferred_and_the_log_says_what_is_missing(self):
        sent = self.send("a@key.example", certificate="pinned", entrance="no-policy")
        self.assert_refused(sent, "451 4.7.1", "by-key", "fingerprint")
        self.assertRegex(self.site.connectord.wait_for_log("action=defer"), "(?i)policy.service")

    def test_mail_that_asks_for_no_fingerprint_flows_without_the_policy_service(self):
        self.assert_delivered(self.send("a@example.org", entrance="no-policy"), None)

    def test_a_client_without_a_second_ehlo_after_starttls_is_recognised(self):
        with self.site.client() as client:
            client.ehlo()
            client.starttls(self.site.certificates["pinned"])
            self.assert_delivered(submit(client, "a@key.example"), "by-key")

    def test_what_was_told_before_starttls_says_nothing_of_the_certificate(self):
        for certificate, connector in (("pinned", "by-key"), ("unpinned", None)):
            with self.subTest(certificate), self.open(tls=False) as client:
                self.assert_delivered(submit(client, "bob@example.org"), None)
                client.starttls(self.site.certificates[certificate])
                client.ehlo()
                sent = submit(client, "a@key.example")
                if connector:
                    self.assert_delivered(sent, connector)
                else:
                    self.assert_refused(sent, "550 5.7.1", "by-key")

    def test_connections_from_one_address_are_told_apart_by_their_ports(self):
        with self.open(certificate="pinned") as good, self.open(certificate="unpinned") as bad:
            for _ in range(3):
                for client in (good, bad):
                    self.assertEqual(client.mail("a@key.example").code, 250)
                self.assertEqual([client.rcpt(RECIPIENT).code for client in (bad, good)], [550, 250])
                for client in (good, bad):
                    client.rset()

    def test_the_certificate_stays_known_when_xclient_names_another_client(self):
        for parameters in ("ADDR=203.0.113.5", "ADDR=203.0.113.6 PORT=50506", "ADDR=IPV6:2001:db8::5"):
            with self.subTest(parameters), self.open(certificate="pinned") as client:
                self.assertEqual(client.command(f"XCLIENT {parameters}").code, 220)
                client.ehlo()
                self.assert_delivered(submit(client, "a@key.example"), "by-key")

    def test_each_message_of_a_connection_is_held_against_the_same_certificate(self):
        with self.open(certificate="pinned") as client:
            for _ in range(3):
                self.assert_delivered(submit(client, "a@key.example"), "by-key")
