"""What the scenarios share: the hosts, our two mail servers, and ways to say what should become of a message."""

import re
import unittest
from dataclasses import dataclass

from arrangement import Arrangement, Host
from harness import authentication_results
from harness.authentication_results import AuthenticationResults
from harness.sink import Message
from harness.submission import Sent, new_token

arrangement: Arrangement  # set by integration/run before any test

PARTNER = "mail.contoso.com"  # the host partner, and the certificate of that name

# Returns when the queue manager of before has ended: one that is about to takes the notice of a new message along,
# which then waits for five minutes.
RELOAD = """
before=$(for comm in /proc/[0-9]*/comm; do grep -lx qmgr "$comm"; done 2>/dev/null)
postfix reload
for attempt in $(seq 300); do
  grep -qsx qmgr $before /dev/null || exit 0
  sleep 0.1
done
echo "the queue manager of before has not ended" >&2
exit 1
"""


@dataclass(frozen=True)
class Front:
    """One of our mail servers, with connectord beside it."""

    service: str
    server: str
    recipient: str
    queued: str  # finds the queue ID in its reply to a message
    deferred: str  # finds in its log that a message waits, and why
    flush: tuple[str, ...]  # has a message that waits tried again now
    flush_all: tuple[str, ...]  # has all of them tried

    @property
    def domain(self) -> str:
        return self.recipient.partition("@")[2]

    @property
    def host(self) -> Host:
        return arrangement[self.service]

    @property
    def connectord(self) -> Host:
        return arrangement[f"connectord-{self.service}"]


POSTFIX = Front("postfix", "mx.example.net", "bob@example.net", queued=r"queued as (\S+)",
                deferred=r"{queue_id}: to=.*status=deferred \(.*{reason}", flush=("postqueue", "-i", "{queue_id}"),
                flush_all=("postqueue", "-f"))
SENDMAIL = Front("sendmail", "mx.example.org", "bob@example.org", queued=r"(\S+) Message accepted",
                 deferred=r"{queue_id}: (ruleset=tls_rcpt.*reject|to=.*stat)=.*{reason}", flush=("sendmail", "-qI{queue_id}"),
                 flush_all=("sendmail", "-q"))


class Scenario(unittest.TestCase):
    """`front` is what mail is sent to; `example` the file of etc/examples that its connectord runs with."""

    front: Front
    example: str

    @classmethod
    def setUpClass(cls):
        cls.front.connectord.configure(cls.example)

    def host(self, name: str) -> Host:
        return arrangement[name]

    def send(self, host: str, mail_from: str, **options) -> Sent:
        """One message from this host to our mail server, as in Host.send()."""
        return self.host(host).send(mail_from, self.front.recipient, server=self.front.server, **options)

    def post(self, host: str, mail_from: str, *recipients: str, author: str = "") -> str:
        """Hands a message to this host's own mail server, which sends it on as it would any. Returns its token."""
        token = new_token()
        self.host(host).output("sendmail", "-f", mail_from, *recipients or (self.front.recipient,),
                               stdin=f"From: {author or mail_from}\nSubject: {token}\n\nHello.\n")
        return token

    def assert_refused(self, sent: Sent, code: str, *words: str, at: str = "RCPT") -> None:
        """Refused at this command with this code and enhanced code, in a text that has these words, and nowhere seen."""
        self.assertEqual((sent.command, f"{sent.reply.code} {sent.reply.enhanced}"), (at, code), str(sent.reply))
        for word in words:
            self.assertIn(word.lower(), sent.reply.text.lower())
        self.assertEqual(self.host("mailbox").holding(sent.token), [])

    def assert_arrives(self, token: str, connector: str | None) -> Message:
        """At the mailbox host, once, over TLS from our mail server, tagged with this connector alone (None: not)."""
        message = self.host("mailbox").arrival(token)
        self.assertEqual(message.all("X-Connector"), [connector] if connector else [])
        self.assertEqual((message.helo, message.tls_version), (self.front.server, "TLSv1.3"))
        return message

    def assert_delivered(self, sent: Sent, connector: str | None) -> Message:
        self.assertEqual((sent.command, sent.reply.code), ("END", 250), str(sent.reply))
        return self.assert_arrives(sent.token, connector)

    def submit(self, *recipients: str) -> Sent:
        """A message of one of our people, from the mailbox host to our mail server."""
        sent = self.host("mailbox").send("bob@" + self.front.domain, *recipients, server=self.front.server)
        self.assertEqual((sent.command, sent.reply.code), ("END", 250), str(sent.reply))
        return sent

    def assert_left(self, token: str, host: str, *way: str) -> Message:
        """In the mailbox of that host, over TLS, having come by these servers, the first of them first."""
        message = self.host(host).arrival(token)
        servers = [re.search(r"\sby (\S+)", received).group(1) for received in message.all("Received")]
        self.assertEqual(servers[:0:-1], list(way))
        self.assertEqual((message.helo, message.tls_version), (way[-1], "TLSv1.3"))
        return message

    def assert_stays(self, sent: Sent, *reasons: str) -> None:
        """In our queue, with a reason that has these words; the log has the others."""
        self.front.host.wait_for_log(self.front.deferred.format(queue_id=self.queue_id(sent), reason=reasons[0]))
        for reason in reasons[1:]:
            self.front.host.wait_for_log(reason)

    def flush(self, sent: Sent) -> None:
        """Has a message that waits tried again now."""
        self.front.host.output(*(word.format(queue_id=self.queue_id(sent)) for word in self.front.flush))

    def queue_id(self, sent: Sent) -> str:
        return re.search(self.front.queued, sent.reply.text).group(1)

    def stop(self, host: str) -> None:
        """Takes a host away until it is started again, at the end of the test at the latest."""
        self.addCleanup(self.host(host).wait_for_server)
        self.addCleanup(self.host(host).start)
        self.host(host).stop()

    def set(self, host: str, **settings: str) -> None:
        """Changes main.cf of another mail server, until the end of the test, or until restore() is called."""
        self._before = {host: self.host(host).output("postconf", *settings).splitlines()}
        self.addCleanup(self.restore)
        self._reload(host, [f"{name} = {value}" for name, value in settings.items()])

    def restore(self) -> None:
        while self._before:
            self._reload(*self._before.popitem())

    def _reload(self, host: str, settings: list[str]) -> None:
        self.host(host).output("postconf", "-e", *settings)
        self.host(host).output("sh", "-c", RELOAD)

    def results(self, message: Message) -> AuthenticationResults:
        """What connectord wrote of authentication: the only field of our name."""
        parsed = [authentication_results.parse(value) for value in message.all("Authentication-Results")]
        (ours,) = [results for results in parsed if results.authserv_id == self.front.server]
        return ours
