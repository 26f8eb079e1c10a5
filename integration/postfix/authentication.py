"""What the scenarios about authentication share: a site with a DNS server, and ways to look at the results."""

from dataclasses import replace

from harness import authentication_results, logline
from harness.authentication_results import AuthenticationResults, Result
from harness.sink import Message
from harness.site import SiteOptions
from scenario import Sent, SiteScenario

AUTHSERV_ID = "mx.example.net"
SENDER_ADDRESS = "127.0.0.5"  # whom the SPF records of the zones name
OTHER_ADDRESS = "127.0.0.99"  # whom they do not

XCLIENT = {"smtpd_authorized_xclient_hosts": "127.0.0.0/8"}


def checked_by(zone: str, authentication: str = "", **options) -> SiteOptions:
    """Options of a site that authenticates its mail with this zone, and lets clients choose their address."""
    return replace(SiteOptions(zone=zone, authentication=authentication, parameters=XCLIENT), **options)


def connector(name: str, identify: str, *lines: str) -> str:
    """An inbound connector. `identify` and the lines that follow are TOML, with tables of their own where it needs."""
    return "\n".join(["[[inbound]]", f'name = "{name}"', 'scenario = "partner"', *lines, "[inbound.identify]", identify,
                      ""])


def requiring(name: str, domain: str, *requirements: str) -> str:
    """A partner by its domain, of whom `require.KEY = VALUE` is asked."""
    return connector(name, f'sender_domains = ["{domain}"]') + "\n".join(["[inbound.require]", *requirements, ""])


class AuthenticationScenario(SiteScenario):
    """Sends in the clear, from the address that SPF records name, unless a test says otherwise."""

    connectors = ""

    def send(self, mail_from: str, *recipients: str, **options) -> Sent:
        if options.get("author", "sender") == "sender":
            options["author"] = mail_from or "postmaster@sender.example"
        return super().send(mail_from, *recipients, **{"tls": False, "source": SENDER_ADDRESS, **options})

    def arrived(self, sent: Sent) -> Message:
        """The message at its destination."""
        self.assertEqual((sent.command, sent.reply.code), ("END", 250), str(sent.reply))
        return self.site.arrival(sent.token, 30)

    def results(self, sent: Sent) -> AuthenticationResults:
        """What connectord wrote into the message, which is delivered."""
        return self.results_in(self.arrived(sent))

    def results_in(self, message: Message) -> AuthenticationResults:
        ours = [value for value in message.all("Authentication-Results")
                if value.startswith(AUTHSERV_ID)]
        self.assertEqual(len(ours), 1, message.headers)
        return authentication_results.parse(ours[0])

    def dkim_results(self, sent: Sent) -> list[Result]:
        return self.results(sent).all("dkim")

    def log_line(self, sent: Sent) -> logline.LogLine:
        return logline.parse(self.site.log_of(sent.queue_id))

    def assert_refused_at_end(self, sent: Sent, code: str, *words: str) -> None:
        """Refused when all has been said, in a text that has these words, and delivered nowhere."""
        self.assert_refused(sent, code, *words, at="END")
        self.assertEqual(self.site.arrivals(sent.token), [])
