"""Sendmail's forms: full names of certificates, +XX encoded, and {verify}, without which nothing is to be believed."""

from harness.milter import MilterClient
from scenario import HostScenario

CONNECTORS = """
[[inbound]]
name = "contoso"
scenario = "partner"
[inbound.identify]
sender_domains = ["contoso.com"]
[inbound.require]
tls = true
tls_version = "TLSv1.2"
[inbound.require.certificate]
subject = "mail.contoso.com"
issuer = "Contoso Issuing CA"

[[inbound]]
name = "by-certificate"
scenario = "on-premises"
[inbound.identify]
certificate = { subject = "relay.example.net", issuer = "Contoso Issuing CA" }
"""

# As sendmail 8.17 sets them for a client certificate of a known CA. Names are one-line DNs; <>()"+ and spaces are +XX.
SENDMAIL = {
    "j": "mx.example.net", "v": "8.17.1.9", "_": "[192.0.2.1]", "i": "6ALKABC1000123", "{daemon_name}": "MTA-v4",
    "{daemon_port}": "25", "{client_addr}": "192.0.2.1", "{client_port}": "40000", "{client_name}": "[192.0.2.1]",
    "{verify}": "OK", "{tls_version}": "TLSv1.3", "{cipher}": "TLS_AES_256_GCM_SHA384", "{cipher_bits}": "256",
    "{cert_subject}": "/O=Contoso+20Ltd/CN=mail.contoso.com", "{cert_issuer}": "/O=Contoso/CN=Contoso+20Issuing+20CA",
    "{cn_subject}": "mail.contoso.com", "{cn_issuer}": "Contoso+20Issuing+20CA",
}
NO_TLS = {"{verify}": "NONE", "{tls_version}": "", "{cipher}": "", "{cipher_bits}": "", "{cert_subject}": "",
          "{cert_issuer}": "", "{cn_subject}": "", "{cn_issuer}": ""}

ACCEPT = ""


class SendmailMacros(HostScenario):
    connectors = CONNECTORS

    def decide(self, macros: dict[str, str], mail_from: str = "alice@contoso.com"):
        """The answer to RCPT, and the tags inserted if it was no refusal."""
        with MilterClient(self.host.milter, {**SENDMAIL, **macros}) as client:
            client.negotiate()
            client.connect("[192.0.2.1]", "192.0.2.1", 40000)
            client.helo("mail.contoso.com")
            client.mail(mail_from)
            verdict = client.rcpt("user@example.net")
            if not verdict.passes:
                return verdict, []
            outcome = client.content([("X-Connector", "forged"), ("Subject", "x"), ("x-connector", "forged")])
            self.assertTrue(outcome.verdict.passes)
            # libmilter counts among headers of one name, in any case; deleted from the last to the first.
            self.assertEqual([index for index, _ in outcome.deleted], [2, 1])
            return verdict, [value.strip() for name, value in outcome.new_headers if name == "X-Connector"]

    def test_a_verified_certificate_of_the_right_names_is_accepted_and_tagged(self):
        verdict, tags = self.decide({})
        self.assertEqual((verdict.reply, tags), (ACCEPT, ["contoso"]))

    def test_a_verified_certificate_identifies(self):
        macros = {"{cert_subject}": "/CN=relay.example.net", "{cn_subject}": "relay.example.net"}
        self.assertEqual(self.decide(macros, "bob@example.org")[1], ["by-certificate"])
        self.assertEqual(self.decide({**macros, "{verify}": "FAIL"}, "bob@example.org")[1], [])

    def test_nothing_is_believed_unless_verify_is_ok(self):
        for verify in ("NO", "NOT", "FAIL", "NONE", "TEMP", "PROTOCOL", "SOFTWARE", "CLEAR", "TRUSTED", "ok", "OKAY",
                       ""):
            with self.subTest(verify):
                verdict, _ = self.decide({"{verify}": verify})
                self.assertEqual(verdict.word, "reply")
                self.assertRegex(verdict.reply, r"^5\d\d 5\.7\.1 ")

    def test_no_tls_is_refused(self):
        verdict, _ = self.decide(NO_TLS)
        self.assertRegex(verdict.reply, "^550 5.7.10 .*contoso")

    def test_old_tls_is_refused(self):
        for version in ("TLSv1.1", "TLSv1", "SSLv3", "SSLv2", "nonsense", "TLSv1.2x"):
            with self.subTest(version):
                verdict, _ = self.decide({"{tls_version}": version})
                self.assertRegex(verdict.reply, "^550 5.7.10 ")

    def test_other_names_are_refused_however_they_are_dressed(self):
        for case, macros in {
            "another subject": {"{cert_subject}": "/CN=mail.fabrikam.com", "{cn_subject}": "mail.fabrikam.com"},
            "another issuer": {"{cert_issuer}": "/CN=Other+20CA", "{cn_issuer}": "Other+20CA"},
            "a name with NUL in it": {"{cert_subject}": "/CN=mail.contoso.com+00.example.org",
                                      "{cn_subject}": "mail.contoso.com+00.example.org"},
            "what Sendmail writes for a name with NUL": {"{cn_subject}": "BadCertificateContainsNUL"},
            "the name in an organisation": {"{cert_subject}": "/O=x/CN=mail.contoso.com/CN=evil.example.org",
                                            "{cn_subject}": "evil.example.org"},
            "the name behind an encoded slash": {"{cert_subject}": "/O=x+2FCN=mail.contoso.com/CN=evil.example.org",
                                                 "{cn_subject}": "evil.example.org"},
            "the name as a prefix": {"{cert_subject}": "/CN=mail.contoso.com.example.org",
                                     "{cn_subject}": "mail.contoso.com.example.org"},
            "a broken encoding": {"{cert_issuer}": "/CN=Contoso+2", "{cn_issuer}": "Contoso+2"},
            "no names": {"{cert_subject}": "", "{cn_subject}": "", "{cert_issuer}": "", "{cn_issuer}": ""},
        }.items():
            with self.subTest(case):
                verdict, _ = self.decide(macros)
                self.assertRegex(verdict.reply, r"^550 5\.7\.1 ")

    def test_an_authenticated_users_mail_is_a_submission(self):
        verdict, tags = self.decide({**NO_TLS, "{auth_type}": "PLAIN", "{auth_authen}": "carol"})
        self.assertEqual((verdict.reply, tags), (ACCEPT, []))
