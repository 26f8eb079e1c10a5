"""connectorctl certificates: every certificate that mail depends on, in one list by their ends."""

import hashlib
import json
import ssl

from harness.certificates import Certificate
from harness.daemon import connectorctl
from harness.site import SiteOptions
from harness.waiting import wait_until
from outbound import outbound
from scenario import CONTOSO, PARTNER_ADDRESS, SiteScenario


def fingerprint(certificate: Certificate) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.file.read_text())).hexdigest()


class CertificatesOfMail(SiteScenario):
    connectors = CONTOSO
    options = SiteOptions(trace="")

    def ctl(self, *arguments: str):
        return connectorctl(*arguments, "--config", self.site.connectord.config_file)

    def listed(self) -> list[dict]:
        reported = self.ctl("certificates", "--json", "--postfix-config", self.site.postfix.configuration)
        self.assertEqual(reported.status, 0, reported.stderr)
        return json.loads(reported.stdout)

    def test_ours_smart_hosts_and_partners_are_told_by_their_ends(self):
        sink = self.site.sinks["default"]
        self.site.reconfigure(CONTOSO + outbound("contoso-out", "fabrikam.example", hosts=(f"[127.0.0.1]:{sink.port}",),
                                                 tls='level = "require"'))
        self.site.connectord.reload()
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")
        validated = self.ctl("validate", "contoso-out")
        self.assertEqual(validated.status, 0, validated.stdout)
        reported = wait_until(lambda: len(found := self.listed()) == 3 and found, "three certificates")
        by_whose = {one["whose"]: one for one in reported}
        certificates = self.site.certificates
        ours, host, partner = by_whose["ours"], by_whose["smart host"], by_whose["partner"]
        self.assertIn("smtpd_tls_cert_file", ours["where"])
        self.assertEqual(ours["sha256"], fingerprint(certificates["server"]))
        self.assertTrue(host["where"].startswith("contoso-out, "))
        self.assertEqual(host["sha256"], fingerprint(certificates["sink"]))
        self.assertEqual(partner["where"], f"contoso, {PARTNER_ADDRESS}")
        self.assertEqual(partner["sha256"], fingerprint(certificates["partner"]))
        self.assertIn("mail.contoso.com", partner["subject"])
        self.assertIn("Contoso Issuing CA", partner["issuer"])
        self.assertTrue(partner["last_seen"])
        self.assertIsNone(partner["not_after"], "Postfix tells nobody when a client's certificate ends")
        ends = [one["not_after"] for one in reported if one["not_after"]]
        self.assertEqual((ends, reported[-1]["whose"]), (sorted(ends), "partner"))
        text = self.ctl("certificates", "--postfix-config", self.site.postfix.configuration).stdout
        self.assertIn("sha256:" + partner["sha256"], text)
        self.assertIn("end not told", text)
