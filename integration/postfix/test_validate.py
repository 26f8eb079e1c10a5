"""`connectorctl validate` of outbound connectors, with a real Postfix as the partner: each trouble is named for what it is."""

import json
import shutil
import socket

from harness.daemon import connectorctl
from harness.dns_server import vouched
from harness.network import free_port
from harness.sink import Sink
from harness.site import GROUP, SiteOptions
from harness.validated import REQUIRE, PartnersOfEveryKind
from validation import MX, RECIPIENT, ValidateScenario, showing


class GoodAndBadServers(PartnersOfEveryKind, ValidateScenario):
    name_elsewhere = "mx.fabrikam.com"

    @property
    def revocation_list(self) -> str:
        return str(self.certificates.list)

    @classmethod
    def entrances(cls):
        certificates = cls.certificates
        good = certificates.good
        return {"good": showing(good),
                "expired": showing(certificates.expired),
                "elsewhere": showing(certificates.elsewhere),
                "alone": showing(certificates.alone),
                "revoked": showing(certificates.revoked),
                "clear": showing(good, smtpd_tls_security_level="none"),
                "old": showing(good, smtpd_tls_protocols="TLSv1"),
                "tarpit": showing(good, smtpd_delay_reject="no", smtpd_client_restrictions="sleep 10, permit"),
                "greylisting": showing(good, smtpd_recipient_restrictions=
                                       "check_recipient_access inline:{ {contoso.com = 450 4.7.1 Greylisted} }, permit"),
                "rejecting": showing(good, smtpd_recipient_restrictions=
                                     "check_recipient_access inline:{ {contoso.com = 550 5.1.1 nobody of that name} }, permit")}

    def outcome(self, entrance: str, *arguments: str, **connector):
        return self.validate(self.connector(self.at(entrance), **connector), "--rcpt-to", RECIPIENT, *arguments)

    def test_a_good_server_passes_and_gets_no_message(self):
        validated = self.outcome("good")
        self.assertEqual(validated.outcome, "passed", validated.report["summary"])
        self.assertIn("TLSv1.3", validated.step("tls.version")["seen"])
        self.assertEqual(validated.step("smtp.rcpt")["outcome"], "pass")
        self.assertEqual(self.site.postfix.queued(), 0)
        self.assertNotIn("DATA", "".join(self.site.postfix.log_lines("postfix/good")))

    def test_a_certificate_that_ends_within_thirty_days_is_a_warning(self):
        step = self.outcome("good").step("certificate.validity")
        self.assertTrue(step["warning"])
        self.assertIn("29 days left", step["seen"])

    def test_revocation_that_no_list_tells_of_is_not_known(self):
        self.assertEqual(self.outcome("good", "--revocation").outcome, "incomplete")

    def test_a_tarpit_is_named(self):
        validated = self.outcome("tarpit", "--timeout", "2")
        self.assertEqual(validated.outcome, "not_ready")
        self.assertEqual(validated.step("smtp.greeting")["seen"], "no answer within 2 s")
        self.assertIn("slow on purpose", validated.step("smtp.greeting")["hint"])

    def test_greylisting_is_no_refusal(self):
        validated = self.outcome("greylisting")
        self.assertEqual(validated.outcome, "deferred")
        self.assertIn("greylisting", validated.step("smtp.rcpt")["hint"])
        rejected = self.outcome("rejecting")
        self.assertEqual(rejected.outcome, "rejected")
        self.assertIn("nobody of that name", rejected.report["summary"])

    def test_a_black_hole_is_no_refusal_of_the_connection(self):
        with socket.socket() as hole:
            hole.bind(("127.0.0.1", 0))
            hole.listen(0)
            port = hole.getsockname()[1]
            # One more than the backlog holds: after them the kernel answers no one.
            waiting = [socket.socket() for _ in range(2)]
            for connection in waiting:
                connection.setblocking(False)
                connection.connect_ex(("127.0.0.1", port))
            validated = self.validate(self.connector(f"[{MX}]:{port}"), "--timeout", "1")
            for connection in waiting:
                connection.close()
        self.assertEqual(validated.outcome, "unreachable")
        self.assertEqual(validated.step("smtp.connect")["seen"], "no answer within 1 s")
        refused = self.validate(self.connector(f"[{MX}]:{free_port()}"))
        self.assertEqual(refused.step("smtp.connect")["seen"], "the connection is refused")

    def test_a_person_reads_steps_and_an_end_and_the_list_has_the_result(self):
        self.configure(self.connector(self.at("elsewhere")))
        done = self.run_validate("contoso-out", "--rcpt-to", RECIPIENT)
        self.assertEqual(done.returncode, 1)
        self.assertIn("\n  fail            certificate.name", done.stdout)
        self.assertRegex(done.stdout.splitlines()[-1], "^failed  contoso-out: certificate not trusted or for another name")
        kept = json.loads((self.state / "outbound-contoso-out.json").read_text())
        self.assertEqual((kept["result"], kept["obstacle"]), ("failed", "certificate"))
        listed = json.loads(connectorctl("list", "--json", "--config", self.site.connectord.config_file).stdout)
        self.assertEqual(listed[0]["validated"]["obstacle"], "certificate")
        self.assertIn("failed 2", connectorctl("list", "--config", self.site.connectord.config_file).stdout)

    def test_a_connector_that_is_not_there_is_an_error_of_the_command_line(self):
        self.configure(self.connector(self.at("good")))
        done = self.run_validate("contoso")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn('there is no connector "contoso"', done.stderr)


class Credentials(ValidateScenario):
    def test_are_shown_over_tls_and_never_printed(self):
        secret = self.site.path / "secret"
        secret.write_text("carol:geheim\n")
        secret.chmod(0o640)
        sink = Sink("login", self.certificates.good, asks_for_login=True)
        sink.start()
        self.addCleanup(sink.stop)
        shutil.chown(secret, "root", GROUP)
        route = f'credentials = "{secret}"'
        self.configure(self.connector(f"[{MX}]:{sink.port}", route=route))
        done = self.run_validate("contoso-out", "--rcpt-to", RECIPIENT)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(sink.logins, [("carol", "geheim")])
        self.assertEqual(sink.messages(), [])
        kept = (self.state / "outbound-contoso-out.json").read_text()
        for text in (done.stdout, done.stderr, kept):
            self.assertNotIn("geheim", text)


class Bounds(ValidateScenario):
    validation = ""
    zone = (f"{MX} IN A 127.0.0.1\ncontoso.com IN MX 10 {MX}\n"
            "inside.example IN MX 10 mx.inside.example\nmx.inside.example IN A 10.0.0.1\n"
            "null.example IN MX 0 .\n")

    def test_dns_cannot_have_us_look_around_inside(self):
        connector = self.connector(tls=REQUIRE, domains='"*"')
        for recipient, seen in ((RECIPIENT, "127.0.0.1 is loopback"), ("a@inside.example", "10.0.0.1 is private")):
            validated = self.validate(connector, "--rcpt-to", recipient)
            self.assertEqual(validated.outcome, "not_allowed", validated.report)
            self.assertIn(seen, validated.report["summary"])
            self.assertNotIn("smtp.connect", validated.checks())

    def test_an_address_that_the_connector_names_is_reached(self):
        port = self.site.postfix.ports["smtp"]
        self.assertEqual(self.validate(self.connector(f"[127.0.0.1]:{port}", tls=REQUIRE)).outcome, "passed")

    def test_what_dns_does_not_know_and_the_null_mx_are_told(self):
        connector = self.connector(tls=REQUIRE, domains='"*"')
        self.assertEqual(self.validate(connector, "--rcpt-to", "a@nowhere.example").outcome, "not_resolved")
        self.assertEqual(self.validate(connector, "--rcpt-to", "a@null.example").outcome, "rejected")


class Dane(ValidateScenario):
    """A resolver of this machine, which vouches for all but one domain, and a server at the port of mail."""

    address = "127.0.0.71"
    faults = {"contoso.com": vouched}

    @classmethod
    def setUpClass(cls):
        cls.options = SiteOptions(faults=cls.faults)
        cls.zone = "placeholder.invalid IN A 127.0.0.1\n"
        super().setUpClass()

    def ask(self, tlsa: str, domain: str = "contoso.com"):
        mx, root = f"mx.{domain}", self.site.nameserver.folder / "root.zone"
        head = root.read_text().split("; scenario\n")[0]
        records = (f"{domain}. IN MX 10 {mx}.\n{mx}. IN A {self.address}\n" +
                   (f"_25._tcp.{mx}. IN TLSA {tlsa}\n" if tlsa else ""))
        self.site.nameserver.stop()
        root.write_text(head + "; scenario\n" + records)
        self.site.nameserver.start()
        sink = Sink("mx", self.certificates.good, address=(self.address, 25))
        sink.start()
        try:
            return self.validate(self.connector(tls='level = "dane"', domains=f'"{domain}"'), "--rcpt-to",
                                 f"postmaster@{domain}")
        finally:
            sink.stop()

    def test_the_certificate_must_be_the_one_that_signed_records_name(self):
        key = self.certificates.good.public_key_fingerprint.removeprefix("spki-sha256:")
        passed = self.ask(f"3 1 1 {key}")
        self.assertEqual(passed.outcome, "passed", passed.report)
        self.assertIn("matched by 3 1 1", passed.step("dane.certificate")["seen"])
        self.assertEqual(self.ask("3 1 1 " + "00" * 32).outcome, "certificate")
        self.assertEqual(self.ask("").outcome, "certificate")

    def test_records_that_nobody_vouches_for_do_not_count(self):
        key = self.certificates.good.public_key_fingerprint.removeprefix("spki-sha256:")
        validated = self.ask(f"3 1 1 {key}", "fabrikam.com")
        self.assertEqual(validated.outcome, "certificate")
        self.assertIn("does not vouch for", validated.step("dane.tlsa")["seen"])
