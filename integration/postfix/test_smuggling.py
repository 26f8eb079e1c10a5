"""A message that is hidden in another one, behind an end of data that only some servers take for one (CVE-2023-51764)."""

import json
import subprocess

from harness.daemon import connectorctl
from harness.site import SiteOptions
from harness.submission import RECIPIENT, new_token
from scenario import PARTNER_ADDRESS, SiteScenario

# A server that takes in mail of strangers, and passes on what stands in it: whoever sends through it can hide something.
RELAY = f"""
[[inbound]]
name = "contoso"
scenario = "partner"
trusted_path = true
[inbound.identify]
client_networks = ["{PARTNER_ADDRESS}"]
"""

ENDS = (b"\n.\n", b"\n.\r\n", b"\r\n.\n")


class Smuggling(SiteScenario):
    connectors = RELAY
    # Newer versions hang up on whoever sends on before the answer to DATA's end, which is another defence.
    options = SiteOptions(parameters={"smtpd_forbid_bare_newline": "no", "smtpd_forbid_unauth_pipelining": "no",
                              "non_smtpd_milters": "$smtpd_milters"})

    def smuggle(self, end: bytes) -> tuple[str, str]:
        """Passes on, as the relay does, a message with another one in it. Returns the tokens of both."""
        outer, inner = new_token(), new_token()
        hidden = (f"MAIL FROM:<ceo@example.net>\r\nRCPT TO:<{RECIPIENT}>\r\nDATA\r\n"
                  f"Subject: {inner}\r\nFrom: ceo@example.net\r\n\r\nPay at once.\r\n.\r\n").encode()
        with self.open(tls=False) as client:
            client.mail("somebody@example.org")
            client.rcpt(RECIPIENT)
            client.command("DATA")
            client.send(f"Subject: {outer}\r\nFrom: somebody@example.org\r\n\r\nHello.".encode() + end + hidden)
            self.assertEqual(client.read_reply().code, 250)
            client.send(b"QUIT\r\n")
            while client.read_reply().code != 221:
                pass
        return outer, inner

    def connectorctl(self, *command: str):
        return connectorctl(*command, "--config", self.site.connectord.config_file, "--postfix-config",
                            self.site.postfix.configuration)

    def test_what_doctor_writes_ends_it(self):
        for end in ENDS:
            with self.subTest(end, smtpd_forbid_bare_newline="no"):
                _, inner = self.smuggle(end)
                hidden = self.site.arrival(inner)
                self.assertEqual((hidden.mail_from, hidden.all("X-Connector")), ("ceo@example.net", ["contoso"]))

        troubles = json.loads(self.connectorctl("doctor", "--json").stdout)["troubles"]
        (trouble,) = [each for each in troubles if each["what"].startswith("smtpd_forbid_bare_newline is no")]
        self.assertEqual(trouble["severity"], "warning")
        self.assertIn("smtpd_forbid_bare_newline", str(json.loads(self.connectorctl("status", "--json").stdout)["notes"]))
        subprocess.run(trouble["write"], shell=True, check=True)
        self.site.postfix.reload()
        self.assertEqual(self.site.postfix.run("postconf", "-h", "smtpd_forbid_bare_newline").strip(), "normalize")

        for end in ENDS:
            with self.subTest(end):
                outer, inner = self.smuggle(end)
                arrived = self.site.arrival(outer)
                self.assertEqual(arrived.mail_from, "somebody@example.org")
                self.assertIn(inner.encode(), arrived.content, "all of it is one message")
                self.assertEqual([each for each in self.site.arrivals(inner) if each.mail_from == "ceo@example.net"], [])
        self.assertNotIn("smtpd_forbid_bare_newline is no", self.connectorctl("doctor", "--json").stdout)
