"""`connectorctl validate` of inbound connectors: as the partner would, against a real Postfix with connectord beside it."""

import json

from harness.daemon import connectorctl
from harness.site import SiteOptions
from scenario import CONTOSO, PARTNER_ADDRESS, STRANGER_ADDRESS, SiteScenario

GATEWAY = """
[[inbound]]
name = "gateway"
scenario = "internet"
trusted_path = true
[inbound.identify]
client_networks = ["127.0.0.4"]
"""


class InboundScenario(SiteScenario):
    """Keeps results in the site's folder."""

    connectors = CONTOSO + GATEWAY

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        state = f'[validation]\nstate = "{cls.site.path}/validation"\n'
        cls.site.reconfigure(state + cls.connectors)
        cls.site.connectord.reload()


class AsThePartner(InboundScenario):
    def probe(self, *arguments: str, source: str = PARTNER_ADDRESS, certificate: str | None = "partner") -> dict:
        if certificate:
            shown = self.site.certificates[certificate]
            arguments += ("--cert", str(shown.file), "--key", str(shown.key))
        done = connectorctl("validate", "contoso", "--json", "--config", self.site.connectord.config_file, "--probe",
                            f"127.0.0.1:{self.site.postfix.ports['smtp']}", "--source", source, *arguments)
        self.assertTrue(done.stdout, done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual(done.status, 0 if report["result"] == "passed" else 1)
        return report

    def failed(self, report: dict) -> list[str]:
        return [step["check"] for step in report["steps"] if step["outcome"] == "fail"]

    def test_mail_as_agreed_passes_and_none_is_sent(self):
        report = self.probe()
        self.assertEqual(report["result"], "passed", report)
        self.assertEqual([sink.messages() for sink in self.site.sinks.values()], [[], []])

    def test_what_is_not_as_agreed_is_named_and_explains_the_reply(self):
        for options, check in (({"source": STRANGER_ADDRESS}, "require.client_networks"),
                               ({"certificate": "other-name"}, "require.certificate.subject"),
                               ({"certificate": None}, "require.certificate.subject")):
            with self.subTest(options):
                report = self.probe(**options)
                self.assertEqual(report["result"], "failed")
                self.assertIn(check, self.failed(report))
                last = report["steps"][-1]
                self.assertEqual((last["check"], last["hint"]), ("smtp.rcpt", "what failed above explains the reply"))

    def test_a_certificate_that_only_the_server_distrusts_is_told(self):
        report = self.probe(certificate="impostor")
        self.assertEqual(report["result"], "failed")
        self.assertIn("smtpd_tls_CAfile", report["steps"][-1]["hint"])

    def test_mail_that_another_connector_takes_is_told(self):
        report = self.probe(source="127.0.0.4", certificate=None)
        self.assertEqual(report["obstacle"], "other_route")
        self.assertIn("gateway", report["summary"])

    def test_without_a_host_it_says_what_must_hold(self):
        done = connectorctl("validate", "contoso", "--config", self.site.connectord.config_file)
        self.assertEqual(done.status, 0)
        self.assertIn("MAIL FROM of contoso.com, *.contoso.com", done.stdout)

    def test_other_machines_are_not_reached(self):
        done = connectorctl("validate", "contoso", "--config", self.site.connectord.config_file, "--probe",
                            "198.51.100.7:25")
        self.assertEqual(done.status, 1)
        self.assertIn("an address of this machine", done.stdout)


class OurOwn(InboundScenario):
    """What we try ourselves is nobody's mail: not in reports, no refusal of the partner's, and marked where it is shown."""

    options = SiteOptions(trace="")

    def test_dialogues_are_marked_and_count_as_nobodys(self):
        ctl = lambda *command: connectorctl(*command, "--config", self.site.connectord.config_file)
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")
        for _ in range(3):
            probed = ctl("validate", "contoso", "--probe", f"127.0.0.1:{self.site.postfix.ports['smtp']}", "--source",
                         STRANGER_ADDRESS)
            self.assertEqual((probed.status, probed.stderr), (1, ""))
        rows = self.site.trace("--direction", "validation")
        self.assertEqual([(row["connector"], row["action"]) for row in rows], [("contoso", "reject")] * 3)
        self.assertIn("refused (our validation)", ctl("trace").stdout)
        self.assertIn("nobody's mail", ctl("trace", "show", str(rows[0]["id"])).stdout)
        self.assertEqual(ctl("trace", "--csv").stdout.count(',"validation",'), 3)
        report = json.loads(ctl("trace", "report", "--json").stdout)
        self.assertEqual([(one["group"], one["messages"]) for one in report["volumes"]], [("contoso", 1)])
        for line in self.site.connectord.log_lines("action=reject"):
            self.assertIn(" validation=ours,", line)
        status = ctl("status", "--postfix-config", self.site.postfix.configuration)
        self.assertNotIn("refused", status.stdout)
        recent = ctl("validate", "contoso", "--json")
        taken = [step["seen"] for step in json.loads(recent.stdout)["steps"] if step["check"] == "history.taken"]
        self.assertEqual(taken, ["1 accept in the last 7 days"])

    def test_what_is_not_tried_is_no_result_and_replaces_none(self):
        ctl = lambda *command: connectorctl(*command, "--config", self.site.connectord.config_file)
        tried = ctl("validate", "contoso", "--probe", f"127.0.0.1:{self.site.postfix.ports['smtp']}", "--source",
                    STRANGER_ADDRESS)
        self.assertIn("failed  contoso", tried.stdout)
        untried = ctl("validate", "contoso")
        self.assertIn("not tried  contoso", untried.stdout)
        self.assertNotIn("passed", untried.stdout)
        listed = {each["name"]: each for each in json.loads(ctl("list", "--json").stdout)}
        self.assertEqual(listed["contoso"]["validated"]["result"], "failed")


class RecentMail(InboundScenario):
    """What the trace of a real Postfix's mail says of a connector."""

    options = SiteOptions(trace="")

    def test_what_it_took_what_failed_and_what_it_missed_is_told_with_examples(self):
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")
        self.assert_refused(self.send("alice@contoso.com", tls=False), "550 5.7.10")
        self.assert_delivered(self.send("bob@contoso.com", source="127.0.0.4", tls=False), "gateway", sink="default")
        done = connectorctl("validate", "contoso", "--json", "--config", self.site.connectord.config_file)
        self.assertEqual(done.status, 0, done.stdout)
        reported = {}
        for step in json.loads(done.stdout)["steps"]:
            reported.setdefault(step["check"], []).append(step)
        self.assertEqual(reported["history.taken"][0]["seen"], "1 accept, 1 reject in the last 7 days")
        self.assertIn("require.tls", [step["expected"] for step in reported["history.failed"]])
        (missed,) = reported["history.missed"]
        self.assertIn("1 message to gateway, by its client_network, such as row", missed["seen"])
        self.assertIn("<bob@contoso.com> from [127.0.0.4]", missed["seen"])
        self.assertIn("gateway takes it now too", missed["hint"])
