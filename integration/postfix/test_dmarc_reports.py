"""DMARC aggregate reports (RFC 9990) that connectord sends: from real mail to what arrives, read by others than us."""

import contextlib
import email
import email.message
import email.policy
import gzip
import json
import os
import pwd
import shutil
import sqlite3
import subprocess
import xml.etree.ElementTree as ElementTree
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from authentication import OTHER_ADDRESS, SENDER_ADDRESS, AuthenticationScenario, checked_by, connector
from harness import dkim_verifier
from harness.api import ApiClient
from harness.daemon import Output, connectorctl
from harness.dkim_signer import rsa_key, signer
from harness.dns_server import txt
from harness.openapi import Description
from harness.sink import Message
from harness.site import USER, Site
from harness.waiting import wait_until
from test_signing import Keys

SCHEMA = Path(__file__).parents[2] / "tests" / "reporting" / "rfc9990.xsd"
NAMESPACE = "{urn:ietf:params:xml:ns:dmarc-2.0}"
AUDITED_ADDRESS = "127.0.0.6"
READER, COLLECTOR, VICTIM = "d@contoso.com", "contoso@collector.example", "d@victim.example"

ZONE = "".join((
    txt("_dmarc.contoso.com", "v=DMARC1; p=reject; sp=none; adkim=s; fo=1; "
        f"rua=mailto:{READER},mailto:d@collector.example,mailto:{VICTIM},mailto:small@contoso.com!100,https://contoso.com/"),
    txt("contoso.com", f"v=spf1 ip4:{SENDER_ADDRESS} -all"),
    txt("sub.contoso.com", f"v=spf1 ip4:{SENDER_ADDRESS} -all"),
    rsa_key().zone("contoso.com"), rsa_key().zone("other.example"),
    txt("*._report._dmarc.collector.example", f"v=DMARC1; rua=mailto:{COLLECTOR}"),
    txt("victim.example", "v=spf1 -all"),
    txt("_dmarc.example.net", "v=DMARC1; p=none; rua=mailto:d@example.net"),
    txt("_dmarc.silent.example", "v=DMARC1; p=none"),
    txt("_dmarc.skipped.example", "v=DMARC1; p=none; rua=mailto:d@skipped.example"),
))
RELAYED = "example.net, contoso.com, collector.example, victim.example, skipped.example"


def clock(moment: datetime) -> str:
    """As `at` has it, in the zone of this machine."""
    return moment.astimezone().strftime("%H:%M")


def past_moment() -> datetime:
    """At which reports were due; their day is the same up to a quarter of an hour later, when they go out at the latest."""
    moment = datetime.now(timezone.utc) - timedelta(minutes=30)
    is_before_midnight = (moment + timedelta(minutes=15)).date() != moment.date()
    return moment - timedelta(hours=1) if is_before_midnight else moment


class ReportScenario(AuthenticationScenario):
    """Mail that DMARC judges, which the trace has as a past day's when connectord is started again."""

    at: str
    day: date
    keys: Keys

    @classmethod
    def setUpClass(cls):
        cls.keys = Keys.of(cls.enterClassContext)
        signing = cls.keys.make("example.net", "reports")
        cls.site = Site("", checked_by(ZONE, trace="", launch=False))
        cls.site.postfix.set(relay_domains=RELAYED, local_recipient_maps="", smtpd_authorized_xclient_hosts="127.0.0.0/8")
        cls.site.add_to_server(f'mail_through = "inet:127.0.0.1:{cls.site.postfix.ports["smtp"]}"\n'
                               f'api = "unix:{cls.site.path}/run/api.sock"\napi_tokens = "{cls.site.path}/tokens"\n'
                               f'audit_log = "{cls.site.path}/kept/audit.log"')
        cls.state = cls.site.path / "kept" / "reports"
        reports = (f'[reports]\ndmarc = true\nsender = "dmarc-reports@example.net"\nat = "{cls.at}"\n'
                   f'state = "{cls.state}"\nskip = ["skipped.example"]\n')
        cls.site.reconfigure(connector("audited", f'client_networks = ["{AUDITED_ADDRESS}"]', 'mode = "audit"') + signing +
                             "\n" + reports)
        cls.enterClassContext(cls.site)
        cls.site.connectord.start()

    def send_all(self) -> None:
        """Mail that passes and fails, of several domains, from several clients."""
        passes = [self.send("alice@contoso.com", finish=signer("contoso.com", rsa_key())) for _ in range(2)]
        refused = [self.send("alice@contoso.com", source=OTHER_ADDRESS) for _ in range(3)]
        others = [
            self.send("alice@contoso.com", source=AUDITED_ADDRESS,
                      finish=lambda content: signer("other.example", rsa_key())(signer("sub.contoso.com", rsa_key())(content))),
            self.send("alice@sub.contoso.com", source=OTHER_ADDRESS),
            self.send("", author="alice@contoso.com", finish=signer("contoso.com", rsa_key())),
            self.send("bob@example.org", author="boss@example.net"),
            self.send("a@silent.example"),
            self.send("a@skipped.example"),
        ]
        for sent in refused:
            self.assert_refused_at_end(sent, "550 5.7.1")
        for sent in passes + others:
            self.assertEqual((sent.command, sent.reply.code), ("END", 250), str(sent.reply))
            self.site.arrival(sent.token)

    def move_to_the_day(self) -> None:
        """While connectord is away, all that the trace has becomes mail of that day's noon."""
        self.site.connectord.stop()
        noon = int(datetime(self.day.year, self.day.month, self.day.day, 12, tzinfo=timezone.utc).timestamp()) * 1000
        with contextlib.closing(sqlite3.connect(self.site.trace_file)) as trace:
            trace.execute("UPDATE message SET time = ? + id", (noon,))
            first, last = trace.execute("SELECT min(id), max(id + recipients - 1) FROM message").fetchone()
            trace.execute("DELETE FROM hour")
            trace.execute("INSERT INTO hour VALUES(?, ?, ?)", (noon // 3_600_000, first, last))
            trace.commit()
        shutil.rmtree(self.state, ignore_errors=True)  # in which the first start has noted that there was nothing
        owner = pwd.getpwnam(USER)
        for file in self.site.trace_file.parent.iterdir():
            os.chown(file, owner.pw_uid, owner.pw_gid)
        self.site.connectord.start()

    def reports(self, *arguments: str) -> Output:
        return connectorctl("reports", *arguments, "--config", self.site.connectord.config_file)

    def arrived_at(self, address: str) -> list[Message]:
        return [message for sink in self.site.sinks.values() for message in sink.messages() if message.recipients == [address]]

    def report_to(self, address: str) -> Message:
        return wait_until(lambda: self.arrived_at(address), f"a report to {address}; connectord says:\n"
                          f"{self.site.connectord.log()[-3000:]}")[0]

    def unpacked(self, message: Message) -> tuple[email.message.EmailMessage, str, bytes]:
        """The message, the name of its attachment, and the XML in that."""
        read = email.message_from_bytes(message.content, policy=email.policy.default)
        self.assertEqual([part.get_content_type() for part in read.iter_parts()], ["text/plain", "application/gzip"])
        attachment = list(read.iter_parts())[1]
        return read, attachment.get_filename(), gzip.decompress(attachment.get_content())


def texts(element: ElementTree.Element, *names: str) -> tuple[str | None, ...]:
    return tuple(element.findtext("/".join(NAMESPACE + step for step in name.split("/"))) for name in names)


class ByHand(ReportScenario):
    """`connectorctl reports`, about a day that connectord itself does not go back to, whatever the time is now."""

    at = clock(datetime.now() + timedelta(hours=2))
    day = datetime.now(timezone.utc).date() - timedelta(days=5)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        scenario = cls("runTest")
        scenario.send_all()
        scenario.move_to_the_day()
        scenario.doCleanups()
        cls.sent = scenario.reports("send", "--day", str(cls.day), "--json")

    def runTest(self):
        """There is none of that name; who sets up needs an instance."""

    def test_who_asks_gets_one_and_nobody_else(self):
        self.assertEqual(self.sent.status, 0, self.sent.stderr)
        status = {(entry["domain"], entry["to"]): (entry["status"], entry["words"]) for entry in json.loads(self.sent.stdout)}
        self.assertEqual({key for key, (word, _) in status.items() if word == "sent"},
                         {("contoso.com", READER), ("contoso.com", COLLECTOR)})
        self.assertIn("victim.example does not say that it wants them", status["contoso.com", VICTIM][1])
        self.assertIn("at most 100 are wanted", status["contoso.com", "small@contoso.com"][1])
        self.assertEqual(status["contoso.com", "https://contoso.com/"][0], "left")
        self.assertIn("names no address", status["silent.example", ""][1])
        self.assertEqual({domain for domain, _ in status}, {"contoso.com", "silent.example"})
        for address in (READER, COLLECTOR):
            self.report_to(address)
        for address in (VICTIM, "small@contoso.com", "d@example.net", "d@skipped.example", "d@collector.example"):
            self.assertEqual(self.arrived_at(address), [], address)

    def test_the_message_is_as_the_standard_has_it_and_passes_dmarc(self):
        message = self.report_to(READER)
        read, name, _ = self.unpacked(message)
        self.assertEqual(message.mail_from, "")
        self.assertEqual(read["From"].addresses[0].addr_spec, "dmarc-reports@example.net")
        begin = int(datetime(self.day.year, self.day.month, self.day.day, tzinfo=timezone.utc).timestamp())
        self.assertRegex(name, rf"^example\.net!contoso\.com!{begin}!{begin + 86399}![0-9a-f]+\.xml\.gz$")
        self.assertRegex(read["Subject"], rf"^Report Domain: contoso\.com Submitter: example\.net Report-ID: <{self.day}\.\S+>$")
        self.assertEqual(read["Auto-Submitted"], "auto-generated")
        verdicts = dkim_verifier.verify(message.content, self.keys.records)
        self.assertEqual([(one.domain, one.selector, one.good) for one in verdicts], [("example.net", "reports", True)])
        self.assertIn("subject", verdicts[0].fields)

    def test_the_report_is_valid_and_says_what_happened(self):
        _, _, xml = self.unpacked(self.report_to(READER))
        file = self.site.path / "report.xml"
        file.write_bytes(xml)
        checked = subprocess.run(["xmllint", "--nonet", "--noout", "--schema", SCHEMA, file], capture_output=True, text=True)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        root = ElementTree.fromstring(xml)
        self.assertEqual(texts(root, "policy_published/domain", "policy_published/p", "policy_published/sp",
                               "policy_published/np", "policy_published/adkim", "policy_published/aspf",
                               "policy_published/fo", "policy_published/testing", "policy_published/discovery_method"),
                         ("contoso.com", "reject", "none", "none", "s", "r", "1", "n", "treewalk"))
        rows = {texts(record, "row/source_ip", "identifiers/header_from", "identifiers/envelope_from"):
                (record, texts(record, "row/count", "row/policy_evaluated/disposition", "row/policy_evaluated/dkim",
                               "row/policy_evaluated/spf", "row/policy_evaluated/reason/type",
                               "auth_results/spf/result", "auth_results/spf/scope"))
                for record in root.iter(NAMESPACE + "record")}
        self.assertEqual({key: values for key, (_, values) in rows.items()}, {
            (SENDER_ADDRESS, "contoso.com", "contoso.com"): ("2", "pass", "pass", "pass", None, "pass", "mfrom"),
            (SENDER_ADDRESS, "contoso.com", ""): ("1", "pass", "pass", "fail", None, "none", "mfrom"),
            (OTHER_ADDRESS, "contoso.com", "contoso.com"): ("3", "reject", "fail", "fail", None, "fail", "mfrom"),
            (AUDITED_ADDRESS, "contoso.com", "contoso.com"): ("1", "none", "fail", "fail", "local_policy", "fail", "mfrom"),
            (OTHER_ADDRESS, "sub.contoso.com", "sub.contoso.com"): ("1", "none", "fail", "fail", None, "fail", "mfrom"),
        })
        audited = rows[AUDITED_ADDRESS, "contoso.com", "contoso.com"][0]
        signatures = [texts(one, "domain", "selector", "result") for one in audited.iter(NAMESPACE + "dkim")
                      if one.find(NAMESPACE + "domain") is not None]
        self.assertEqual(signatures, [("other.example", "sel", "pass"), ("sub.contoso.com", "sel", "permerror")])

    def test_nothing_is_sent_twice(self):
        for address in (READER, COLLECTOR):
            self.report_to(address)
        before = len(self.site.sinks["default"].messages())
        again = self.reports("send", "--day", str(self.day))
        self.assertEqual((again.status, again.stdout), (0, f"{self.day}: 0 sent, 0 waiting, 0 failed, 0 left\n"), again.stderr)
        self.assertEqual(len(self.site.sinks["default"].messages()), before)

    def test_what_was_sent_is_listed_and_shown(self):
        listed = self.reports("list")
        self.assertRegex(listed.stdout, rf"{self.day} +contoso\.com +{READER} +sent +250 ")
        shown = self.reports("show", "contoso.com", "--day", str(self.day))
        self.assertIn("DMARC, contoso.com by example.net", shown.stdout)
        self.assertIn("3 of 8 messages pass", shown.stdout)
        _, _, xml = self.unpacked(self.report_to(READER))
        raw = self.reports("show", "contoso.com", "--day", str(self.day), "--xml")
        self.assertEqual(raw.stdout, xml.decode())
        file = self.site.path / "report.eml"
        file.write_bytes(self.report_to(READER).content)
        self.assertEqual(self.reports("read", str(file)).stdout, shown.stdout.partition("DAY ")[0])
        none = self.reports("show", "nobody.example", "--day", str(self.day))
        self.assertEqual(none.status, 1)
        self.assertIn("no mail of", none.stderr)
        self.assertIn("it is one of our own domains", self.reports("show", "example.net", "--day", str(self.day)).stdout)

    def test_programs_can_have_what_is_shown(self):
        api = ApiClient(self.site.connectord.endpoint("api"))
        description = Description(api.get("/api/openapi.json").json)

        def ask(domain: str, day: date, **more: str):
            query = "&".join(f"{name}={value}" for name, value in {"day": day, **more}.items())
            answer = api.get(f"/api/exchange/reports/dmarc/{domain}?{query}")
            description.check("GET", api.answers[-1][1], answer)
            return answer

        shown = ask("contoso.com", self.day)
        self.assertEqual(shown.status, 200, str(shown))
        report = shown.json["report"]
        self.assertEqual((shown.json["not_sent"], report["messages"], report["aligned"]), (None, 8, 3))
        self.assertEqual({(one["source"], one["failed"]) for one in report["failing"]}, {(OTHER_ADDRESS, 4), (AUDITED_ADDRESS, 1)})
        _, _, xml = self.unpacked(self.report_to(READER))
        self.assertEqual(ask("contoso.com", self.day, format="xml").content, xml)
        self.assertEqual(ask("example.net", self.day).json["not_sent"], "it is one of our own domains")
        self.assertEqual(ask("nobody.example", self.day).status, 404)
        wrong = ask("contoso.com", datetime.now(timezone.utc).date() + timedelta(days=1), format="pdf")
        self.assertEqual((wrong.status, sorted(wrong.fields)), (400, ["day", "format"]), str(wrong))

    def test_a_day_that_is_not_over_is_refused(self):
        today = self.reports("send", "--day", str(datetime.now(timezone.utc).date() + timedelta(days=1)))
        self.assertEqual(today.status, 1)
        self.assertIn("is not over", today.stderr)


class ByTheClock(ReportScenario):
    """connectord itself, when the time has come while it was away."""

    due = past_moment()
    at = clock(due)
    day = due.date() - timedelta(days=1)

    def test_what_was_missed_is_sent_once(self):
        self.send_all()
        self.move_to_the_day()
        for address in (READER, COLLECTOR):
            self.report_to(address)
        self.site.connectord.wait_for_log(r"reports: DMARC reports, day=.* sent=2,")
        self.site.connectord.stop()
        self.site.connectord.start()
        self.assertEqual([len(self.arrived_at(address)) for address in (READER, COLLECTOR)], [1, 1])
        again = self.reports("send", "--day", str(self.day))
        self.assertIn("0 sent", again.stdout, again.stderr)
