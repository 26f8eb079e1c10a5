"""What the scenarios share: a site for each class, and ways to send a message and to say what should become of it."""

import ssl
import unittest
from typing import Callable

from harness.client import SmtpClient
from harness.sink import Message
from harness.site import Host, Site, SiteOptions
from harness.submission import RECIPIENT, Sent, submit

PARTNER_ADDRESS = "127.0.0.2"
STRANGER_ADDRESS = "127.0.0.99"

# The partner of most scenarios: TLS, from its address, with its certificate.
CONTOSO = f"""
[[inbound]]
name = "contoso"
scenario = "partner"
[inbound.identify]
sender_domains = ["contoso.com", "*.contoso.com"]
[inbound.require]
tls = true
tls_version = "TLSv1.2"
client_networks = ["{PARTNER_ADDRESS}", "::1"]
[inbound.require.certificate]
subject = "mail.contoso.com"
issuer = "Contoso Issuing CA"
"""


class SiteScenario(unittest.TestCase):
    """Has one site for all tests of a class. `connectors` is the configuration; `options` go to Site."""

    connectors = CONTOSO
    options: SiteOptions = SiteOptions()
    site: Site

    @classmethod
    def setUpClass(cls):
        cls.site = cls.enterClassContext(Site(cls.connectors, cls.options))

    def circumstances(self) -> str:
        """What is shown beside a failure."""
        return f"\n{self.site.said()}"

    def open(self, source: str = PARTNER_ADDRESS, certificate: str | None = None, *, tls: bool = True,
             maximum: ssl.TLSVersion | None = None, entrance: str = "smtp", helo: str = "client.example.org",
             address: str = "") -> SmtpClient:
        """A connection ready for MAIL. `certificate` is a name from the site's certificates.

        `address` is what XCLIENT gives as the client's, at a site that allows it.
        """
        client = self.enterContext(self.site.client(source, entrance))
        client.ehlo(helo)
        if tls:
            client.starttls(self.site.certificates[certificate] if certificate else None, maximum=maximum)
            client.ehlo(helo)
        if address:
            family = "IPV6:" if ":" in address else ""
            self.assertEqual(client.command(f"XCLIENT ADDR={family}{address} NAME=[UNAVAILABLE]").code, 220)
            client.ehlo(helo)
        return client

    def send(self, mail_from: str, *recipients: str, headers: tuple[str, ...] = (), author: str | None = "sender",
             body: str | bytes = "Hello.", finish: Callable[[bytes], bytes] = lambda content: content,
             **connection) -> Sent:
        """One message over a connection of its own; `connection` as for open(), the rest as for submit()."""
        with self.open(**connection) as client:
            return submit(client, mail_from, *recipients, headers=headers, author=author, body=body, finish=finish)

    def assert_refused(self, sent: Sent, code: str, *words: str, at: str = "RCPT") -> None:
        """Refused at this command with this code and enhanced code, in a text that has these words."""
        self.assertEqual((sent.command, f"{sent.reply.code} {sent.reply.enhanced}"), (at, code), str(sent.reply))
        for word in words:
            self.assertIn(word.lower(), sent.reply.text.lower())

    def assert_delivered(self, sent: Sent, connector: str | None, sink: str | None = None) -> Message:
        """Accepted, tagged with this connector alone (None: with no tag at all), and seen at the right sink."""
        self.assertEqual((sent.command, sent.reply.code), ("END", 250), str(sent.reply))
        arrived = self.site.arrival(sent.token)
        self.assertEqual(arrived.all("X-Connector"), [connector] if connector else [])
        self.assertEqual(arrived.sink, sink or ("contoso" if connector == "contoso" else "default"))
        return arrived


class HostScenario(unittest.TestCase):
    """Has one connectord, and no Postfix, for all tests of a class."""

    connectors = CONTOSO
    options: SiteOptions = SiteOptions()
    host: Host

    @classmethod
    def setUpClass(cls):
        cls.host = cls.enterClassContext(Host(cls.connectors, cls.options))

    def circumstances(self) -> str:
        """What is shown beside a failure."""
        return f"\n{self.host.said()}"
