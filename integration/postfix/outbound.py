"""What the scenarios about outbound connectors share: a site whose Postfix asks the socketmap, and hosts to send to."""

from dataclasses import replace
import ssl
from typing import Mapping

from harness.certificates import Certificate, CertificateStore
from harness.client import Reply, message
from harness.sink import Message, Sink, server_context
from harness.site import Site
from harness.submission import new_token
from harness.waiting import wait_until
from scenario import SiteScenario

SENDER = "carol@example.net"
INSIDE = "127.0.0.1"  # whose mail Postfix takes for everybody

# No connector for inbound mail is needed: mail of our own users leaves.
PARAMETERS = {"mynetworks": "127.0.0.0/8", "smtpd_recipient_restrictions": "permit_mynetworks, reject_unauth_destination",
              "smtpd_tls_ask_ccert": "no", "smtp_tls_loglevel": "1"}


def outbound(name: str, *domains: str, hosts: tuple[str, ...] = (), tls: str = "", route: str = "",
             keys: str = "") -> str:
    """A connector. `tls`, `route` and `keys` are further lines of its tables; hosts are next hops as Postfix has them."""
    lines = ["[[outbound]]", f'name = "{name}"', 'scenario = "partner"', keys]
    if domains:
        lines.append(f"recipient_domains = {list(domains)}")
    if hosts or route:
        lines += ["[outbound.route]", f"smart_hosts = {list(hosts)}" if hosts else "", route]
    if tls:
        lines += ["[outbound.tls]", tls]
    return "\n".join(lines) + "\n"


class OutboundScenario(SiteScenario):
    """Has a site, and beside the sinks that all sites have the further ones that `hosts` names.

    `configuration()` says what the connectors are, when the ports of all of these are known.
    """

    hosts: tuple[str, ...] = ()
    addresses: Mapping[str, tuple[str, int]] = {}  # of those that do not listen on a free port of 127.0.0.1
    asking_for_login: tuple[str, ...] = ()
    sinks: dict[str, Sink]
    parameters: Mapping[str, str] = {}

    @classmethod
    def configuration(cls) -> str:
        raise NotImplementedError

    @classmethod
    def prepare(cls) -> None:
        """What must be there before connectord starts; the site's folders are."""

    @classmethod
    def setUpClass(cls):
        cls.sinks = {name: Sink(name, address=cls.addresses.get(name, ("127.0.0.1", 0)),
                                 asks_for_login=name in cls.asking_for_login) for name in cls.hosts}
        cls.site = Site("", replace(cls.options, socketmap=True, parameters={**PARAMETERS, **cls.parameters}))
        try:
            cls.site.sinks.update(cls.sinks)
            cls.prepare()
            cls.site.reconfigure(cls.configuration())
        except BaseException:
            cls.site.stack.close()
            raise
        cls.enterClassContext(cls.site)

    @classmethod
    def at(cls, name: str, host: str = "localhost") -> str:
        """The next hop of a sink."""
        return f"[{host}]:{cls.sinks[name].port}"

    def leave(self, *recipients: str, sender: str = SENDER, source: str = INSIDE) -> str:
        """Hands Postfix a message for these, which it takes, and returns its token."""
        token, replies = self.offer(*recipients, sender=sender, source=source)
        self.assertEqual({reply.code for reply in replies}, {250}, replies)
        return token

    def offer(self, *recipients: str, sender: str = SENDER, source: str = INSIDE,
              headers: tuple[str, ...] = ()) -> tuple[str, list[Reply]]:
        """The same for a message of which Postfix may not take all recipients; their replies, too."""
        token = new_token()
        with self.open(source=source, tls=False) as client:
            client.mail(sender)
            replies = [client.rcpt(recipient) for recipient in recipients]
            self.assertEqual(client.data(message(token, *headers)).code, 250, client.replies[-1])
        return token, replies

    def reload(self, configuration: str) -> None:
        """Has connectord take another configuration."""
        self.site.reconfigure(configuration)
        self.site.connectord.reload()

    def arrived(self, token: str, sink: str, timeout: float = 15.0) -> Message:
        message_there = self.site.arrival(token, timeout)
        self.assertEqual(message_there.sink, sink)
        return message_there

    def assert_waits(self, recipient: str, token: str, words: str) -> None:
        """The message stays in the queue, and Postfix says why in these words."""
        found = wait_until(lambda: self.site.postfix.log_lines(f"to=<{recipient}>.*status=deferred"),
                           f"deferral of {recipient}")
        self.assertIn(words, found[0])
        self.assertEqual(self.site.arrivals(token), [])


def certificates_of_servers(store: CertificateStore, authority: Certificate) -> dict[str, Certificate]:
    """What the hosts of others may show, by the names of their files."""
    names = ("mx.contoso.com", "localhost")
    made = [store.issued("mx", authority, "mx.contoso.com", alternative_names=names),
            store.issued("elsewhere", authority, "mx.fabrikam.com", alternative_names=("mx.fabrikam.com",)),
            store.expired("expired", authority, "mx.contoso.com", names)]
    return {certificate.file.stem: certificate for certificate in made}


def offer(sink: Sink, certificate: Certificate, maximum: ssl.TLSVersion | None = None) -> None:
    """Has a sink offer STARTTLS with this certificate."""
    sink.tls = server_context(certificate, maximum)
