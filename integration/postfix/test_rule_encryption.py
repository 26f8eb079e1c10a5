"""Mail that rules encrypt: made by connectord, carried by a real Postfix, decrypted by the openssl command."""

import email
import email.policy
import subprocess
from pathlib import Path

from harness.certificates import CertificateStore
from harness.sink import Message
from harness.site import Site, SiteOptions
from harness.workspace import shared_folder
from outbound import outbound
from test_rules import EVERYBODY, RuleScenario, for_case, rule, with_attachment

ALICE, GATEWAY = "alice@secure.example", "anybody@gateway.example"
EVERYWHERE = {**EVERYBODY, "relay_domains": "example.net, secure.example, gateway.example, archive.example"}


class Certificates:
    """A folder with certificates, and their keys beside it."""

    def __init__(self, folder: Path):
        self.folder = folder / "certificates"
        self.keys = folder / "keys"
        for each in (self.folder, self.keys):
            each.mkdir(mode=0o755)

    def make(self, name: str, *options: str) -> None:
        subprocess.run(["openssl", "req", "-x509", "-nodes", "-subj", f"/CN={name}", "-out", self.folder / f"{name}.pem",
                        "-keyout", self.keys / f"{name}.key", *(options or ("-newkey", "rsa:2048", "-days", "30"))],
                       check=True, capture_output=True)
        (self.folder / f"{name}.pem").chmod(0o644)

    def decrypt(self, name: str, message: bytes) -> bytes:
        done = subprocess.run(["openssl", "cms", "-decrypt", "-recip", self.folder / f"{name}.pem", "-inkey",
                               self.keys / f"{name}.key"], input=message, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout


class Encryption(RuleScenario):
    options = SiteOptions(parameters=EVERYWHERE, socketmap=True)

    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(shared_folder("test-smime"))
        cls.certificates = Certificates(folder)
        cls.certificates.make(ALICE)
        cls.certificates.make("gateway.example", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-days", "30")
        store = CertificateStore(folder / "expired")
        expired = store.expired("expired", store.authority("authority", "Some CA"), "old", ("old.example",))
        (cls.certificates.folder / "old@secure.example.pem").write_bytes(expired.file.read_bytes())
        cls.certificates.make("signer@secure.example", "-newkey", "rsa:2048", "-days", "30", "-addext",
                              "keyUsage=digitalSignature")
        cls.site = cls.enterClassContext(Site("", cls.options))
        action = f'do = "encrypt"\ncertificates = "{cls.certificates.folder}"\nfallback = "%s"'
        cls.site.reconfigure("".join((
            outbound("tls", hosts=(f"[127.0.0.1]:{cls.site.sinks['contoso'].port}",),
                     keys='rule_scoped = true', tls='level = "require"'),
            rule("footer", 5, 'do = "disclaimer"\ntext = "The footer"', when=for_case("footer")),
            rule("encrypt", 10, action % "reject", when='header = [{ name = "X-Case", words = ["encrypt", "footer"] }]'),
            rule("cbc", 20, action % "reject" + '\ncipher = "aes-256-cbc"', when=for_case("cbc")),
            rule("ignore", 30, action % "ignore", when=for_case("ignore")),
            rule("by tls", 40, action % "require_tls" + '\nconnector = "tls"', when=for_case("tls")))))
        cls.site.connectord.reload()

    def within(self, name: str, message: Message) -> email.message.EmailMessage:
        return email.message_from_bytes(self.certificates.decrypt(name, message.content), policy=email.policy.default)

    def test_whoever_has_the_key_reads_what_was_sent(self):
        headers, body = with_attachment("plans.txt", b"The plans\0\r\n" * 1000, text="Grüße, Alice")
        for case, kind in (("encrypt", "authEnveloped-data"), ("cbc", "enveloped-data")):
            arrived = self.arrived(self.case(case, ALICE, headers=headers, body=body))
            with self.subTest(case):
                self.assertRegex(arrived.all("Content-Type")[0], rf"(?s)^application/pkcs7-mime; smime-type={kind};")
                self.assertNotIn(b"plans", arrived.content)
                self.assertTrue(arrived.all("Subject"))
                text, attachment = self.within(ALICE, arrived).iter_parts()
                self.assertEqual(text.get_content().strip(), "Grüße, Alice")
                self.assertEqual(attachment.get_content(), b"The plans\0\r\n" * 1000)

    def test_every_byte_of_the_body_is_kept(self):
        body = bytes(range(32, 256)) + b"\r\n \t\r\n.\r\nend"
        arrived = self.arrived(self.case("encrypt", ALICE, body=body))
        self.assertIn(b"\r\n\r\n" + body, b"\r\n" + self.certificates.decrypt(ALICE, arrived.content))

    def test_a_domain_may_have_one_for_all_and_changes_come_before(self):
        arrived = self.arrived(self.case("footer", ALICE, GATEWAY))
        for name in (ALICE, "gateway.example"):
            self.assertIn("The footer", self.within(name, arrived).get_content())

    def test_who_has_no_good_certificate_is_named_and_the_message_refused(self):
        for recipient, why in (("bob@secure.example", "there is no bob@secure.example.pem"),
                               ("old@secure.example", "the certificate has expired"),
                               ("signer@secure.example", "not for encryption"),
                               ("../../etc/passwd@secure.example", "no certificate")):
            with self.subTest(recipient):
                sent = self.case("encrypt", ALICE, recipient)
                self.assert_refused(sent, "550 5.7.10", "must be encrypted", at="END")
                self.assertEqual(self.site.arrivals(sent.token), [])
                self.site.connectord.wait_for_log(why)

    def test_the_rule_may_let_it_pass(self):
        arrived = self.arrived(self.case("ignore", "bob@secure.example", body=b"In the clear"))
        self.assertIn(b"In the clear", arrived.content)

    def test_it_may_leave_by_a_way_with_tls_instead(self):
        arrived = self.arrived(self.case("tls", "bob@secure.example"))
        self.assertEqual((arrived.sink, arrived.all("Content-Type")), ("contoso", []))

    def test_what_is_encrypted_already_stays(self):
        first = self.arrived(self.case("encrypt", ALICE, body=b"Hello"))
        head, _, body = first.content.partition(b"\r\n\r\n")
        headers = tuple(line for line in head.decode().replace("\r\n ", " ").split("\r\n") if line.startswith("Content-"))
        again = self.arrived(self.case("encrypt", ALICE, headers=("MIME-Version: 1.0", *headers), body=body.rstrip()))
        self.assertEqual(again.content.partition(b"\r\n\r\n")[2].rstrip(), body.rstrip())
