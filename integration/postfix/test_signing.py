"""DKIM signatures that connectord makes: seen at the next hop, and verified there by dkimpy."""

from dataclasses import replace
import json
import re
import unittest
from pathlib import Path

from harness import authentication_results, dkim_verifier, logline
from harness.daemon import connectorctl
from harness.dkim_verifier import Verdict
from harness.sasl import AuthenticationServer, plain_login
from harness.sink import Message
from harness.site import USER, Site, SiteOptions
from harness.submission import new_token
from harness.waiting import wait_until
from harness.workspace import shared_folder
from scenario import PARTNER_ADDRESS, RECIPIENT, STRANGER_ADDRESS, Sent, SiteScenario, submit

PLANT_ADDRESS = "127.0.0.7"
AUDITED_ADDRESS = "127.0.0.8"
GATEWAY_ADDRESS = "127.0.0.9"
RELOADED = "configuration loaded|the running one stays"
SUBJECT = re.compile(rb"Subject: token-[0-9a-f]+")

CONNECTORS = f"""
[[inbound]]
name = "plant"
scenario = "on-premises"
[inbound.identify]
client_networks = ["{PLANT_ADDRESS}"]

[[inbound]]
name = "audited"
scenario = "on-premises"
mode = "audit"
[inbound.identify]
client_networks = ["{AUDITED_ADDRESS}"]
[inbound.require]
tls = true

[[inbound]]
name = "by-name-only"
scenario = "on-premises"
[inbound.identify]
sender_domains = ["plant.example.net"]

[[inbound]]
name = "partner"
scenario = "partner"
[inbound.identify]
client_networks = ["{PARTNER_ADDRESS}"]
"""


class Keys:
    """Keys as `connectorctl dkim new` makes them, with what belongs in the configuration and in DNS."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.configuration = folder / "user.toml"
        self.configuration.write_text(f'[server]\nuser = "{USER}"\n')
        self.records: dict[str, str] = {}
        self.zone_lines: list[str] = []

    @classmethod
    def of(cls, enter) -> "Keys":
        """In a folder that everybody may pass, for as long as `enter` keeps contexts: cls.enterClassContext, say."""
        return cls(enter(shared_folder("test-keys")))

    def make(self, domain: str, selector: str, *options: str) -> str:
        """The [[signing]] table of a new key."""
        output = connectorctl("dkim", "new", domain, "--selector", selector, "--dir", self.folder / "dkim", "--json",
                              "--config", self.configuration, *options)
        if output.status:
            raise RuntimeError(output.stderr)
        made = json.loads(output.stdout)
        self.records[made["dns_name"]] = made["dns_txt"]
        self.zone_lines.append(made["zone_line"])
        return made["signing"]

    def file(self, domain: str, selector: str) -> Path:
        return self.folder / "dkim" / f"{domain}.{selector}.pem"


class SigningScenario(SiteScenario):
    """`keys` holds what signs: domain, selector, and options of `connectorctl dkim new`."""

    wanted: tuple[tuple[str, ...], ...] = ()
    parameters: dict[str, str] = {}
    connectors = CONNECTORS
    site_options: SiteOptions = SiteOptions()
    keys: Keys

    @classmethod
    def setUpClass(cls):
        cls.keys = Keys.of(cls.enterClassContext)
        tables = "".join(cls.keys.make(*one) for one in cls.wanted)
        site = Site(cls.connectors + tables, replace(cls.site_options, parameters=cls.parameters,
                                                     entrances={"smtp": {}, "submission": {"smtpd_sasl_auth_enable": "yes"}}))
        server = AuthenticationServer(site.path / "auth")
        server.start()
        cls.addClassCleanup(server.stop)
        site.postfix.set(**{**server.postfix_parameters(), "smtpd_sasl_auth_enable": "no",
                            "non_smtpd_milters": site.milter})
        cls.site = cls.enterClassContext(site)

    def submit(self, author: str | None = "carol@example.net", **options) -> Sent:
        """As a user who has logged in."""
        client = self.open(source=STRANGER_ADDRESS, tls=False, entrance="submission")
        self.assertEqual(client.command("AUTH " + plain_login("carol")).code, 235)
        return submit(client, "carol@example.net", author=author, **options)

    def arrived(self, sent: Sent) -> Message:
        self.assertEqual((sent.command, sent.reply.code), ("END", 250), str(sent.reply))
        return self.site.arrival(sent.token, 30)

    def signatures(self, sent: Sent) -> list[Verdict]:
        return self.verified(self.arrived(sent))

    def verified(self, arrived: Message) -> list[Verdict]:
        return dkim_verifier.verify(arrived.content, self.keys.records)

    def assert_signed(self, arrived: Message, *selectors: str) -> None:
        self.assertEqual(sorted((one.selector, one.good) for one in self.verified(arrived)),
                         sorted((selector, True) for selector in selectors), arrived.content[:3000])

    def why(self, sent: Sent) -> list[str]:
        """What the log says of signing."""
        return logline.parse(self.site.log_of(sent.queue_id)).all("signing")


class Submissions(SigningScenario):
    """Mail of users who have logged in, and of programs on this machine."""

    wanted = (("example.net", "rsa"), ("example.net", "ed", "--ed25519"), ("*.example.net", "below"))
    # cleanup(8) adds it where no recipient is named, and an oversigned To must not break by that.
    parameters = {"undisclosed_recipients_header": "To: undisclosed-recipients:;"}

    def test_a_submission_is_signed_with_every_key_of_its_domain(self):
        sent = self.submit(headers=("Date: Sun, 22 Nov 2026 10:00:00 +0000",))
        signatures = self.signatures(sent)
        self.assertEqual([(one.algorithm, one.domain, one.selector, one.good) for one in signatures],
                         [("ed25519-sha256", "example.net", "ed", True), ("rsa-sha256", "example.net", "rsa", True)])
        for name in ("from", "to", "subject", "date", "message-id"):
            self.assertEqual(signatures[0].fields.count(name), 2, name)
        self.assertEqual(self.why(sent), ["signed for example.net with selector rsa",
                                          "signed for example.net with selector ed"])

    def test_a_body_of_any_kind_is_signed_as_it_leaves(self):
        bodies = {"empty": b"", "8-bit": "Gr\u00fc\u00dfe\r\n".encode() + b"\xff\x80", "dots": b".\r\n..\r\n.dot\r\n",
                  "spaces and blank lines": b"a  \t\r\n \r\n\r\n\t \r\n\r\n", "bare CR": b"a\rb", "bare LF": b"a\nb\n",
                  "NUL": b"a\0b", "one megabyte": b"The quick brown fox jumps over the lazy dog.\r\n" * 22_000,
                  "longest line": b"x" * 990}
        for case, body in bodies.items():
            with self.subTest(case):
                self.assert_signed(self.arrived(self.submit(body=body)), "rsa", "ed")

    def test_headers_of_any_kind_are_signed_as_they_leave(self):
        headers = {"folded": "To: a@example.org,\r\n\tb@example.org", "8-bit": "X: \u00fc", "bare CR": "Cc: a\rb",
                   "NUL": "Comments: a\0b", "empty": "Cc:", "obsolete": "Cc : c@example.org",
                   "twice": "To: a@example.org", "its own tag": "X-Connector: plant",
                   "results in our name": "Authentication-Results: mx.example.net; dkim=pass"}
        for case, header in headers.items():
            with self.subTest(case):
                arrived = self.arrived(self.submit(headers=(header,)))
                self.assert_signed(arrived, "rsa", "ed")
                self.assertEqual(arrived.all("X-Connector"), [])

    def test_what_postfix_adds_to_mail_of_the_sendmail_command_is_signed_too(self):
        heads = {"nothing is missing": b"From: carol@example.net\nTo: a@example.org\nDate: x\nMessage-ID: <1@x>\n",
                 "only From is there": b"From: carol@example.net\n", "no From": b"Subject: x\n"}
        for case, head in heads.items():
            with self.subTest(case):
                token = new_token().encode()
                self.site.postfix.sendmail(head + b"\nno line end " + token, "-f", "carol@example.net", RECIPIENT)
                arrived = self.site.arrival(token.decode(), 30)
                self.assert_signed(arrived, "rsa", "ed")
                for name in ("Date", "Message-ID", "To"):
                    self.assertEqual(len(arrived.all(name)), 1, name)

    def test_a_signature_that_is_there_already_stays(self):
        old = "v=1; a=rsa-sha256; d=example.org; s=none; h=From; bh=AAAA; b=AAAA"
        arrived = self.arrived(self.submit(headers=(f"DKIM-Signature: {old}",)))
        self.assertEqual((len(arrived.all("DKIM-Signature")), arrived.all("DKIM-Signature")[-1]), (3, old))
        self.assertEqual([one.good for one in self.verified(arrived)], [True, True, False])

    def test_a_subdomain_is_signed_in_the_name_of_the_wildcard(self):
        signatures = self.signatures(self.submit("a@dept.example.net"))
        self.assertEqual([(one.domain, one.selector, one.good) for one in signatures],
                         [("example.net", "below", True)])

    def test_an_author_who_is_not_ours_or_not_certain_is_not_signed(self):
        unclear = "From cannot be read in one way only"
        for author, headers, why in (("carol@example.org", (), "no [[signing]] for example.org"),
                                     ("carol@notexample.net", (), "no [[signing]] for notexample.net"),
                                     ("carol@example.net", ("From: b@example.net",), unclear),
                                     ("carol@example.net, b@example.org", (), unclear),
                                     ("carol@example.net <x@example.org>", (), unclear),
                                     ("x@exam(c)ple.net", (), unclear),
                                     ("root", (), "From names no author"), (None, (), "From names no author")):
            with self.subTest(author=author, headers=headers):
                sent = self.submit(author, headers=headers)
                self.assertEqual(self.signatures(sent), [])
                self.assertIn(why, " ".join(self.why(sent)))


    def test_an_ugly_author_whose_domain_is_certain_is_signed(self):
        for author in ("Carol <carol@example.net>,", "C\udcf6rol <carol@example.net>", "carol..x@example.net",
                       "Example, Carol <carol@example.net>", '"Carol <carol@example.net>'):
            with self.subTest(author):
                self.assert_signed(self.arrived(self.submit(author)), "rsa", "ed")


class Forwarded(SigningScenario):
    """Mail that programs of this machine only pass on."""

    wanted = (("example.net", "rsa"), ("lists.example.net", "lists"))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Beside the tables as `dkim new` prints them, a word for the mail of a list manager.
        text = cls.site.connectord.config_file.read_text()
        cls.site.connectord.write_configuration(
            text.replace('domain   = "lists.example.net"', 'domain   = "lists.example.net"\nforwarded = true'))
        cls.site.connectord.hang_up()
        cls.site.connectord.wait_for_log("configuration loaded")

    def handed_in(self, author: str, *fields: bytes) -> Message:
        token = new_token()
        self.site.postfix.sendmail(b"\n".join((*fields, f"From: {author}\n\n{token}\n".encode())), "-f",
                                   "alias@example.net", RECIPIENT)
        return self.site.arrival(token, 30)

    def test_a_strangers_mail_in_our_name_gets_no_signature_of_ours(self):
        received = b"Received: from stranger.example (stranger.example [198.51.100.7]) by mx.example.net; date"
        self.assert_signed(self.handed_in("ceo@example.net"), "rsa")
        arrived = self.handed_in("ceo@example.net", received)
        self.assertEqual(self.verified(arrived), [])
        self.assertIn("handed it in with a Received field", self.site.connectord.log())
        self.assert_signed(self.handed_in("owner@lists.example.net", received), "lists")


class Gateway(SigningScenario):
    """A filter before us, which somebody made on-premises: strangers' mail comes through it beside our own."""

    wanted = (("example.net", "rsa"),)
    connectors = f"""
[[inbound]]
name = "filter"
scenario = "on-premises"
[inbound.identify]
client_networks = ["{GATEWAY_ADDRESS}"]
[inbound.enhanced_filtering]
skip_networks = ["{GATEWAY_ADDRESS}"]

[[inbound]]
name = "plant"
scenario = "on-premises"
[inbound.identify]
client_networks = ["203.0.113.0/24"]
"""
    site_options = SiteOptions(zone="", authentication='dmarc = "report"\n')

    def through(self, *received: str) -> Sent:
        fields = tuple(f"Received: {each}" for each in received)
        return self.send("ceo@example.net", source=GATEWAY_ADDRESS, author="ceo@example.net", tls=False, headers=fields)

    def test_only_what_set_out_from_a_machine_of_ours_is_signed(self):
        by = "by filter.example.net (Postfix) with ESMTP id 4A; Sat, 21 Nov 2026 12:00:00 +0000"
        ours = f"from plant.example.net (plant.example.net [203.0.113.9]) {by}"
        stranger = f"from plant.example.net (unknown [198.51.100.7]) {by}"
        self.assert_signed(self.arrived(self.through(ours)), "rsa")
        for case, received, why in (("a stranger", (stranger,), "original client 198.51.100.7 is in no client_networks"),
                                    ("a stranger who forges a field", (stranger, ours), "198.51.100.7"),
                                    ("no field", (), "not known for certain"),
                                    ("a field that cannot be read", ("nonsense",), "not known for certain")):
            with self.subTest(case):
                sent = self.through(*received)
                self.assertEqual(self.signatures(sent), [])
                self.assertIn(why, " ".join(self.why(sent)))

    def test_check_says_so(self):
        output = connectorctl("check", "--config", self.site.connectord.config_file)
        self.assertIn('"filter" looks through gateways', output.stdout + output.stderr)


class MailOfOthers(SigningScenario):
    """What comes from servers: only our own, known by more than a name, get a signature."""

    wanted = (("example.net", "rsa"), ("*.plant.example.net", "plant"))

    def sent_from(self, source: str, mail_from: str = "carol@example.net", author: str = "carol@example.net",
                  **options) -> Sent:
        return self.send(mail_from, source=source, author=author, **{"tls": False, **options})

    def test_mail_of_an_on_premises_connector_is_signed(self):
        arrived = self.arrived(self.sent_from(PLANT_ADDRESS, headers=("X-Connector: forged",)))
        self.assert_signed(arrived, "rsa")
        self.assertEqual(arrived.all("X-Connector"), ["plant"])

    def test_mail_from_elsewhere_is_not_signed_whatever_it_says(self):
        for source, mail_from, author, why in (
                (STRANGER_ADDRESS, "carol@example.net", "carol@example.net", "it comes from elsewhere"),
                (PARTNER_ADDRESS, "carol@example.net", "carol@example.net", "over connector partner, not from us"),
                (STRANGER_ADDRESS, "a@plant.example.net", "a@plant.example.net", "which anybody can write")):
            with self.subTest(source=source, mail_from=mail_from):
                sent = self.sent_from(source, mail_from, author)
                self.assertEqual(self.signatures(sent), [])
                self.assertIn(why, " ".join(self.why(sent)))

    def test_mail_that_an_audit_would_have_refused_is_not_signed(self):
        sent = self.sent_from(AUDITED_ADDRESS)
        self.assertEqual(self.signatures(sent), [])
        self.assertIn("does not fulfil what connector audited requires", " ".join(self.why(sent)))
        self.assert_signed(self.arrived(self.sent_from(AUDITED_ADDRESS, tls=True)), "rsa")

    def test_other_peoples_mail_is_not_even_mentioned(self):
        sent = self.sent_from(STRANGER_ADDRESS, "bob@example.org", "bob@example.org")
        self.assertEqual((self.signatures(sent), self.why(sent)), ([], []))


class Rotation(SigningScenario):
    """Keys come and go while connectord runs."""

    wanted = (("example.net", "old"),)

    def reload(self, tables: str) -> str:
        """connectord's word on this configuration."""
        before = len(self.site.connectord.log_lines(RELOADED))
        self.site.reconfigure(CONNECTORS + tables)
        self.site.connectord.hang_up()
        return wait_until(lambda: self.site.connectord.log_lines(RELOADED)[before:], "the end of a reload")[0]

    def test_a_key_is_exchanged_while_mail_flows_and_one_that_does_not_load_changes_nothing(self):
        self.assert_signed(self.arrived(self.submit()), "old")
        key_file = self.keys.file("example.net", "old")
        old = f'[[signing]]\ndomain = "example.net"\nselector = "old"\nkey_file = "{key_file}"\n'
        new = self.keys.make("example.net", "new", "--ed25519")
        self.assertIn("configuration loaded", self.reload(old + new))
        self.assert_signed(self.arrived(self.submit()), "old", "new")

        key = self.keys.file("example.net", "new")
        key.chmod(0o644)
        self.assertIn("does not load", self.reload(new))
        self.assertIn("others may use the file", self.site.connectord.log())
        self.assert_signed(self.arrived(self.submit()), "old", "new")

        key.chmod(0o600)
        self.assertIn("configuration loaded", self.reload(new))
        self.assert_signed(self.arrived(self.submit()), "new")
        secret = key.read_text().splitlines()[1]
        self.assertNotIn(secret, self.site.connectord.log())

        self.assertIn("configuration loaded", self.reload(""))
        self.assertEqual(self.signatures(self.submit()), [])


class RoundTrip(unittest.TestCase):
    """connectord verifies what connectord signed, with the key as `connectorctl dkim new` prints it for a zone."""

    def test_the_zone_line_and_the_signature_fit(self):
        keys = Keys.of(self.enterContext)
        tables = keys.make("example.net", "rsa", "--bits", "4096") + keys.make("example.net", "ed", "--ed25519")
        plant = CONNECTORS.split("[[inbound]]")[1]
        with Site("[[inbound]]" + plant + tables, SiteOptions(zone="\n".join(keys.zone_lines) + "\n",
                                                              authentication='dmarc = "off"\nspf = false')) as site:
            first = self.pass_through(site, PLANT_ADDRESS)
            again = self.pass_through(site, STRANGER_ADDRESS, lambda content: b"X-New-" + SUBJECT.findall(content)[0] +
                                      b"\r\n" + first.content)
            found = [value for value in again.all("Authentication-Results") if value.startswith("mx.example.net;")]
            results = authentication_results.parse(found[0]).all("dkim")
            self.assertEqual([(one.result, one["header.s"]) for one in results], [("pass", "ed"), ("pass", "rsa")])

    def pass_through(self, site: Site, source: str, finish=lambda content: content) -> Message:
        with site.client(source) as client:
            client.ehlo()
            sent = submit(client, "carol@example.net", author="carol@example.net", finish=finish)
            self.assertEqual(sent.reply.code, 250, str(sent.reply))
            return site.arrival(sent.token, 30)
