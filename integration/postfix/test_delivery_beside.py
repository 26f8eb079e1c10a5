"""What connectord's map of TLS policies answers, beside the daemon for MTA-STS that Debian packages.

The table in docs/delivery.md has what is asserted here.
"""

import os
import shutil
import unittest

from harness.network import free_port
from harness.socketmap import SocketmapClient
from harness.waiting import wait_until
from test_delivery import UNUSABLE, DeliveryScenario, PolicyServer

DAEMON = "mta-sts-daemon"
NOTHING = "NOTFOUND "

# As the package has them, but for where it listens.
SETTINGS = """\
host: 127.0.0.1
port: {port}
cache:
  type: internal
  options:
    cache_size: 10000
default_zone:
  strict_testing: false
  timeout: 4
"""


def secure(name: str) -> str:
    return f"OK secure match={name} servername=hostname"


@unittest.skipUnless(shutil.which(DAEMON), "postfix-mta-sts-resolver is not installed")
class StsResolver(DeliveryScenario):
    """Both ask the same DNS and the same web server."""

    place = 4
    hosts = ("plain", "testing", "enforced", "wildcard", "slow", *UNUSABLE, "dane-right", "dane-forged")

    @classmethod
    def setUpClass(cls):
        PolicyServer.modes, PolicyServer.ages, PolicyServer.gone = {"testing": "testing"}, {}, set()
        PolicyServer.released.clear()
        super().setUpClass()
        cls.port = free_port()
        (cls.site.path / "resolv.conf").write_text(f"nameserver {cls.resolver_address}\n")
        cls.settings = cls.site.path / "mta-sts-daemon.yml"
        cls.settings.write_text(SETTINGS.format(port=cls.port))
        cls.daemon = cls.start_theirs()

    @classmethod
    def start_theirs(cls):
        command = f"mount --bind {cls.site.path}/resolv.conf /etc/resolv.conf && exec {DAEMON} -c {cls.settings}"
        with (cls.site.path / "mta-sts-daemon.log").open("ab") as log:
            daemon = cls.site.workspace.start(["unshare", "--mount", "sh", "-c", command], stderr=log,
                                              env={**os.environ, **cls.trusting()})
        wait_until(lambda: cls.theirs("nothing.example"), "the other daemon")
        return daemon

    @classmethod
    def theirs(cls, domain):
        try:
            with SocketmapClient(f"inet:127.0.0.1:{cls.port}") as client:
                return client.ask("postfix", domain)
        except OSError:
            return None

    def ours(self, domain):
        with SocketmapClient(self.site.socketmap) as client:
            return client.ask("tls-policy", domain)

    @classmethod
    def forge(cls, zone):
        """The record of dane-forged.example is changed after it was signed."""
        digests = [key.public_key_fingerprint.rpartition(":")[2] for key in (cls.other, cls.shown)]
        return "".join(line.replace(*digests) if "._tcp.mail.dane-forged.example.\t" in line else line
                       for line in zone.splitlines(keepends=True))

    def assert_answers(self, name, ours, theirs):
        with self.subTest(name):
            answered = self.ours(f"{name}.example")
            self.assertEqual((answered[:4] if ours == "TEMP" else answered, self.theirs(f"{name}.example")), (ours, theirs))

    def test_both_answer_alike_by_policies(self):
        for name in ("enforced", "wildcard"):
            answer = secure("mail.enforced.example" if name == "enforced" else ".wildcard.example")
            self.assert_answers(name, answer, answer)
        for name in ("plain", "testing", *UNUSABLE):
            self.assert_answers(name, NOTHING, NOTHING)

    def test_they_differ_where_tlsa_records_count_or_do_not_tell(self):
        self.assert_answers("dane-right", "OK dane-only", secure("mail.dane-right.example"))
        self.assert_answers("dane-forged", "TEMP", secure("mail.dane-forged.example"))

    def test_they_differ_while_a_web_server_is_slow(self):
        self.assert_answers("slow", "TEMP", NOTHING)
        self.web.released.set()

    def test_they_differ_after_a_restart_with_the_web_server_gone(self):
        answer = secure("mail.enforced.example")
        self.assert_answers("enforced", answer, answer)
        self.web.gone.add("enforced")
        self.addCleanup(self.web.gone.clear)
        self.site.connectord.stop()
        self.site.workspace.stop(self.daemon)
        self.start_connectord()
        type(self).daemon = self.start_theirs()
        self.assert_answers("enforced", answer, NOTHING)
