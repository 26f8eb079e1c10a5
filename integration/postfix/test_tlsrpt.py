"""delivery.tlsrpt: Postfix 3.10 and later are told the MTA-STS policy that counted, for their reports of TLS (RFC 8460)."""

import json
import os
import re
import socket
import subprocess
import unittest

from harness.waiting import wait_until
from test_delivery import DeliveryScenario, PolicyServer


def obstacle() -> str | None:
    """Why this Postfix reports nothing of TLS."""
    known = subprocess.run(["/usr/sbin/postconf", "-d", "-h", "mail_version"], capture_output=True, text=True, check=True)
    version = tuple(int(number) for number in re.findall(r"\d+", known.stdout)[:2])
    if version < (3, 10):
        return f"Postfix {'.'.join(map(str, version))} knows no attributes of TLSRPT; 3.10 does"
    return None


@unittest.skipIf(obstacle(), obstacle())
class TlsReports(DeliveryScenario):
    """The socket of the reports' collector is ours."""

    place = 5
    hosts = ("enforced", "wildcard", "mismatch")

    @classmethod
    def setUpClass(cls):
        PolicyServer.modes, PolicyServer.ages, PolicyServer.gone = {}, {}, set()
        super().setUpClass()

    @classmethod
    def prepare(cls):
        super().prepare()
        folder = cls.site.postfix.queue / "tlsrpt"
        folder.mkdir()
        cls.collector = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        cls.collector.bind(str(folder / "collector"))
        cls.collector.setblocking(False)
        cls.site.stack.callback(cls.collector.close)
        for place in (folder, folder / "collector"):
            os.chmod(place, 0o777)
        cls.site.postfix.set(smtp_tlsrpt_enable="yes", smtp_tlsrpt_socket_name="tlsrpt/collector")

    @classmethod
    def zone(cls):
        return super().zone() + "".join(f'_smtp._tls.{name}.example. IN TXT "v=TLSRPTv1; rua=mailto:tls@{name}.example"\n'
                                        for name in cls.hosts)

    @classmethod
    def configuration(cls):
        return super().configuration().replace("mta_sts = true\n", "mta_sts = true\ntlsrpt = true\n")

    def reported(self, domain):
        """What the collector is sent about the domain, by the library that Postfix is linked to."""
        def receive():
            try:
                return self.collector.recv(1 << 16)
            except BlockingIOError:
                return None
        while True:
            datagram = wait_until(receive, f"a report about {domain}; Postfix says:\n{self.site.postfix.log()[-3000:]}")
            report = json.loads(datagram)
            if report["d"] == domain:
                self.assertEqual(report["pr"], f"v=TLSRPTv1; rua=mailto:tls@{domain}")
                return report["policies"]

    def assert_policy(self, policy, domain, mx):
        self.assertEqual((policy["policy-domain"], policy["mx-host"]), (domain, [mx]))
        self.assertEqual(policy["policy-string"], ["version: STSv1", "mode: enforce", f"mx: {mx}", "max_age: 86400"])
        warnings = self.site.postfix.log_lines("(warning|error|fatal):")
        self.assertEqual([line for line in warnings if re.search("attribute|polic|TLSRPT|tls-policy", line)], [])

    def test_postfix_reports_a_session_with_the_policy_that_counted(self):
        for name, mx in (("enforced", "mail.enforced.example"), ("wildcard", "*.wildcard.example")):
            with self.subTest(name):
                self.deliver(name)
                self.assertTrue(self.verified(name), self.site.postfix.log())
                policies = self.reported(f"{name}.example")
                self.assert_policy(policies[0], f"{name}.example", mx)
                self.assertEqual((policies[0]["f"], "failure-details" in policies[0]), (0, False))

    def test_postfix_reports_what_kept_a_session_from_fulfilling_it(self):
        recipient = "user@mismatch.example"
        self.assert_waits(recipient, self.leave(recipient), "Server certificate not verified")
        policies = self.reported("mismatch.example")
        self.assert_policy(policies[0], "mismatch.example", "mail.mismatch.example")
        self.assertEqual((policies[0]["f"], policies[0]["failure-details"][0]["n"]), (1, "mail.mismatch.example"))
