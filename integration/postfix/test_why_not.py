"""Mail went over another connector than the one with the right name: explain and the trace say why."""

import json

from harness.daemon import connectorctl
from harness.site import SiteOptions
from scenario import CONTOSO, SiteScenario

OTHERS = """
[[inbound]]
name = "contoso-office"
scenario = "partner"
[inbound.identify]
sender_domains = ["*"]

[[inbound]]
name = "contoso-old"
scenario = "partner"
enabled = false
[inbound.identify]
sender_domains = ["contoso.com"]

[[outbound]]
name = "contoso-out"
scenario = "partner"
enabled = false
recipient_domains = ["contoso.com"]
"""


class OtherConnectors(SiteScenario):
    connectors = CONTOSO + OTHERS
    options = SiteOptions(trace="")

    def ctl(self, *arguments: str):
        return connectorctl(*arguments, "--config", self.site.connectord.config_file)

    def test_each_that_lost_is_named_with_its_reason(self):
        explained = self.ctl("explain", "--client-ip", "127.0.0.2", "--mail-from", "alice@contoso.com", "--tls",
                             "TLSv1.3", "--cert-subject", "mail.contoso.com", "--cert-issuer", "Contoso Issuing CA",
                             "--rcpt-to", "bob@contoso.com", "--json")
        reported = json.loads(explained.stdout)
        self.assertEqual(reported["connector"], "contoso", explained.stderr)
        self.assertEqual([one["connector"] for one in reported["not_of"]], ["contoso-office", "contoso-old"])
        self.assertIn("less specific than contoso.com", reported["not_of"][0]["why_not"])
        self.assertIn("disabled", reported["not_of"][1]["why_not"])
        self.assertEqual(reported["routes"][0]["not_by"],
                         [{"connector": "contoso-out", "why_not": "contoso.com would match, but it is disabled"}])
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")
        listed = json.loads(self.ctl("trace", "show", "1", "--json").stdout)
        self.assertEqual([one["connector"] for one in listed["not_of"]], ["contoso-office", "contoso-old"])
        self.assertIn("disabled", listed["not_of"][1]["why_not"])
        self.assertEqual(listed["not_by"], [])
        shown = self.ctl("trace", "show", "1").stdout
        self.assertIn("not of contoso-old: its sender domain contoso.com would match, but it is disabled", shown)

    def test_a_connector_is_printed_as_a_draft_that_backtest_takes(self):
        draft = self.site.path / "draft.toml"
        draft.write_text(self.ctl("show", "contoso", "--toml").stdout)
        replayed = self.ctl("backtest", "--connector", draft)
        self.assertEqual(replayed.status, 0, replayed.stderr)
        self.assertIn("0 otherwise", replayed.stdout)
