"""connectorctl validate where our own server is a real Sendmail: as the partner would, and by a test message."""

import json

from test_attach_sendmail import MC, RESTART, TLS
from validation import LITWARE, Validated, ValidateScenario

PARTNER_ADDRESS, STRANGER_ADDRESS, GATEWAY_ADDRESS = "127.0.0.2", "127.0.0.3", "127.0.0.4"

# Names of a certificate as Sendmail tells them; and whose way out Sendmail finds by itself, by MX.
LITWARE_CONNECTORS = f"""
[[inbound]]
name = "litware"
scenario = "partner"
[inbound.identify]
sender_domains = ["litware.com"]
[inbound.require]
tls = true
tls_version = "TLSv1.2"
client_networks = ["{PARTNER_ADDRESS}", "203.0.113.81"]
[inbound.require.certificate]
subject = "/O=Example/CN={LITWARE}"
issuer = "/O=Example/CN=Example Root CA"

[[inbound]]
name = "local-gateway"
scenario = "internet"
trusted_path = true
[inbound.identify]
client_networks = ["{GATEWAY_ADDRESS}"]

[[outbound]]
name = "litware-out"
scenario = "partner"
recipient_domains = ["litware.com"]
[outbound.tls]
level = "match"
match = ["{LITWARE}"]

[[outbound]]
name = "strict-out"
scenario = "partner"
recipient_domains = ["strict.litware.com"]
[outbound.route]
smart_hosts = ["[{LITWARE}]"]
[outbound.tls]
level = "match"
match = ["{LITWARE}"]
ca_file = "/certificates/authority.pem"

[[outbound]]
name = "odd-out"
scenario = "partner"
recipient_domains = ["odd.litware.com"]
[outbound.route]
smart_hosts = ["[{LITWARE}]:2502"]
"""


class OwnSendmail(ValidateScenario):
    """A Sendmail that `attach` has attached, for all tests of the class."""

    lines = TLS

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        host = cls.front.host
        cls.addClassCleanup(cls.as_before)
        mc = host.output("cat", MC)
        host.output("tee", MC, stdin=mc.replace("MAILER_DEFINITIONS\n", cls.lines + "MAILER_DEFINITIONS\n"))
        host.output("make", "-C", "/etc/mail")
        cls.restart()
        host.output("tee", cls.connectors_file, stdin=LITWARE_CONNECTORS)
        host.reload()

    @classmethod
    def as_before(cls):
        cls.front.host.output("sh", "-ec", "cd /etc/mail; find . -mindepth 1 -delete; cp -a /etc/mail.fresh/. .")
        cls.restart()

    @classmethod
    def restart(cls):
        cls.front.host.output("sh", "-ec", RESTART)
        cls.front.host.wait_for_server()


class Attached(OwnSendmail):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.front.host.output("connectorctl", "attach", "sendmail", "--yes")

    def test_x(self):
        for name, rcpt in (("litware-out", "later@litware.com"), ("litware-out", "frank@fabrikam.com"), ("strict-out", "alice@strict.litware.com"), ("odd-out", "alice@odd.litware.com")):
            print(self.connectorctl("validate", name, "--send", "--rcpt-to", rcpt, "--wait", "5").stdout)
        for words in ((), ("--source", PARTNER_ADDRESS), ("--source", PARTNER_ADDRESS, "--cert", f"/certificates/{LITWARE}.pem", "--key", f"/certificates/{LITWARE}.key"),
            ("--source", PARTNER_ADDRESS, "--cert", f"/certificates/litware-alone.pem", "--key", f"/certificates/litware-alone.key"),
            ("--source", GATEWAY_ADDRESS), ("--source", PARTNER_ADDRESS, "--mail-from", "a@nowhere.litware.com")):
          print(self.connectorctl("validate", "litware", "--probe", "127.0.0.1:25", *words).stdout)
        print(self.front.host.output("tail", "-30", "/var/log/mail.log"))
        self.fail()
