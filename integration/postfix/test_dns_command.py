"""`connectorctl dns DOMAIN`: what a domain publishes, asked of a real DNS server; and what it says to publish is enough."""

import json
import re
import shutil
import tempfile
import unittest
from pathlib import Path

from harness.certificates import CertificateStore
from harness.daemon import connectorctl
from harness.dkim_signer import ed25519_key
from harness.dns_server import txt
from harness.sink import Sink
from harness.site import USER, Host, SiteOptions

MAIL_HOST = "127.0.0.25"  # which must listen at port 25
SENDER = "192.0.2.25"
ALWAYS = f"""\
example.net IN MX 10 mx.example.net.
mx.example.net IN A {MAIL_HOST}
25.2.0.192.in-addr.arpa IN PTR out.example.net.
out.example.net IN A {SENDER}
"""


class Domain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="connectord-dns-")))
        cls.folder.chmod(0o755)
        store = CertificateStore(cls.folder / "certificates")
        certificate = store.issued("mx", store.authority("authority", "Some CA"), "mx.example.net",
                                   alternative_names=("mx.example.net",))
        sink = Sink("mx", certificate, address=(MAIL_HOST, 25))
        sink.start()
        cls.addClassCleanup(sink.stop)
        made = json.loads(connectorctl("dkim", "new", "example.net", "--selector", "s1", "--dir", cls.folder / "dkim", "--json",
                                       "--config", cls.folder / "none.toml").stdout)
        cls.signing, cls.key_line = made["signing"], made["zone_line"]
        for name in (cls.folder / "dkim").iterdir():
            shutil.chown(name, USER)

    def judge(self, zone: str, *arguments: str, failing: tuple[str, ...] = ()) -> dict:
        options = SiteOptions(launch=False, zone=ALWAYS + zone, failing=failing)
        with Host(self.signing + '[validation]\nprivate_networks = ["127.0.0.0/8"]\n', options) as host:
            self.config_file = host.connectord.config_file
            done = connectorctl("dns", "example.net", "--json", "--address", SENDER, "--config", self.config_file, *arguments)
            self.assertTrue(done.stdout, done.stderr)
            report = json.loads(done.stdout)
            self.assertEqual(done.status, 0 if report["result"] == "passed" else 1)
            self.text = connectorctl("dns", "example.net", "--address", SENDER, "--config", self.config_file,
                                     "--no-connect").stdout
            return report

    def outcome(self, report: dict, check: str) -> str:
        steps = [step for step in report["checks"] if step["check"] == check]
        return "warning" if steps[-1]["warning"] else steps[-1]["outcome"]

    def test_without_records_says_which_and_with_these_all_is_well(self):
        bare = self.judge("")
        for check in ("spf.record", "dkim.record", "dmarc.record"):
            self.assertEqual(self.outcome(bare, check), "fail", bare)
        self.assertEqual(self.outcome(bare, "tlsrpt.record"), "warning")
        self.assertEqual(self.outcome(bare, "smtp.starttls"), "pass")
        lines = [each["line"] for each in bare["publish"]]
        self.assertIn(self.key_line, lines)
        for line in lines:
            self.assertRegex(self.text, "\n" + re.sub("id=[0-9]+", "id=[0-9]+", re.escape(line)) + "\n")  # a time
        published = self.judge("".join(line + "\n" for line in lines))
        self.assertEqual(published["result"], "passed", published)
        for check in ("spf.sender", "dkim.match", "dmarc.record", "mta_sts.record", "tlsrpt.record", "dns.reverse"):
            self.assertEqual(self.outcome(published, check), "pass", published)
        self.assertEqual(self.outcome(published, "dmarc.policy"), "warning")  # p=none
        self.assertEqual(self.outcome(published, "mta_sts.policy"), "warning")  # no web server has it
        self.assertEqual(published["publish"], [])

    def test_what_is_published_wrongly_is_named(self):
        report = self.judge(txt("example.net", "v=spf1 a:gone.example.net include:_spf.example.net ?all")
                            + txt("_spf.example.net", "v=spf1 ipv4:192.0.2.25 -all")
                            + txt("s1._domainkey.example.net", ed25519_key().record("t=y"))
                            + txt("_dmarc.example.net", "v=DMARC1; p=reject; rua=mailto:dmarc@example.net")
                            + txt("_smtp._tls.example.net", "v=TLSRPTv1; rua=tls@example.net"))
        expected = {"spf.syntax": "fail", "spf.void_lookups": "warning", "spf.all": "warning", "spf.sender": "fail",
                    "dkim.match": "fail", "dkim.testing": "warning", "dmarc.policy": "pass", "tlsrpt.record": "warning"}
        self.assertEqual({check: self.outcome(report, check) for check in expected}, expected, report)
        self.assertIn(self.key_line, [each["line"] for each in report["publish"]])

    def test_who_gets_reports_about_the_domain_must_want_them(self):
        zone = (txt("_dmarc.example.net", "v=DMARC1; p=reject; rua=mailto:d@example.net,mailto:d@one.example.org,"
                                          "mailto:d@any.example.com; ruf=mailto:d@none.example")
                + txt("example.net._report._dmarc.one.example.org", "v=DMARC1")
                + txt("*._report._dmarc.any.example.com", "v=DMARC1;"))
        line = 'example.net._report._dmarc.none.example. IN TXT ( "v=DMARC1" )'
        report = self.judge(zone, "--no-connect")
        seen = {step["expected"].split(" ")[0]: "warning" if step["warning"] else step["outcome"]
                for step in report["checks"] if step["check"] == "dmarc.report_authorization"}
        self.assertEqual(seen, {"one.example.org": "pass", "any.example.com": "pass", "none.example": "warning"}, report)
        self.assertIn(line, [each["line"] for each in report["publish"]])
        self.assertIn(f"\n{line}\n", self.text)
        published = self.judge(zone + line + "\n", "--no-connect")
        self.assertEqual(self.outcome(published, "dmarc.report_authorization"), "pass", published)
        self.assertNotIn("_report._dmarc", str(published["publish"]))

    def test_an_authorization_that_cannot_be_asked_for_now_is_not_called_missing(self):
        report = self.judge(txt("_dmarc.example.net", "v=DMARC1; p=reject; rua=mailto:d@broken.example"), "--no-connect",
                            failing=("broken.example",))
        self.assertEqual(self.outcome(report, "dmarc.report_authorization"), "temperror", report)
        self.assertNotIn("_report._dmarc", str(report["publish"]))

    def test_doctor_watches_what_is_published_of_tls_and_misses_nothing_that_is_not(self):
        self.assertEqual(self.watched(""), [])
        troubles = self.watched(txt("_mta-sts.example.net", "v=STSv1; id=1")
                                + txt("_smtp._tls.example.net", "v=TLSRPTv1; rua=tls@example.net"))
        self.assertEqual([trouble["what"].split(": ")[1] for trouble in troubles], ["mta_sts.policy", "tlsrpt.record"])
        for trouble in troubles:
            self.assertEqual((trouble["severity"], trouble["write"]), ("warning", "connectorctl dns example.net"))

    def watched(self, zone: str) -> list[dict]:
        with Host('[validation]\nprivate_networks = ["127.0.0.0/8"]\n', SiteOptions(launch=False, zone=ALWAYS + zone)) as host:
            done = connectorctl("doctor", "--json", "--config", host.connectord.config_file)
            self.assertTrue(done.stdout, done.stderr)
            return [trouble for trouble in json.loads(done.stdout)["troubles"] if trouble["area"] == "published"]
