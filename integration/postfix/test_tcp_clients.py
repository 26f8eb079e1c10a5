"""Who may connect to connectord over TCP, and what a user of this machine could say there."""

import contextlib
import tempfile

from harness.client import message
from harness.daemon import connectorctl
from harness.milter import MilterClient
from harness.network import free_port
from harness.policy import PolicyClient
from harness.site import Site, SiteOptions
from harness.submission import RECIPIENT, Sent, new_token
from harness.waiting import wait_until
from scenario import STRANGER_ADDRESS, HostScenario, SiteScenario
from test_fingerprints import pinned_by
from test_signing import Keys

MAIL_SERVER = "127.0.0.1"
LIAR = STRANGER_ADDRESS  # a program of some user of this machine


def clients(*networks: str) -> str:
    return "inet_clients = [" + ", ".join(f'"{each}"' for each in networks) + "]"


class PinnedOverTcp(SiteScenario):
    """The policy service listens on TCP, and lets in the mail server's address alone."""

    @classmethod
    def setUpClass(cls):
        site = Site("", SiteOptions(policy=f"inet:127.0.0.1:{free_port()}", server=clients(MAIL_SERVER),
                                    entrances={"smtp": {}, "no-policy": {"smtpd_recipient_restrictions": "reject_unauth_destination"}}))
        site.reconfigure(pinned_by("partner", "partner.example", site.certificates["pinned"].fingerprint))
        cls.site = cls.enterClassContext(site)

    def claim(self, client, source: str) -> str:
        """Says of an SMTP client's connection that it showed the pinned certificate."""
        with PolicyClient(self.site.policy, source=source) as policy:
            return policy.ask(client_address=LIAR, client_port=str(client.source_port), sender="a@partner.example",
                              server_port=str(self.site.postfix.ports["no-policy"]), encryption_protocol="TLSv1.3",
                              ccert_fingerprint=self.site.certificates["pinned"].fingerprint.removeprefix("sha256:"))

    def test_the_mail_server_is_let_in(self):
        self.assert_delivered(self.send("a@partner.example", certificate="pinned"), "partner")

    def pretend(self, source: str) -> Sent:
        """A message whose client showed no certificate, while somebody at `source` claims that it did, in the moment in
        which Postfix would: when the milter has seen MAIL, and before RCPT."""
        with self.open(LIAR, entrance="no-policy") as client:
            client.mail("a@partner.example")
            with contextlib.suppress(OSError):
                self.assertEqual(self.claim(client, source), "DUNNO")
                self.claimed += 1
            token = new_token()
            reply = client.rcpt(RECIPIENT)
            if not reply.accepted:
                return Sent(token, "RCPT", reply)
            return Sent(token, "END", client.data(message(token)))

    def setUp(self):
        self.claimed = 0

    def test_nobody_else_can_tell_a_fingerprint(self):
        for _ in range(9):
            self.assert_refused(self.pretend(LIAR), "451 4.7.1", "fingerprint")
        self.assertEqual(self.claimed, 0)
        self.assertIn(f"server.inet_clients does not name it, client={LIAR}", self.site.connectord.log())

    def test_whom_the_configuration_names_is_believed(self):
        self.assert_delivered(self.pretend(MAIL_SERVER), "partner")
        self.assertEqual(self.claimed, 1)


class Configuration(HostScenario):
    """What `check` says of it."""

    connectors = ""

    def check(self, server: str, tables: str) -> tuple[int, str]:
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(f"[server]\n{server}\n{tables}")
            file.flush()
            output = connectorctl("check", "--config", file.name)
            return output.status, output.stdout + output.stderr

    def test_fingerprints_over_tcp_are_an_error_unless_somebody_is_named_and_then_it_says_what_that_means(self):
        server = 'milter = "unix:/run/m"\npolicy = "inet:127.0.0.1:8892"\n'
        pinned = pinned_by("partner", "partner.example", f"sha256:{'11' * 32}")
        status, words = self.check(server, pinned)
        self.assertEqual(status, 1)
        self.assertIn("error: server.inet_clients: whoever can connect to inet:127.0.0.1:8892", words)
        status, words = self.check(server + clients("192.0.2.0/28"), pinned)
        self.assertEqual(status, 0, words)
        self.assertIn("may say that a client showed any certificate: every user and program there", words)


class SigningOverTcp(HostScenario):
    """The milter listens on TCP, and connectord signs."""

    @classmethod
    def setUpClass(cls):
        cls.signing = Keys.of(cls.enterClassContext).make("example.net", "rsa")
        cls.connectors = ""
        cls.options = SiteOptions(milter=f"inet:127.0.0.1:{free_port()}", server=clients(MAIL_SERVER))
        super().setUpClass()

    def setUp(self):
        self.load(self.signing)

    def load(self, tables: str) -> None:
        before = len(self.host.connectord.log_lines("configuration loaded|the running one stays"))
        self.host.reconfigure(tables)
        self.host.connectord.hang_up()
        lines = wait_until(lambda: self.host.connectord.log_lines("configuration loaded|the running one stays")[before:],
                           "the end of a reload")
        self.assertIn("configuration loaded", lines[0])

    def signature(self, client: MilterClient) -> list[str]:
        """What an impostor of the sendmail command gets for a message in the name of the boss."""
        client.mail("ceo@example.net")
        client.rcpt(RECIPIENT)
        outcome = client.content([("From", " ceo@example.net"), ("Subject", " pay at once")])
        return [value for name, value in outcome.new_headers if name == "DKIM-Signature"]

    def begin(self, source: str) -> MilterClient:
        client = self.enterContext(MilterClient(self.host.milter, {"i": "4TCP0001"}, source=source))
        client.negotiate()
        client.connect("localhost", "127.0.0.1", 0)
        client.helo("localhost")
        return client

    def test_only_whom_the_configuration_names_gets_a_signature(self):
        self.assertEqual(len(self.signature(self.begin(MAIL_SERVER))), 1)
        for _ in range(9):
            with self.assertRaises(OSError):
                self.signature(self.begin(LIAR))

    def test_who_came_in_before_anything_was_signed_does_not_stay(self):
        self.load("")  # and so the loopback may connect
        early = self.begin(LIAR)
        self.assertEqual(self.signature(early), [])
        waiting = self.enterContext(MilterClient(self.host.milter, source=LIAR))
        named = self.begin(MAIL_SERVER)
        self.assertEqual(self.signature(named), [])
        self.load(self.signing)
        with self.assertRaises(OSError):
            self.signature(early)
        with self.assertRaises(OSError):
            waiting.negotiate()
        self.assertIn("connect anew", named.mail("ceo@example.net").reply, "it is there, but was asked for no bodies")
        self.assertEqual(len(self.signature(self.begin(MAIL_SERVER))), 1)
