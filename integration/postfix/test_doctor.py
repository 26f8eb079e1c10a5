"""connectorctl doctor on a real Postfix: nothing is wrong, and then each thing that is made wrong is named."""

import json
import re
import subprocess
import tempfile
from pathlib import Path

from harness.certificates import CertificateStore
from harness.daemon import connectorctl
from harness.site import SiteOptions
from scenario import CONTOSO, SiteScenario

OK, WARNING, CRITICAL = 0, 1, 2
# The clock of a container, and DNS, which scenarios lack, are not this Postfix's.
BEYOND_OUR_REACH = {"clock", "dns", "disk"}


class Doctor(SiteScenario):
    connectors = CONTOSO
    options = SiteOptions(parameters={"non_smtpd_milters": "$smtpd_milters"}, trace='mail_log = "PATH/postfix/mail.log"',
                          zone="example.com IN MX 10 mx.example.com\n", authentication='spf = false\ndkim = false\ndmarc = "off"\n')

    def doctor(self) -> tuple[int, list[dict]]:
        done = connectorctl("doctor", "--json", "--config", self.site.connectord.config_file, "--postfix-config",
                            self.site.postfix.configuration)
        self.assertTrue(done.stdout, done.stderr)
        report = json.loads(done.stdout)
        troubles = [each for each in report["troubles"] if each["area"] not in BEYOND_OUR_REACH]
        for trouble in troubles:
            self.assertTrue(trouble["write"], trouble)
        return done.status, troubles

    def mend(self, trouble: dict) -> None:
        subprocess.run(trouble["write"], shell=True, check=True)
        self.site.postfix.reload()

    def assert_trouble(self, area: str, severity: str, words: str) -> dict:
        status, troubles = self.doctor()
        found = [each for each in troubles if each["area"] == area and words in each["what"]]
        self.assertTrue(found, troubles)
        self.assertEqual(found[0]["severity"], severity)
        self.assertGreaterEqual(status, CRITICAL if severity == "critical" else WARNING)
        return found[0]

    def test_1_nothing_is_wrong_with_an_arrangement_that_works(self):
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")
        _, troubles = self.doctor()
        self.assertEqual([each for each in troubles if each["severity"] == "critical"], [])

    def test_a_postfix_that_does_not_ask_is_critical(self):
        self.addCleanup(self.site.postfix.run_with(smtpd_milters=""))
        self.assert_trouble("postfix", "critical", "smtpd_milters")

    def test_a_filter_that_has_mail_before_postfix_takes_it_in_is_critical(self):
        sink = self.site.sinks["default"]
        self.addCleanup(self.site.postfix.run_with(smtpd_proxy_filter=f"127.0.0.1:{sink.port}"))
        sent = self.send("bob@fabrikam.example", tls=False, headers=("X-Connector: forged",))
        self.assertEqual(self.site.arrival(sent.token).all("X-Connector"), ["forged"])
        self.assert_trouble("postfix", "critical", "smtpd_proxy_filter")

    def test_lists_of_macros_do_not_matter_since_connectord_asks_for_its_own(self):
        lists = {f"milter_{stage}_macros": "" for stage in ("connect", "helo", "mail", "rcpt", "end_of_data")}
        self.addCleanup(self.site.postfix.run_with(smtpd_recipient_restrictions="reject_unauth_destination", **lists))
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")
        self.assertNotIn("_macros", str(self.doctor()[1]))

    def test_a_login_that_postfix_makes_up_is_critical_and_mended_by_the_line_that_is_told(self):
        self.addCleanup(self.site.postfix.run_with(milter_macro_defaults="{auth_authen}=joe, {site}=x"))
        sent = self.send("alice@contoso.com", tls=False)
        self.assertEqual((sent.command, sent.reply.code), ("END", 250), sent.reply)
        self.mend(self.assert_trouble("postfix", "critical", "milter_macro_defaults makes up {auth_authen}"))
        self.assertEqual(self.site.postfix.run("postconf", "-h", "milter_macro_defaults").strip(), "{site}=x")
        self.assert_refused(self.send("alice@contoso.com", tls=False), "550 5.7.10", "contoso")
        self.assertNotIn("milter_macro_defaults", str(self.doctor()[1]))

    def test_less_patience_than_dns_is_given_is_told(self):
        text = self.site.connectord.config_file.read_text()
        self.addCleanup(self.site.connectord.write_configuration, text)
        self.site.connectord.write_configuration(text.replace("spf = false", "spf = true"))
        self.addCleanup(self.site.postfix.run_with(milter_content_timeout="2s"))
        self.mend(self.assert_trouble("postfix", "warning", "milter_content_timeout is 2 s"))
        self.assertNotIn("milter_content_timeout", str(self.doctor()[1]))

    def test_an_old_milter_protocol_is_told(self):
        self.addCleanup(self.site.postfix.run_with(milter_protocol="4"))
        self.assert_delivered(self.send("alice@contoso.com", certificate="partner"), "contoso")
        self.mend(self.assert_trouble("postfix", "warning", "milter_protocol = 4"))
        self.assertNotIn("milter_protocol", str(self.doctor()[1]))

    def test_a_daemon_that_does_not_run_is_critical(self):
        self.site.connectord.stop()
        self.addCleanup(self.site.connectord.start)
        self.assert_trouble("connectord", "critical", "")

    def test_a_certificate_that_ends_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            store = CertificateStore(Path(folder))
            expired = store.expired("expired", store.authority("authority", "Some CA"), "mx.example.net", ("mx.example.net",))
            self.addCleanup(self.site.postfix.run_with(smtpd_tls_cert_file=str(expired.file),
                                                       smtpd_tls_key_file=str(expired.key)))
            self.assert_trouble("certificates", "critical", "has ended at")

    def test_mail_of_a_partners_sender_that_matches_no_connector_is_named(self):
        by_network = CONTOSO.replace('sender_domains = ["contoso.com", "*.contoso.com"]', 'client_networks = ["127.0.0.2"]')
        self.site.reconfigure(by_network)
        self.site.connectord.hang_up()
        self.site.connectord.wait_for_log("generation=2")
        self.assert_delivered(self.send("bob@contoso.com", certificate="partner"), "contoso")
        self.assert_delivered(self.send("bob@contoso.com", source="127.0.0.99", tls=False), None)
        self.assert_trouble("connectors", "warning", "of contoso.com, whose mail else comes over contoso, matched no connector")

    def test_a_log_that_is_not_there_is_critical(self):
        text = self.site.connectord.config_file.read_text()
        self.addCleanup(self.site.connectord.write_configuration, text)
        self.site.connectord.write_configuration(text.replace("/postfix/mail.log", "/postfix/no.log"))
        self.assert_trouble("deliveries", "critical", "trace.mail_log cannot be read")

    def test_a_log_that_only_root_may_read_is_critical(self):
        self.site.postfix.log_file.chmod(0o600)
        self.addCleanup(self.site.postfix.log_file.chmod, 0o644)
        self.assert_trouble("deliveries", "critical", "may not read trace.mail_log")

    def test_a_configuration_that_does_not_load_is_critical(self):
        text = self.site.connectord.config_file.read_text()
        self.addCleanup(self.site.connectord.write_configuration, text)
        self.site.connectord.write_configuration(text + "nonsense = [\n")
        self.assert_trouble("configuration", "critical", "")


class Import(SiteScenario):
    """What was imported from Exchange decides about the next message."""

    connectors = ""

    def test_an_imported_partner_is_in_force(self):
        exported = self.site.path / "inbound.json"
        connector = {
            "Name": "contoso", "Enabled": True, "ConnectorType": {"value": 2, "Value": "Partner"},
            "SenderDomains": {"value": ["smtp:contoso.com;1"], "Count": 1},
            "SenderIPAddresses": ["127.0.0.2"], "RequireTls": True, "RestrictDomainsToIPAddresses": True,
            "RunspaceId": "x", "TlsSenderCertificateName": None, "TrustedOrganizations": ["x"]}
        exported.write_text(json.dumps({"value": [connector], "Count": 1}), encoding="utf-16")  # as Windows PowerShell
        output = self.site.path / "exchange.toml"
        arguments = ("import", "exchange", exported, "--output", output, "--config", self.site.connectord.config_file)
        done = connectorctl(*arguments)
        self.assertEqual(done.status, 0, done.stderr)
        self.assertIn("by hand  TrustedOrganizations", output.read_text())
        again = connectorctl(*arguments)
        self.assertEqual(again.status, 1)
        self.assertIn("File exists", again.stderr)
        text = self.site.connectord.config_file.read_text()
        self.site.connectord.write_configuration(text.replace("[server]\n", f'[server]\ninclude = ["{output}"]\n'))
        self.site.connectord.hang_up()
        self.site.connectord.wait_for_log("configuration loaded")
        self.assert_delivered(self.send("alice@contoso.com"), "contoso")
        self.assert_refused(self.send("alice@contoso.com", tls=False), "550 5.7.10")
        self.assert_refused(self.send("alice@contoso.com", source="127.0.0.99"), "550 5.7.1")
        refused = connectorctl("import", "exchange", exported, "--config", self.site.connectord.config_file)
        self.assertEqual(refused.status, 1)
        self.assertIn('there would be two connectors "contoso"', refused.stderr)

    def test_what_cannot_be_taken_stops_nothing_else(self):
        partner = {"Name": "fabrikam", "Enabled": True, "ConnectorType": "Partner", "SenderDomains": ["smtp:fabrikam.com;1"],
                   "SenderIPAddresses": ["127.0.0.9/30"], "RequireTls": False, "RestrictDomainsToIPAddresses": True,
                   "TlsSenderCertificateName": None, "Comment": "Mail from Fabrikam\r\nAsk Jane"}
        cut = {**partner, "Name": "cut", "SenderDomains": ["smtp:cut.example;1"], "SenderIPAddresses": "System.Object[]"}
        nobodys = {"Name": "nobodys", "Enabled": True, "ConnectorType": "Partner", "RecipientDomains": [],
                   "AllAcceptedDomains": False, "SmartHosts": ["192.0.2.1"], "UseMXRecord": False}
        exported, output = self.site.path / "several.json", self.site.path / "several.toml"
        exported.write_text(json.dumps([nobodys, cut, partner]))
        before = re.sub("(?m)^include = .*\n", "", self.site.connectord.config_file.read_text())
        self.site.connectord.write_configuration(before)
        self.addCleanup(self.site.connectord.write_configuration, before)
        done = connectorctl("import", "exchange", exported, "--output", output, "--config", self.site.connectord.config_file)
        self.assertEqual(done.status, 1, done.stderr)
        self.assertIn('connector 1: "nobodys": outbound.recipient_domains', done.stderr)
        text = output.read_text()
        self.assertIn("# WARNING: SenderIPAddresses: 127.0.0.9/30 is written as 127.0.0.8/30", text)
        self.assertIn("# NOT WRITTEN", text)
        self.site.connectord.write_configuration(before.replace("[server]\n", f'[server]\ninclude = ["{output}"]\n'))
        listed = connectorctl("list", "--file-only", "--json", "--config", self.site.connectord.config_file)
        self.assertEqual({each["name"]: each["status"] for each in json.loads(listed.stdout)},
                         {"cut": "disabled", "fabrikam": "enabled"}, listed.stderr)
        reloaded = connectorctl("reload", "--config", self.site.connectord.config_file)
        self.assertEqual(reloaded.status, 0, reloaded.stderr)
        self.assert_delivered(self.send("alice@fabrikam.com", tls=False, source="127.0.0.10"), "fabrikam")
        self.assert_refused(self.send("alice@fabrikam.com", tls=False, source="127.0.0.12"), "550 5.7.1")
