"""A partner's certificate is another one than yesterday, and nobody who wrote the configuration is awake."""

import re

from harness.daemon import connectorctl
from harness.site import SiteOptions
from scenario import SiteScenario

PINNED = """
# Who to call: Carol, extension 17.
[[inbound]]
name = "contoso"
scenario = "partner"
[inbound.identify]
sender_domains = ["contoso.com"]
[inbound.require]
tls = true
[inbound.require.certificate]
fingerprints = [
  "sha256:0000000000000000000000000000000000000000000000000000000000000000",  # until June
]
"""


class RenewedCertificate(SiteScenario):
    connectors = PINNED
    options = SiteOptions(trace="")

    def ctl(self, *arguments: str):
        return connectorctl(*arguments, "--config", self.site.connectord.config_file)

    def test_is_refused_with_the_command_that_lets_it_in(self):
        self.assert_refused(self.send("alice@contoso.com", certificate="partner"), "550 5.7.1", "another fingerprint")
        shown = self.ctl("trace", "show", "1").stdout
        found = re.search(r"in (\S+) line (\d+), or: connectorctl (update contoso --add (\S+))", shown)
        self.assertTrue(found, shown)
        configuration = self.site.connectord.config_file
        before = configuration.read_text()
        self.assertEqual((found[1], before.splitlines()[int(found[2]) - 1]),
                         (str(configuration), "[inbound.require.certificate]"))
        preview = self.ctl(*found[3].split())
        self.assertIn(f'+  "{found[4].split("=")[1]}",', preview.stdout)
        self.assertEqual(configuration.read_text(), before)
        done = self.ctl(*found[3].split(), "--yes")
        self.assertRegex(done.stdout, r"contoso: updated in \S+; connectord has loaded it \(generation \d+\)")
        self.assertIn("# until June", configuration.read_text())
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")

    def test_that_is_not_shown_is_told_from_one_that_is_another(self):
        self.assert_refused(self.send("alice@contoso.com"), "550 5.7.1", "none was shown")
